"""The files of a dataset: faults, customers and events, each in an order of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from discovery.core.dataset import EVENT_COLUMNS
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier

#: Text columns that hold ids, of which nearly every row has its own.
_IDS = ("customer_id", "event_id", "order_id")
#: A column of text with more distinct words than this is carried as text.
_FEW_WORDS = 50_000


@dataclass(frozen=True)
class EventKind:
    """The usable events of one name: how many, first and last instant, and about how many words a text column has."""

    name: str
    count: int
    first: int
    last: int
    words: Mapping[str, int]


def kinds_of_events(engine: Engine) -> list[EventKind]:
    """Return what there is of the events of each name, by name: in one pass, since a view reads its files anew."""
    present = engine.columns("events_in")
    texts = [c for c, kind in EVENT_COLUMNS.items() if kind == "VARCHAR" and c in present and c not in _IDS]
    words = "".join(f", approx_count_distinct({identifier(c)})" for c in texts)
    rows = engine.rows(f'SELECT event, count(*), min("at"), max("at"){words} FROM events_ok GROUP BY event ORDER BY 1')
    return [
        EventKind(name, count, first, last, dict(zip(texts, found, strict=True)))
        for name, count, first, last, *found in rows
    ]


def write_dataset(engine: Engine, kinds: Sequence[EventKind], out: Path) -> None:
    """Write the tables ``problems_in`` and ``customers``, and the events of these kinds, to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    engine.write('SELECT * FROM problems_in ORDER BY file, "row", reason, "column"', out / "problems.parquet")
    engine.write("SELECT * FROM customers ORDER BY customer_key", out / "profiles.parquet")
    typed = _make_types(engine, kinds)
    carried = ", ".join(_cast(f"e.{identifier(c)}", c, typed.get(c, "")) for c in EVENT_COLUMNS)
    columns = ", ".join(_cast(identifier(c), c, "VARCHAR" if c in typed else "") for c in EVENT_COLUMNS)
    # Every column takes part in the order, so that rows that differ in one only do not stand as they came.
    first = ("at", "event_id", "order_id", "product_id", "value")
    content = [*first, *(c for c in EVENT_COLUMNS if c not in ("customer_id", "event", *first))]
    present = engine.columns("events_in")
    order = "".join(f", {identifier(c)}" for c in content if c in present)
    cancelled, join = "CAST(NULL AS BIGINT)", ""
    if any(kind.name == "cancelled_order" for kind in kinds):
        cancelled = "CASE WHEN e.event IN ('placed_order', 'ordered_product', 'refunded_order') THEN x.cancelled_at END"
        join = (
            ' LEFT JOIN (SELECT customer_id, order_id, min("at") AS cancelled_at FROM events_ok '
            "WHERE event = 'cancelled_order' AND order_id IS NOT NULL GROUP BY customer_id, order_id) x "
            "USING (customer_id, order_id)"
        )
    engine.write(
        f"SELECT customer_key, {columns}, cancelled_at FROM (SELECT c.customer_key, {carried}, {cancelled} AS "
        f"cancelled_at FROM events_ok e JOIN customers c USING (customer_id){join} "
        f"ORDER BY event, customer_key{order})",
        out / "events.parquet",
    )


def _make_types(engine: Engine, kinds: Sequence[EventKind]) -> dict[str, str]:
    """Make a type of the words of each text column that has few, and return its name by column.

    To order the events is to carry all their columns along: a word of a type is a byte or two, and text sixteen.
    """
    texts = kinds[0].words if kinds else ()
    few = [c for c in texts if 0 < sum(kind.words[c] for kind in kinds) <= _FEW_WORDS]
    if not few:
        return {}
    lists = ", ".join(f"list(DISTINCT {identifier(c)}) AS {identifier(c)}" for c in few)
    engine.run(f"CREATE OR REPLACE TABLE words AS SELECT {lists} FROM events_ok")
    types = {c: identifier(f"words of {c}") for c in few}
    for column, name in types.items():
        engine.run(f"DROP TYPE IF EXISTS {name}")
        engine.run(
            f"CREATE TYPE {name} AS ENUM (SELECT word FROM (SELECT unnest({identifier(column)}) AS word FROM words) "
            "WHERE word IS NOT NULL ORDER BY word)"
        )
    engine.run("DROP TABLE words")
    return types


def _cast(value: str, column: str, kind: str) -> str:
    name = identifier(column)
    return f"CAST({value} AS {kind}) AS {name}" if kind else f"{value} AS {name}"
