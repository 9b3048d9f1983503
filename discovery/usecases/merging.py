"""Merges accepted and taken back: a new run with lineage, judged anew; the old one stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

import pandas as pd

from discovery.core.dataset import Dataset
from discovery.core.decision import Decision, DecisionKind
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.progress import Progress, silent
from discovery.core.question import BusinessQuestion, question_named
from discovery.core.rule import AnyOf, leaves
from discovery.core.run import Beside, Run, SegmentRule
from discovery.core.segment import Segmentation
from discovery.core.settings import Settings
from discovery.engine.choice import query_engine
from discovery.export.english import sentence
from discovery.features.forward import stated_property
from discovery.features.properties import property_features
from discovery.profile.answers import with_told
from discovery.profile.describe import describe
from discovery.profile.naming import name_segments
from discovery.profile.nearest import with_nearest
from discovery.rules.beside import beside
from discovery.rules.overlap import overlap
from discovery.store import Workspace
from discovery.usecases.analysis import cluster_features, judge_all
from discovery.usecases.decided import segment_called, standing_names
from discovery.usecases.judgement import recommend
from discovery.usecases.made_of import dataset_of, settings_of
from discovery.usecases.measuring import measure, vocabulary_of
from discovery.usecases.provenance import digest
from discovery.usecases.responses import Responses, responses_at
from discovery.usecases.segment_rules import induced_rules, selected_by


def merge(
    workspace: Workspace,
    run_id: str,
    segmentation: str,
    pair: tuple[str, str],
    who: str,
    at: datetime,
    progress: Progress = silent,
) -> tuple[Run, Decision]:
    """Return the run in which two segments are one, and the decision that made it; both are kept in the workspace.

    Parameters
    ----------
    workspace : Workspace
        Which keeps both.
    run_id : str
        Of which run; it stays as it was.
    segmentation : str
        Of which of its segmentations; empty: the recommended one.
    pair : tuple of str
        The two segments, by id or by name; their order does not count.
    who : str
        As they typed their name; not empty.
    at : datetime
        When, with a time zone.
    progress : callable
        Told the step (str) and the share of it that is done (0 to 1).

    Returns
    -------
    run : Run
        With lineage, judged anew: sizes add up as before, evidence, rules and merges are those of the new segments.
    decision : Decision
        With the number (``id``) by which it can be taken back.

    Raises
    ------
    UsageError
        If the pair is one segment twice, nobody accepts it, or the time has no zone.
    WorkspaceError
        If there are no such segments, or the workspace no longer holds the data that the run was made of.

    Notes
    -----
    The same merge gives the same run, with the same bytes, whoever accepts it; accepted twice it is one decision.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> run, now = discovery.load_run(workspace), datetime(2025, 10, 2, tzinfo=UTC)
    >>> joined, decision = discovery.merge(workspace, run.id, "rules", ("lapsing", "lapsed"), "Ana", now)
    >>> run.segmentation("rules").k, joined.segmentation("rules").k, joined.segmentation("rules").lineage
    (8, 7, ('lapsed merged into lapsing',))
    """
    run = workspace.load(run_id)
    found = run.segmentation(segmentation or run.recommended)
    names = standing_names(workspace, run_id, found.name)
    ids = [segment_called(names, text) for text in pair]
    a, b = sorted(ids, key=[s.id for s in found.segments].index)
    decision = Decision(DecisionKind.MERGE, run_id, found.name, (a, b), merged_id(run, found.name, a, b), who, at)
    if (known := _accepted(workspace, decision)) and workspace.holds(decision.value):
        return workspace.load(decision.value), known
    made = merged_run(run, found.name, a, b, workspace, progress)
    with workspace.writing() as staging:
        if not workspace.holds(run_id):
            raise WorkspaceError(f"Run {run_id} was taken back meanwhile. Choose another run, and merge in that.")
        staging.put_run(made)
        return made, _accepted(workspace, decision) or workspace.ledger.keep(decision)


def undo_decision(workspace: Workspace, decision_id: int, who: str, at: datetime) -> Decision:
    """Return a decision as taken back; the run that a merge made is set aside.

    Parameters
    ----------
    workspace : Workspace
        Which keeps it.
    decision_id : int
        Its number, as `decide` and `merge` return it.
    who : str
        As they typed their name; not empty.
    at : datetime
        When, with a time zone.

    Returns
    -------
    Decision
        The same one, with who took it back and when.

    Raises
    ------
    UsageError
        If nobody says who they are.
    WorkspaceError
        If there is no such decision, it was taken back before, or a merge was built upon by another.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> run, now = discovery.load_run(workspace), datetime(2025, 10, 2, tzinfo=UTC)
    >>> made = discovery.decide(workspace, run.id, "rules", "loyal", "note", "Ask Ben first.", "Ana", now)
    >>> back = discovery.undo_decision(workspace, made.id, "Ben", now)
    >>> back.stands, back.undone_by
    (False, 'Ben')
    """
    if not who.strip():
        raise UsageError("Taking a decision back must say who does it: type your name once.")
    ledger = workspace.ledger
    if not any(d.id == decision_id and d.kind is DecisionKind.MERGE for d in ledger.decisions()):
        return ledger.undo(decision_id, who, at)
    with workspace.writing() as staging:
        merges = [d for d in ledger.decisions() if d.kind is DecisionKind.MERGE and d.stands]
        for made in (d.value for d in merges if d.id == decision_id):
            if built := next((d for d in merges if d.run == made), None):
                raise WorkspaceError(
                    f"Run {made} was merged further into {built.value}. Take decision {built.id} back first."
                )
            # First, so that doing it again finishes what a killed process began.
            staging.set_aside(made)
        return ledger.undo(decision_id, who, at)


def merged_id(run: Run, segmentation: str, a: str, b: str) -> str:
    """Return the id of the run in which `b` of a segmentation is part of `a`: made of the old one's and the pair."""
    kept = run.id.rpartition("-")[0] or run.id
    return f"{kept}-{digest({'segmentation': segmentation, 'merged': [a, b]}, run.id)}"


