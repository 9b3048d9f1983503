"""A Review: two Runs compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

from discovery.core.errors import DataError


class Action(StrEnum):
    """What a review says to do with a segment."""

    KEEP = "keep"
    WATCH = "watch"
    REDEFINE = "redefine"
    MERGE = "merge"
    RETIRE = "retire"
    TOO_SMALL_TO_TELL = "too small to tell"


@dataclass(frozen=True)
class SegmentReview:
    """One segment's verdict, with the reason in words and the number of reviews without a response before it."""

    segment_id: str
    action: Action
    reason: str
    silent_reviews: int = 0


@dataclass(frozen=True, eq=False)
class Review:
    """Two Runs compared: who moved, what drifted, what to do.

    Parameters
    ----------
    id, before, now : str
        Of the review and of the two runs.
    movement : DataFrame
        Customers by segment before (rows, with entrants) and now (columns, with leavers); rows sum to the sizes
        before.
    drift : DataFrame
        One row per feature and segment.
    verdicts : tuple of SegmentReview
        One per segment.
    """

    id: str
    before: str
    now: str
    movement: pd.DataFrame
    drift: pd.DataFrame
    verdicts: tuple[SegmentReview, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if self.before == self.now:
            raise DataError(f"A review must compare two runs, got {self.before!r} twice.")
        if (self.movement.to_numpy() < 0).any():
            raise DataError("A movement matrix counts customers, so no cell may be negative.")
