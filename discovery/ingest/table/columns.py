"""From a file's columns to ours: names, types, and which rows have a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import identifier, literal, literals
from discovery.ingest.cells import text as cell_text
from discovery.ingest.contract import EARLIEST, LATEST, report_ragged
from discovery.ingest.files import FILE, ROW, SHEET, Opened, column_as, reading
from discovery.ingest.table.dates import instant, is_numeric
from discovery.ingest.table.numbers import decimal_sign, number, number_given
from discovery.ingest.table.open import equals, mapping_of

NUMBERS = ("quantity", "unit_price", "value", "discount", "latitude", "longitude")
_BOOLEANS = ("machine", "suppressed")
_INSTANTS = ("at", "created_at", "birthday")
#: An amount beyond this is a typing error: a decimal with four places could not hold a store's total.
LARGEST = 1e12
_TRUE, _FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")


@dataclass(frozen=True)
class Fault:
    """What makes a row unusable: a reason code, the column shown for it, and a condition on the typed columns."""

    reason: str
    column: str
    where: str


@dataclass(frozen=True)
class Typed:
    """A table in our names and types, as a view of the engine; ``faults`` is 0 in rows that can be used."""

    view: str
    columns: tuple[str, ...]
    opened: Opened


def type_part(
    engine: Engine,
    part: TablePart,
    source: TableSource,
    opened: Opened,
    faults: Sequence[Fault],
    scratch: Path,
    name: str,
) -> Typed:
    """Write a part in our names and types to the scratch folder, as the view ``typed_<name>``.

    A value that cannot be converted is missing, and its text kept beside as ``<name>_text``. Rows with a fault are
    put into the problems, one line per fault.
    """
    mapping, types = mapping_of(part), opened.types
    several = "currency" in mapping
    texts = {ours: c for ours, c in mapping.items() if ours in NUMBERS and types[c] == "VARCHAR" and c[0] != "="}
    decimal, plain = decimal_sign(engine, opened.view, texts.values(), part.decimal, "" if several else source.currency)
    extract = SHEET
    if part.sheet_column in types:
        extract = f"coalesce({SHEET}, CAST({identifier(part.sheet_column)} AS VARCHAR))"
    out = [f"{FILE} AS file", f'{ROW} AS "row"', f"coalesce({extract}, {FILE}) AS sheet"]
    for ours, theirs in mapping.items():
        unknown = equals(theirs, types[theirs], part.missing[ours]) if ours in part.missing else "FALSE"
        if ours in NUMBERS:
            value, given = number(theirs, types[theirs], decimal, plain), number_given(theirs, types[theirs])
        else:
            value, given = _converted(engine, part, source, opened, ours, theirs, unknown)
        if ours in part.missing:
            value = f"CASE WHEN NOT ({unknown}) THEN {value} END"
        out.append(f"{value} AS {identifier(ours)}")
        if given:
            failed = f"({given}) AND NOT ({unknown}) AND ({value}) IS NULL"
            text = identifier(ours + "_text")
            out.append(f"CASE WHEN {failed} THEN CAST({identifier(theirs)} AS VARCHAR) END AS {text}")
    bits = " + ".join(f"CASE WHEN {f.where} THEN {1 << i} ELSE 0 END" for i, f in enumerate(faults)) or "0"
    target, view = scratch / f"typed_{name}.parquet", f"typed_{name}"
    with reading(Path(part.path).name):
        engine.run(
            f"COPY (SELECT *, {bits} AS faults FROM (SELECT {', '.join(out)} FROM {opened.view}) AS typed) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
        )
    engine.run(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {parquet(target)}")
    _report(engine, view, mapping, faults)
    report_ragged(engine, opened.ragged)
    return Typed(view, tuple(mapping), opened)


def time_faults() -> tuple[Fault, ...]:
    """Return what can be wrong with an event's time."""
    return (
        Fault("missing_date", "at", '"at" IS NULL AND at_text IS NULL'),
        Fault("bad_date", "at", "at_text IS NOT NULL"),
        Fault("impossible_date", "at", f'"at" < {EARLIEST} OR "at" >= {LATEST}'),
    )


def number_faults(columns: Sequence[str], required: Sequence[str]) -> tuple[Fault, ...]:
    """Return what can be wrong with numbers: missing where needed, no number, or no amount a store can have."""
    out = []
    for c in columns:
        need = f"{c} IS NULL" if c in required else f"{c}_text IS NOT NULL"
        out.append(Fault("bad_number", c, need))
        out.append(Fault("impossible_number", c, f"NOT (abs({c}) < {LARGEST})"))
    return tuple(out)


