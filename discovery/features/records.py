"""Records at a date: sufficient statistics of each customer's events, one query per kind of event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.records import CATEGORY, COUNTED, OTHER, Floats, Records
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings
from discovery.engine.query import QueryEngine
from discovery.engine.sql import literal, literals
from discovery.features.bought import common_categories
from discovery.features.lifetime.history import history_sql
from discovery.features.seen import seen
from discovery.features.vocabulary.terms import CLICKED, EMAILED, LINE, OPENED, ORDERED, REFUNDED

#: Logarithms are added up as whole numbers of this part: sums of floats depend on the order of rows.
_LOG_UNIT = 10_000
_DAY = f'"at" // {MICROSECONDS_PER_DAY}'
_YEAR = 365 * MICROSECONDS_PER_DAY
#: What records are made of: a feature of these has had a part in whatever is made of records.
RECORD_EVENTS = frozenset((*ORDERED, *LINE, *REFUNDED, *EMAILED, *OPENED, *CLICKED))


def extract_records(
    engine: QueryEngine,
    dataset: Dataset,
    as_of: date,
    categories: Sequence[str] | None = None,
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
        it those with most customers, as many as a run counts by default.
    sample : (int, int), optional
        How many customers are wanted at most, and the seed that they are drawn by; without it all.

    Notes
    -----
    ``year end`` counts orders in November and December out of those in whole years of the customer's before the date:
    the day somebody came decides how much of the season a part of a year holds. ``mail opened`` leaves out messages
    that a machine opened, and a machine's click is none. Whoever clicked has opened, and ``mail clicked`` is out of the
    messages opened; what was clicked beyond those is ``unseen mail clicked``, out of those that a machine opened. Two
    shares of all messages would count one habit twice.
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
    named = (
        categories if categories is not None else common_categories(engine, events, as_of, ClusterSettings().categories)
    )
    columns: dict[str, Floats] = {}
    # Each answer is let go before the next is asked for.
    _put(history, row, columns, len(ordered))
    del history
    for sql in (_orders(events, as_of), _lines(events, as_of, named), _others(events, as_of)):
        _put(engine.frame(sql), row, columns, len(ordered))
    return _records(customers, columns, named)


def _put(found: pd.DataFrame, row: NDArray[np.int64], columns: dict[str, Floats], customers: int) -> None:
    """Put what a query found of some customers into columns of all; nothing found is 0."""
    at = row[found.pop("customer_key").to_numpy()]
    mine = at >= 0
    for name in map(str, list(found)):
        columns[name] = np.zeros(customers)
        columns[name][at[mine]] = found.pop(name).to_numpy(dtype=np.float64)[mine]


def _records(customers: pd.Index, columns: dict[str, Floats], categories: Sequence[str]) -> Records:
    """Return the records made of columns, which are used up."""
    orders, received = columns.pop("orders"), columns.pop("received")
    by_machine = np.minimum(columns.pop("machine_opened"), received)
    clicked = np.minimum(columns.pop("clicked"), received)
    opened = np.minimum(columns.pop("opened"), received - by_machine)
    unseen = np.minimum(np.maximum(clicked - opened, 0.0), by_machine)
    opened = np.maximum(opened, clicked - unseen)
    counts: dict[str, Floats] = {}
    parts: dict[str, tuple[str, ...]] = {}
    found = (
        (columns.pop("discounted"), orders),
        (columns.pop("weekend"), orders),
        (columns.pop("season"), columns.pop("season_of")),
        (np.minimum(columns.pop("refunded"), orders), orders),
        (opened, received - by_machine),
        (clicked - unseen, opened),
        (unseen, by_machine),
    )
    for name, (hits, trials) in zip(COUNTED, found, strict=True):
        if trials.any():
            counts[name], parts[name] = np.column_stack([hits, trials - hits]), ("yes", "no")
    if categories:
        own = [*(f"c{i}" for i in range(len(categories))), "c_other"]
        counts[CATEGORY] = np.column_stack([columns.pop(name) for name in own])
        parts[CATEGORY] = (*categories, OTHER)
    return Records(
        customers,
        columns.pop("frequency"),
        columns.pop("recency"),
        columns.pop("age"),
        orders,
        columns.pop("log_total") / _LOG_UNIT,
        columns.pop("log_squares") / _LOG_UNIT**2,
        counts,
        parts,
    )


def _count(where: str, name: str) -> str:
    return f"count(CASE WHEN {where} THEN 1 END) AS {name}"


def _sum(whole: str, name: str, less: str = "") -> str:
    # As a float once it is added up: sums of whole numbers are wider than any that numpy has.
    return f"CAST(sum({whole}){less} AS DOUBLE) AS {name}"


def _orders(events: str, as_of: date) -> str:
    log = f"CAST(round(ln(CAST(value AS DOUBLE)) * {_LOG_UNIT}) AS BIGINT)"
    ranges = [
        f'("at" >= {midnight(date(y, 11, 1))} AND "at" < {midnight(date(y + 1, 1, 1))})'
        for y in range(1970, as_of.year + 1)
    ]
    in_season = " OR ".join(ranges[-30:])
    by_year = (
        f'SELECT customer_key, ({midnight(as_of)} - "at") // {_YEAR} AS years_ago, count(*) AS orders, '
        f"sum({log}) AS log_total, sum({log} * {log}) AS log_squares, "
        f"{_count('discount > 0 OR discount_code IS NOT NULL', 'discounted')}, "
        # 1 January 1970 was a Thursday, and Monday is 0.
        f"{_count(f'({_DAY} + 3) % 7 >= 5', 'weekend')}, {_count(in_season, 'season')} "
        f"FROM {events} WHERE {seen(ORDERED, as_of)} AND value > 0 GROUP BY 1, 2"
    )
    added = ", ".join(_sum(name, name) for name in ("orders", "log_total", "log_squares", "discounted", "weekend"))
    # Of the year that the first order lies in, not all is the customer's.
    season_of = _sum("orders", "season_of", " - arg_max(orders, years_ago)")
    season = _sum("season", "season", " - arg_max(season, years_ago)")
    return f"SELECT customer_key, {added}, {season}, {season_of} FROM ({by_year}) AS y GROUP BY customer_key"


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
