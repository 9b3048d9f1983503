"""Reviews: two runs compared, under ids that segments keep from one review to the next, and what to do with each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from discovery.compare.drift import drift
from discovery.compare.movement import movement
from discovery.compare.told import flow_sentences, summary
from discovery.core.bounds import SMALLEST
from discovery.core.dataset import Dataset
from discovery.core.errors import UsageError
from discovery.core.progress import Progress, silent
from discovery.core.question import question_named
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED
from discovery.engine.choice import query_engine
from discovery.store import Config, ReviewSummary, Workspace
from discovery.usecases import pipeline, provenance
from discovery.usecases.chain import as_merged, chain_to, compare, decided_over, inputs_of, origins
from discovery.usecases.decided import load_run
from discovery.usecases.frozen import frozen_labels
from discovery.usecases.made_of import dataset_of, ingest, settings_of
from discovery.usecases.quarter import quarter_between, rates, response_rows
from discovery.usecases.segment_reviews import segment_reviews
from discovery.validate.answering import measurable_response

_QUARTER = re.compile(r"([12]\d{3})Q([1-4])", re.ASCII)


def review(
    workspace: Workspace, before_id: str, now_id: str, segmentation: str = "", progress: Progress = silent
) -> Review:
    """Return the review of two runs, kept in the workspace; made again only if what it is made of changed.

    Parameters
    ----------
    workspace : Workspace
        Which must hold the data that the later run was made of.
    before_id, now_id : str
        Ids of the runs, that of the earlier date first.
    segmentation : str
        Which one of theirs; empty: the one that the review before looked at, or else the one recommended in the run of
        before, or of now, if both have it.
    progress : callable
        Told the step (str) and the share of it that is done (0 to 1); never, if nothing is new.

    Returns
    -------
    Review
        Who moved, what drifted, what answers, and what to do with each segment.

    Raises
    ------
    WorkspaceError
        If there is no such run or segmentation, or the data are others.
    DataError
        If the runs are not of two dates, the earlier one first.

    Notes
    -----
    Silent reviews are counted along the chain of stored reviews: the one before is that which ended with the run that
    this one begins with. It is read, never written to, so the same review made twice counts once.

    Examples
    --------
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> now, before = workspace.runs()
    >>> review = discovery.review(workspace, before.id, now.id, "rules")
    >>> int(review.movement.fresh.loc["champions"].sum()), review.segment("champions").size_before
    (21, 21)
    """
    name = segmentation or _usual(workspace, before_id, now_id)
    for run_id in (before_id, now_id):
        workspace.segment_names(run_id, name)
    chain = chain_to(workspace, before_id, name)
    inputs = inputs_of(workspace, before_id, now_id, name, chain)
    when = {r.id: r.as_of for r in workspace.runs()}[now_id]
    review_id = f"{when}-{name}-{provenance.digest({'segmentation': name, 'before': before_id}, now_id)}"
    if any(r.id == review_id and r.inputs == inputs for r in workspace.reviews()):
        return workspace.review(review_id)
    made = _made(workspace, review_id, before_id, now_id, name, chain, progress)
    with workspace.writing() as staging:
        staging.put_review(made, inputs)
    return made


def _usual(workspace: Workspace, before_id: str, now_id: str) -> str:
    """Return the segmentation to compare where none is named: two reviews in a row must look at the same one."""
    reviewed = [r.segmentation for r in workspace.reviews() if r.now in origins(workspace, before_id)]
    best = [workspace.recommended(run_id) for run_id in (before_id, now_id)]
    first, second = (set(workspace.segmentations(run_id)) for run_id in (before_id, now_id))
    asked = (*sorted(reviewed, key=lambda name: name != best[0]), *best)
    return next((name for name in asked if name in first & second), best[0])


def review_quarter(
    config: Config, workspace: Workspace, quarter: str, segmentation: str = "", progress: Progress = silent
) -> Review:
    """Return the review of a quarter of a year: its end against its start; what is missing is made, the rest left.

    Parameters
    ----------
    config : Config
        What the runs at the quarter's end, and at the end of the one before, are made by.
    workspace : Workspace
        That keeps dataset, runs and reviews; made if missing.
    quarter : str
        A year and a number, such as ``2011Q3``.
    segmentation, progress
        As for `review`.

    Notes
    -----
    Where segments of such a run were merged since, the run that came of it is compared.
    """
    days = quarter_dates(quarter)
    dataset = ingest(config, workspace.path, progress)
    ids = []
    for day in days:
        run_id = provenance.run_id(config.settings, dataset, day)
        if not workspace.holds(run_id):
            pipeline.discover(config, workspace, as_of=day, progress=progress)
        ids.append(as_merged(workspace, run_id))
    return review(workspace, ids[0], ids[1], segmentation, progress)


def reviews(workspace: Workspace) -> tuple[ReviewSummary, ...]:
    """Return the reviews of a workspace, the newest first."""
    return workspace.reviews()


def load_review(workspace: Workspace, review_id: str) -> Review:
    """Return a review as it was made."""
    return workspace.review(review_id)


def quarter_dates(quarter: str) -> tuple[date, date]:
    """Return the first day of a quarter and that of the next one.

    Examples
    --------
    >>> quarter_dates("2011Q4")
    (datetime.date(2011, 10, 1), datetime.date(2012, 1, 1))
    """
    found = _QUARTER.fullmatch(quarter)
    if not found:
        raise UsageError(f"A quarter must be a year and a number, such as 2011Q3, got {quarter!r}.")
    year, number = map(int, found.groups())
    return date(year, 3 * number - 2, 1), date(year + number // 4, 3 * number % 12 + 1, 1)


def _made(
    workspace: Workspace,
    review_id: str,
    before_id: str,
    now_id: str,
    name: str,
    chain: Sequence[Review],
    progress: Progress,
) -> Review:
    told = "Comparing the runs"
    progress(told, 0.0)
    loaded = (load_run(workspace, run_id) for run_id in (before_id, now_id))
    before, now = (replace(run, table=run.table.in_memory()) for run in loaded)
    settings, dataset = settings_of(now), dataset_of(now, workspace)
    compared = compare(before, now, name, chain, settings.review)
    then, today = compared.then, compared.today
    question, _ = question_named(settings_of(before).question, "placed_order" in dataset.events_by_name)
    with query_engine(settings.engine) as engine:
        by_old, notes = frozen_labels(engine, dataset, before, then, now.table, question, settings_of(before))
        progress(told, 0.4)
        quarter = quarter_between(engine, dataset, before.table, now.table, question, settings)
    progress(told, 0.6)
    kept, given = compared.kept, compared.given
    labels, frozen, fresh = (
        found.map({**ids, UNASSIGNED: UNASSIGNED}).astype("str")
        for found, ids in ((then.labels, kept), (by_old, kept), (today.labels, given))
    )
    moved = movement(labels, frozen, fresh, list(kept.values()), list(given.values()))
    customers = pd.DataFrame({"before": labels, "frozen": frozen, "fresh": fresh}, dtype="str")
    answered = measurable_response(
        then, quarter.campaigns, quarter.forward, settings.review.min_response, settings.validate
    )
    numbers = [f.name for f in before.table.features if f.kind == "number" and now.table.holds(f.name)]
    both = [i for i in kept.values() if i in given.values()]
    drifted = drift(
        before.table.values[numbers], now.table.values[numbers], labels, fresh, both, settings.review, settings.seed
    )
    progress(told, 0.8)
    decided = decided_over(workspace, compared)
    segments = tuple(segment_reviews(compared, answered, drifted, decided, labels, fresh, settings))
    earlier = chain[0] if chain else None
    rows = [rates(quarter, then, kept, fresh, earlier, dataset, settings)]
    rows.append(response_rows([s.response for s in segments], earlier))
    names = {s.segment_id: s.name for s in segments}
    band = (settings.cluster.band_low, settings.cluster.band_high)
    progress(told, 1.0)
    return Review(
        id=review_id,
        before=before_id,
        now=now_id,
        as_of_before=before.as_of,
        as_of_now=now.as_of,
        segmentation=name,
        question_asked=now.question_asked,
        currency=now.currency,
        segments=segments,
        identity=compared.identity,
        movement=moved,
        customers=customers.rename_axis("customer_id").reset_index(),
        drift=drifted,
        rates=pd.concat([r for r in rows if len(r)], ignore_index=True),
        flows=flow_sentences(customers, names, SMALLEST),
        summary=summary(segments, moved, int(drifted["drifted"].sum()), len(drifted), band),
        notes=(*notes, *_notes(before, now, dataset, quarter.days)),
    )


def _notes(before: Run, now: Run, dataset: Dataset, days: int) -> Iterator[str]:
    whole = (now.as_of - before.as_of).days
    if days < whole:
        yield f"The data end on {dataset.data_end}: {days} of the {whole} days between the runs were seen."
    if before.table.fingerprint != now.table.fingerprint:
        yield "The run of before was made of other data than the run of now; both are compared on those of now."
    ours, theirs = (
        {k: v for k, v in r.settings.items() if k not in ("as_of", "engine", "source")} for r in (before, now)
    )
    if other := [name for name in theirs if ours.get(name) != theirs[name]]:
        yield f"The runs were made under different settings of {', '.join(other)}: not all that changed is customers."
