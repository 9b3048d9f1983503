"""Features at a date: a few passes over the events, joined to the customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress, silent
from discovery.engine.query import QueryEngine
from discovery.engine.sql import identifier
from discovery.features.bands import with_bands
from discovery.features.catalogue import BY_NAME
from discovery.features.passes import passes

_ZERO_WHEN_NONE = ("count", "sum", "distinct", "unfollowed", "run_since")
#: Computed afterwards, from the others.
DERIVED = ("band", "tier", "predicted")


def extract(
    engine: QueryEngine,
    dataset: Dataset,
    features: tuple[Feature, ...],
    as_of: date,
    progress: Progress = silent,
    cutoffs: Mapping[str, tuple[float, ...]] | None = None,
) -> FeatureTable:
    """Return one row per customer known at `as_of`, with every feature's value.

    Only events with ``at`` before midnight UTC at the start of `as_of` are seen. A customer is known at a date if
    their profile was created, or something they did was seen, before it.

    Raises
    ------
    DataError
        If the data hold orders, but none before `as_of`, with the dates they cover.

    Bands are cut along the way, at `cutoffs` where those are stated. Tiers are rules, so whoever composes the stages
    adds them.

    Notes
    -----
    Order shuffling, splitting of files, and rows at or after `as_of` change nothing.
    """
    progress("Computing features", 0.0)
    measured = tuple(f for f in features if f.aggregate not in DERIVED)
    sql = feature_sql(measured, as_of, engine.table(dataset.profiles_path), engine.table(dataset.events_path))
    values = engine.frame(sql)
    progress("Computing features", 1.0)
    ordered = "placed_order" in dataset.events_by_name
    if ordered and "orders" in values.columns and not (values["orders"] > 0).any():
        raise DataError(
            f"At least one order must lie before as_of {as_of}, got none; the events run to {dataset.data_end}, "
            "exclusive. Choose a later as_of."
        )
    values = values.set_index("customer_id")
    columns = {f.name: _column(values[f.name], f) for f in measured}
    values = pd.DataFrame(columns, index=values.index)
    table = FeatureTable(values, measured, as_of, dataset.fingerprint)
    return with_bands(table, [f for f in features if f.aggregate == "band"], cutoffs)


def _column(column: pd.Series, feature: Feature) -> pd.Series:
    """Return numbers as floats with NaN where missing, all else as objects with None."""
    if feature.kind == "number":
        return column.astype("float64")
    return column.astype("object").where(column.notna(), None)


def feature_sql(features: tuple[Feature, ...], as_of: date, profiles: str, events: str) -> str:
    """Return the query that computes `features` for every customer known at `as_of`, ordered by customer_id.

    Parameters
    ----------
    features : tuple of Feature
        What to compute, none of it derived; those a ratio is made of are computed along the way.
    as_of : date
        Exclusive.
    profiles, events : str
        Table expressions of the canonical tables.
    """
    end = midnight(as_of)
    needed = _with_parts(features)
    joins, known = [], ["(p.created_at IS NULL OR p.created_at < " + str(end) + ")"]
    for number, each in enumerate(passes(needed, as_of, events)):
        joins.append(f"LEFT JOIN ({each}) AS s{number} USING (customer_key)")
        known.append(f"s{number}.customer_key IS NOT NULL")
    inner = ["p.customer_id"]
    for feature in needed:
        name = identifier(feature.name)
        if feature.aggregate == "profile":
            value = f"p.{identifier(feature.column)}"
            # A day as text sorts as it should and means the same everywhere.
            text = f"CAST(CAST({value} AS DATE) AS VARCHAR)"
            inner.append(f"{text if feature.kind == 'date' else value} AS {name}")
        elif feature.aggregate == "days_since_field":
            today = end // MICROSECONDS_PER_DAY
            inner.append(f"{today} - p.{identifier(feature.column)} // {MICROSECONDS_PER_DAY} AS {name}")
        elif feature.aggregate in _ZERO_WHEN_NONE:
            inner.append(f"coalesce({name}, 0) AS {name}")
        elif feature.aggregate != "ratio":
            inner.append(name)
    base = f"SELECT {', '.join(inner)} FROM {profiles} AS p {' '.join(joins)} WHERE {' OR '.join(known)}"
    outer = ["customer_id"]
    for feature in features:
        name = identifier(feature.name)
        if feature.aggregate == "ratio":
            above, below = (f"CAST({identifier(part)} AS DOUBLE)" for part in feature.of)
            outer.append(f"{above} / nullif({below}, 0) AS {name}")
        else:
            outer.append(name)
    return f"SELECT {', '.join(outer)} FROM ({base}) AS measured ORDER BY customer_id"


def _with_parts(features: Iterable[Feature]) -> tuple[Feature, ...]:
    out: dict[str, Feature] = {}
    for feature in features:
        for part in feature.of:
            out.setdefault(part, BY_NAME[part])
        out.setdefault(feature.name, feature)
    return tuple(out.values())
