"""Which rows of a typed table count: extracts that overlap, rows that repeat, currencies, countries."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from discovery.core.errors import DataError, SettingError
from discovery.core.many import many
from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.countries import country_code
from discovery.ingest.table.columns import Fault, Typed

_ORIGIN = ("file", "row", "sheet", "faults")


def usable_rows(engine: Engine, typed: Typed, part: TablePart, source: TableSource, name: str) -> tuple[str, list[str]]:
    """Make the view ``good_<name>`` of the rows that can be used, their countries as codes; return it and the notes."""
    notes = _drop_repeated(engine, typed, part, name)
    country = ""
    join = f'ANTI JOIN repeated_{name} AS r ON t.file = r.file AND t."row" = r."row"'
    if "country" in typed.columns:
        notes += _countries(engine, typed, source, name)
        country = " REPLACE (c.code AS country)"
        join += f" LEFT JOIN country_codes_{name} AS c ON t.country = c.name"
    view = f"good_{name}"
    engine.run(f"CREATE OR REPLACE VIEW {view} AS SELECT t.*{country} FROM {typed.view} AS t {join} WHERE t.faults = 0")
    return view, notes


def drop_named_twice(engine: Engine, good: str, columns: Sequence[str], key: str, reasons: tuple[str, str]) -> str:
    """Return the rows of `good` with each `key` once; the others are reported: the first reason if equal in all.

    Which one stays depends on what the rows hold, not on their order.
    """
    listed = ", ".join(identifier(c) for c in columns)
    table = f"twice_{good}"
    engine.run(
        f'CREATE OR REPLACE TABLE {table} AS SELECT file, "row", same > 1 AS equal, customer_id FROM (SELECT *, '
        f'row_number() OVER (PARTITION BY {key} ORDER BY {listed}, file, "row") AS turn, '
        f'row_number() OVER (PARTITION BY {key}, {listed} ORDER BY file, "row") AS same FROM {good} WHERE ({key}) IN '
        f"(SELECT ({key}) FROM {good} GROUP BY {key} HAVING count(*) > 1)) AS candidates WHERE turn > 1"
    )
    engine.run(
        f'INSERT INTO problems_in SELECT file, "row", {literal(key.split(",")[-1].strip())}, customer_id, '
        f"CASE WHEN equal THEN {literal(reasons[0])} ELSE {literal(reasons[1])} END FROM {table}"
    )
    return f'{good} AS g ANTI JOIN {table} AS w ON g.file = w.file AND g."row" = w."row"'


def currency_faults(engine: Engine, view: str, column: str, source: TableSource) -> tuple[Fault, ...]:
    """Return what can be wrong with a row's currency.

    Raises
    ------
    DataError
        If amounts are in a currency without a rate and the config does not say to leave them out.
    """
    for code, rate in source.rates.items():
        if _rate(rate) <= 0:
            raise SettingError(f"source.rates.{code} must be a number above 0, got {rate!r}.")
    known = [source.currency, *source.rates]
    listed = ", ".join(literal(c) for c in known)
    found = engine.rows(
        f"SELECT upper(trim({identifier(column)})) AS code, count(*) FROM {view} "
        f"WHERE trim({identifier(column)}) <> '' AND upper(trim({identifier(column)})) NOT IN ({listed}) "
        "GROUP BY code ORDER BY count(*) DESC, code LIMIT 10"
    )
    if found and source.other_currencies == "refuse":
        others = ", ".join(f"{code} ({many(n, 'row')})" for code, n in found)
        raise DataError(
            f"Amounts must be in {source.currency}, got also {others}. Give rates in source.rates, for example "
            f"{{{found[0][0]}: 1.1}}, or set source.other_currencies: problem to leave these rows out."
        )
    return (
        Fault("missing_currency", "currency", "currency IS NULL"),
        Fault("other_currency", "currency", f"upper(currency) NOT IN ({listed})"),
    )


def in_currency(amount: str, columns: Sequence[str], source: TableSource) -> str:
    """Return the SQL of an amount in the dataset's currency, to four places."""
    if "currency" in columns and source.rates:
        rates = " ".join(f"WHEN {literal(c)} THEN {_rate(r)!r}" for c, r in source.rates.items())
        amount = f"({amount}) * CASE upper(currency) {rates} ELSE 1 END"
    return f"CAST(round({amount}, 4) AS DECIMAL(18,4))"


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        return 0.0
    return rate if rate < float("inf") else 0.0


def _drop_repeated(engine: Engine, typed: Typed, part: TablePart, name: str) -> list[str]:
    """Make the table ``repeated_<name>`` of rows not to count again.

    Of overlapping extracts a row is kept as often as the one that holds it most often holds it: a whole-row
    ``DISTINCT`` would also drop lines that stand twice in one order on purpose.
    """
    table = f"repeated_{name}"
    engine.run(f'CREATE OR REPLACE TABLE {table} (file VARCHAR, "row" BIGINT)')
    if not part.overlapping_extracts and part.repeated_rows == "keep":
        return []
    same = ", ".join(identifier(c) for c in engine.columns(typed.view) if c not in _ORIGIN)
    # Most rows stand once: their hash says so, and only the rest is compared in full.
    several = "count(*) > 1" if part.repeated_rows == "drop" else "min(sheet) <> max(sheet)"
    rows = (
        f"SELECT * FROM {typed.view} WHERE hash({same}) IN "
        f"(SELECT hash({same}) FROM {typed.view} GROUP BY ALL HAVING {several})"
    )
    turn = f'row_number() OVER (PARTITION BY {same} ORDER BY sheet, file, "row") AS turn'
    if part.repeated_rows == "keep":
        rows = (
            f'SELECT *, row_number() OVER (PARTITION BY sheet, {same} ORDER BY file, "row") AS occurrence '
            f"FROM ({rows}) AS candidates"
        )
        turn = turn.replace(f"BY {same} ORDER", f"BY {same}, occurrence ORDER")
    engine.run(
        f'INSERT INTO {table} SELECT file, "row" FROM (SELECT file, "row", {turn} FROM ({rows}) AS r) AS t '
        "WHERE turn > 1"
    )
    engine.run(f"INSERT INTO problems_in SELECT file, \"row\", '', NULL, 'duplicate_row' FROM {table}")
    dropped = int(engine.scalar(f"SELECT count(*) FROM {table}"))
    where = "in more than one extract" if part.repeated_rows == "keep" else "more than once"
    return (
        [f"{many(dropped, f'row stands {where} and was', f'rows stand {where} and were')} counted once."]
        if dropped
        else []
    )


def _countries(engine: Engine, typed: Typed, source: TableSource, name: str) -> list[str]:
    found = engine.rows(
        f"SELECT country, count(*) FROM {typed.view} WHERE country IS NOT NULL GROUP BY country ORDER BY country"
    )
    codes = {n: source.country_aliases.get(n) or country_code(n) for n, _ in found}
    frame = pd.DataFrame({"name": list(codes), "code": list(codes.values())}, dtype="str")
    engine.load(f"country_codes_{name}", frame)
    unknown = [(n, rows) for n, rows in found if codes[n] is None]
    if not unknown:
        return []
    listed = ", ".join(f"{n} ({many(rows, 'row')})" for n, rows in unknown[:20])
    more = f" and {len(unknown) - 20:,} more" if len(unknown) > 20 else ""
    return [f"Country unknown, left missing: {listed}{more}. Name their codes in source.country_aliases."]
