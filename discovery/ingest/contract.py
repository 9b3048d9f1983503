"""The contract: whatever a reader brings becomes a Dataset, or a reason.

A reader leaves three tables in the engine:

``profiles_in``  any of the canonical profile columns, and ``property.*``
``events_in``    the canonical event columns it has, with ``file`` and ``row`` of their origin
``problems_in``  file, row, column, value, reason: one line per fault, so that a row may stand in it twice
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from discovery.core.dataset import EVENT_COLUMNS, EVENT_NAMES, PROFILE_COLUMNS, Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.progress import Progress
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal, literals

#: Instants outside these are typing errors, not events.
EARLIEST, LATEST = midnight(date(1990, 1, 1)), midnight(date(2100, 1, 1))


@dataclass(frozen=True)
class Arrival:
    """What a reader says of what it left in the engine."""

    currency: str
    rows_read: int
    notes: tuple[str, ...] = ()


def start_problems(engine: Engine) -> None:
    """Make the empty table that readers and the contract put faults into."""
    engine.run(
        "CREATE OR REPLACE TABLE problems_in "
        '(file VARCHAR, "row" BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)'
    )


def report(engine: Engine, table: str, column: str, reason: str, where: str, value: str | None = None) -> None:
    """Put every row of `table` for which `where` holds into the problems, and leave the row where it is."""
    shown = f"CAST({value or identifier(column)} AS VARCHAR)"
    engine.run(
        f'INSERT INTO problems_in SELECT file, "row", {literal(column)}, {shown}, {literal(reason)} '
        f"FROM {table} WHERE {where}"
    )


def finish(engine: Engine, arrival: Arrival, out: Path, progress: Progress) -> Dataset:
    """Return the Dataset written to `out`: checked, deduplicated, keyed by integer and ordered.

    Customers are numbered in the order of their ids and events lie ordered by customer and time, so the files
    depend neither on the order of the rows nor on how they were split. ``created_at`` of a customer without one
    is the first thing seen of them. An order cancelled later carries ``cancelled_at``, so that a feature at an
    earlier date still counts it.

    Raises
    ------
    DataError
        If no customer or no event is left, with the reasons counted; or if the currency is not stated.
    """
    if len(arrival.currency) != 3 or not arrival.currency.isupper():
        raise DataError(
            f"The currency must be an ISO 4217 code such as USD, got {arrival.currency!r}. Set source.currency."
        )
    progress("Checking rows", 0.0)
    _complete(engine, "events_in", EVENT_COLUMNS)
    _complete(engine, "profiles_in", PROFILE_COLUMNS)
    _usable_events(engine)
    progress("Checking rows", 0.5)
    notes = [*arrival.notes, *_unknown_events(engine)]
    _customers(engine)
    counts = _counts(engine)
    if not engine.scalar("SELECT count(*) FROM events_ok"):
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in counts.items()) or "the source is empty"
        raise DataError(f"No usable row among {arrival.rows_read:,}: {reasons}. Check the column mapping.")
    progress("Writing the dataset", 0.0)
    _write(engine, out)
    progress("Writing the dataset", 0.8)
    unused = engine.scalar('SELECT count(*) FROM (SELECT DISTINCT file, "row" FROM problems_in)')
    if unused:
        notes.insert(0, f"{arrival.rows_read:,} rows read, {unused:,} of them not usable: see problems.parquet.")
    first, last, events = engine.rows('SELECT min("at"), max("at"), count(*) FROM events_ok')[0]
    names = engine.rows("SELECT event, count(*) FROM events_ok GROUP BY event ORDER BY event")
    dataset = Dataset(
        folder=out,
        currency=arrival.currency,
        fingerprint=_digest([out / "profiles.parquet", out / "events.parquet"]),
        customers=engine.scalar("SELECT count(*) FROM customers"),
        events=events,
        first_at=first,
        last_at=last,
        events_by_name=dict(names),
        problems=counts,
        notes=tuple(notes),
    )
    progress("Writing the dataset", 1.0)
    return dataset


def _complete(engine: Engine, table: str, columns: Iterable[str]) -> None:
    """Add the canonical columns a reader did not bring, as missing."""
    types = {**PROFILE_COLUMNS, **EVENT_COLUMNS}
    present = engine.columns(table)
    for name in columns:
        if name not in present:
            engine.run(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {types[name]}")


def _usable_events(engine: Engine) -> None:
    no_customer = "customer_id IS NULL OR trim(customer_id) = ''"
    bad_time = f'"at" IS NULL OR "at" < {EARLIEST} OR "at" >= {LATEST}'
    report(engine, "events_in", "customer_id", "missing_customer", no_customer)
    report(engine, "events_in", "event", "missing_event_name", "event IS NULL OR event = ''")
    report(engine, "events_in", "at", "impossible_date", bad_time)
    columns = ", ".join(
        f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in EVENT_COLUMNS.items()
    )
    engine.run(
        f'CREATE OR REPLACE TABLE events_ok AS SELECT {columns}, file, "row" FROM events_in '
        f"WHERE NOT ({no_customer}) AND event IS NOT NULL AND event <> '' AND NOT ({bad_time})"
    )
    engine.run("DROP TABLE events_in")
    known, distinct = engine.rows("SELECT count(event_id), count(DISTINCT event_id) FROM events_ok")[0]
    if known > distinct:
        engine.run(
            "CREATE OR REPLACE TABLE events_ok AS SELECT *, CASE WHEN event_id IS NULL THEN 1 ELSE row_number() OVER "
            '(PARTITION BY event_id ORDER BY "at", customer_id, event, file, "row") END AS turn FROM events_ok'
        )
        report(engine, "events_ok", "event_id", "duplicate_event", "turn > 1")
        engine.run("DELETE FROM events_ok WHERE turn > 1")
        engine.run("ALTER TABLE events_ok DROP COLUMN turn")


def _unknown_events(engine: Engine) -> list[str]:
    rows = engine.rows(
        f"SELECT event, count(*) FROM events_ok WHERE event NOT IN {literals(EVENT_NAMES)} GROUP BY 1 ORDER BY 1"
    )
    return [
        f"Event {name!r} is kept and counted, but no feature gives it a meaning ({n:,} events)." for name, n in rows
    ]


def _customers(engine: Engine) -> None:
    """Make the table of customers: those of the profiles and those only seen in events."""
    report_doubles = (
        "CREATE OR REPLACE TABLE profiles_once AS SELECT * EXCLUDE (turn) FROM (SELECT *, row_number() OVER "
        "(PARTITION BY customer_id ORDER BY created_at NULLS LAST, email NULLS LAST, country NULLS LAST) AS turn "
        "FROM profiles_in WHERE customer_id IS NOT NULL AND trim(customer_id) <> '') WHERE turn = 1"
    )
    engine.run(report_doubles)
    known = engine.columns("profiles_once")
    rest = [identifier(c) for c in known if c in PROFILE_COLUMNS and c not in ("customer_id", "created_at")]
    rest += [identifier(c) for c in sorted(known) if c.startswith("property.")]
    engine.run(
        "CREATE OR REPLACE TABLE customers AS SELECT row_number() OVER (ORDER BY customer_id) - 1 AS customer_key, "
        f"customer_id, coalesce(p.created_at, e.first_at) AS created_at, {', '.join(rest)} "
        "FROM profiles_once p FULL JOIN "
        '(SELECT customer_id, min("at") AS first_at FROM events_ok GROUP BY customer_id) e '
        "USING (customer_id)"
    )


def _counts(engine: Engine) -> dict[str, int]:
    return dict(engine.rows("SELECT reason, count(*) FROM problems_in GROUP BY reason ORDER BY count(*) DESC, reason"))


def _write(engine: Engine, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    engine.write('SELECT * FROM problems_in ORDER BY file, "row", reason, "column"', out / "problems.parquet")
    engine.write("SELECT * FROM customers ORDER BY customer_key", out / "profiles.parquet")
    columns = ", ".join(f"e.{identifier(c)}" for c in EVENT_COLUMNS)
    engine.write(
        f"SELECT c.customer_key, {columns}, CASE WHEN e.event IN ('placed_order', 'ordered_product') "
        "THEN x.cancelled_at END AS cancelled_at FROM events_ok e JOIN customers c USING (customer_id) LEFT JOIN "
        "(SELECT customer_id, order_id, min(\"at\") AS cancelled_at FROM events_ok WHERE event = 'cancelled_order' "
        "AND order_id IS NOT NULL GROUP BY customer_id, order_id) x USING (customer_id, order_id) "
        'ORDER BY c.customer_key, e."at", e.event, e.event_id, e.order_id, e.product_id, e.value, e.quantity, '
        "e.campaign_id, e.discount, e.product",
        out / "events.parquet",
    )


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:32]
