"""Several sources of one store, joined into one: customers matched, events united, an order counted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from discovery.core.dataset import EVENT_COLUMNS, PROFILE_COLUMNS
from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.progress import Progress
from discovery.core.sources import JoinedSource, PartSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.cells import email
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.joined.orders import drop_known_orders
from discovery.ingest.klaviyo.items import drop_known_items
from discovery.ingest.people import united

#: Reads one part: leaves its tables in the engine and says what it left.
ReadPart = Callable[[PartSource, Path], Arrival]


def read_joined(engine: Engine, source: JoinedSource, base: Path, read: ReadPart, progress: Progress) -> Arrival:
    """Leave the parts' customers and events in the engine as one source.

    - Customers of two parts are one where ``key`` says so: ``email`` (trimmed, small letters) or ``id`` (the same
      customer id). A customer keeps the id of the first part that knows them. Two customers of one part with one
      e-mail become one as well.
    - Of a profile's fields, each is taken from the first part that states it; the fields of an address go together.
      A consent of ``unknown`` states nothing.
    - An order that stands in two parts (the same customer and order id, or the same customer, value and minute, or
      the same order id and minute) counts once, with the lines, refunds and cancellations of the first part that has
      them.
    - An order that one part knows to be none (voided, expired, a test) does not count from another, whichever is first.

    Parameters
    ----------
    engine : Engine
        Holds the tables.
    source : JoinedSource
        The parts, the most trusted first.
    base : Path
        Folder the parts' paths start from.
    read : callable
        Reads one part.
    progress : callable
        Told where the work stands.

    Raises
    ------
    DataError
        If the parts are in several currencies, or a part cannot be used.
    """
    labels = _labels(source.parts)
    arrivals = []
    for i, part in enumerate(source.parts):
        arrivals.append(read(part, (base / part.path).resolve()))
        _put_aside(engine, i, labels[i])
    progress("Joining the sources", 0.0)
    currency = _currency(arrivals, labels)
    start_problems(engine)
    for i in range(len(labels)):
        engine.run(f"INSERT INTO problems_in SELECT * FROM part{i}_problems")
        engine.run(f"DROP TABLE part{i}_problems")
    notes = [f"{label}: {note}" for label, a in zip(labels, arrivals, strict=True) for note in a.notes]
    notes += _match(engine, source, labels)
    _unite_events(engine, len(labels))
    notes += drop_known_orders(engine, labels)
    notes += drop_known_items(engine)
    _unite_profiles(engine, len(labels))
    engine.run("DROP TABLE joined_ids")
    progress("Joining the sources", 1.0)
    return Arrival(currency, sum(a.rows_read for a in arrivals), tuple(notes))


def _labels(parts: Sequence[PartSource]) -> list[str]:
    kinds = [p.kind for p in parts]
    return [k if kinds.count(k) == 1 else f"{k} {kinds[: i + 1].count(k)}" for i, k in enumerate(kinds)]


def _put_aside(engine: Engine, part: int, label: str) -> None:
    """Keep a part's tables under their own names; a file is named with its part, since two may hold one name."""
    for table in ("profiles", "events", "problems", "undone"):
        engine.run(f"CREATE OR REPLACE TABLE part{part}_{table} AS SELECT * FROM {table}_in")
        is_view = engine.scalar("SELECT count(*) FROM duckdb_views() WHERE view_name = ?", [f"{table}_in"])
        engine.run(f"DROP {'VIEW' if is_view else 'TABLE'} {table}_in")
        if "file" in engine.columns(f"part{part}_{table}"):
            engine.run(f"UPDATE part{part}_{table} SET file = {literal(label + '/')} || file")


def _currency(arrivals: Sequence[Arrival], labels: Sequence[str]) -> str:
    stated = {label: a.currency for label, a in zip(labels, arrivals, strict=True) if a.currency}
    if len(set(stated.values())) > 1:
        listed = ", ".join(f"{label} in {currency}" for label, currency in stated.items())
        raise DataError(f"The parts must be in one currency, got {listed}. Join those of one currency.")
    if not stated:
        raise DataError(
            f"One of the parts must state the currency, got none from {', '.join(labels)}. Set its currency."
        )
    return next(iter(stated.values()))


