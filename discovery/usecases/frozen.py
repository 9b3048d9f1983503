"""The frozen mode of a review: what a segmentation of before says of today's customers, its boundaries as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from discovery.cluster.answers import ANSWER, with_answers
from discovery.cluster.stored import assign_features, assign_records
from discovery.core.dataset import Dataset
from discovery.core.errors import DataError
from discovery.core.feature import FeatureTable
from discovery.core.question import BusinessQuestion
from discovery.core.records import CATEGORY, COUNTED, OTHER
from discovery.core.rule import Rule, leaves
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import Settings
from discovery.engine.query import QueryEngine
from discovery.features.bands import with_bands
from discovery.features.records import extract_records
from discovery.rules.evaluate import first_match, select
from discovery.rules.parse import parse
from discovery.rules.tiers import with_tiers
from discovery.usecases.measuring import measure, tier_cases, vocabulary_of, with_parts

Plain = Mapping[str, Any]
#: Rules are their own model; HDBSCAN keeps none.
_TOLD_BY_RULES = ("rules", "hdbscan")


def frozen_labels(
    engine: QueryEngine,
    dataset: Dataset,
    before: Run,
    segmentation: Segmentation,
    today: FeatureTable,
    question: BusinessQuestion,
    settings: Settings,
) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the segment of each of today's customers by the boundaries of before, and what limits that.

    Parameters
    ----------
    engine, dataset
        Where the events are that today's features were made of.
    before : Run
        Whose rules and medians are used.
    segmentation : Segmentation
        Of that run: its stored transform and model, or its rules.
    today : FeatureTable
        Features of everyone to be placed.
    question : BusinessQuestion
        Of that run: whom it looks at.
    settings : Settings
        Of that run.

    Raises
    ------
    DataError
        If the stored model counts what is counted in another way today.

    Notes
    -----
    KMeans and mixture place customers by their stored transforms, centres and priors; rules by the rules. HDBSCAN keeps
    no neighbours to compare with, so its segments are told by the rules induced from them, and the first that selects a
    customer wins. Applied to its own date a model gives back its own labels; induced rules come close.
    """
    model: Plain = segmentation.model
    rules = [r.rule for r in before.rules if r.segmentation == segmentation.name]
    told = model["kind"] in _TOLD_BY_RULES
    read = [leaf.feature for rule in rules for leaf in leaves(rule.where)] if told else _features_of(model)
    table = _with_missing(engine, dataset, today, read, settings)
    if told:
        table = _as_cut(table, before.table, read)
        notes = () if segmentation.name == "rules" else (_how_well(segmentation, rules, before.table),)
        return first_match(rules, table, [r.segment_id for r in rules]), notes
    if model["kind"] == "lifecycle":
        parts = [
            _of_features(stage, table, before.table, stage["stratum"], stage["where"]) for stage in model["strata"]
        ]
        found = pd.concat(parts)
    elif model["space"] == "features":
        found = _of_features(model, table, before.table, "c", question.population)
    else:
        prior = _counted_alike(_prior(model), before.id)
        records = extract_records(engine, dataset, today.as_of, _categories(prior))
        told_of = _answers(prior)
        records = with_answers(records, table.columns(told_of), told_of)
        # Who has no order on record cannot be placed by a model of orders.
        inside = np.flatnonzero(records.customer.isin(_looked_at(question.population, table)))
        found = _named(assign_records(model, records.taken(inside))[0], records.customer[inside], "c")
    merged = model.get("merged", {})
    return found.replace(merged).reindex(table.customers, fill_value=UNASSIGNED), ()


def _looked_at(where: str, table: FeatureTable) -> pd.Index:
    known = {f.name: f for f in table.features}
    return table.customers[select(parse(where, known), table)] if where else table.customers


def _named(numbers: Iterable[int], customers: pd.Index, letter: str) -> pd.Series:
    return pd.Series([f"{letter}{n + 1}" for n in numbers], index=customers, dtype="str")


