"""Features at a date: one aggregation per set of events, joined to the customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.feature import Feature, FeatureTable, Filter
from discovery.core.holidays import season_ranges
from discovery.core.progress import Progress, silent
from discovery.engine.query import QueryEngine
from discovery.engine.sql import identifier, literal, literals
from discovery.features.bands import with_band
from discovery.features.catalogue import BY_NAME

_ZERO_WHEN_NONE = ("count", "sum", "distinct", "unfollowed", "run_since")
_FROM_PROFILE = ("profile", "days_since_field")
#: Computed afterwards, from the others.
DERIVED = ("band", "tier", "predicted")
#: An event that nothing follows within so many days is unfollowed.
_FOLLOW_DAYS = 7
_HOUR = 3_600_000_000


def extract(
    engine: QueryEngine, dataset: Dataset, features: tuple[Feature, ...], as_of: date, progress: Progress = silent
) -> FeatureTable:
    """Return one row per customer known at `as_of`, with every feature's value.

    Only events with ``at`` before midnight UTC at the start of `as_of` are seen. A customer is known at a date if
    their profile was created, or something they did was seen, before it.

    Raises
    ------
    DataError
        If nobody had ordered before `as_of`, with the dates the data cover.

    Bands are cut along the way; tiers are rules, so whoever composes the stages adds them.

    Notes
    -----
    Order shuffling, splitting of files, and rows at or after `as_of` change nothing.
    """
    progress("Computing features", 0.0)
    measured = tuple(f for f in features if f.aggregate not in DERIVED)
    sql = feature_sql(measured, as_of, engine.table(dataset.profiles_path), engine.table(dataset.events_path))
    values = engine.frame(sql)
    progress("Computing features", 1.0)
    if "orders" in values.columns and not (values["orders"] > 0).any():
        raise DataError(
            f"At least one order must lie before as_of {as_of}, got none; the events run to {dataset.data_end}, "
            "exclusive. Choose a later as_of."
        )
    values = values.set_index("customer_id")
    for feature in measured:
        if feature.kind == "number":
            values[feature.name] = values[feature.name].astype("float64")
        else:
            values[feature.name] = values[feature.name].astype("object").where(values[feature.name].notna(), None)
    table = FeatureTable(values, measured, as_of, dataset.fingerprint)
    for feature in features:
        if feature.aggregate == "band":
            table = with_band(table, feature)
    return table


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
    for number, (source, group) in enumerate(_by_source(needed).items()):
        joins.append(f"LEFT JOIN ({_aggregate(source, group, as_of, events)}) AS s{number} USING (customer_key)")
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


def _by_source(features: Iterable[Feature]) -> dict[tuple[str, ...], list[Feature]]:
    """Group features that one pass over the same rows can compute; gaps and tops need a pass of their own."""
    groups: dict[tuple[str, ...], list[Feature]] = {}
    for feature in features:
        if feature.aggregate == "ratio" or feature.aggregate in _FROM_PROFILE:
            continue
        own = {
            **dict.fromkeys(("mean_gap_days", "median_gap_days", "gap_variation"), ("gaps",)),
            **dict.fromkeys(("top_share", "unfollowed", "run_since"), (feature.aggregate, feature.name)),
        }
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
        case "top_share":
            return _top(features[0], rows, events)
        case "unfollowed":
            return _unfollowed(features[0], rows, events, as_of)
        case "run_since":
            return _run_since(features[0], rows, events)
    out = ", ".join(f"{_measure(f, as_of)} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {out} FROM {events} WHERE {rows} GROUP BY customer_key"


def _measure(feature: Feature, as_of: date) -> str:
    """Return the aggregate of one feature; its window and filters stand inside, so that one pass serves all."""
    end = midnight(as_of)
    inside = _inside(feature, end)
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


def _inside(feature: Feature, end: int) -> list[str]:
    """Return what an event must satisfy to lie in the feature's window."""
    if feature.window is None:
        return []
    start = [f'"at" >= {end - feature.window * MICROSECONDS_PER_DAY}']
    return [*start, f'"at" < {end - feature.skip * MICROSECONDS_PER_DAY}'] if feature.skip else start


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
    # Standard deviation over mean, whole numbers under the root so that every engine gives the same digits.
    spread = "sqrt(CAST(count(*) * sum(gap * gap) - sum(gap) * sum(gap) AS DOUBLE))"
    measures["gap_variation"] = f"CASE WHEN count(*) >= 2 THEN {spread} / nullif(CAST(sum(gap) AS DOUBLE), 0) END"
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


def _unfollowed(feature: Feature, rows: str, events: str, as_of: date) -> str:
    """Return how often the first event was not followed by the second within seven days, as seen at the date."""
    first, second = (literal(name) for name in feature.events)
    # RANGE, so that what happens at the same instant follows too.
    following = (
        f'SELECT customer_key, event, "at", min(CASE WHEN event = {second} THEN "at" END) OVER (PARTITION BY '
        'customer_key ORDER BY "at" RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_at '
        f"FROM {events} WHERE {rows}"
    )
    alone = f'(next_at IS NULL OR next_at > "at" + {_FOLLOW_DAYS * MICROSECONDS_PER_DAY})'
    chosen = [f"event = {first}", alone, *_inside(feature, midnight(as_of))]
    return (
        f"SELECT customer_key, count({_when(chosen, '1')}) AS {identifier(feature.name)} "
        f"FROM ({following}) AS f GROUP BY customer_key"
    )


def _run_since(feature: Feature, rows: str, events: str) -> str:
    """Return how often the first event happened since the last of the second."""
    first, second = (literal(name) for name in feature.events)
    last = (
        f'SELECT customer_key, event, "at", max(CASE WHEN event = {second} THEN "at" END) OVER '
        f"(PARTITION BY customer_key) AS reset_at FROM {events} WHERE {rows}"
    )
    chosen = [f"event = {first}", '(reset_at IS NULL OR "at" > reset_at)']
    return (
        f"SELECT customer_key, count({_when(chosen, '1')}) AS {identifier(feature.name)} "
        f"FROM ({last}) AS r GROUP BY customer_key"
    )
