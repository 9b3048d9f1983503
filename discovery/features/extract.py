"""Features at a date: one aggregation per set of events, joined to the customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.feature import Feature, FeatureTable, Filter
from discovery.core.progress import Progress, silent
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import identifier, literal, literals
from discovery.features.catalogue import BY_NAME
from discovery.features.seasons import season_ranges

_ZERO_WHEN_NONE = ("count", "sum", "distinct")
_HOUR = 3_600_000_000


def extract(
    engine: Engine, dataset: Dataset, features: tuple[Feature, ...], as_of: date, progress: Progress = silent
) -> FeatureTable:
    """Return one row per customer known at `as_of`, with every feature's value.

    Only events with ``at`` before midnight UTC at the start of `as_of` are seen. A customer is known at a date if
    their profile was created, or something they did was seen, before it.

    Raises
    ------
    DataError
        If nobody had ordered before `as_of`, with the dates the data cover.

    Notes
    -----
    Order shuffling, splitting of files, and rows at or after `as_of` change nothing.
    """
    progress("Computing features", 0.0)
    sql = feature_sql(features, as_of, parquet(dataset.profiles_path), parquet(dataset.events_path))
    values = engine.frame(sql)
    progress("Computing features", 1.0)
    if "orders" in values.columns and not (values["orders"] > 0).any():
        raise DataError(
            f"At least one order must lie before as_of {as_of}, got none; the events run to {dataset.data_end}, "
            "exclusive. Choose a later as_of."
        )
    values = values.set_index("customer_id")
    for feature in features:
        if feature.kind == "number":
            values[feature.name] = values[feature.name].astype("float64")
        else:
            values[feature.name] = values[feature.name].astype("object").where(values[feature.name].notna(), None)
    return FeatureTable(values, features, as_of, dataset.fingerprint)


def feature_sql(features: tuple[Feature, ...], as_of: date, profiles: str, events: str) -> str:
    """Return the query that computes `features` for every customer known at `as_of`, ordered by customer_id.

    Parameters
    ----------
    features : tuple of Feature
        What to compute; those a ratio is made of are computed along the way.
    as_of : date
        Exclusive.
    profiles, events : str
        Table expressions of the canonical tables.
    """
    end = midnight(as_of)
    needed = _with_parts(features)
    joins, known = [], ["(p.created_at IS NULL OR p.created_at < " + str(end) + ")"]
    for number, (source, group) in enumerate(_by_source(needed).items()):
        joins.append(f"LEFT JOIN ({_aggregate(source, group, as_of, events)}) AS s{number} USING (customer_key)")
        known.append(f"s{number}.customer_key IS NOT NULL")
    inner = ["p.customer_id"]
    for feature in needed:
        name = identifier(feature.name)
        if feature.aggregate == "profile":
            inner.append(f"p.{identifier(feature.column)} AS {name}")
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


def _by_source(features: Iterable[Feature]) -> dict[tuple[str, ...], list[Feature]]:
    """Group features that one pass over the same rows can compute; gaps and tops need a pass of their own."""
    groups: dict[tuple[str, ...], list[Feature]] = {}
    for feature in features:
        if feature.aggregate in ("ratio", "profile"):
            continue
        own = {"mean_gap_days": ("gaps",), "median_gap_days": ("gaps",), "top_share": ("top", feature.name)}
        key = own.get(feature.aggregate, ("plain",)) + feature.events
        groups.setdefault(key, []).append(feature)
    return groups


def _aggregate(source: tuple[str, ...], features: list[Feature], as_of: date, events: str) -> str:
    end = midnight(as_of)
    rows = (
        f'event IN {literals(features[0].events)} AND "at" < {end} AND (cancelled_at IS NULL OR cancelled_at >= {end})'
    )
    if "placed_order" in features[0].events:
        rows += " AND (event <> 'placed_order' OR value > 0)"
    match source[0]:
        case "gaps":
            return _gaps(features, rows, events)
        case "top":
            return _top(features[0], rows, events)
    out = ", ".join(f"{_measure(f, as_of)} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {out} FROM {events} WHERE {rows} GROUP BY customer_key"


def _measure(feature: Feature, as_of: date) -> str:
    """Return the aggregate of one feature; its window and filters stand inside, so that one pass serves all."""
    end = midnight(as_of)
    inside = [] if feature.window is None else [f'"at" >= {end - feature.window * MICROSECONDS_PER_DAY}']
    chosen = inside + [_filter(f, as_of) for f in feature.where]
    column = identifier(feature.column) if feature.column else "1"
    day = f'"at" // {MICROSECONDS_PER_DAY}'
    today = end // MICROSECONDS_PER_DAY
    match feature.aggregate:
        case "count":
            return f"count({_when(chosen, '1')})"
        case "distinct":
            return f"count(DISTINCT {_when(chosen, column)})"
        case "share":
            hits, of = _when(chosen, "1"), _when(inside, _known(feature))
            return f"CAST(count({hits}) AS DOUBLE) / nullif(count({of}), 0)"
        case "days_since_last":
            return f"{today} - max({_when(chosen, day)})"
        case "days_since_first":
            return f"{today} - min({_when(chosen, day)})"
        case _:
            return f"CAST({feature.aggregate}({_when(chosen, column)}) AS DOUBLE)"


def _when(conditions: list[str], value: str) -> str:
    """Return `value` where all conditions hold, else missing: CASE, since not every engine knows FILTER."""
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _known(feature: Feature) -> str:
    """Return what must be there for an event to count in a share's denominator: a column that is read, if one is."""
    columns = [f[0] for f in feature.where if f[0] not in _DERIVED and f[0] != "season"]
    return identifier(columns[0]) if columns else "1"