def _match(engine: Engine, source: JoinedSource, labels: Sequence[str]) -> list[str]:
    """Make ``joined_ids`` (part, old id, customer_id) and say how many customers were found in which parts."""
    asked = []
    for i in range(len(labels)):
        mail = email("email") if "email" in engine.columns(f"part{i}_profiles") else "CAST(NULL AS VARCHAR)"
        asked.append(
            f"SELECT {i} AS part, old, min(mail) AS mail, bool_or(seen) AS seen FROM (SELECT customer_id AS old, "
            f"{mail} AS mail, TRUE AS seen FROM part{i}_profiles UNION ALL SELECT customer_id, NULL, TRUE "
            f"FROM part{i}_events UNION ALL SELECT customer_id, NULL, FALSE FROM part{i}_undone) "
            "WHERE trim(old) <> '' GROUP BY old"
        )
    # Where a part names its customers by e-mail the id is one, also of those it has no profile of.
    by_mail = "coalesce(mail, CASE WHEN old LIKE '%@%' THEN lower(trim(old)) END)"
    person = f"coalesce('mail ' || {by_mail}, 'id ' || part || ' ' || old)" if source.key == "email" else "'id ' || old"
    everyone = " UNION ALL ".join(asked)
    engine.run(f"CREATE OR REPLACE TABLE joined_ids AS SELECT part, old, seen, {person} AS person FROM ({everyone})")
    named = "SELECT person, arg_min(old, (part, old)) AS name, min(part) AS part FROM joined_ids GROUP BY person"
    # The same id may mean two people in two parts; the later part's is told apart by its part's name.
    labelled = "CASE part " + " ".join(f"WHEN {i} THEN {literal(n)}" for i, n in enumerate(labels)) + " END"
    engine.run(
        f"CREATE OR REPLACE TABLE joined_ids AS SELECT i.part, i.old, i.seen, n.customer_id FROM joined_ids i JOIN "
        f"(SELECT person, CASE WHEN row_number() OVER (PARTITION BY name ORDER BY part, person) > 1 "
        f"THEN {labelled} || ':' || name ELSE name END AS customer_id FROM ({named})) n USING (person)"
    )
    rows = engine.rows(
        "SELECT parts, count(*), sum(ids - length(parts)) FROM (SELECT customer_id, count(*) AS ids, "
        "list_sort(list(DISTINCT part)) AS parts FROM joined_ids WHERE seen GROUP BY customer_id) GROUP BY parts "
        "ORDER BY parts"
    )
    found = {tuple(parts): int(n) for parts, n, _ in rows}
    matched = sum(n for parts, n in found.items() if len(parts) > 1)
    alone = ", ".join(f"{found.get((i,), 0):,} only in {label}" for i, label in enumerate(labels))
    notes = [f"Customers joined by {source.key}: {matched:,} in more than one part, {alone}."]
    merged = sum(int(extra) for _, _, extra in rows)
    if merged:
        share = many(merged, "customer shares", "customers share")
        notes.append(f"{share} the e-mail of another customer of their part: made one.")
    return notes


def _unite_events(engine: Engine, parts: int) -> None:
    columns = {**EVENT_COLUMNS, "from_items": "BOOLEAN", "file": "VARCHAR", "row": "BIGINT"}
    selects = []
    for i in range(parts):
        present = engine.columns(f"part{i}_events")
        chosen = ", ".join(
            f"CAST({'e.' + identifier(c) if c in present else 'NULL'} AS {kind}) AS {identifier(c)}"
            for c, kind in columns.items()
            if c != "customer_id"
        )
        selects.append(
            f"SELECT coalesce(j.customer_id, e.customer_id) AS customer_id, {chosen}, {i} AS part "
            f"FROM part{i}_events e LEFT JOIN joined_ids j ON j.part = {i} AND j.old = e.customer_id"
        )
    engine.run(f"CREATE OR REPLACE TABLE events_in AS {' UNION ALL '.join(selects)}")
    undone = " UNION ALL ".join(
        f'SELECT j.customer_id, u.order_id, u."at", u.value, {i} AS part FROM part{i}_undone u JOIN joined_ids j '
        f"ON j.part = {i} AND j.old = u.customer_id"
        for i in range(parts)
    )
    engine.run(f"CREATE OR REPLACE TABLE undone_in AS {undone}")
    for i in range(parts):
        engine.run(f"DROP TABLE part{i}_events")
        engine.run(f"DROP TABLE part{i}_undone")


def _unite_profiles(engine: Engine, parts: int) -> None:
    present = [engine.columns(f"part{i}_profiles") for i in range(parts)]
    fields = [c for c in PROFILE_COLUMNS if c != "customer_id" and any(c in p for p in present)]
    properties = sorted({c for p in present for c in p if c.startswith("property.")})
    kinds = {c: PROFILE_COLUMNS[c] for c in fields}
    for name in properties:
        # Two parts may disagree on what a property is; as text both can be kept.
        found = {p[name] for p in present if name in p}
        kinds[name] = found.pop() if len(found) == 1 else "VARCHAR"
    selects = []
    for i, has in enumerate(present):
        chosen = ""
        for name, kind in kinds.items():
            value = f"CAST({'p.' + identifier(name) if name in has else 'NULL'} AS {kind})"
            stated = f"nullif({value}, 'unknown')" if name.startswith("consent_") else value
            chosen += f", {stated} AS {identifier(name)}"
        selects.append(
            f"SELECT j.customer_id, ({i}, p.customer_id) AS turn{chosen} FROM part{i}_profiles p "
            f"JOIN joined_ids j ON j.part = {i} AND j.old = p.customer_id"
        )
    engine.run(
        f"CREATE OR REPLACE TABLE profiles_in AS SELECT customer_id, {united(list(kinds))} "
        f"FROM ({' UNION ALL '.join(selects)}) GROUP BY customer_id"
    )
    for name in ("consent_email", "consent_sms"):
        if name in kinds:
            engine.run(f"UPDATE profiles_in SET {name} = 'unknown' WHERE {name} IS NULL")
    for i in range(parts):
        engine.run(f"DROP TABLE part{i}_profiles")
