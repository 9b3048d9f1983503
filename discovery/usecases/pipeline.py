"""The main job: from a config to a finished Run, one step after the other."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd

from discovery.cluster.embed import embed
from discovery.cluster.lead import History
from discovery.cluster.threads import one_thread
from discovery.core.compile import as_plain
from discovery.core.dataset import Dataset
from discovery.core.errors import DataError, SettingError, did_you_mean
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion, question_named
from discovery.core.rule import leaves
from discovery.core.run import Run, SegmentRule
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import Settings
from discovery.engine.choice import query_engine
from discovery.engine.duckdb import Engine
from discovery.engine.query import QueryEngine
from discovery.features.catalogue import default_cluster_features
from discovery.features.forward import stated_property
from discovery.features.properties import property_features
from discovery.features.records import RECORD_EVENTS, extract_records, own_categories
from discovery.ingest.read import ingest
from discovery.ingest.stamps import file_stamps
from discovery.profile.nearest import with_nearest
from discovery.rules.beside import beside
from discovery.rules.evaluate import select
from discovery.rules.library import Library, library_from
from discovery.rules.overlap import overlap
from discovery.rules.parse import parse
from discovery.store import Config, Staging, Workspace, read_library
from discovery.usecases.judgement import Judged, Selected, induced_rules, judge, recommend, selected_by, written_rules
from discovery.usecases.lifecycle import lifecycle_segmentation
from discovery.usecases.measuring import Measured, measure, vocabulary_of
from discovery.usecases.placing import Placed, place
from discovery.usecases.responses import Responses, responses_at
from discovery.usecases.segmentations import (
    hdbscan_segmentation,
    kmeans_segmentation,
    mixture_segmentation,
    rules_segmentation,
)
from discovery.validate.outcome import ForwardWindow
from discovery.validate.response import reference_auc

_LIBRARIES = ("duckdb", "hdbscan", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "sqlglot", "statsmodels")


@dataclass
class Clock:
    """Seconds by step, for the one place in a Run that may differ between equal ones."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


def bring_in(
    engine: Engine, config: Config, workspace: Workspace, staging: Staging, progress: Progress
) -> tuple[Dataset, str, bool]:
    """Return the config's dataset, its origin, and whether it is new: read again only where the source changed."""
    settings, own = config.settings, workspace.dataset()
    if own is not None and (config.base / settings.source.path).resolve() == own.folder:
        return own, "", False
    origin = _origin(config)
    known = workspace.dataset(origin)
    if known is not None:
        return known, origin, False
    folder = staging.folder / "dataset"
    dataset = ingest(engine, settings.source, config.base, folder, progress, settings.places.postal_points)
    return dataset, origin, True


def discover(config: Config, workspace: Workspace, as_of: date | None, progress: Progress) -> Run:
    """Return the Run of `config`, written to `workspace`.

    Parameters
    ----------
    config : Config
        As read.
    workspace : Workspace
        Where dataset and run are kept. It is touched only when everything is done.
    as_of : date or None
        Instead of the config's.
    progress : callable
        Told where the work stands.

    Raises
    ------
    DataError
        If the data cannot be used for what was asked.
    """
    settings, clock = config.settings, Clock()
    entries = read_library(config)
    with workspace.writing() as staging, Engine(settings.engine) as engine:
        with clock.step("ingest"):
            dataset, origin, new = bring_in(engine, config, workspace, staging, progress)
        ordered = "placed_order" in dataset.events_by_name
        question, asked = question_named(settings.question, ordered)
        stated = stated_property(
            settings.response, dataset.events_by_name, property_features(engine.kinds(dataset.profiles_path))
        )
        # A response is no feature: nothing may be made from it that is judged by it.
        known = vocabulary_of(engine, dataset, settings.features.seasons, stated.column if stated else "")
        library = library_from(entries, known)
        _check_names(settings.cluster.features, known, stated)
        # What rules measure in place is a feature like those with a name.
        kept = (*known, *(leaf.feature for rule in library.dividing for leaf in leaves(rule.where)))
        names = (*kept, *(leaf.feature for rule in library.rules for leaf in leaves(rule.where)))
        day = as_of or (dataset.data_end if settings.as_of == "data_end" else settings.as_of)
        embedded = settings.engine.kind == "duckdb"
        computing = nullcontext(engine) if embedded else query_engine(settings.engine)
        with clock.step("features"), computing as measuring:
            measured = measure(
                measuring, dataset, day, names, progress, settings.lifetime, settings.features.cutoffs, known
            )
            responses = responses_at(measuring, dataset, measured.table, question, stated, settings)
            known_orders = ordered and (measured.table.values["orders"] > 0).any()
            history = _history(measuring, dataset, day, settings) if known_orders else None
        selected = selected_by(library.rules, measured.table, known, dataset.currency)
        measured = replace(measured, table=measured.table.only(kept))
        run = _analyse(
            measured, history, selected, responses, question, asked, library, dataset, settings, clock, progress
        )
        if new:
            staging.put_dataset(dataset, origin)
        staging.put_run(run)
    return run


