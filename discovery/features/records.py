"""Records at a date: sufficient statistics of each customer's events, one query per kind of event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.records import Records, records_from_frame
from discovery.engine.query import QueryEngine
from discovery.engine.sql import literal, literals
from discovery.features.lifetime.history import history_sql
from discovery.features.vocabulary.terms import CLICKED, EMAILED, LINE, OPENED, ORDERED, REFUNDED

#: Logarithms are added up as whole numbers of this part: sums of floats depend on the order of rows.
_LOG_UNIT = 10_000
_DAY = f'"at" // {MICROSECONDS_PER_DAY}'
#: The part of all categories that are not counted on their own.
OTHER = "other"
#: What records are made of: a feature of these has had a part in whatever is made of records.
RECORD_EVENTS = frozenset((*ORDERED, *LINE, *REFUNDED, *EMAILED, *OPENED, *CLICKED))


def extract_records(
    engine: QueryEngine, dataset: Dataset, as_of: date, categories: Sequence[str] | None = None, most: int = 10
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

    Notes
    -----
    An order in November or December counts as one of the ``season``; whoever could not yet have ordered in it is
    unknown. A machine's open makes the message unknown, and its click does not count.
    """
    events = engine.table(dataset.events_path)
    people = engine.frame(f"SELECT customer_key, customer_id FROM {engine.table(dataset.profiles_path)}")
    history = engine.frame(history_sql(as_of, events)).set_index("customer_key")
    named = categories if categories is not None else _categories(engine, events, as_of, most)
    frame = people.set_index("customer_key").join(history[["frequency", "recency", "age"]], how="inner")
    for sql in (_orders(events, as_of), _lines(events, as_of, named), _others(events, as_of)):
        frame = frame.join(engine.frame(sql).set_index("customer_key").astype("float64"))
    frame = frame.set_index("customer_id").sort_index().fillna(0.0)
    return records_from_frame(_columns(frame, named, as_of))


def own_categories(records: Records) -> tuple[str, ...]:
    """Return the categories that were counted on their own, as `extract_records` takes them."""
    return tuple(part for part in records.parts.get("category", ()) if part != OTHER)


def _columns(found: pd.DataFrame, categories: Sequence[str], as_of: date) -> pd.DataFrame:
    orders = found["orders"]
    columns = {
        "repeats": found["frequency"],
        "recency": found["recency"],
        "age": found["age"],
        "orders": orders,
        "log_total": found["log_total"] / _LOG_UNIT,
        "log_squares": found["log_squares"] / _LOG_UNIT**2,
    }
    received = found["received"]
    opened_of = (received - found["machine_opened"]).clip(lower=0)
    season_of = orders.where(_season_seen(found["age"], as_of), 0.0)
    shares = {
        "discounted": (found["discounted"], orders),
        "weekend": (found["weekend"], orders),
        "season": (found["season"], season_of),
        "refunded": (found["refunded"], orders),
        "opened": (found["opened"], opened_of),
        "clicked": (found["clicked"], received),
    }
    for name, (yes, of) in shares.items():
        trials = of.fillna(0.0)
        hits = yes.clip(upper=trials)
        if trials.any():
            columns |= {f"{name}:yes": hits, f"{name}:no": trials - hits}
    if categories:
        columns |= {f"category:{name}": found[f"c{i}"] for i, name in enumerate(categories)}
        columns[f"category:{OTHER}"] = found["c_other"]
    return pd.DataFrame(columns)


def _season_seen(age: pd.Series, as_of: date) -> pd.Series:
    """Return whether a November or December lies between the first order and the date."""
    last = as_of - timedelta(days=1)
    since = 0 if last.month >= 11 else (last - date(last.year - 1, 12, 31)).days
    return age >= since


def _seen(names: Sequence[str], as_of: date) -> str:
    end = midnight(as_of)
    return f'event IN {literals(names)} AND "at" < {end} AND (cancelled_at IS NULL OR cancelled_at >= {end})'


def _count(where: str, name: str) -> str:
    return f"sum(CASE WHEN {where} THEN 1 ELSE 0 END) AS {name}"


def _orders(events: str, as_of: date) -> str:
    log = f"CAST(round(ln(CAST(value AS DOUBLE)) * {_LOG_UNIT}) AS BIGINT)"
    ranges = [
        f'("at" >= {midnight(date(y, 11, 1))} AND "at" < {midnight(date(y + 1, 1, 1))})'
        for y in range(1970, as_of.year + 1)
    ]
    season = " OR ".join(ranges[-30:])
    return (
        f"SELECT customer_key, count(*) AS orders, sum({log}) AS log_total, sum({log} * {log}) AS log_squares, "
        f"{_count('discount > 0 OR discount_code IS NOT NULL', 'discounted')}, "
        # 1 January 1970 was a Thursday, and Monday is 0.
        f"{_count(f'({_DAY} + 3) % 7 >= 5', 'weekend')}, {_count(season, 'season')} "
        f"FROM {events} WHERE {_seen(ORDERED, as_of)} AND value > 0 GROUP BY customer_key"
    )


def _lines(events: str, as_of: date, categories: Sequence[str]) -> str:
    own = [_count(f"category = {literal(name)}", f"c{i}") for i, name in enumerate(categories)]
    other = f"category IS NOT NULL AND category NOT IN {literals(categories)}" if categories else "FALSE"
    return (
        f"SELECT customer_key, {', '.join([*own, _count(other, 'c_other')])} FROM {events} "
        f"WHERE {_seen(LINE, as_of)} GROUP BY customer_key"
    )


def _others(events: str, as_of: date) -> str:
    machine, human = "machine = TRUE", "coalesce(machine <> TRUE, TRUE)"
    return (
        f"SELECT customer_key, {_count(f'event IN {literals(EMAILED)}', 'received')}, "
        f"{_count(f'event IN {literals(OPENED)} AND {machine}', 'machine_opened')}, "
        f"{_count(f'event IN {literals(OPENED)} AND {human}', 'opened')}, "
        f"{_count(f'event IN {literals(CLICKED)} AND {human}', 'clicked')}, "
        f"count(DISTINCT CASE WHEN event IN {literals(REFUNDED)} THEN {_DAY} END) AS refunded "
        f"FROM {events} WHERE {_seen([*EMAILED, *OPENED, *CLICKED, *REFUNDED], as_of)} "
        "GROUP BY customer_key"
    )


def _categories(engine: QueryEngine, events: str, as_of: date, most: int) -> list[str]:
    """Return the categories with most customers; ties by name."""
    found = engine.frame(
        f"SELECT category, count(DISTINCT customer_key) AS buyers FROM {events} WHERE {_seen(LINE, as_of)} "
        "AND category IS NOT NULL GROUP BY category ORDER BY buyers DESC, category"
    )
    return [str(name) for name in found["category"].head(most)]
