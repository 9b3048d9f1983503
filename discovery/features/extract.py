"""Features at a date: passes over the events, put beside the customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.column_table import ColumnTable
from discovery.core.dataset import Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress, silent
from discovery.engine.query import QueryEngine
from discovery.engine.shelf import Shelf
from discovery.engine.sql import identifier
from discovery.features.bands import with_bands
from discovery.features.catalogue import BY_NAME
from discovery.features.passes import passes
from discovery.features.profile_reads import profile_read

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
    shelf: Shelf | None = None,
) -> FeatureTable:
    """Return one row per customer known at `as_of`, with every feature's value, on the shelf if there is one.

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
    columns: MutableMapping[str, NDArray[Any]] = {} if shelf is None else shelf
    customers = _gathered(engine, dataset, measured, as_of, columns)
    table: FeatureTable = ColumnTable(customers, columns, measured, as_of, dataset.fingerprint)
    progress("Computing features", 1.0)
    ordered = "placed_order" in dataset.events_by_name
    if ordered and table.holds("orders") and not (table.column("orders") > 0).any():
        raise DataError(
            f"At least one order must lie before as_of {as_of}, got none; the events run to {dataset.data_end}, "
            "exclusive. Choose a later as_of."
        )
    if shelf is None:
        table = table.in_memory()
    return with_bands(table, [f for f in features if f.aggregate == "band"], cutoffs)


def _gathered(
    engine: QueryEngine,
    dataset: Dataset,
    features: tuple[Feature, ...],
    as_of: date,
    columns: MutableMapping[str, NDArray[Any]],
) -> pd.Index:
    """Return every customer known at `as_of`, and put their features into `columns`: what `feature_sql` asks for.

    What a pass finds is put in its place before the next one starts: a join of all in SQL takes more time, and more
    than twice the memory.
    """
    needed = {f.name: f for f in _with_parts(features)}
    reads = [f"{read} AS {identifier(f.name)}" for f in needed.values() if (read := profile_read(f, as_of))]
    people = engine.frame(
        f"SELECT {', '.join(['p.customer_key', 'p.customer_id', f'{_created(as_of)} AS known', *reads])} "
        f"FROM {engine.table(dataset.profiles_path)} AS p"
    )
    # The file is ordered already, but not every engine keeps its order.
    if not people["customer_id"].is_monotonic_increasing:
        people = people.sort_values("customer_id", ignore_index=True)
    index = pd.Index(people.pop("customer_id"))
    known = people.pop("known").to_numpy(dtype=bool, copy=True)
    keys = people.pop("customer_key").to_numpy()
    place = np.empty(keys.max(initial=-1) + 1, dtype=np.int64)
    place[keys] = np.arange(len(keys))
    for name in map(str, list(people)):
        columns[name] = _column(people.pop(name), needed[name])
    for each in passes(needed.values(), as_of, engine.table(dataset.events_path)):
        found = engine.frame(each)
        rows = place[found.pop("customer_key").to_numpy()]
        known[rows] = True
        for name in map(str, list(found)):
            nothing = 0.0 if needed[name].aggregate in _ZERO_WHEN_NONE else np.nan
            values = np.full(len(keys), nothing)
            values[rows] = found.pop(name).fillna(nothing)
            columns[name] = values
    for feature in features:
        if feature.aggregate == "ratio":
            above, below = (columns[part] for part in feature.of)
            columns[feature.name] = above / np.where(below == 0, np.nan, below)
    if not known.all():
        for name in list(columns):
            columns[name] = columns[name][known]
    customers: pd.Index = index[known]
    return customers


def _column(column: pd.Series, feature: Feature) -> NDArray[Any]:
    """Return numbers as floats with NaN where missing, all else as objects with None."""
    if feature.kind == "number":
        return column.to_numpy(dtype=np.float64)
    # Equal values are one object, or the texts of a million customers would fill the memory.
    codes, values = pd.factorize(column)
    found: NDArray[Any] = np.array([*values, None], dtype=object)[codes]
    return found


def _created(as_of: date) -> str:
    """Return whether the profile ``p`` was there before the date."""
    return f"(p.created_at IS NULL OR p.created_at < {midnight(as_of)})"


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
    needed = _with_parts(features)
    joins, known = [], [_created(as_of)]
    for number, each in enumerate(passes(needed, as_of, events)):
        joins.append(f"LEFT JOIN ({each}) AS s{number} USING (customer_key)")
        known.append(f"s{number}.customer_key IS NOT NULL")
    inner = ["p.customer_id"]
    for feature in needed:
        name = identifier(feature.name)
        read = profile_read(feature, as_of)
        if read is not None:
            inner.append(f"{read} AS {name}")
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
