"""Custom properties: every key of every profile becomes a column, typed by its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier
from discovery.ingest.cells import as_list, day, extracted, pointer
from discovery.ingest.people import united

#: No leading zero and at most 15 digits: what looks longer is an id, and a double could not hold it.
_NUMBER = r"-?(0|[1-9][0-9]{0,14})([.][0-9]+)?([eE][+-]?[0-9]{1,2})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z -]*)?"


def spread_properties(engine: Engine, table: str) -> tuple[list[str], list[str]]:
    """Replace the JSON ``properties`` of `table` by one text column for each key; return the columns, and notes.

    The column of key k is ``property.k``. Beside it ``text.k`` says that JSON stores the value as a text, so that
    ``"5"`` stays a text although it looks like a number; the values of a CSV are all texts and say nothing of it.
    Names that differ only in capitals share a column, since the engine cannot tell them apart.
    """
    found = [str(r[0]) for r in engine.rows(f"SELECT DISTINCT unnest(json_keys(properties)) FROM {table} ORDER BY 1")]
    names = [n for n in found if n.strip()]
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(name.strip().lower(), []).append(name)
    places = {name: i for i, name in enumerate(names, start=1)}
    chosen = ""
    for spellings in spelled.values():
        values = ", ".join(f"nullif(v[{places[s]}], '')" for s in spellings)
        stored = " OR ".join(f"coalesce(k[{places[s]}] = 'VARCHAR', FALSE)" for s in spellings)
        chosen += f", coalesce({values}) AS {identifier('property.' + spellings[0].strip())}"
        chosen += f", NOT texts AND ({stored}) AS {identifier('text.' + spellings[0].strip())}"
    pointers = [pointer(n) for n in names]
    kinds = extracted("properties", pointers).replace("json_extract_string(", "json_type(", 1)
    lists = f", {extracted('properties', pointers)} AS v, {kinds} AS k" if names else ""
    engine.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * EXCLUDE (properties{', v, k' if names else ''}){chosen} "
        f"FROM (SELECT *{lists} FROM {table})"
    )
    columns = [f"{kind}.{s[0].strip()}" for s in spelled.values() for kind in ("property", "text")]
    twice = [s for s in spelled.values() if len(s) > 1]
    listed = "; ".join(" and ".join(repr(n) for n in s) for s in twice)
    return columns, [f"Properties that differ only in capitals were taken as one: {listed}."] if twice else []


def _typed(engine: Engine, table: str, columns: Sequence[str]) -> Mapping[str, str]:
    """Return each property's column with the SQL that gives it its type.

    Boolean if every value is true or false, number if every value is one, date if every value starts with one, list
    if every value is a JSON array, otherwise text.
    """
    names = sorted(c for c in columns if c.startswith("property."))
    out = {}
    for name in names:
        value, stored = identifier(name), identifier("text." + name.removeprefix("property."))
        listed = as_list(value)
        tests = {
            f"CAST(lower({value}) AS BOOLEAN)": f"lower({value}) IN ('true', 'false') AND NOT {stored}",
            f"CAST({value} AS DOUBLE)": f"regexp_full_match({value}, '{_NUMBER}') AND NOT {stored}",
            day(value): f"regexp_full_match({value}, '{_DATE}') AND {day(value)} IS NOT NULL",
            listed: f"{listed} IS NOT NULL",
        }
        sums = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests.values())
        total, *fitting = engine.rows(f"SELECT count({value}), {sums} FROM {table}")[0]
        fits = [sql for sql, n in zip(tests, fitting, strict=True) if n == total and total]
        out[name] = fits[0] if fits else value
    return out


def make_profiles_in(engine: Engine, table: str, fields: Sequence[str], properties: Sequence[str]) -> None:
    """Make ``profiles_in`` of `table`: one row a customer, each field from the first ``turn`` that states it.

    Parameters
    ----------
    engine : Engine
        Holds the table.
    table : str
        Rows of customers with ``turn``, as `number_rows` adds it; it is left with one row a customer.
    fields : sequence of str
        Canonical columns; a consent that no row states is ``unknown``.
    properties : sequence of str
        Columns that `spread_properties` made; they are typed by their values.
    """
    engine.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT customer_id, {united([*fields, *properties])} "
        f"FROM {table} GROUP BY customer_id"
    )
    kept = [f"coalesce({c}, 'unknown') AS {c}" if c.startswith("consent_") else c for c in ("customer_id", *fields)]
    made = [f"{sql} AS {identifier(name)}" for name, sql in _typed(engine, table, properties).items()]
    engine.run(f"CREATE OR REPLACE TABLE profiles_in AS SELECT {', '.join([*kept, *made])} FROM {table}")
