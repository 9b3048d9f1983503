"""Decisions of people: checked, kept, and laid over the run they are about, whose files stay as they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from discovery.core.decision import NO_NAMES, Decision, DecisionKind, latest
from discovery.core.errors import UsageError, WorkspaceError, did_you_mean
from discovery.core.evidence import Evidence, MergeVerdict
from discovery.core.merge_path import MergePath
from discovery.core.run import Run, SegmentRule
from discovery.core.segment import Segmentation
from discovery.store import Workspace, run_called
from discovery.validate.readiness import actionable_evidence


def load_run(workspace: Workspace, run_id: str = "latest") -> Run:
    """Return a run of a workspace under the names, with the notes, campaigns and retirements that people decided.

    Parameters
    ----------
    workspace : Workspace
        As `open_workspace` returned it.
    run_id : str
        Which run: an id, the beginning of one or of its digest, or ``latest``, that of the newest date.

    Returns
    -------
    Run
        The files stay as the run was made: decisions are laid over it as it is read.

    Raises
    ------
    WorkspaceError
        If there is no such run, with the nearest id; if there is none at all; or if another release made it.

    Examples
    --------
    >>> import discovery
    >>> run = discovery.load_run(discovery.open_workspace("work"))
    >>> str(run.as_of), [segmentation.name for segmentation in run.segmentations]
    ('2025-10-01', ['kmeans', 'hdbscan', 'mixture', 'rules'])
    """
    run_id = run_called(workspace, run_id)
    return with_decisions(workspace.load(run_id), standing(workspace.ledger.decisions(), run_id))


def decisions(workspace: Workspace, run_id: str = "") -> tuple[Decision, ...]:
    """Return the decisions about a run, or about all, the oldest first, those taken back too."""
    return workspace.ledger.decisions(run_id)


def history(workspace: Workspace, run_id: str) -> tuple[Decision, ...]:
    """Return the decisions about a run and about those it was made of by merges, the oldest first."""
    every, runs = workspace.ledger.decisions(), {run_id}
    for each in reversed(every):
        if each.kind is DecisionKind.MERGE and each.value in runs:
            runs.add(each.run)
    return tuple(d for d in every if d.run in runs)


def decide(
    workspace: Workspace,
    run_id: str,
    segmentation: str,
    segment: str,
    kind: DecisionKind | str,
    value: str,
    who: str,
    at: datetime,
) -> Decision:
    """Return a decision about one segment, kept in the workspace: a name, a note, a campaign, or that it is retired.

    Parameters
    ----------
    workspace : Workspace
        Which keeps it; the run's files stay as they are.
    run_id : str
        About which run.
    segmentation : str
        About which of its segmentations; empty: the recommended one.
    segment : str
        Id of the segment, or its name as it stands.
    kind : DecisionKind or str
        ``name``, ``note``, ``campaign`` or ``retire``; a merge makes a run (see `merge`).
    value : str
        The name, note, campaign, or why it is retired; anything but a name may be empty, to take the last one off.
    who : str
        As they typed their name; not empty.
    at : datetime
        When, with a time zone.

    Returns
    -------
    Decision
        With the number (``id``) by which it can be taken back.

    Raises
    ------
    UsageError
        If it is a merge, a name that another segment has, nobody's, or at a time without a zone.
    WorkspaceError
        If there is no such run, segmentation or segment, with the nearest one.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> run, now = discovery.load_run(workspace), datetime(2025, 10, 2, tzinfo=UTC)
    >>> made = discovery.decide(workspace, run.id, "rules", "champions", "campaign", "Early access", "Ana", now)
    >>> changed = discovery.load_run(workspace)
    >>> [rule.rule.campaign for rule in changed.rules if rule.rule.segment_id == "champions"]
    ['Early access']
    """
    if kind not in tuple(DecisionKind):
        raise UsageError(f"A decision must be one of {', '.join(DecisionKind)}, got {kind!r}.")
    kind = DecisionKind(kind)
    if kind is DecisionKind.MERGE:
        raise UsageError("A merge makes a new run: accept it with `discovery merge`.")
    segmentation = segmentation or workspace.recommended(run_id)
    names = standing_names(workspace, run_id, segmentation)
    segment_id = segment_called(names, segment)
    said = value.strip() if kind is DecisionKind.NOTE else " ".join(value.split())
    if kind is DecisionKind.NAME and said in {name for i, name in names.items() if i != segment_id}:
        raise UsageError(f"A name must tell segments apart, and {said!r} is another one's. Choose another.")
    if kind is DecisionKind.NAME and said in NO_NAMES:
        raise UsageError(f"A name must be a segment's alone, and {said!r} stands for others. Choose another.")
    return workspace.ledger.keep(Decision(kind, run_id, segmentation, (segment_id,), said, who, at))


def standing_names(workspace: Workspace, run_id: str, segmentation: str) -> dict[str, str]:
    """Return what the segments of a segmentation are called now, by id."""
    named = latest(standing(workspace.ledger.decisions(), run_id), DecisionKind.NAME)
    made = workspace.segment_names(run_id, segmentation)
    return unique_names(made, {i: d.value for (of, i), d in named.items() if of == segmentation})


def segment_called(names: Mapping[str, str], text: str) -> str:
    """Return the id of the segment that `text` is the id or the name of.

    Examples
    --------
    >>> segment_called({"c1": "Regulars", "c2": "Lapsed"}, "Lapsed")
    'c2'
    """
    if text in names:
        return text
    found = [i for i, name in names.items() if name == text]
    if not found:
        raise WorkspaceError(f"No segment {text!r}. {did_you_mean(text, [*names, *names.values()])}")
    return found[0]


def standing(decisions: Iterable[Decision], run_id: str) -> list[Decision]:
    """Return the decisions about a run that stand, the oldest first.

    A run made by a merge also keeps what had been decided before on the run it was made of, but for the two segments
    that are one now.
    """
    every = [d for d in decisions if d.stands]
    mine = [d for d in every if d.run == run_id]
    made = next((d for d in every if d.kind is DecisionKind.MERGE and d.value == run_id), None)
    if made is None:
        return mine
    before = standing([d for d in every if d.id < made.id], made.run)
    gone = {(made.segmentation, i) for i in made.segments}
    return [*(d for d in before if not gone & {(d.segmentation, i) for i in d.segments}), *mine]


def with_decisions(run: Run, decisions: Sequence[Decision]) -> Run:
    """Return a run as people decided: names, notes, campaigns, retirements; the same run if they decided nothing.

    Parameters
    ----------
    run : Run
        As it was made.
    decisions : sequence of Decision
        Those about it that stand.
    """
    if not decisions:
        return run
    for each in run.segmentations:
        name, note, campaign, retired = (
            {i: d for (of, i), d in latest(decisions, kind).items() if of == each.name}
            for kind in (DecisionKind.NAME, DecisionKind.NOTE, DecisionKind.CAMPAIGN, DecisionKind.RETIRE)
        )
        if name or note or campaign or retired:
            run = _with_names(run, each, name)
            run = _with_notes(run, each.name, note, retired)
            run = _with_campaigns(run, each.name, {i: d.value for i, d in campaign.items()})
    return run


def unique_names(made: Mapping[str, str], decided: Mapping[str, str]) -> dict[str, str]:
    """Return a name for every segment: what people decided first; who decides the same at once gets a number."""
    out: dict[str, str] = {}
    for i in sorted(made, key=lambda i: i not in decided):
        base = name = decided.get(i, made[i])
        turn = 2
        while name in out.values():
            name, turn = f"{base} ({turn})", turn + 1
        out[i] = name
    return out


def _with_names(run: Run, segmentation: Segmentation, decided: Mapping[str, Decision]) -> Run:
    old = {s.id: s.name for s in segmentation.segments}
    new = unique_names(old, {i: d.value for i, d in decided.items()})

    said = {f"“{name}”": f"“{new[i]}”" for i, name in old.items()}
    # All at once: a name may by now be another segment's.
    spoken = re.compile("|".join(map(re.escape, said)))

    def renamed(text: str) -> str:
        return spoken.sub(lambda found: said[found[0]], text)

    def verdict(found: MergeVerdict) -> MergeVerdict:
        return replace(found, reason=renamed(found.reason))

    def path(found: MergePath) -> MergePath:
        steps = (replace(s, verdict=verdict(s.verdict) if s.verdict else None) for s in found.steps)
        return replace(found, steps=tuple(steps))

    def rule(found: SegmentRule) -> SegmentRule:
        return replace(found, rule=replace(found.rule, name=new[found.rule.segment_id]))

    segments = tuple(
        replace(s, name=new[s.id], why_named=f"Named by {decided[s.id].who}; found as “{s.name}”: {s.why_named}")
        if s.id in decided
        else replace(s, name=new[s.id])
        for s in segmentation.segments
    )
    mine = segmentation.name
    return replace(
        run,
        segmentations=tuple(replace(s, segments=segments) if s.name == mine else s for s in run.segmentations),
        rules=tuple(rule(r) if r.segmentation == mine else r for r in run.rules),
        merges=tuple(verdict(m) if m.segmentation == mine else m for m in run.merges),
        merge_paths=tuple(path(p) if p.segmentation == mine else p for p in run.merge_paths),
    )


def _with_notes(run: Run, segmentation: str, notes: Mapping[str, Decision], retired: Mapping[str, Decision]) -> Run:
    def noted(found: Segmentation) -> Segmentation:
        def said(of: Mapping[str, Decision], i: str, before: str) -> str:
            return of[i].value if i in of else before

        segments = (
            replace(s, note=said(notes, s.id, s.note), retired=said(retired, s.id, s.retired)) for s in found.segments
        )
        return replace(found, segments=tuple(segments))

    return replace(run, segmentations=tuple(noted(s) if s.name == segmentation else s for s in run.segmentations))


def _with_campaigns(run: Run, segmentation: str, decided: Mapping[str, str]) -> Run:
    def rule(found: SegmentRule) -> SegmentRule:
        planned = decided.get(found.rule.segment_id, found.rule.campaign)
        return (
            replace(found, rule=replace(found.rule, campaign=planned)) if found.segmentation == segmentation else found
        )

    rules = tuple(map(rule, run.rules))
    planned = {**{r.rule.segment_id: r.rule.campaign for r in rules if r.segmentation == segmentation}, **decided}
    new = {e.subject: e for e in actionable_evidence(run.segmentation(segmentation), planned)}

    def judged(found: Evidence) -> Evidence:
        same = found.segmentation == segmentation and found.question == "actionable"
        return new.get(found.subject, found) if same else found

    return replace(run, rules=rules, evidence=tuple(map(judged, run.evidence)))
