"""Records at a date: sufficient statistics of each customer's events, one query per kind of event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.records import Floats, Records
from discovery.core.sampling import some_rows
from discovery.engine.query import QueryEngine
from discovery.engine.sql import literal, literals
from discovery.features.bought import common_categories
from discovery.features.lifetime.history import history_sql
from discovery.features.seen import seen
from discovery.features.vocabulary.terms import CLICKED, EMAILED, LINE, OPENED, ORDERED, REFUNDED

#: Logarithms are added up as whole numbers of this part: sums of floats depend on the order of rows.
_LOG_UNIT = 10_000
_DAY = f'"at" // {MICROSECONDS_PER_DAY}'
#: The part of all categories that are not counted on their own.
OTHER = "other"
#: What records are made of: a feature of these has had a part in whatever is made of records.
RECORD_EVENTS = frozenset((*ORDERED, *LINE, *REFUNDED, *EMAILED, *OPENED, *CLICKED))


def extract_records(
    engine: QueryEngine,
    dataset: Dataset,
    as_of: date,
    categories: Sequence[str] | None = None,
    most: int = 10,
    sample: tuple[int, int] | None = None,
) -> Records:
    """Return the records at `as_of` of everyone with an order of some value before it, by customer_id.

    Parameters
    ----------
    engine, dataset
        Where the events are.
    as_of : date
        Exclusive: midnight UTC at its start.
    categories : sequence of str, optional
        Categories that are counted on their own, as a stored model wants them; the others count as ``other``. Without
        it the `most` with most customers.
    sample : (int, int), optional
        How many customers are wanted at most, and the seed that they are drawn by; without it all.

    Notes
    -----
    An order in November or December counts as one of the ``season``; whoever could not yet have ordered in it is
    unknown. A machine's open makes the message unknown, and its click does not count.
    """
    events = engine.table(dataset.events_path)
    profiles = engine.table(dataset.profiles_path)
    people = engine.frame(f"SELECT customer_key, customer_id FROM {profiles} ORDER BY customer_id")
    history = engine.frame(f"SELECT customer_key, frequency, recency, age FROM ({history_sql(as_of, events)}) AS h")
    keys = people["customer_key"].to_numpy()
    ordered = np.flatnonzero(np.isin(keys, history["customer_key"]))
    if sample:
        ordered = ordered[some_rows(len(ordered), *sample)]
    row = np.full(keys.max(initial=-1) + 1, -1, dtype=np.int64)
    row[keys[ordered]] = np.arange(len(ordered))
    customers = pd.Index(people["customer_id"].iloc[ordered])
    del people
    named = categories if categories is not None else common_categories(engine, events, as_of, most)
    columns: dict[str, Floats] = {}
    # Each answer is let go before the next is asked for.
    _put(history, row, columns, len(ordered))
    del history
    for sql in (_orders(events, as_of), _lines(events, as_of, named), _others(events, as_of)):
        _put(engine.frame(sql), row, columns, len(ordered))
    return _records(customers, columns, named, as_of)


def _put(found: pd.DataFrame, row: NDArray[np.int64], columns: dict[str, Floats], customers: int) -> None:
    """Put what a query found of some customers into columns of all; nothing found is 0."""
    at = row[found.pop("customer_key").to_numpy()]
    mine = at >= 0
    for name in map(str, list(found)):
        columns[name] = np.zeros(customers)
        columns[name][at[mine]] = found.pop(name).to_numpy(dtype=np.float64)[mine]


def _records(customers: pd.Index, columns: dict[str, Floats], categories: Sequence[str], as_of: date) -> Records:
    """Return the records made of columns, which are used up."""
    orders, age, received = columns.pop("orders"), columns.pop("age"), columns.pop("received")
    opened_of = np.maximum(received - columns.pop("machine_opened"), 0.0)
    season_of = np.where(_season_seen(age, as_of), orders, 0.0)
    counts: dict[str, Floats] = {}
    parts: dict[str, tuple[str, ...]] = {}
    for name, trials in {
        "discounted": orders,
        "weekend": orders,
        "season": season_of,
        "refunded": orders,
        "opened": opened_of,
        "clicked": received,
    }.items():
        hits = np.minimum(columns.pop(name), trials)
        if trials.any():
            counts[name], parts[name] = np.column_stack([hits, trials - hits]), ("yes", "no")
    if categories:
        own = [*(f"c{i}" for i in range(len(categories))), "c_other"]
        counts["category"] = np.column_stack([columns.pop(name) for name in own])
        parts["category"] = (*categories, OTHER)
    return Records(
        customers,
        columns.pop("frequency"),
        columns.pop("recency"),
        age,
        orders,
        columns.pop("log_total") / _LOG_UNIT,
        columns.pop("log_squares") / _LOG_UNIT**2,
        counts,
        parts,
    )


def _season_seen(age: Floats, as_of: date) -> NDArray[np.bool_]:
    """Return whether a November or December lies between the first order and the date."""
    last = as_of - timedelta(days=1)
    since = 0 if last.month >= 11 else (last - date(last.year - 1, 12, 31)).days
    return age >= since


def _count(where: str, name: str) -> str:
    return f"count(CASE WHEN {where} THEN 1 END) AS {name}"


def _sum(whole: str, name: str) -> str:
    # As a float once it is added up: sums of whole numbers are wider than any that numpy has.
    return f"CAST(sum({whole}) AS DOUBLE) AS {name}"


def _orders(events: str, as_of: date) -> str:
    log = f"CAST(round(ln(CAST(value AS DOUBLE)) * {_LOG_UNIT}) AS BIGINT)"
    ranges = [
        f'("at" >= {midnight(date(y, 11, 1))} AND "at" < {midnight(date(y + 1, 1, 1))})'
        for y in range(1970, as_of.year + 1)
    ]
    season = " OR ".join(ranges[-30:])
    return (
        f"SELECT customer_key, count(*) AS orders, {_sum(log, 'log_total')}, {_sum(f'{log} * {log}', 'log_squares')}, "
        f"{_count('discount > 0 OR discount_code IS NOT NULL', 'discounted')}, "
        # 1 January 1970 was a Thursday, and Monday is 0.
        f"{_count(f'({_DAY} + 3) % 7 >= 5', 'weekend')}, {_count(season, 'season')} "
        f"FROM {events} WHERE {seen(ORDERED, as_of)} AND value > 0 GROUP BY customer_key"
    )


def _lines(events: str, as_of: date, categories: Sequence[str]) -> str:
    own = [_count(f"category = {literal(name)}", f"c{i}") for i, name in enumerate(categories)]
    other = f"category IS NOT NULL AND category NOT IN {literals(categories)}" if categories else "FALSE"
    return (
        f"SELECT customer_key, {', '.join([*own, _count(other, 'c_other')])} FROM {events} "
        f"WHERE {seen(LINE, as_of)} GROUP BY customer_key"
    )


def _others(events: str, as_of: date) -> str:
    machine, human = "machine = TRUE", "coalesce(machine <> TRUE, TRUE)"
    return (
        f"SELECT customer_key, {_count(f'event IN {literals(EMAILED)}', 'received')}, "
        f"{_count(f'event IN {literals(OPENED)} AND {machine}', 'machine_opened')}, "
        f"{_count(f'event IN {literals(OPENED)} AND {human}', 'opened')}, "
        f"{_count(f'event IN {literals(CLICKED)} AND {human}', 'clicked')}, "
        f"count(DISTINCT CASE WHEN event IN {literals(REFUNDED)} THEN {_DAY} END) AS refunded "
        f"FROM {events} WHERE {seen([*EMAILED, *OPENED, *CLICKED, *REFUNDED], as_of)} "
        "GROUP BY customer_key"
    )
