"""Features at a date, composed from the stages: measures, bands, tiers, predictions; and their SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from discovery.core.dataset import Dataset
from discovery.core.errors import DataError, UsageError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.places import places
from discovery.core.progress import Progress, silent
from discovery.core.rule import All, AnyOf, Condition, Not, leaves
from discovery.core.settings import LifetimeSettings
from discovery.engine.query import QueryEngine
from discovery.engine.shelf import Shelf
from discovery.engine.sql import condition, identifier, literal
from discovery.features.bands import labels_in_order, stated_cutoffs, with_bands
from discovery.features.catalogue import BY_NAME, CATALOGUE
from discovery.features.extract import DERIVED, extract, feature_sql
from discovery.features.lifetime import History, extract_history, fit_first, fit_value, gate, predict
from discovery.features.lifetime.backtest import backtest
from discovery.features.properties import property_features
from discovery.features.seasons import with_seasons
from discovery.features.vocabulary.tiers import TIERS
from discovery.rules.parse import parse
from discovery.rules.tiers import with_tiers
from discovery.rules.vocabulary import Vocabulary

#: How far back predictions are tested: the window that responses are measured in by default.
_TESTED_DAYS = 90


@dataclass(frozen=True, eq=False)
class Measured:
    """A feature table, and what the reader should know of it."""

    table: FeatureTable
    notes: tuple[str, ...]


@cache
def tier_cases(name: str) -> tuple[tuple[str, Condition], ...]:
    """Return label and condition of a tier's cases, in the order they are tried."""
    return tuple((label, parse(text, BY_NAME)) for label, text in TIERS[name])


def vocabulary_of(
    engine: QueryEngine, dataset: Dataset, seasons: Mapping[str, str] | None = None, response: str = ""
) -> Vocabulary:
    """Return what rules over a dataset may speak of: the catalogue, its own zero-party properties, its events.

    `seasons` are the config's own; `response` is the profile's column that is the response, and so no feature.
    """
    columns = {name: kind for name, kind in engine.kinds(dataset.profiles_path).items() if name != response}
    lists = [c for c, kind in columns.items() if kind is None]
    named = (*with_seasons(CATALOGUE, seasons or {}), *property_features(columns))
    return Vocabulary({f.name: f for f in named}, dataset.events_by_name, lists, seasons)


def measure(
    engine: QueryEngine,
    dataset: Dataset,
    as_of: date,
    names: Sequence[str] = (),
    progress: Progress = silent,
    lifetime: LifetimeSettings | None = None,
    cutoffs: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
    shelf: Shelf | None = None,
) -> Measured:
    """Return the named features of every customer known at `as_of`, or the whole vocabulary: the dataset's own, if not
    `vocabulary`. Their values are kept on the `shelf`, or in memory without one.

    Raises
    ------
    UsageError
        If a name is not known, with the nearest one.
    DataError
        If nobody had ordered before the date.
    """
    known = vocabulary_of(engine, dataset) if vocabulary is None else vocabulary
    wanted = tuple(known.named(n) for n in dict.fromkeys(names)) if names else tuple(known.values())
    needed = with_parts(wanted)
    measured = tuple(f for f in needed if f.aggregate not in ("tier", "predicted"))
    edges = stated_cutoffs(cutoffs or {}, {n: f for n, f in known.items() if f.bands})
    table = extract(engine, dataset, measured, as_of, progress, edges, shelf)
    table = with_tiers(table, {f: tier_cases(f.name) for f in needed if f.aggregate == "tier"})
    predicted = tuple(f for f in needed if f.aggregate == "predicted" and not f.bands)
    notes: tuple[str, ...] = ()
    if predicted and "placed_order" not in dataset.events_by_name:
        table = _without_predictions(table, predicted)
    elif predicted:
        progress("Predicting orders", 0.0)
        table, notes = _with_predictions(engine, dataset, table, predicted, lifetime or LifetimeSettings())
        progress("Predicting orders", 1.0)
    table = with_bands(table, [f for f in needed if f.aggregate == "predicted" and f.bands], edges)
    return Measured(table.only(f.name for f in wanted), notes)


