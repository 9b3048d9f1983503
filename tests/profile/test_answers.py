"""What customers told, by segment: planted shares come out, and no small number does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.core.documents import plain, segment_from
from discovery.core.feature import FeatureTable
from discovery.core.segment import Answer, Segment, Segmentation, Structure
from discovery.features.properties import property_features
from discovery.profile.answers import OTHER, with_told

FEATURES = property_features({"property.skin type": "text", "property.age": "number"})
SKIN = "property_skin_type"


def told(skin: list[Any], labels: list[str]) -> dict[str, tuple[Answer, ...]]:
    index = pd.Index([f"p{i:05d}" for i in range(len(skin))], name="customer_id")
    values = pd.DataFrame({"property_age": 30.0, SKIN: pd.Series(skin, index=index, dtype=object)}, index=index)
    mine = pd.Series(labels, index=index, dtype="str")
    sizes = mine.value_counts()
    segments = tuple(
        Segment(str(i), str(i), "", int(n), n / len(mine), -1 if i == "unassigned" else 0) for i, n in sizes.items()
    )
    made = Segmentation("kmeans", segments, mine, mine.map(lambda _: 1.0), "", Structure.NONE, "", "not placed")
    [found] = with_told([made], FeatureTable(values, FEATURES, date(2025, 1, 1), ""))
    return {s.id: s.answers for s in found.segments}


def test_the_share_of_a_planted_answer_stands_beside_everyones() -> None:
    dry = ["dry"] * 62 + ["oily"] * 38
    rest = ["dry"] * 31 + ["oily"] * 269
    found = told([*dry, *rest, *[None] * 50], ["c1"] * 100 + ["c2"] * 350)
    first = found["c1"][0]
    assert (first.feature, first.said, first.customers, first.share) == (SKIN, "dry", 62, 0.62)
    assert first.everyone == pytest.approx(93 / 400)
    # Whoever did not answer is no part of a share.
    assert found["c2"][0].share == pytest.approx(269 / 300)
    assert first.effect > 0.5 > 0 > found["c1"][1].effect


def test_who_is_not_placed_is_not_everyone() -> None:
    found = told(["dry"] * 20 + ["oily"] * 20 + ["dry"] * 60, ["c1"] * 40 + ["unassigned"] * 60)
    assert found["c1"][0].everyone == 0.5
    assert found["unassigned"] == ()


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 40), min_size=2))
def test_no_answer_of_fewer_than_ten_is_told_or_follows_from_the_rest(counts: dict[str, int]) -> None:
    mine = [answer for answer, n in counts.items() for _ in range(n)]
    everyone = [*mine, *sorted(counts) * 20]
    found = told(list(everyone), ["c1"] * len(mine) + ["c2"] * (len(everyone) - len(mine)))
    answers = found.get("c1", ())
    assert all(a.customers >= 10 for a in answers)
    if len(mine) >= 10:
        assert sum(a.customers for a in answers) == len(mine)
        assert sum(a.share for a in answers) == pytest.approx(1.0)
        # Several answers hide behind "other answers": which of them is small cannot be told.
        shown = {a.said for a in answers} - {OTHER}
        assert all(counts[said] >= 10 for said in shown)
        assert len([said for said, n in counts.items() if n and said not in shown]) != 1
    else:
        assert answers == ()


def test_yes_and_no_are_said_in_words() -> None:
    found = told([True] * 30 + [False] * 30 + [None] * 9, ["c1"] * 40 + ["c2"] * 29)
    assert [(a.said, a.customers) for a in found["c1"]] == [("yes", 30), ("no", 10)]


def test_free_text_is_not_told() -> None:
    assert told([f"word {i}" for i in range(400)], ["c1"] * 200 + ["c2"] * 200) == {"c1": (), "c2": ()}


def test_it_is_kept_with_the_segment() -> None:
    answer = Answer(SKIN, "dry", 62, 0.62, 0.31)
    segment = Segment("c1", "Big", "why", 100, 0.5, 0, answers=(answer,))
    assert segment_from(plain(segment)) == segment  # type: ignore[arg-type]
