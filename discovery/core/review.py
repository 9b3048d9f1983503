"""A Review: two Runs compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from html import escape

import pandas as pd

from discovery.core.errors import DataError, WorkspaceError, did_you_mean
from discovery.core.evidence import Evidence

#: Who was not known before, and who is not known now: the last row and the last column of a matrix of movement.
ENTRANTS, LEAVERS = "entrants", "leavers"

#: Columns of `Review.rates`; ``campaign`` is empty for a rate that is about none.
RATE_COLUMNS = (
    "segment_id", "measure", "label", "campaign", "unit",
    "before", "before_low", "before_high", "n_before",
    "now", "now_low", "now_high", "n_now",
    "change", "change_low", "change_high",
)  # fmt: skip
#: Columns of `Review.drift`.
DRIFT_COLUMNS = ("segment_id", "feature", "psi", "limit", "drifted", "before", "now", "n_before", "n_now")


class Action(StrEnum):
    """What a review says to do with a segment."""

    KEEP = "keep"
    WATCH = "watch"
    REDEFINE = "redefine"
    MERGE = "merge"
    RETIRE = "retire"
    TOO_SMALL_TO_TELL = "too small to tell"


@dataclass(frozen=True)
class Identity:
    """How the segments of two segmentations belong together.

    Parameters
    ----------
    same : mapping
        Id now to id before, one to one.
    born, died : tuple of str
        Ids now without one before, and ids before without one now.
    split : mapping
        Id before to the ids now that each hold a good part of its customers, where there are several.
    merged : mapping
        Id now to the ids before that each gave it a good part of themselves, where there are several.
    """

    same: Mapping[str, str]
    born: tuple[str, ...]
    died: tuple[str, ...]
    split: Mapping[str, tuple[str, ...]]
    merged: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Movement:
    """Customers by segment before and now.

    Parameters
    ----------
    fresh, frozen : DataFrame of int
        By today's boundaries and by those of before: one row per segment before and one for entrants, one column per
        segment now and one for leavers; each row sums to the size before, each column to the size now.
    moved, redrawn, both, stayed : int
        Customers known both times: who changed (the old boundaries put them elsewhere now), whom only the new
        boundaries put elsewhere, who did both, and who is where they were.
    """

    fresh: pd.DataFrame
    frozen: pd.DataFrame
    moved: int
    redrawn: int
    both: int
    stayed: int

    def __post_init__(self) -> None:
        for matrix in (self.fresh, self.frozen):
            if (matrix.to_numpy() < 0).any():
                raise DataError("A movement matrix counts customers, so no cell may be negative.")
        if not self.fresh.sum(axis=1).equals(self.frozen.sum(axis=1)):
            raise DataError("Old and new boundaries divide the same customers: their rows must have equal sums.")


@dataclass(frozen=True)
class SegmentReview:
    """One segment of before or now, and what to do with it.

    Parameters
    ----------
    segment_id : str
        Its id: that of before, kept over reviews; ``new-`` and the id now for one that was born.
    id_now : str
        Its id in the run of now; empty where it died.
    name : str
        What people call it: the name of now, or of before where it died.
    rank : int
        Of its colour and symbol, those of before where it had one.
    size_before, size_now : int
        Customers; 0 where it was not there.
    action : Action
        What to do.
    reason : str
        Why, in one or two sentences with the numbers.
    response : Evidence
        Whether the customers answer what is sent to them, over all campaigns of the quarter; NOT_TESTED where it is too
        small to tell or nothing was sent and nothing was seen.
    silent_reviews : int
        Reviews in a row, this one counted, that saw no response although they could have.
    since : date
        The date of the first review or run in which the segment was seen.
    age_months : int
        Full months from then until now.
    campaign : str
        Planned for it; empty: the segment is not ready to use.
    merge_with : tuple of str
        Segment ids (as `segment_id`) with which the evidence says it should be one.
    """

    segment_id: str
    id_now: str
    name: str
    rank: int
    size_before: int
    size_now: int
    action: Action
    reason: str
    response: Evidence
    silent_reviews: int
    since: date
    age_months: int
    campaign: str = ""
    merge_with: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Review:
    """Two Runs compared: who moved, what drifted, what answers, what to do.

    Parameters
    ----------
    id : str
        Made from the ids of the two runs and the segmentation: the same work has the same id.
    before, now : str
        Ids of the two runs.
    as_of_before, as_of_now : date
        Their dates, exclusive.
    segmentation : str
        Which segmentation of both is compared.
    question_asked, currency : str
        Of the run of now.
    segments : tuple of SegmentReview
        Those of before in their order, then those that were born.
    identity : Identity
        In the ids of the two runs.
    movement : Movement
        In the ids of `segments`.
    customers : DataFrame
        customer_id, before, frozen, fresh: where each customer was, is by the old boundaries, and is by the new ones;
        missing where not known then or now.
    drift : DataFrame
        One row per feature and segment, `DRIFT_COLUMNS`.
    rates : DataFrame
        One row per segment, measure and campaign, `RATE_COLUMNS`.
    flows : tuple of str
        The largest movements, one sentence each.
    summary : tuple of str
        What a head of growth should know, the decisions first; one sentence each.
    notes : tuple of str
        What limits the comparison: data that end early, segmentations made in other ways.

    Raises
    ------
    DataError
        If a run is compared with itself, or the run of before is not of an earlier date.

    Examples
    --------
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> now, before = workspace.runs()
    >>> review = discovery.review(workspace, before.id, now.id, "rules")
    >>> str(review.as_of_before), str(review.as_of_now), len(review.segments)
    ('2025-07-01', '2025-10-01', 8)
    """

    id: str
    before: str
    now: str
    as_of_before: date
    as_of_now: date
    segmentation: str
    question_asked: str
    currency: str
    segments: tuple[SegmentReview, ...]
    identity: Identity
    movement: Movement
    customers: pd.DataFrame
    drift: pd.DataFrame
    rates: pd.DataFrame
    flows: tuple[str, ...]
    summary: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.before == self.now:
            raise DataError(f"A review must compare two runs, got {self.before!r} twice.")
        if self.as_of_before >= self.as_of_now:
            raise DataError(
                f"The run of before must be of an earlier date, got {self.as_of_before} and {self.as_of_now}."
            )

    def segment(self, segment_id: str) -> SegmentReview:
        """Return the review of one segment, or raise with the nearest id."""
        for found in self.segments:
            if found.segment_id == segment_id:
                return found
        raise WorkspaceError(
            f"No segment {segment_id!r} in review {self.id}. "
            f"{did_you_mean(segment_id, [s.segment_id for s in self.segments])}"
        )

    def with_action(self, action: Action) -> tuple[SegmentReview, ...]:
        """Return the segments that the review says to do this with."""
        return tuple(s for s in self.segments if s.action is action)

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(line)}</li>" for line in self.summary)
        return f"<p>Review <code>{self.id}</code>: {self.as_of_before} to {self.as_of_now}</p><ul>{said}</ul>"
