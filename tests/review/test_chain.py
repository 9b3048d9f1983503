"""Segments keep their ids over many reviews, and no id is ever given twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.core.review import Review
from discovery.core.settings_review import ReviewSettings
from discovery.usecases.chain import Compared, compare
from tests.compare.test_compare import segmentation
from tests.review_factory import example_review

ASKED = ReviewSettings()
EXAMPLE, _, _ = example_review()
CUSTOMERS = [f"c{i:02d}" for i in range(30)]
quarter = st.lists(st.sampled_from(["c1", "c2", "c3", "c4"]), min_size=30, max_size=30)


def run_of(labels: list[str]) -> Any:
    found = segmentation(pd.Series(labels, index=CUSTOMERS, dtype="str"))
    return SimpleNamespace(segmentation=lambda _: found)


def reviewed(found: Compared, example: Review) -> Review:
    """Return a review that says no more than which segments there were."""
    model, ids = example.segments[0], dict.fromkeys([*found.kept.values(), *found.given.values()])
    now = {kept: i for i, kept in found.given.items()}
    return replace(example, segments=tuple(replace(model, segment_id=i, id_now=now.get(i, "")) for i in ids))


@given(st.lists(quarter, min_size=3, max_size=6))
@settings(max_examples=40)
def test_an_id_is_one_segment_for_ever(quarters: list[list[str]]) -> None:
    chain: list[Review] = []
    last: dict[str, str] = {}
    gone: set[str] = set()
    for before, now in itertools.pairwise(quarters):
        found = compare(run_of(before), run_of(now), "kmeans", chain, ASKED)
        if chain:
            assert dict(found.kept) == last
        assert len(set(found.given.values())) == len(found.given)
        same = {found.given[i]: found.kept[was] for i, was in found.identity.same.items()}
        assert all(i == was for i, was in same.items())
        born = {found.given[i] for i in found.identity.born}
        assert all(i.startswith("new-") for i in born)
        assert not born & (gone | set(found.kept.values()))
        gone |= {found.kept[i] for i in found.identity.died}
        last = dict(found.given)
        chain.insert(0, reviewed(found, EXAMPLE))
