"""Two runs compared: identities survive relabelling, every customer is accounted for, drift is not called by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.compare.drift import drift
from discovery.compare.match import match
from discovery.compare.movement import movement
from discovery.core.review import ENTRANTS, LEAVERS
from discovery.core.segment import UNASSIGNED, Description, Segment, Segmentation, Structure
from discovery.core.settings_review import ReviewSettings

ASKED = ReviewSettings()


def segmentation(labels: pd.Series, effects: dict[str, dict[str, float]] | None = None) -> Segmentation:
    counts = labels.value_counts()
    segments = []
    for rank, each in enumerate(sorted(set(labels) - {UNASSIGNED})):
        known = (effects or {}).get(each, {})
        profile = {name: Description(0, 0, 0, 0, effect, 0) for name, effect in known.items()}
        segments.append(Segment(each, each.upper(), "", int(counts[each]), counts[each] / len(labels), rank, profile))
    if UNASSIGNED in counts:
        n = int(counts[UNASSIGNED])
        segments.append(Segment(UNASSIGNED, "Unassigned", "", n, n / len(labels), -1))
    reason = "left out" if UNASSIGNED in counts else ""
    return Segmentation("kmeans", tuple(segments), labels, labels == labels, "", Structure.CONSTRUCTED, "", reason)


def customers(*parts: tuple[str, int], start: int = 0) -> pd.Series:
    labels = [name for name, n in parts for _ in range(n)]
    return pd.Series(labels, index=[f"c{start + i:04d}" for i in range(len(labels))], dtype="str")


def test_relabelling_changes_no_identity() -> None:
    before = customers(("a", 40), ("b", 30), ("c", 20), (UNASSIGNED, 10))
    now = before.map({"a": "c", "b": "a", "c": "b", UNASSIGNED: UNASSIGNED}).astype("str")
    found = match(segmentation(before), segmentation(now), ASKED)
    assert dict(found.same) == {"c": "a", "a": "b", "b": "c"}
    assert (found.born, found.died, found.split, found.merged) == ((), (), {}, {})


def test_a_split_and_a_merge_are_told() -> None:
    before = customers(("a", 100), ("b", 50), ("c", 50))
    now = customers(("x", 60), ("y", 40), ("z", 100))
    found = match(segmentation(before), segmentation(now), ASKED)
    assert dict(found.split) == {"a": ("x", "y")}
    assert dict(found.merged) == {"z": ("b", "c")}
    assert found.same["x"] == "a"
    assert found.born == ("y",)
    assert len(found.died) == 1


def test_a_segment_whose_customers_all_changed_is_known_by_what_it_is_like() -> None:
    effects = {"a": {"orders": 0.9, "revenue": 0.8}, "b": {"orders": -0.9, "revenue": -0.2}}
    before = segmentation(customers(("a", 50), ("b", 50)), effects)
    now = segmentation(customers(("p", 50), ("q", 50), start=500), {"p": effects["b"], "q": effects["a"]})
    asked = ReviewSettings(overlap_weight=0.5)
    assert dict(match(before, now, asked).same) == {"p": "b", "q": "a"}
    alone = match(before, segmentation(customers(("p", 50), ("q", 50), start=500)), asked)
    assert (alone.same, alone.born, alone.died) == ({}, ("p", "q"), ("a", "b"))


def test_a_rule_keeps_its_id_though_all_its_customers_are_others() -> None:
    before = replace(segmentation(customers(("loyal", 40), ("new", 30))), name="rules")
    now = replace(segmentation(customers(("new", 40), ("vip", 30))), name="rules")
    found = match(before, now, ASKED)
    assert (dict(found.same), found.born, found.died) == ({"new": "new"}, ("vip",), ("loyal",))


labels_ = st.lists(st.sampled_from(["s1", "s2", "s3", UNASSIGNED]), min_size=1, max_size=40)


@given(labels_, labels_, labels_, st.integers(0, 20))
@settings(max_examples=80)
def test_every_customer_is_counted_once(one: list[str], two: list[str], three: list[str], shift: int) -> None:
    n = min(len(two), len(three))
    before = pd.Series(one, index=range(len(one)), dtype="str")
    frozen, fresh = (pd.Series(x[:n], index=range(shift, shift + n), dtype="str") for x in (two, three))
    found = movement(before, frozen, fresh)
    rows, columns = found.fresh.sum(axis=1), found.fresh.sum(axis=0)
    assert found.frozen.sum(axis=1).equals(rows)
    assert {k: v for k, v in found.frozen.sum(axis=0).items() if v and k != LEAVERS} == frozen.value_counts().to_dict()
    assert {k: v for k, v in rows.items() if k != ENTRANTS} == before.value_counts().to_dict()
    assert {k: v for k, v in columns.items() if k != LEAVERS} == fresh.value_counts().to_dict()
    known = len(before.index.intersection(fresh.index))
    assert found.moved + found.redrawn + found.both + found.stayed == known
    assert rows[ENTRANTS] == len(fresh) - known
    assert columns[LEAVERS] == len(before) - known


def test_when_the_boundaries_stand_still_everyone_who_changed_moved() -> None:
    before, now = customers(("a", 50), ("b", 50)), customers(("a", 30), ("b", 70))
    assert movement(before, now, now).redrawn == 0
    assert movement(before, now, now).moved == 20
    still = movement(before, before, now)
    assert (still.moved, still.redrawn) == (0, 20)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (60, 900), (3000, 3000)])
def test_chance_is_not_called_drift(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(20):
        before, now = (
            pd.DataFrame({f"f{k}": rng.lognormal(size=size) for k in range(10)}, index=range(size)) for size in (n, m)
        )
        before.loc[rng.random(n) < 0.2, "f0"] = np.nan
        now.loc[rng.random(m) < 0.2, "f0"] = np.nan
        labels = (pd.Series("a", index=frame.index) for frame in (before, now))
        alarms += int(drift(before, now, *labels, ["a"], ASKED, 1)["drifted"].sum())
    assert alarms <= 20  # 200 comparisons at 5 %: 10 expected, 20 is far beyond what chance does


def test_real_drift_is_found_and_named_first() -> None:
    rng = np.random.default_rng(3)
    before = pd.DataFrame({"orders": rng.poisson(3, 500), "revenue": rng.lognormal(size=500)})
    now = pd.DataFrame({"orders": rng.poisson(3, 500), "revenue": rng.lognormal(0.7, size=500)})
    labels = pd.Series("a", index=before.index)
    found = drift(before, now, labels, labels, ["a", "none such"], ASKED, 1)
    assert list(found["feature"]) == ["revenue", "orders"]
    assert list(found["drifted"]) == [True, False]
    assert found["now"][0] > found["before"][0]
