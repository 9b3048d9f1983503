"""One profile for each customer, out of the rows that speak of them."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier

#: Fields of one address: they are taken together, so that no customer lives in two countries at once.
ADDRESS = ("country", "region", "city", "postal_code", "latitude", "longitude")


def number_rows(engine: Engine, table: str, first: Sequence[str]) -> None:
    """Add ``turn`` to `table`: 1 for the row of each customer that comes first by `first`, 2 for the next, ...

    Ties are broken by content, never by file or row, so that neither order nor splitting of files counts.
    """
    content = ", ".join(identifier(c) for c in engine.columns(table) if c not in ("file", "row"))
    order = ", ".join([*first, f"md5(CAST(row({content}) AS VARCHAR))"])
    engine.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY {order}) "
        f"AS turn FROM {table}"
    )


def united(fields: Sequence[str]) -> str:
    """Return the SELECT list that takes each field of a customer from the first row, by ``turn``, that states it."""
    address = [f for f in ADDRESS if f in fields]
    packed = "struct_pack(" + ", ".join(f"{f} := {f}" for f in address) + ")"
    stated = " OR ".join(f"{f} IS NOT NULL" for f in address)
    parts = []
    for field in fields:
        name = identifier(field)
        if field in address:
            parts.append(f"arg_min({packed}, turn) FILTER (WHERE {stated}).{field} AS {name}")
        else:
            parts.append(f"arg_min({name}, turn) FILTER (WHERE {name} IS NOT NULL) AS {name}")
    return ", ".join(parts)