def check_dates(engine: Engine, typed: Typed, part: TablePart) -> None:
    """Raise if most times could not be read as the config says they stand."""
    bad, total, example = engine.rows(
        f'SELECT count(at_text), count(at_text) + count("at"), min(at_text) FROM {typed.view}'
    )[0]
    if bad > total / 2:
        expected = part.date_format or "dates"
        raise DataError(
            f"{bad:,} of {total:,} values of {part.columns.get('at', 'at')!r} are not {expected}; got for example "
            f"{example!r}. Set source.date_format, for example '%d/%m/%Y %H:%M'."
        )


def _converted(
    engine: Engine, part: TablePart, source: TableSource, opened: Opened, ours: str, theirs: str, unknown: str
) -> tuple[str, str]:
    """Return the SQL of a column that is no number, and of whether a value is there that may fail; "" if none can."""
    kind = opened.types[theirs]
    text = cell_text(column_as(theirs, kind, "VARCHAR"))
    word, given = f"lower({text})", f"{text} IS NOT NULL"
    if ours in _INSTANTS:
        # A constant is written in the config, where dates are ISO whatever the file's format; an epoch is of `at`.
        stated = part.date_format if not theirs.startswith("=") else ""
        epoch = part.epoch if ours == "at" and not theirs.startswith("=") else ""
        zone = "UTC" if ours == "birthday" else source.timezone
        moment = instant(engine, opened.view, theirs, kind, zone, stated, epoch, part.time_unit, unknown)
        return (f"CAST(make_timestamp({moment}) AS DATE)" if ours == "birthday" else moment), given
    if ours in _BOOLEANS:
        return (
            f"CASE WHEN {word} IN {literals(_TRUE)} THEN TRUE WHEN {word} IN {literals(_FALSE)} THEN FALSE END",
            given,
        )
    if ours in ("consent_email", "consent_sms"):
        return _consent(text), ""
    if ours.startswith("property."):
        return _property(engine, opened.view, theirs, kind, unknown), ""
    return text, ""


def _report(engine: Engine, view: str, mapping: Mapping[str, str], faults: Sequence[Fault]) -> None:
    for i, fault in enumerate(faults):
        shown = "NULL"
        if fault.column in mapping:
            value = f"CAST({identifier(fault.column)} AS VARCHAR)"
            texts = fault.column in (*NUMBERS, *_INSTANTS, *_BOOLEANS)
            shown = f"coalesce({identifier(fault.column + '_text')}, {value})" if texts else value
        engine.run(
            f'INSERT INTO problems_in SELECT file, "row", {literal(fault.column)}, {shown}, {literal(fault.reason)} '
            f"FROM {view} WHERE faults & {1 << i} > 0"
        )


def _consent(text: str) -> str:
    word = f"lower({text})"
    return (
        f"CASE WHEN {word} IN ('subscribed', 'unsubscribed', 'never', 'unknown') THEN {word} "
        f"WHEN {word} IN {literals(_TRUE)} THEN 'subscribed' WHEN {word} IN {literals(_FALSE)} THEN 'unsubscribed' "
        f"WHEN {word} IS NOT NULL THEN 'unknown' END"
    )


def _property(engine: Engine, view: str, column: str, kind: str, unknown: str) -> str:
    """Return a property in the type all its values have: number, boolean, or text. ``0042`` is a text."""
    name = identifier(column)
    if kind != "VARCHAR":
        return number(column, kind, ".", True) if is_numeric(kind) else name
    text = f"nullif(trim({name}), '')"
    some, numbers, truths = engine.rows(
        f"SELECT count(t), count(*) FILTER (WHERE regexp_matches(t, '^[+-]?(0|[1-9]\\d*)(\\.\\d+)?$')), "
        f"count(*) FILTER (WHERE lower(t) IN ('true', 'false')) FROM "
        f"(SELECT {text} AS t FROM {view} WHERE NOT ({unknown}) OR {name} IS NULL) AS texts"
    )[0]
    if some and some == numbers:
        return f"try_cast({text} AS DOUBLE)"
    return f"try_cast(lower({text}) AS BOOLEAN)" if some and some == truths else text
