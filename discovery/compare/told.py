"""A review in sentences: the largest movements, and what a head of growth should know, the decisions first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from discovery.core.many import many
from discovery.core.review import Action, Movement, SegmentReview
from discovery.core.segment import UNASSIGNED

_FLOWS = 8
_DOING = {
    Action.RETIRE: "Retire",
    Action.REDEFINE: "Redefine",
    Action.MERGE: "Merge",
    Action.WATCH: "Watch",
    Action.KEEP: "Keep",
    Action.TOO_SMALL_TO_TELL: "Too small to tell",
}


def flow_sentences(customers: pd.DataFrame, names: Mapping[str, str], least: int) -> tuple[str, ...]:
    """Return the largest movements between segments, one sentence each; smaller ones than `least` are not told.

    Parameters
    ----------
    customers : DataFrame
        ``before``, ``frozen`` and ``fresh``, one row per customer; missing where not known.
    names : mapping
        What people call each segment.
    least : int
        Customers.
    """
    called = {**names, UNASSIGNED: "no segment"}
    known = customers.dropna(subset=["before", "fresh"])
    changed = known[known["before"] != known["fresh"]]
    moved = changed["frozen"] != changed["before"]
    found = moved.groupby([changed["before"], changed["fresh"]]).agg(["size", "sum"])
    order = found.sort_values("size", ascending=False, kind="stable")
    out = []
    for (source, target), n, own in order.head(_FLOWS).itertuples(name=None):
        if n < least:
            break
        who = (
            "all of them changed" if own == n else "they stayed as they were" if not own else f"{own:,} of them changed"
        )
        redrawn = many(n - own, "is", "are")
        drawn = f", and {redrawn} there only because the boundaries were drawn anew" if own < n else ""
        out.append(f"{n:,} customers went from {_quoted(called[source])} to {_quoted(called[target])}: {who}{drawn}.")
    return tuple(out)


def summary(
    segments: Sequence[SegmentReview], movement: Movement, drifted: int, compared: int, band: tuple[int, int]
) -> tuple[str, ...]:
    """Return what a head of growth should know, the decisions first.

    Parameters
    ----------
    segments : sequence of SegmentReview
        All of the review.
    movement : Movement
        Who moved.
    drifted, compared : int
        Pairs of segment and feature that drifted, of so many compared.
    band : (int, int)
        The fewest and most segments that a team can serve.
    """
    return (
        *_decisions(segments),
        *_active(segments, band),
        *_not_ready(segments),
        _moved(movement),
        f"Of {compared:,} pairs of a segment and a feature, {drifted:,} drifted beyond chance." if compared else
        "No segment was there both times, so no drift could be measured.",
    )  # fmt: skip


def _decisions(segments: Sequence[SegmentReview]) -> list[str]:
    out = []
    for action, doing in _DOING.items():
        mine = [s for s in segments if s.action is action]
        if action in (Action.RETIRE, Action.REDEFINE):
            out += [f"{doing} {_quoted(s.name)}: {s.reason}" for s in mine]
        elif action is Action.MERGE:
            out += _merges(mine, segments)
        elif mine:
            out.append(f"{doing}: {', '.join(_quoted(s.name) for s in mine)}.")
    return out


def _merges(mine: Sequence[SegmentReview], segments: Sequence[SegmentReview]) -> list[str]:
    names = {s.segment_id: s.name for s in segments}
    pairs = {tuple(sorted((s.segment_id, other))) for s in mine for other in s.merge_with}
    return [f"Merge {_quoted(names[a])} and {_quoted(names[b])}: nothing tells them apart." for a, b in sorted(pairs)]


def _active(segments: Sequence[SegmentReview], band: tuple[int, int]) -> list[str]:
    active = [s for s in segments if s.id_now and s.action is not Action.RETIRE]
    low, high = band
    beside = (
        f"fewer than the {low} to {high} that cover most stores"
        if len(active) < low
        else f"more than the {low} to {high} that a team can serve"
        if len(active) > high
        else f"within the {low} to {high} that a team can serve"
    )
    kinds = Counter(s.action for s in active)
    told = ", ".join(f"{n} {action.value}" for action, n in sorted(kinds.items(), key=lambda kind: -kind[1]))
    counted = many(len(active), "segment is", "segments are")
    return [f"{counted} active, {beside}{f' ({told})' if told else ''}."]


def _not_ready(segments: Sequence[SegmentReview]) -> list[str]:
    without = [s for s in segments if s.id_now and s.action is not Action.RETIRE and not s.campaign]
    if not without:
        return []
    names = ", ".join(_quoted(s.name) for s in without)
    return [f"Not ready to use, since no campaign is named for them: {names}."]


def _moved(movement: Movement) -> str:
    total = movement.moved + movement.redrawn + movement.both + movement.stayed
    if not total:
        return "No customer was known both times."
    return (
        f"Of {total:,} customers known both times {movement.stayed / total:.0%} stayed, {movement.moved / total:.0%} "
        f"moved, {movement.redrawn / total:.0%} are elsewhere only because boundaries were drawn anew, and "
        f"{movement.both / total:.0%} did both."
    )


def _quoted(name: str) -> str:
    return name if name == "no segment" else f"“{name}”"