def _analyse(
    measured: Measured,
    history: History | None,
    selected: Selected,
    responses: Responses,
    question: BusinessQuestion,
    asked: str,
    library: Library,
    dataset: Dataset,
    settings: Settings,
    clock: Clock,
    progress: Progress,
) -> Run:
    """Return the Run of features and forward window: segmentations, evidence, merges, rules."""
    table = measured.table
    known = {f.name: f for f in table.features}
    names = cluster_features(settings, question, dataset, table)
    inside = (
        select(parse(question.population, known), table) if question.population else np.ones(len(table), dtype=bool)
    )
    with clock.step("clusters"), one_thread():
        named = settings.cluster.features or question.features
        placed, dense = (
            place(table, inside, names, settings.cluster, history, space == "shrunken" and not named, settings.seed)
            for space in (settings.cluster.space, settings.cluster.hdbscan_space)
        )
        kmeans, choice = kmeans_segmentation(table, placed, question, settings.cluster, settings.seed, progress)
        progress("Looking for dense groups", 0.0)
        hdbscan = hdbscan_segmentation(table, dense, question, settings.cluster, settings.seed)
        progress("Looking for dense groups", 1.0)
        found = [kmeans, hdbscan]
        if placed.records is not None:
            found.append(
                mixture_segmentation(
                    table, placed, placed.records, choice, question, settings.cluster, settings.seed, progress
                )
            )
        if settings.cluster.lifecycle and "orders" in table.values:
            found.append(lifecycle_segmentation(table, settings.cluster, settings.seed, progress))
        rules = rules_segmentation(table, library.dividing, settings.seed)
    segmentations = tuple(with_nearest(s, table) for s in (*found, rules))
    with clock.step("rules"):
        progress("Finding rules", 0.0)
        ruled = list(written_rules(library.dividing, known, dataset.currency))
        for number, each in enumerate(found):
            ruled += induced_rules(each, table, known, dataset.currency, settings.rules, settings.seed)
            progress("Finding rules", (number + 1) / len(found))
        compared = [x for s in found for x in beside(selected.members, s, settings.rules, settings.seed)]
    with clock.step("evidence"):
        reference = _reference(segmentations[0], table, responses.forward, settings)
        judged = judge_all(segmentations, table, responses, ruled, names, reference, settings, progress)
        best, why = recommend(segmentations, judged.evidence, settings)
    with clock.step("embedding"):
        progress("Laying out the map", 0.0)
        embedding, method = _embedding(table, placed, settings)
        progress("Laying out the map", 1.0)
    plain = {**as_plain(settings), "as_of": table.as_of.isoformat()}
    return Run(
        id=run_id(settings, dataset, table.as_of),
        question_asked=asked,
        currency=dataset.currency,
        horizon_days=responses.forward.days,
        settings=plain,
        table=table,
        segmentations=segmentations,
        recommended=best,
        recommended_reason=why,
        evidence=judged.evidence,
        merges=judged.merges,
        merge_paths=judged.merge_paths,
        rules=tuple(ruled),
        overlap=overlap(segmentations),
        embedding=embedding,
        embedding_method=method,
        library=selected.rules,
        beside=tuple(compared),
        responses=responses.forward.by_customer,
        problems=dataset.problems,
        notes=(*dataset.notes, *library.notes, *measured.notes),
        timings=clock.seconds,
        versions=_versions(),
    )