def with_parts(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return the features with everything their bands and tiers are made of, the parts first."""
    out: dict[str, Feature] = {}

    def add(feature: Feature) -> None:
        for part in _parts(feature):
            add(BY_NAME[part])
        out.setdefault(feature.name, feature)

    for feature in features:
        add(feature)
    return tuple(out.values())


def _parts(feature: Feature) -> tuple[str, ...]:
    if feature.aggregate == "tier":
        cases = [leaf.feature for _, where in tier_cases(feature.name) for leaf in leaves(where)]
        return tuple(dict.fromkeys(cases))
    return feature.of


def selection_sql(
    where: Condition, features: Mapping[str, Feature], as_of: date, cutoffs: Mapping[str, tuple[float, ...]]
) -> str:
    """Return the query of the customers `where` selects at a date, over ``profiles`` and ``events``.

    Bands are cut at `cutoffs`, frozen, so that the same customer does not change band with the crowd.

    Raises
    ------
    UsageError
        If the rule reads a prediction, which no query can make.
    """
    known = features if isinstance(features, Vocabulary) else Vocabulary(features)
    asked = {leaf.feature: known.named(leaf.feature) for leaf in leaves(where)}
    # The text of a stated measure is longer than some engines' names may be, and holds what others do not allow.
    names = {name: f"measure_{n}" for n, name in enumerate(asked, 1) if not name.isidentifier()}
    where = _renamed(where, names)
    needed = with_parts([replace(feature, name=names.get(name, name)) for name, feature in asked.items()])
    for feature in needed:
        if feature.aggregate == "predicted":
            raise UsageError(f"SQL cannot predict {feature.name}. Export the members, or leave it out of the rule.")
    measured = tuple(f for f in needed if f.aggregate not in DERIVED)
    sql = feature_sql(measured, as_of, "profiles", "events")
    bands = [f"{_band_sql(f, cutoffs[f.name])} AS {identifier(f.name)}" for f in needed if f.aggregate == "band"]
    if bands:
        sql = f"SELECT *, {', '.join(bands)} FROM ({sql}) AS banded"
    tiers = [f"{_tier_sql(f)} AS {identifier(f.name)}" for f in needed if f.aggregate == "tier"]
    if tiers:
        sql = f"SELECT *, {', '.join(tiers)} FROM ({sql}) AS tiered"
    return f"SELECT customer_id FROM ({sql}) AS features WHERE {condition(where)} ORDER BY customer_id"


def _renamed(node: Condition, names: Mapping[str, str]) -> Condition:
    match node:
        case All(parts) | AnyOf(parts):
            return replace(node, parts=tuple(_renamed(part, names) for part in parts))
        case Not(part):
            return Not(_renamed(part, names))
        case _:
            return replace(node, feature=names.get(node.feature, node.feature))


def _band_sql(feature: Feature, cutoffs: tuple[float, ...]) -> str:
    value = identifier(feature.of[0])
    labels = [literal(float(x)) if feature.kind == "number" else literal(x) for x in labels_in_order(feature)]
    cases = [f"WHEN {value} <= {literal(edge)} THEN {label}" for edge, label in zip(cutoffs, labels[:-1], strict=True)]
    return f"CASE WHEN {value} > 0 THEN CASE {' '.join(cases)} ELSE {labels[-1]} END END"


def _tier_sql(feature: Feature) -> str:
    cases = [f"WHEN {condition(where)} THEN {literal(label)}" for label, where in tier_cases(feature.name)]
    return f"CASE {' '.join(cases)} END"


def _with_predictions(
    engine: QueryEngine, dataset: Dataset, table: FeatureTable, features: Sequence[Feature], limits: LifetimeSettings
) -> tuple[FeatureTable, tuple[str, ...]]:
    """Return the table with what the lifetime models expect, or with nothing expected and the reasons."""
    history = extract_history(engine, dataset, table.as_of)
    refused = gate(history, None, limits)
    fitted = None if refused else fit_first(history, limits.models)
    refused = refused or gate(history, fitted, limits)
    if refused or fitted is None:
        return _without_predictions(table, features), tuple(f"Nothing is predicted: {reason}" for reason in refused)
    # First, while no predictions are held; a model that the present refuses is not tried on the past.
    tried = replace(limits, models=limits.models[limits.models.index(fitted.model) :])
    tested = _tested(engine, dataset, history, table.as_of, tried)
    people = engine.frame(f"SELECT customer_key, customer_id FROM {engine.table(dataset.profiles_path)}")
    keys = people["customer_key"].to_numpy()[places(table.customers, pd.Index(people["customer_id"]))]
    del people
    expected = predict(history, fitted, fit_value(history), settings=limits).reindex(keys).set_axis(table.customers)
    table = table.with_columns(features, (expected.pop(f.name) for f in features))
    return table, (f"Predictions by {fitted.model} from {len(history):,} customers with an order.", tested)


def _tested(engine: QueryEngine, dataset: Dataset, history: History, as_of: date, limits: LifetimeSettings) -> str:
    """Return how well the same model would have predicted the days before the date, in a sentence."""

    def history_at(day: date) -> History:
        return history if day == as_of else extract_history(engine, dataset, day)

    try:
        found = backtest(history_at, as_of, _TESTED_DAYS, limits)
    except DataError as error:
        return str(error)
    model, past = found.model, found.past_count
    return (
        f"Back-tested {_TESTED_DAYS} days earlier: mean absolute error {model.mae:.2f} orders a customer (repeating "
        f"the past count {past.mae:.2f}), bias {model.bias:+.0%}, top tenth holds {model.top_capture:.0%} of orders, "
        f"churn AUC {model.churn_auc:.2f} (days since last order {found.silence.churn_auc:.2f})."
    )


def _without_predictions(table: FeatureTable, features: Sequence[Feature]) -> FeatureTable:
    nothing = pd.Series(np.nan, index=table.customers)
    return table.with_columns(features, [nothing] * len(features))
