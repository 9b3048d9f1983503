"""What people decided about segments: names, notes, campaigns, merges, retirements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from discovery.core.errors import UsageError

#: What stands beside names of segments in tables and lists: a segment called so would be taken for it.
NO_NAMES = frozenset({"All", "All segments", "Before", "Everyone", "Not known before", "Not known now"})


class DecisionKind(StrEnum):
    """What was decided."""

    NAME = "name"
    NOTE = "note"
    CAMPAIGN = "campaign"
    MERGE = "merge"
    RETIRE = "retire"


@dataclass(frozen=True)
class Decision:
    """One decision, as it was made; it is never changed, only undone.

    Parameters
    ----------
    id : int
        Grows with time; 0 until it is kept.
    kind : DecisionKind
        What was decided.
    run : str
        Of which run.
    segmentation : str
        Which one of its segmentations.
    segments : tuple of str
        Ids of the segments concerned: two for a merge, else one.
    value : str
        The name, the note, the campaign; the run made by a merge; the reason of a retirement.
    who : str
        As they typed their name.
    at : datetime
        When, UTC.
    undone_by : str
        Who took it back; empty while it stands.
    undone_at : datetime or None
        When, UTC.
    """

    kind: DecisionKind
    run: str
    segmentation: str
    segments: tuple[str, ...]
    value: str
    who: str
    at: datetime
    id: int = 0
    undone_by: str = ""
    undone_at: datetime | None = None

    def __post_init__(self) -> None:
        wanted = 2 if self.kind is DecisionKind.MERGE else 1
        if len(self.segments) != wanted or len(set(self.segments)) != wanted:
            raise UsageError(
                f"A {self.kind} must concern {wanted} segment(s), got {', '.join(self.segments) or 'none'}."
            )
        if not self.who.strip():
            raise UsageError("A decision must say who made it: type your name once.")
        if not self.value.strip() and self.kind is DecisionKind.NAME:
            raise UsageError("A name must not be empty.")
        if self.at.tzinfo is None:
            raise UsageError("The time of a decision must have a time zone; decisions are kept in UTC.")

    @property
    def stands(self) -> bool:
        """Whether nobody has taken it back."""
        return not self.undone_by


def latest(decisions: Iterable[Decision], kind: DecisionKind) -> dict[tuple[str, str], Decision]:
    """Return the last decision of a kind that stands, by segmentation and segment.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2025, 1, 1, tzinfo=UTC)
    >>> first = Decision(DecisionKind.NAME, "r", "kmeans", ("c1",), "Regulars", "Ana", at, 1)
    >>> second = Decision(DecisionKind.NAME, "r", "kmeans", ("c1",), "Loyal", "Ben", at, 2, "Ana", at)
    >>> latest([first, second], DecisionKind.NAME)["kmeans", "c1"].value
    'Regulars'
    """
    standing = sorted((d for d in decisions if d.kind is kind and d.stands), key=lambda d: d.id)
    return {(d.segmentation, segment): d for d in standing for segment in d.segments}