def merged_run(run: Run, name: str, a: str, b: str, workspace: Workspace, progress: Progress) -> Run:
    """Return the run in which `b` is part of `a`, with all that follows from it judged anew; nothing is kept.

    Other segmentations stay as they are. What was clustered on, the response and the margins are the old run's.
    """
    settings, dataset = settings_of(run), dataset_of(run, workspace)
    run = replace(run, table=run.table.in_memory())
    old, table = run.segmentation(name), run.table
    known = {f.name: f for f in table.features}
    new = _described(old.merged(a, b), run, a)
    question, _ = question_named(settings.question, "placed_order" in dataset.events_by_name)
    responses, members = _measured(run, dataset, question, settings, progress)
    compared: tuple[Beside, ...] = ()
    if name == "rules":
        rules = _either(run, new, a, b)
    else:
        rules = induced_rules(new, table, known, run.currency, settings.rules, settings.seed)
        compared = beside(members, new, settings.rules, settings.seed)
    reference = next((e.threshold for e in run.evidence_for(name) if e.check == "forward_auc"), None)
    clustered_on = cluster_features(settings, question, dataset, table)
    judged = judge_all((new,), table, responses, rules, clustered_on, reference, settings, progress)
    segmentations = tuple(new if s.name == name else s for s in run.segmentations)
    evidence = _instead(run.evidence, judged.evidence, name)
    best, why = recommend(segmentations, evidence, settings)
    one, other = (old.segment(i).name for i in (a, b))
    return replace(
        run,
        id=merged_id(run, name, a, b),
        segmentations=segmentations,
        recommended=best,
        recommended_reason=why,
        evidence=evidence,
        merges=_instead(run.merges, judged.merges, name),
        merge_paths=_instead(run.merge_paths, judged.merge_paths, name),
        rules=_instead(run.rules, rules, name),
        overlap=overlap(segmentations),
        beside=_instead(run.beside, compared, name),
        notes=(*run.notes, f"{old.title}: “{one}” and “{other}” were made one. Made of run {run.id}."),
    )


def _accepted(workspace: Workspace, wanted: Decision) -> Decision | None:
    """Return the decision that made the same run, where it stands."""
    same = (d for d in workspace.ledger.decisions(wanted.run) if d.kind is wanted.kind and d.value == wanted.value)
    return next((d for d in same if d.stands), None)


def _measured(
    run: Run, dataset: Dataset, question: BusinessQuestion, settings: Settings, progress: Progress
) -> tuple[Responses, pd.DataFrame]:
    """Return what came after the date, and whom the rules of the library select."""
    with query_engine(settings.engine) as engine:
        own = property_features(engine.kinds(dataset.profiles_path))
        stated = stated_property(settings.response, dataset.events_by_name, own)
        responses = responses_at(engine, dataset, run.table, question, stated, settings)
        rules = [counted.rule for counted in run.library]
        read = tuple(dict.fromkeys(leaf.feature for rule in rules for leaf in leaves(rule.where)))
        if not read:
            return responses, pd.DataFrame(index=run.table.customers)
        known = vocabulary_of(engine, dataset, settings.features.seasons, stated.column if stated else "")
        measured = measure(
            engine, dataset, run.as_of, read, progress, settings.lifetime, settings.features.cutoffs, known
        )
    return responses, selected_by(rules, measured.table, known, run.currency).members


def _described(merged: Segmentation, run: Run, joined: str) -> Segmentation:
    """Return a merged segmentation with its profiles; the joined segment has a name of its own, the others keep theirs.

    One that people wrote the rules of is named after both.
    """
    [profiles] = describe(run.table, [merged.labels])
    own = name_segments(run.table, profiles.segments, currency=run.currency)[joined]
    taken = merged.name == "rules" or own.name in {s.name for s in merged.segments}
    segments = [replace(s, profile=profiles.segments.get(s.id, {})) for s in merged.segments]
    called = [s if taken or s.id != joined else replace(s, name=own.name, why_named=own.why) for s in segments]
    return with_told([with_nearest(replace(merged, segments=tuple(called)), profiles)], run.table)[0]


def _either(run: Run, merged: Segmentation, a: str, b: str) -> tuple[SegmentRule, ...]:
    """Return written rules where those of `a` and `b` are one: either. A campaign stays if both had the same."""
    mine = {r.rule.segment_id: r.rule for r in run.rules if r.segmentation == merged.name}
    one, other, segment = mine[a], mine.pop(b), merged.segment(a)
    campaign = one.campaign if one.campaign == other.campaign else ""
    where = AnyOf((one.where, other.where))
    mine[a] = replace(one, name=segment.name, where=where, why=segment.why_named, campaign=campaign)
    known = {f.name: f for f in run.table.features}
    return tuple(SegmentRule(merged.name, rule, sentence(rule.where, known, run.currency)) for rule in mine.values())


class _Of(Protocol):
    @property
    def segmentation(self) -> str: ...


T = TypeVar("T", bound=_Of)


def _instead(old: Sequence[T], new: Sequence[T], name: str) -> tuple[T, ...]:
    """Return `old` with all that is of one segmentation replaced by `new`, in its place."""
    first = next((n for n, each in enumerate(old) if each.segmentation == name), len(old))
    before, after = old[:first], [each for each in old[first:] if each.segmentation != name]
    return (*before, *new, *after)
