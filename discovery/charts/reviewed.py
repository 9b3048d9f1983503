"""The segments of a review as charts and tables draw them: name, colour and symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from discovery.core.review import ENTRANTS, LEAVERS, Review
from discovery.core.segment import UNASSIGNED, Segment

#: Rows and columns of a matrix of movement that are no segment, and what people call them.
OTHERS: Mapping[str, str] = {UNASSIGNED: "Unassigned", ENTRANTS: "Not known before", LEAVERS: "Not known now"}


def reviewed(review: Review) -> tuple[Segment, ...]:
    """Return the segments of `review` in its order, with the colour and symbol each keeps over reviews."""
    people = int(review.movement.fresh.drop(columns=LEAVERS, errors="ignore").to_numpy().sum())
    return tuple(
        Segment(s.segment_id, s.name, s.reason, s.size_now, s.size_now / people if people else 0.0, s.rank)
        for s in review.segments
    )


def places(review: Review, ids: Iterable[str]) -> tuple[Segment, ...]:
    """Return the rows or columns `ids` of a matrix of movement as segments; those that are none are grey."""
    known = {s.id: s for s in reviewed(review)}
    return tuple(known.get(i) or Segment(i, OTHERS.get(i, i), "", 0, 0.0, -1) for i in ids)
