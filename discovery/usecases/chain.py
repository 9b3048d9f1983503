"""The chain of reviews: segments keep their ids, and what people decided of them, from one review to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from discovery.compare.match import match
from discovery.core.decision import Decision, DecisionKind
from discovery.core.documents import plain
from discovery.core.review import Identity, Review, SegmentReview
from discovery.core.run import Run
from discovery.core.segment import Segmentation
from discovery.core.settings_review import ReviewSettings
from discovery.store import Workspace
from discovery.usecases.decided import standing
from discovery.usecases.provenance import digest

Decided = Mapping[tuple[DecisionKind, str], Decision]


@dataclass(frozen=True, eq=False)
class Compared:
    """Two segmentations side by side: which is which, and under which id."""

    before: Run
    now: Run
    then: Segmentation
    today: Segmentation
    identity: Identity
    chain: Sequence[Review]
    kept: Mapping[str, str]
    given: Mapping[str, str]

    @property
    def known(self) -> dict[str, SegmentReview]:
        """What the earlier review said of each segment, by its id."""
        return {s.segment_id: s for s in self.chain[0].segments} if self.chain else {}


def as_merged(workspace: Workspace, run_id: str) -> str:
    """Return the run that merges made of a run, the last one where there are several; itself where there are none."""
    merges = [d for d in workspace.ledger.decisions(run_id) if d.kind is DecisionKind.MERGE and d.stands]
    made = [d.value for d in merges if workspace.holds(d.value)]
    return as_merged(workspace, made[-1]) if made else run_id


def origins(workspace: Workspace, run_id: str) -> list[str]:
    """Return a run and those it came of by merging segments, the newest first."""
    made_of = {d.value: d.run for d in workspace.ledger.decisions() if d.kind is DecisionKind.MERGE and d.stands}
    found = [run_id]
    while found[-1] in made_of:
        found.append(made_of[found[-1]])
    return found


def chain_to(workspace: Workspace, run_id: str, segmentation: str) -> tuple[Review, ...]:
    """Return the reviews that led to a run, the newest first; merging a run's segments does not break the chain."""
    listed = [r for r in workspace.reviews() if r.segmentation == segmentation]
    found: list[Review] = []
    while True:
        ended = next((r for origin in origins(workspace, run_id) for r in listed if r.now == origin), None)
        if ended is None:
            return tuple(found)
        found.append(workspace.review(ended.id))
        run_id = ended.before


def inputs_of(workspace: Workspace, before_id: str, now_id: str, segmentation: str, chain: Sequence[Review]) -> str:
    """Return a digest of all that a review is made of: the runs, the earlier review, and what people decided."""
    runs = [before_id, now_id, *(run for r in chain for run in (r.before, r.now))]
    known = {origin for run_id in runs for origin in origins(workspace, run_id)}
    said = [plain(d) for d in workspace.ledger.decisions() if d.run in known]
    earlier = [r.inputs for r in workspace.reviews() if chain and r.id == chain[0].id]
    return digest({"runs": [before_id, now_id], "decisions": said, "earlier": earlier}, segmentation)


def compare(before: Run, now: Run, name: str, chain: Sequence[Review], settings: ReviewSettings) -> Compared:
    """Return the segments of both runs under ids that last: those of the earlier review, of before, or new ones."""
    then, today = before.segmentation(name), now.segmentation(name)
    identity = match(then, today, settings)
    earlier = {s.id_now: s.segment_id for s in chain[0].segments if s.id_now} if chain else {}
    used = {s.segment_id for r in chain for s in r.segments}
    kept = {s.id: earlier.get(s.id) or _unused(s.id, used) for s in then.placed}
    used |= set(kept.values())
    given = {}
    for segment in today.placed:
        same = identity.same.get(segment.id)
        given[segment.id] = kept[same] if same else _unused(f"new-{segment.id}", used)
        used.add(given[segment.id])
    return Compared(before, now, then, today, identity, chain, kept, given)


def _unused(wanted: str, used: set[str]) -> str:
    """Return an id that no segment of the chain ever had.

    Examples
    --------
    >>> _unused("new-c2", {"new-c2"})
    'new-c2-2'
    """
    found, turn = wanted, 2
    while found in used:
        found, turn = f"{wanted}-{turn}", turn + 1
    return found


def decided_over(workspace: Workspace, compared: Compared) -> Decided:
    """Return what people last decided of each segment, on whichever run of the chain they did."""
    chain = list(reversed(compared.chain))
    ids = [(r.now, {s.id_now: s.segment_id for s in r.segments if s.id_now}) for r in chain]
    if chain:
        # The first run of a chain gave its segments the ids that they keep.
        ids.insert(0, (chain[0].before, {s.segment_id: s.segment_id for s in chain[0].segments}))
    every = workspace.ledger.decisions()
    out: dict[tuple[DecisionKind, str], Decision] = {}
    for run_id, known in [*ids, (compared.before.id, compared.kept), (compared.now.id, compared.given)]:
        for each in standing(every, run_id):
            if each.segmentation == compared.then.name and each.segments[0] in known:
                out[each.kind, known[each.segments[0]]] = each
    return out