def _features_of(model: Plain) -> list[str]:
    """Return the features that a model places customers by."""
    if model["space"] != "features":
        return list(_answers(_prior(model)))
    made = [stage for stage in model.get("strata", [model]) if "preparation" in stage]
    return [name for each in made for name in each["preparation"]["features"]]


def _of_features(model: Plain, table: FeatureTable, before: FeatureTable, letter: str, where: str) -> pd.Series:
    """Return the nearest centre of everyone whom `where` selects; a model without centres is one segment."""
    customers = _looked_at(where, table)
    if "centres" not in model:
        return _named([0] * len(customers), customers, letter)
    filled = _filled(table, before, model["preparation"]["features"]).loc[customers]
    return _named(assign_features(model, filled)[0], customers, letter)


def _prior(model: Plain) -> Plain:
    """Return what a model of records knows of everyone: it names what is counted."""
    found: Plain = model["kinds"][0] if model["kind"] == "mixture" else model["preparation"]["prior"]
    return found


def _counted_alike(prior: Plain, run: str) -> Plain:
    """Return the prior, if everything that it counts is counted today."""
    other = [n for n in prior["compositions"] if n not in (*COUNTED, CATEGORY) and not n.startswith(ANSWER)]
    if other:
        raise DataError(
            f"A stored model must count what is counted today; that of run {run} is of an earlier version and counts "
            f"{', '.join(other)}, which this version counts in another way. Make that run again at its own date "
            "(discovery run CONFIG --as-of DATE), then review it."
        )
    return prior


def _answers(prior: Plain) -> Mapping[str, Sequence[str]]:
    """Return the questions that a stored model places customers by, and the answers it tells apart."""
    return {name: list(parts) for name, parts in prior["compositions"].items() if name.startswith(ANSWER)}


def _categories(prior: Plain) -> list[str]:
    """Return the categories that a stored model counts on their own."""
    return [part for part in prior["compositions"].get(CATEGORY, {}) if part != OTHER]


def _filled(table: FeatureTable, before: FeatureTable, names: Sequence[str]) -> pd.DataFrame:
    """Return features without missing values; where a median stands in, it is the one of before."""
    medians = {n: before.values[n].median() for n in names if before.feature(n).fill == "median"}
    known = table.values.fillna(medians)
    return FeatureTable(known, table.features, table.as_of, table.fingerprint).filled(names)


def _with_missing(
    engine: QueryEngine, dataset: Dataset, table: FeatureTable, names: Sequence[str], settings: Settings
) -> FeatureTable:
    """Return the table with those of the named features that it lacks: another library measured other things."""
    missing = [name for name in dict.fromkeys(names) if not table.holds(name)]
    if not missing:
        return table
    known = vocabulary_of(engine, dataset, settings.features.seasons)
    found = measure(
        engine,
        dataset,
        table.as_of,
        missing,
        lifetime=settings.lifetime,
        cutoffs=settings.features.cutoffs,
        vocabulary=known,
    )
    return table.with_columns(found.table.features, [found.table.values[f.name] for f in found.table.features])


def _as_cut(table: FeatureTable, before: FeatureTable, names: Sequence[str]) -> FeatureTable:
    """Return the table with bands cut where those of before were, as they move with the crowd: those that are named,
    and those that a named tier is made of.
    """
    tiers = [f for f in table.features if f.name in names and f.aggregate == "tier"]
    read = {*names, *(part.name for part in with_parts(tiers))}
    bands = [f for f in table.features if f.name in read and f.name in before.cutoffs and table.holds(f.of[0])]
    cut = with_bands(table.only(f.name for f in table.features if f not in (*bands, *tiers)), bands, before.cutoffs)
    return with_tiers(cut, {tier: tier_cases(tier.name) for tier in tiers})


def _how_well(segmentation: Segmentation, rules: Sequence[Rule], table: FeatureTable) -> str:
    told = first_match(rules, table, [r.segment_id for r in rules])
    same = float((told == segmentation.labels).mean())
    return (
        f"{segmentation.title} keeps no model that could place customers, so the old boundaries are the rules of its "
        f"segments: at their own date they put {same:.1%} of the customers where {segmentation.title} did."
    )
