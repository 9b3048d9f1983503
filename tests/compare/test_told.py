"""A review in sentences: what they count is what they list."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from discovery.compare.told import flow_sentences, summary
from discovery.core.review import Action
from tests.review_factory import example_review

BAND = (5, 8)


def active(*actions: Action) -> str:
    review = example_review()[0]
    segments = [replace(review.segments[1], segment_id=f"s{i}", action=a) for i, a in enumerate(actions)]
    return next(s for s in summary(segments, review.movement, 0, 0, BAND) if " active, " in s)


def test_active_segments_are_counted_without_those_retired() -> None:
    few = "active, fewer than the 5 to 8 that cover most stores"
    assert active(Action.KEEP, Action.KEEP, Action.WATCH, Action.RETIRE) == f"3 segments are {few} (2 keep, 1 watch)."
    assert active(Action.KEEP, Action.RETIRE) == f"1 segment is {few} (1 keep)."
    assert active(Action.RETIRE) == f"0 segments are {few}."


def test_a_flow_of_one_by_boundaries_is_told_as_one() -> None:
    moved = pd.DataFrame({"before": ["a"] * 3, "frozen": ["b", "b", "a"], "fresh": ["b"] * 3})
    assert flow_sentences(moved, {"a": "A", "b": "B"}, 1) == (
        "3 customers went from “A” to “B”: 2 of them changed, and 1 is there only because the boundaries were drawn "
        "anew.",
    )