def _history(engine: QueryEngine, dataset: Dataset, day: date, settings: Settings) -> History:
    """Return everyone's record at the date and, where anybody had ordered, one horizon before it."""
    days = settings.validate.horizon_days
    now = extract_records(engine, dataset, day, most=settings.cluster.categories)
    before = extract_records(engine, dataset, day - timedelta(days=days), own_categories(now))
    return History(now, before if len(before) else None, days)


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
    inside = (first.labels != UNASSIGNED).to_numpy()
    numeric = table.values[[f.name for f in table.features if f.kind == "number"]].loc[inside]
    responded = forward.responses.loc[inside, forward.rate_column].to_numpy(dtype=bool)
    return reference_auc(numeric, responded, settings.validate.auc_rows, settings.seed)


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
    names = tuple(name for name in asked if table.values[name].nunique() > 1)
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
        return any(n not in table.values or _of_records(table.feature(n), table) for n in feature.of)
    # A profile is mostly made at the first order, and predictions and tiers are of orders.
    derived = feature.aggregate in ("predicted", "tier", "days_since_field")
    return derived or bool(RECORD_EVENTS.intersection(feature.events))


def _check_names(names: Sequence[str], known: Mapping[str, Feature], stated: Feature | None) -> None:
    for name in names:
        if stated and name == stated.name:
            raise SettingError(
                f"cluster.features must not name {name}: it is the response that segments are judged by."
            )
        if name not in known or known[name].kind != "number":
            numbers = [n for n, f in known.items() if f.kind == "number"]
            raise SettingError(f"cluster.features must name numbers, got {name!r}. {did_you_mean(name, numbers)}")


def _embedding(table: FeatureTable, placed: Placed, settings: Settings) -> tuple[pd.DataFrame, str]:
    chosen = settings.cluster
    shown, places, method = embed(placed.points, chosen.embedding, chosen.embedding_rows, settings.seed)
    ids = table.values.index[placed.inside][shown]
    return pd.DataFrame({"customer_id": ids, "x": places[:, 0], "y": places[:, 1]}), method


def _origin(config: Config) -> str:
    """Return a digest of the source's settings and the size and time of its files: changed, it is read again."""
    stamps = file_stamps(config.settings.source, config.base)
    read = {"source": as_plain(config.settings.source), "places": as_plain(config.settings.places)}
    return digest({**read, "base": str(config.base)}, json.dumps(stamps))


def run_id(settings: Settings, dataset: Dataset, as_of: date) -> str:
    """Return the id of the run that these settings make of a dataset at a date."""
    question, _ = question_named(settings.question, "placed_order" in dataset.events_by_name)
    plain = {**as_plain(settings), "as_of": as_of.isoformat()}
    return f"{as_of}-{question.name}-{digest(plain, dataset.fingerprint)}"


def digest(settings: dict[str, object], data: str) -> str:
    """Return eight hex digits of settings, data and release; where the files lie does not count."""
    text = json.dumps([_placeless(settings), data, version("segment-discovery")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _placeless(value: object) -> object:
    """Return settings without their paths."""
    if isinstance(value, dict):
        return {k: _placeless(v) for k, v in value.items() if k != "path"}
    return [_placeless(v) for v in value] if isinstance(value, list) else value


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "segment-discovery": version("segment-discovery"), **found}
