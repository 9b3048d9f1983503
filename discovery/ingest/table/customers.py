"""Customers: one row each, and what the rows of other tables say of them.

What a table of customers alone cannot give: when anything happened. Totals such as spend or number of orders arrive
as ``property.<name>`` numbers, true on the unknown day the table was made. They can describe and divide customers, but
no window ("in the last 90 days"), no recency, no response after a date and no forecast can be computed from them; and a
property that was counted after the date a segmentation is made at gives its outcome away. A campaign's answer without a
date is a property too. Where a column does hold the date of something, map the file a second time as ``events``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from discovery.core.dataset import PROFILE_COLUMNS
from discovery.core.many import many
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier
from discovery.ingest.table.columns import Fault, Typed
from discovery.ingest.table.rows import drop_named_twice

#: Columns whose values can fail to be what they should: left missing, and said.
_SOFT = ("created_at", "birthday", "latitude", "longitude", "suppressed")


def customer_faults() -> tuple[Fault, ...]:
    """Return what makes a row of customers unusable."""
    return (Fault("missing_customer", "customer_id", "customer_id IS NULL"),)


def customers(engine: Engine, typed: Typed, good: str) -> tuple[str, list[str]]:
    """Return the profiles of a table of customers, and the notes; a customer who stands twice is kept once."""
    kept = drop_named_twice(engine, good, typed.columns, "customer_id", ("duplicate_customer", "duplicate_customer"))
    notes = []
    for column in _SOFT:
        if column in typed.columns:
            bad, example = engine.rows(
                f"SELECT count({column}_text), min({column}_text) FROM {typed.view} WHERE faults = 0"
            )[0]
            if bad:
                notes.append(f"{many(bad, 'value')} of {column} cannot be read, for example {example!r}; left missing.")
    chosen = ", ".join(f"g.{identifier(c)}" for c in typed.columns)
    return f"SELECT {chosen} FROM {kept}", notes


def profiles_of_rows(typed: Typed, good: str) -> str:
    """Return one profile for each customer of a table of events or orders: each field as the latest row states it."""
    fields = [c for c in typed.columns if c.startswith("property.") or (c in PROFILE_COLUMNS and c != "customer_id")]
    latest = "".join(
        f', arg_max({f}, ("at", {f})) FILTER (WHERE {f} IS NOT NULL) AS {f}' for f in map(identifier, fields)
    )
    return f"SELECT customer_id{latest} FROM {good} GROUP BY customer_id"


def unite(engine: Engine, profiles: Sequence[str]) -> None:
    """Make the table ``profiles_in``: each customer once, each field from the first of `profiles` that knows it."""
    types: dict[str, str] = {}
    tables = []
    for number, sql in enumerate(profiles):
        table = f"profiles_{number}"
        engine.run(f"CREATE OR REPLACE TABLE {table} AS {sql}")
        found = engine.columns(table)
        tables.append((table, number, found))
        types = {**found, **{c: _either(types.get(c), kind) for c, kind in found.items()}, **_rest(types, found)}
    fields = [c for c in types if c != "customer_id"]
    union = " UNION ALL BY NAME ".join(
        f"SELECT {', '.join(f'CAST({identifier(c)} AS {types[c]}) AS {identifier(c)}' for c in found)}, "
        f'{number} AS "@turn" FROM {table}'
        for table, number, found in tables
    )
    first = "".join(
        f', arg_min({identifier(f)}, "@turn") FILTER (WHERE {identifier(f)} IS NOT NULL) AS {identifier(f)}'
        for f in fields
    )
    engine.run(
        f"CREATE OR REPLACE TABLE profiles_in AS SELECT customer_id{first} FROM ({union}) AS p GROUP BY customer_id"
    )
    for table, _, _ in tables:
        engine.run(f"DROP TABLE {table}")


def _either(known: str | None, kind: str) -> str:
    return kind if known in (None, kind) else "VARCHAR"


def _rest(known: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    return {c: kind for c, kind in known.items() if c not in found}
