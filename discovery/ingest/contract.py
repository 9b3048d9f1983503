"""The contract: whatever a reader brings becomes a Dataset, or a reason.

A reader leaves three tables in the engine:

``profiles_in``  any of the canonical profile columns, and ``property.*``
                 (``file`` and ``row`` of their origin, where it has them)
``events_in``    the canonical event columns it has, with ``file`` and ``row`` of their origin
``problems_in``  file, row, column, value, reason: one line per fault, so that a row may stand in it twice

and may put into a fourth, ``undone_in``, which orders it knows never to have become any (customer_id, order_id, at,
value): another source of the same store may tell of them as orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from discovery.core.dataset import EVENT_COLUMNS, EVENT_NAMES, PROFILE_COLUMNS, Dataset, midnight
from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.progress import Progress
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.points import place_postal_codes
from discovery.ingest.written import EventKind, kinds_of_events, write_dataset

#: Instants outside these are typing errors, not events.
EARLIEST, LATEST = midnight(date(1990, 1, 1)), midnight(date(2100, 1, 1))
#: Largest sum that DECIMAL(18,4) holds.
_LARGEST = 1e14
#: An id of blanks only. Those begin before "!": no other id needs the closer look.
_BLANK_ID = "(customer_id < '!' AND trim(customer_id, ' ' || chr(9) || chr(10) || chr(13)) = '')"


@dataclass(frozen=True)
class Arrival:
    """What a reader says of what it left in the engine."""

    currency: str
    rows_read: int
    notes: tuple[str, ...] = ()


def start_problems(engine: Engine) -> None:
    """Make the empty tables of faults and of undone orders, and forget what an earlier reader left."""
    for name in ("events_in", "profiles_in"):
        _forget(engine, name)
    engine.run(
        "CREATE OR REPLACE TABLE problems_in "
        '(file VARCHAR, "row" BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)'
    )
    engine.run(
        'CREATE OR REPLACE TABLE undone_in (customer_id VARCHAR, order_id VARCHAR, "at" BIGINT, value DECIMAL(18,4))'
    )


def report(engine: Engine, table: str, column: str, reason: str, where: str, value: str | None = None) -> None:
    """Put every row of `table` for which `where` holds into the problems, and leave the row where it is."""
    shown = f"CAST({value or identifier(column)} AS VARCHAR)"
    engine.run(
        f'INSERT INTO problems_in SELECT file, "row", {literal(column)}, {shown}, {literal(reason)} '
        f"FROM {table} WHERE {where}"
    )


def report_ragged(engine: Engine, rows: Sequence[tuple[str, int, str]]) -> None:
    """Put rows (file, row, text) that do not fit their header into the problems."""
    if rows:
        engine.load("ragged", pd.DataFrame(rows, columns=["file", "row", "value"]))
        engine.run("INSERT INTO problems_in SELECT file, \"row\", '', value, 'ragged_row' FROM ragged")
        engine.run("DROP TABLE ragged")


def finish(engine: Engine, arrival: Arrival, out: Path, progress: Progress, postal_points: bool = False) -> Dataset:
    """Return the Dataset written to `out`: checked, deduplicated, keyed by integer and ordered.

    Customers are numbered in the order of their ids, and events lie ordered by name, customer and time: a query of one
    kind of event reads only its part of the file, and the files depend neither on the order of the rows nor on how they
    were split. ``created_at`` of a customer without one, or whose account came later, is the first thing seen of them:
    whoever ordered at a date was there. An order cancelled later carries ``cancelled_at``, so that a feature at an
    earlier date still counts it. With `postal_points`, customers without a point get that of their postal code.

    Raises
    ------
    DataError
        If there is no row, or no customer is left, with the reasons counted; or if the currency is not stated.
    """
    if not arrival.rows_read:
        raise DataError("The source must hold rows, got none below the headers of its files. Export it again.")
    if len(arrival.currency) != 3 or not arrival.currency.isupper():
        raise DataError(
            f"The currency must be an ISO 4217 code such as USD, got {arrival.currency!r}. Set source.currency."
        )
    progress("Checking rows", 0.0)
    _usable_events(engine)
    progress("Checking rows", 0.5)
    kinds = kinds_of_events(engine)
    notes = [*arrival.notes, *_unknown_events(kinds)]
    _customers(engine)
    if postal_points:
        notes += place_postal_codes(engine)
    counts = _counts(engine)
    if not engine.scalar("SELECT count(*) FROM customers"):
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in counts.items())
        raise DataError(
            f"No usable row among {arrival.rows_read:,}: {reasons}. Check the files, and a table's columns."
        )
    progress("Writing the dataset", 0.0)
    write_dataset(engine, kinds, out)
    progress("Writing the dataset", 0.8)
    unused = engine.scalar('SELECT count(*) FROM (SELECT DISTINCT file, "row" FROM problems_in)')
    if unused:
        notes.insert(0, f"{many(arrival.rows_read, 'row')} read, {unused:,} of them not usable: see problems.parquet.")
    if kinds:
        first, last = min(kind.first for kind in kinds), max(kind.last for kind in kinds)
    else:
        notes.append("The source holds no events: customers are known by their properties only, and nothing is dated.")
        first, last = engine.rows("SELECT coalesce(min(created_at), 0), coalesce(max(created_at), 0) FROM customers")[0]
    dataset = Dataset(
        folder=out,
        currency=arrival.currency,
        fingerprint=_digest([out / "profiles.parquet", out / "events.parquet"]),
        customers=engine.scalar("SELECT count(*) FROM customers"),
        events=sum(kind.count for kind in kinds),
        first_at=first,
        last_at=last,
        events_by_name={kind.name: kind.count for kind in kinds},
        problems=counts,
        notes=tuple(notes),
    )
    progress("Writing the dataset", 1.0)
    return dataset


def _forget(engine: Engine, name: str) -> None:
    """Drop a table or a view, whichever has this name."""
    for kind in engine.rows("SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]):
        engine.run(f"DROP {'VIEW' if kind[0] == 'VIEW' else 'TABLE'} {identifier(name)}")


def _usable_events(engine: Engine) -> None:
    """Make the view ``events_ok``: rows without a fault, every column there in its type. It copies nothing."""
    present = engine.columns("events_in")
    out, faults = [], {}
    for name, kind in EVENT_COLUMNS.items():
        given = f"CAST({identifier(name)} AS {kind})" if name in present else f"CAST(NULL AS {kind})"
        if name == "product_id" and "product" in present:
            # Whoever bought a product that has no id has bought a product.
            given = f"coalesce({given}, nullif(product, ''))"
        out.append(f"{given} AS {identifier(name)}")
        if kind.startswith("DECIMAL") and name in present and not present[name].startswith("DECIMAL(18"):
            faults["impossible_number", name] = f"NOT (abs(CAST({identifier(name)} AS DOUBLE)) < {_LARGEST})"
        if kind == "DOUBLE" and name in present:
            faults["impossible_number", name] = f"NOT isfinite(CAST({identifier(name)} AS DOUBLE))"
    faults["missing_customer", "customer_id"] = f"customer_id IS NULL OR {_BLANK_ID}"
    faults["missing_event_name", "event"] = "event IS NULL OR event = ''"
    faults["impossible_date", "at"] = f'"at" IS NULL OR "at" < {EARLIEST} OR "at" >= {LATEST}'
    any_fault = " OR ".join(f"coalesce({where}, FALSE)" for where in faults.values())
    if engine.scalar(f"SELECT count(*) FROM events_in WHERE {any_fault}"):
        for (reason, column), where in faults.items():
            report(engine, "events_in", column, reason, where)
    _forget(engine, "events_ok")
    engine.run(f'CREATE VIEW events_ok AS SELECT {", ".join(out)}, file, "row" FROM events_in WHERE NOT ({any_fault})')
    if "event_id" in present:
        _drop_repeated_ids(engine)


def _drop_repeated_ids(engine: Engine) -> None:
    known, distinct = engine.rows("SELECT count(event_id), count(DISTINCT event_id) FROM events_ok")[0]
    if known == distinct:
        return
    # Only events whose id stands twice are compared; which one stays depends on what they hold, not on their order.
    content = ", ".join(identifier(c) for c in EVENT_COLUMNS)
    engine.run(
        "CREATE OR REPLACE TABLE events_twice AS SELECT *, row_number() OVER "
        f'(PARTITION BY event_id ORDER BY {content}, file, "row") AS turn FROM events_ok WHERE event_id IN '
        "(SELECT event_id FROM events_ok GROUP BY event_id HAVING count(*) > 1)"
    )
    report(engine, "events_twice", "event_id", "duplicate_event", "turn > 1")
    engine.run(
        "CREATE OR REPLACE TABLE events_once AS SELECT o.* FROM events_ok o ANTI JOIN events_twice USING (event_id) "
        "UNION ALL SELECT * EXCLUDE (turn) FROM events_twice WHERE turn = 1"
    )
    engine.run("DROP VIEW events_ok")
    engine.run("ALTER TABLE events_once RENAME TO events_ok")
    engine.run("DROP TABLE events_twice")


def _unknown_events(kinds: Iterable[EventKind]) -> list[str]:
    return [
        f"Event {kind.name!r} is kept and counted, but no feature gives it a meaning ({many(kind.count, 'event')})."
        for kind in kinds
        if kind.name not in EVENT_NAMES
    ]


def _customers(engine: Engine) -> None:
    """Make the table of customers: those of the profiles and those only seen in events."""
    present = engine.columns("profiles_in")
    rest = [*PROFILE_COLUMNS, *sorted(c for c in present if c.startswith("property."))]
    rest.remove("customer_id")
    located = {"file", "row"} <= set(present)
    floats = [c for c in rest if present.get(c) in ("DOUBLE", "FLOAT")]
    endless = {c: f"NOT isfinite({identifier(c)})" for c in floats}
    for column, where in endless.items() if located else ():
        report(engine, "profiles_in", column, "impossible_number", where)

    def read(column: str) -> str:
        name = identifier(column)
        if column not in present:
            return f"CAST(NULL AS {PROFILE_COLUMNS[column]}) AS {name}"
        return f"CASE WHEN NOT ({endless[column]}) THEN {name} END AS {name}" if column in endless else name

    given = ", ".join(map(read, rest))
    content = ", ".join(f"{identifier(c)} NULLS LAST" for c in rest if c in present)
    order = f"ORDER BY {content}" if content else ""
    origin = 'file, "row"' if located else 'NULL AS file, NULL AS "row"'
    engine.run(
        f"CREATE OR REPLACE TABLE profiles_ranked AS SELECT customer_id, {given}, {origin}, "
        f"row_number() OVER (PARTITION BY customer_id {order}) AS turn "
        f"FROM profiles_in WHERE customer_id IS NOT NULL AND NOT {_BLANK_ID}"
    )
    if located:
        report(engine, "profiles_ranked", "customer_id", "duplicate_customer", "turn > 1")
    chosen = ", ".join(identifier(c) for c in rest if c != "created_at")
    engine.run(
        "CREATE OR REPLACE TABLE customers AS SELECT row_number() OVER (ORDER BY customer_id) - 1 AS customer_key, "
        f"customer_id, least(p.created_at, e.first_at) AS created_at, {chosen} "
        "FROM (SELECT * FROM profiles_ranked WHERE turn = 1) p FULL JOIN "
        '(SELECT customer_id, min("at") AS first_at FROM events_ok GROUP BY customer_id) e '
        "USING (customer_id)"
    )
    engine.run("DROP TABLE profiles_ranked")


def _counts(engine: Engine) -> dict[str, int]:
    return dict(engine.rows("SELECT reason, count(*) FROM problems_in GROUP BY reason ORDER BY count(*) DESC, reason"))


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:32]