_DERIVED = {
    # 1 January 1970 was a Thursday, and Monday is 0.
    "weekday": f'(("at" // {MICROSECONDS_PER_DAY}) + 3) % 7',
    "hour": f'("at" % {MICROSECONDS_PER_DAY}) // {_HOUR}',
}


def _filter(each: Filter, as_of: date) -> str:
    column, sign, value = each
    if column == "season":
        ranges = season_ranges(str(value), as_of)
        return "(" + " OR ".join(f'("at" >= {midnight(a)} AND "at" < {midnight(b)})' for a, b in ranges) + ")"
    read = _DERIVED.get(column) or identifier(column)
    if sign == "<>":
        # What is not known to be `value` counts: an open not marked as a machine's is a person's.
        return f"coalesce({read} <> {literal(value)}, TRUE)"
    return f"{read} {sign} {literal(value)}"


def _gaps(features: list[Feature], rows: str, events: str) -> str:
    """Return mean and exact median of the whole days between an order and the one before."""
    day = f'"at" // {MICROSECONDS_PER_DAY}'
    gaps = (
        f"SELECT customer_key, {day} - lag({day}) OVER (PARTITION BY customer_key ORDER BY {day}) AS gap "
        f"FROM {events} WHERE {rows}"
    )
    placed = (
        "SELECT customer_key, gap, row_number() OVER (PARTITION BY customer_key ORDER BY gap) AS place, "
        f"count(*) OVER (PARTITION BY customer_key) AS n FROM ({gaps}) AS g WHERE gap IS NOT NULL"
    )
    middle = _when(["2 * place >= n", "2 * place <= n + 2"], "gap")
    measures = {
        "mean_gap_days": "CAST(sum(gap) AS DOUBLE) / nullif(count(*), 0)",
        # The middle gap, or the mean of the two middle ones.
        "median_gap_days": f"CAST(sum({middle}) AS DOUBLE) / nullif(count({middle}), 0)",
    }
    out = ", ".join(f"{measures[f.aggregate]} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {out} FROM ({placed}) AS placed GROUP BY customer_key"


def _top(feature: Feature, rows: str, events: str) -> str:
    """Return the share of a customer's spend that goes to the value of the column they spend most on."""
    column = identifier(feature.column)
    totals = (
        f"SELECT customer_key, {column} AS item, sum(value) AS spent FROM {events} "
        f"WHERE {rows} AND {column} IS NOT NULL GROUP BY customer_key, {column}"
    )
    share = "CAST(max(spent) AS DOUBLE) / nullif(CAST(sum(spent) AS DOUBLE), 0)"
    return f"SELECT customer_key, {share} AS {identifier(feature.name)} FROM ({totals}) AS t GROUP BY customer_key"
