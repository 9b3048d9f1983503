"""The main job: from a config to a finished Run, one step after the other."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd

from discovery.cluster.embed import embed
from discovery.core.compile import as_plain
from discovery.core.dataset import Dataset
from discovery.core.errors import DataError, SettingError, did_you_mean
from discovery.core.evidence import Evidence, MergeVerdict
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion, question_named
from discovery.core.rule import Rule, leaves
from discovery.core.run import Run, SegmentRule
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import Settings
from discovery.engine.duckdb import Engine
from discovery.engine.query import QueryEngine
from discovery.features.catalogue import default_cluster_features
from discovery.features.extract import extract
from discovery.features.forward import forward_features
from discovery.ingest.read import ingest
from discovery.ingest.stamps import file_stamps
from discovery.judgement import induced_rules, judge, recommend, written_rules
from discovery.measuring import Measured, measure, vocabulary_of
from discovery.rules.evaluate import select
from discovery.rules.library import rules_from
from discovery.rules.overlap import overlap
from discovery.rules.parse import parse
from discovery.segmentations import Placed, hdbscan_segmentation, kmeans_segmentation, place, rules_segmentation
from discovery.store import Config, Staging, Workspace, read_library
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
    origin = _origin(config)
    known = workspace.dataset(origin)
    if known is not None:
        return known, origin, False
    settings = config.settings
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
        known = vocabulary_of(engine, dataset)
        library = rules_from(entries, known)
        _check_names(settings.cluster.features, known)
        day = as_of or (dataset.data_end if settings.as_of == "data_end" else settings.as_of)
        with clock.step("features"), _feature_engine(engine, settings) as measuring:
            measured = measure(measuring, dataset, day, (), progress, settings.lifetime, settings.features.cutoffs)
            forward = _forward_window(measuring, dataset, measured.table, question, settings)
        run = _analyse(measured, forward, question, asked, library, dataset, settings, clock, progress)
        if new:
            staging.put_dataset(dataset, origin)
        staging.put_run(run)
    return run


def _analyse(
    measured: Measured,
    forward: ForwardWindow,
    question: BusinessQuestion,
    asked: str,
    library: Sequence[Rule],
    dataset: Dataset,
    settings: Settings,
    clock: Clock,
    progress: Progress,
) -> Run:
    """Return the Run of features and forward window: segmentations, evidence, merges, rules."""
    table = measured.table
    known = {f.name: f for f in table.features}
    names = settings.cluster.features or question.features or _default_features(dataset, table)
    inside = (
        select(parse(question.population, known), table) if question.population else np.ones(len(table), dtype=bool)
    )
    with clock.step("clusters"):
        placed = place(table, inside, names, settings.cluster.clip)
        kmeans = kmeans_segmentation(table, placed, question, settings.cluster, settings.seed, progress)
        progress("Looking for dense groups", 0.0)
        hdbscan = hdbscan_segmentation(table, placed, question, settings.cluster, settings.seed)
        progress("Looking for dense groups", 1.0)
        rules = rules_segmentation(table, library, settings.seed)
    segmentations = (kmeans, hdbscan, rules)
    with clock.step("rules"):
        progress("Finding rules", 0.0)
        ruled = list(written_rules(library, known, dataset.currency))
        for number, each in enumerate((kmeans, hdbscan)):
            ruled += induced_rules(each, table, known, dataset.currency, settings.rules, settings.seed)
            progress("Finding rules", (number + 1) / 2)
    with clock.step("evidence"):
        evidence, merges = _judge_all(segmentations, table, forward, ruled, names, settings, progress)
        best, why = recommend(segmentations, evidence, settings)
    with clock.step("embedding"):
        progress("Laying out the map", 0.0)
        embedding, method = _embedding(table, placed, settings)
        progress("Laying out the map", 1.0)
    plain = {**as_plain(settings), "as_of": table.as_of.isoformat()}
    return Run(
        id=f"{table.as_of}-{question.name}-{_digest(plain, table.fingerprint)}",
        question_asked=asked,
        currency=dataset.currency,
        horizon_days=forward.days,
        settings=plain,
        table=table,
        segmentations=segmentations,
        recommended=best,
        recommended_reason=why,
        evidence=evidence,
        merges=merges,
        rules=tuple(ruled),
        overlap=overlap(segmentations),
        embedding=embedding,
        embedding_method=method,
        problems=dataset.problems,
        notes=(*dataset.notes, *measured.notes),
        timings=clock.seconds,
        versions=_versions(),
    )


def _judge_all(
    segmentations: Sequence[Segmentation],
    table: FeatureTable,
    forward: ForwardWindow,
    ruled: Sequence[SegmentRule],
    clustered_on: tuple[str, ...],
    settings: Settings,
    progress: Progress,
) -> tuple[tuple[Evidence, ...], tuple[MergeVerdict, ...]]:
    progress("Weighing the evidence", 0.0)
    reference = _reference(segmentations[0], table, forward, settings)
    evidence: list[Evidence] = []
    merges: list[MergeVerdict] = []
    for number, each in enumerate(segmentations):
        rules = {r.rule.segment_id: r.rule for r in ruled if r.segmentation == each.name}
        # Written rules were made with the features they read; clusters with those they were cut along.
        made_with = tuple(dict.fromkeys(x.feature for r in rules.values() for x in leaves(r.where)))
        used = made_with if each.name == "rules" else clustered_on
        judged = judge(each, table, rules, used, forward, reference, settings)
        evidence += judged.evidence
        merges += judged.merges
        progress("Weighing the evidence", (number + 1) / len(segmentations))
    return tuple(evidence), tuple(merges)


def _reference(first: Segmentation, table: FeatureTable, forward: ForwardWindow, settings: Settings) -> float | None:
    """Return what a classifier on all features reaches on the customers the first segmentation places."""
    if not forward.days:
        return None
    inside = (first.labels != UNASSIGNED).to_numpy()
    numeric = table.values[[f.name for f in table.features if f.kind == "number"]].loc[inside]
    responded = forward.responses.loc[inside, forward.rate_column].to_numpy(dtype=bool)
    return reference_auc(numeric, responded, settings.validate.auc_rows, settings.seed)


def _default_features(dataset: Dataset, table: FeatureTable) -> tuple[str, ...]:
    """Return what is clustered on unless somebody says otherwise: without orders, the numbers customers were asked."""
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


def _check_names(names: Sequence[str], known: Mapping[str, Feature]) -> None:
    for name in names:
        if name not in known or known[name].kind != "number":
            numbers = [n for n, f in known.items() if f.kind == "number"]
            raise SettingError(f"cluster.features must name numbers, got {name!r}. {did_you_mean(name, numbers)}")


@contextmanager
def _feature_engine(embedded: Engine, settings: Settings) -> Iterator[QueryEngine]:
    """Give the engine that features are computed on."""
    if settings.engine.kind == "duckdb":
        yield embedded
        return
    from discovery.engine.spark import SparkEngine

    with SparkEngine(settings.engine) as cluster:
        yield cluster


def _forward_window(
    engine: QueryEngine, dataset: Dataset, table: FeatureTable, question: BusinessQuestion, settings: Settings
) -> ForwardWindow:
    """Return what each customer of the table did in the days from ``as_of`` on, as far as the data reach."""
    days = min(settings.validate.horizon_days, (dataset.data_end - table.as_of).days)
    empty = pd.DataFrame({"ordered": False, "revenue": 0.0, "clicked": False}, index=table.values.index)
    if days < settings.validate.min_horizon_days or not dataset.events:
        return ForwardWindow(0, empty, question.outcome, dataset.currency)
    end = table.as_of + timedelta(days=days)
    later = extract(engine, dataset, forward_features(days), end).values.reindex(table.values.index)
    responses = pd.DataFrame(
        {
            "ordered": later["forward_orders"] > 0,
            "revenue": later["forward_revenue"].fillna(0.0),
            "clicked": later["forward_clicks"] > 0,
        }
    )
    return ForwardWindow(days, responses, question.outcome, dataset.currency)


def _embedding(table: FeatureTable, placed: Placed, settings: Settings) -> tuple[pd.DataFrame, str]:
    chosen = settings.cluster
    shown, places, method = embed(placed.points, chosen.embedding, chosen.embedding_rows, settings.seed)
    ids = table.values.index[placed.inside][shown]
    return pd.DataFrame({"customer_id": ids, "x": places[:, 0], "y": places[:, 1]}), method


def _origin(config: Config) -> str:
    """Return a digest of the source's settings and the size and time of its files: changed, it is read again."""
    stamps = file_stamps(config.settings.source, config.base)
    read = {"source": as_plain(config.settings.source), "places": as_plain(config.settings.places)}
    return _digest({**read, "base": str(config.base)}, json.dumps(stamps))


def _digest(settings: dict[str, object], data: str) -> str:
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
