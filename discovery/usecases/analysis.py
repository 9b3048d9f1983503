"""From features to a Run: segmentations, rules, evidence, merges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from discovery.cluster.embed import embed
from discovery.cluster.lead import History
from discovery.cluster.threads import one_thread
from discovery.core.dataset import Dataset
from discovery.core.errors import DataError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion
from discovery.core.rule import leaves
from discovery.core.run import Run, SegmentRule
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import Settings
from discovery.features.catalogue import default_cluster_features
from discovery.features.records import RECORD_EVENTS
from discovery.rules.beside import beside
from discovery.rules.evaluate import select
from discovery.rules.library import Library
from discovery.rules.overlap import overlap
from discovery.rules.parse import parse
from discovery.usecases.building import build
from discovery.usecases.judgement import Judged, judge, recommend
from discovery.usecases.lifecycle import lifecycle_division
from discovery.usecases.measuring import Measured
from discovery.usecases.placing import Placed, place
from discovery.usecases.provenance import Clock, run_id, settings_at, versions
from discovery.usecases.responses import Responses
from discovery.usecases.segment_rules import Selected, induced_rules, written_rules
from discovery.usecases.segmentations import hdbscan_division, kmeans_division, mixture_division, rules_division
from discovery.validate.outcome import ForwardWindow
from discovery.validate.response import reference_auc


@dataclass(frozen=True, eq=False)
class Found:
    """The segmentations of a table, the rules of the library last; what they were clustered on; and the map."""

    segmentations: tuple[Segmentation, ...]
    clustered_on: tuple[str, ...]
    embedding: pd.DataFrame
    embedding_method: str


def find(
    table: FeatureTable,
    history: History | None,
    question: BusinessQuestion,
    library: Library,
    dataset: Dataset,
    settings: Settings,
    clock: Clock,
    progress: Progress,
) -> Found:
    """Return everyone in segments, in as many ways as there are."""
    known = {f.name: f for f in table.features}
    asked = settings.cluster
    names = cluster_features(settings, question, dataset, table)
    inside = (
        select(parse(question.population, known), table) if question.population else np.ones(len(table), dtype=bool)
    )

    def placed_in(space: str) -> Placed:
        shrunken = space == "shrunken" and not (asked.features or question.features)
        return place(table, inside, names, asked, history, shrunken, settings.seed)

    with clock.step("clusters"), one_thread():
        placed = placed_in(asked.space)
        kmeans, choice = kmeans_division(table, placed, question, asked, settings.seed, progress)
        divisions = [kmeans]
        if asked.hdbscan:
            progress("Looking for dense groups", 0.0)
            divisions.append(hdbscan_division(table, placed_in(asked.hdbscan_space), question, asked, settings.seed))
            progress("Looking for dense groups", 1.0)
        if asked.mixture and placed.records is not None:
            divisions.append(
                mixture_division(table, placed, placed.records, choice, question, asked, settings.seed, progress)
            )
        if asked.lifecycle and table.holds("orders"):
            divisions.append(lifecycle_division(table, asked, settings.seed, progress))
        divisions.append(rules_division(table, library.dividing))
        segmentations = build(divisions, table, placed.records, asked, settings.seed, dataset.currency)
    with clock.step("embedding"):
        progress("Laying out the map", 0.0)
        embedding, method = _embedding(table, placed, settings)
        progress("Laying out the map", 1.0)
    return Found(segmentations, names, embedding, method)


def analyse(
    measured: Measured,
    found: Found,
    selected: Selected,
    responses: Responses,
    asked: str,
    library: Library,
    dataset: Dataset,
    settings: Settings,
    clock: Clock,
    progress: Progress,
) -> Run:
    """Return the Run of features, segmentations and what came after: with rules, evidence and merges."""
    table, segmentations = measured.table, found.segmentations
    known = {f.name: f for f in table.features}
    with clock.step("rules"):
        progress("Finding rules", 0.0)
        ruled = list(written_rules(library.dividing, known, dataset.currency))
        clusters = segmentations[:-1]
        for number, each in enumerate(clusters):
            ruled += induced_rules(each, table, known, dataset.currency, settings.rules, settings.seed)
            progress("Finding rules", (number + 1) / len(clusters))
        compared = [x for s in clusters for x in beside(selected.members, s, settings.rules, settings.seed)]
    with clock.step("evidence"):
        reference = _reference(segmentations[0], table, responses.forward, settings)
        judged = judge_all(segmentations, table, responses, ruled, found.clustered_on, reference, settings, progress)
        best, why = recommend(segmentations, judged.evidence, settings)
    return Run(
        id=run_id(settings, dataset, table.as_of),
        question_asked=asked,
        currency=dataset.currency,
        horizon_days=responses.forward.days,
        settings=settings_at(settings, table.as_of),
        table=table,
        segmentations=segmentations,
        recommended=best,
        recommended_reason=why,
        evidence=judged.evidence,
        merges=judged.merges,
        merge_paths=judged.merge_paths,
        rules=tuple(ruled),
        overlap=overlap(segmentations),
        embedding=found.embedding,
        embedding_method=found.embedding_method,
        library=selected.rules,
        beside=tuple(compared),
        responses=responses.forward.by_customer,
        problems=dataset.problems,
        notes=(*dataset.notes, *library.notes, *measured.notes),
        timings=clock.seconds,
        versions=versions(),
    )


def judge_all(
    segmentations: Sequence[Segmentation],
    table: FeatureTable,
    responses: Responses,
    ruled: Sequence[SegmentRule],
    clustered_on: tuple[str, ...],
    reference: float | None,
    settings: Settings,
    progress: Progress,
) -> Judged:
    """Return the evidence about several segmentations; see `judge`."""
    progress("Weighing the evidence", 0.0)
    found = []
    for number, each in enumerate(segmentations):
        rules = {r.rule.segment_id: r.rule for r in ruled if r.segmentation == each.name}
        # Written rules were made with the features they read; clusters with those they were cut along.
        made_with = tuple(dict.fromkeys(x.feature for r in rules.values() for x in leaves(r.where)))
        used = made_with if each.name == "rules" else _made_of(each, clustered_on, table)
        found.append(judge(each, table, rules, used, responses, reference, settings))
        progress("Weighing the evidence", (number + 1) / len(segmentations))
    return Judged(
        tuple(e for judged in found for e in judged.evidence),
        tuple(m for judged in found for m in judged.merges),
        tuple(p for judged in found for p in judged.merge_paths),
    )


def _reference(first: Segmentation, table: FeatureTable, forward: ForwardWindow, settings: Settings) -> float | None:
    """Return what a classifier on all features reaches on the customers the first segmentation places."""
    if not forward.seen:
        return None
    inside = np.flatnonzero(first.labels != UNASSIGNED)
    numeric = table.reading(f.name for f in table.features if f.kind == "number")
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)
    return reference_auc(numeric, responded, inside, settings.validate.auc_rows, settings.seed)


def cluster_features(
    settings: Settings, question: BusinessQuestion, dataset: Dataset, table: FeatureTable
) -> tuple[str, ...]:
    """Return what is clustered on: as the config or the question says, or the catalogue's default set.

    Without orders that is the numbers customers were asked.
    """
    if named := settings.cluster.features or question.features:
        return named
    if "placed_order" in dataset.events_by_name:
        return default_cluster_features()
    asked = [f.name for f in table.features if f.family == "Zero-party" and f.kind == "number"]
    names = tuple(name for name in asked if table.column(name).nunique() > 1)
    if not names:
        raise DataError(
            "The data must hold orders, or numbers that customers were asked, to find segments by; they hold neither. "
            "Map more columns, or check that orders have a value above 0."
        )
    return names


def _made_of(segmentation: Segmentation, clustered_on: tuple[str, ...], table: FeatureTable) -> tuple[str, ...]:
    """Return the features that had a part in making clusters: of records, all that say what their events say."""
    if segmentation.model.get("space") != "shrunken":
        return clustered_on
    same = (f.name for f in table.features if _of_records(f, table))
    return tuple(dict.fromkeys((*clustered_on, *same)))


def _of_records(feature: Feature, table: FeatureTable) -> bool:
    if feature.of:
        return any(not table.holds(n) or _of_records(table.feature(n), table) for n in feature.of)
    # A profile is mostly made at the first order, and predictions and tiers are of orders.
    derived = feature.aggregate in ("predicted", "tier", "days_since_field")
    return derived or bool(RECORD_EVENTS.intersection(feature.events))


def _embedding(table: FeatureTable, placed: Placed, settings: Settings) -> tuple[pd.DataFrame, str]:
    chosen = settings.cluster
    shown, places, method = embed(placed.points, chosen.embedding, chosen.embedding_rows, settings.seed)
    ids = table.customers[placed.inside][shown]
    return pd.DataFrame({"customer_id": ids, "x": places[:, 0], "y": places[:, 1]}), method
