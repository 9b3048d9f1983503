"""Opening a part of a table source: its columns checked, joined, with constants, and only the rows wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from discovery.core.dataset import EVENT_COLUMNS, PROFILE_COLUMNS
from discovery.core.errors import DataError, SettingError, did_you_mean
from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal, literals
from discovery.ingest.files import KINDS, Opened, column_as, open_files
from discovery.ingest.files.find import find_files, kind_of, refuse_copies

PLACE = ("country", "region", "city", "postal_code")
#: What any shape may say of the customer; ``property.<name>`` besides.
PROFILE = ("email", "phone", *PLACE)
LINE = ("product_id", "product", "category", "brand", "discount_code", "campaign_id", "channel", "device")
#: Names of a column that says what currency a row is in, whether mapped or not.
_CURRENCY = ("currency", "Currency", "CURRENCY", "currency_code", "Currency Code")
#: What a mapping may name, by shape, and what it must.
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "order_lines": (
        "customer_id", "order_id", "at", "quantity", "unit_price", "value", "discount", "currency", *LINE, *PROFILE,
    ),
    "orders": (
        "customer_id", "order_id", "at", "value", "quantity", "discount", "discount_code", "currency", "campaign_id",
        "channel", "device", *PROFILE,
    ),
    "events": (*EVENT_COLUMNS, "currency", "email", "phone", "region", "city", "postal_code"),
    "customers": tuple(PROFILE_COLUMNS),
}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("customer_id", "order_id", "at"),
    "orders": ("customer_id", "at", "value"),
    "events": ("customer_id", "event", "at"),
    "customers": ("customer_id",),
}


def mapping_of(part: TablePart) -> dict[str, str]:
    """Return our name to the column it is read from; a constant is read from the column ``=name``.

    Raises
    ------
    SettingError
        If the mapping names something unknown or leaves out what is needed.
    """
    allowed, required = ALLOWED[part.shape], REQUIRED[part.shape]
    mapping = {**part.columns, **{ours: f"={ours}" for ours in part.constants}}
    for ours in mapping:
        if ours not in allowed and not (ours.startswith("property.") and len(ours) > len("property.")):
            raise SettingError(
                f"source.columns.{ours} is not a column of {part.shape}. {did_you_mean(ours, allowed)} "
                "Anything else about a customer is a property.<name>."
            )
    lost = [c for c in required if c not in mapping]
    if lost:
        raise SettingError(
            f"source.columns must name {', '.join(required)} for {part.shape}; missing: {', '.join(lost)}."
        )
    if part.shape == "order_lines" and "value" not in mapping and not {"quantity", "unit_price"} <= set(mapping):
        raise SettingError(
            "source.columns must name quantity and unit_price for order_lines, or value (what the line cost in all); "
            f"missing: {', '.join(c for c in ('quantity', 'unit_price') if c not in mapping)}."
        )
    return mapping


def open_part(engine: Engine, part: TablePart, source: TableSource, path: Path, scratch: Path, name: str) -> Opened:
    """Make the view ``opened_<name>`` of a part's files.

    Raises
    ------
    DataError
        If a file cannot be read or lacks a column that the config names.
    """
    files = find_files(path, KINDS, source, "leave")
    if not part.overlapping_extracts and part.repeated_rows == "keep":
        refuse_copies(files)
    asked = {f"columns.{ours}": theirs for ours, theirs in part.columns.items()}
    asked |= {f"only.{column}": column for column in part.only}
    # A workbook's own sheets are its extracts; of other files a column has to tell.
    workbook = all(kind_of(f) == ".xlsx" for f in files)
    asked |= {"sheet_column": part.sheet_column} if part.sheet_column and not workbook else {}
    asked |= {"join_on": part.join_on} if part.join else {}
    wanted = {*asked.values(), *_CURRENCY}
    opened = open_files(engine, files, wanted, part, source, scratch / name, f"files_{name}")
    types, known, relation = dict(opened.types), set(opened.known), f"files_{name}"
    if part.join and part.join_on in types:
        other = _lookup(engine, part, source, path, scratch, name, wanted - set(types) | {part.join_on})
        known |= set(other.known)
        brought = {c: kind for c, kind in other.types.items() if c not in types}
        relation = _joined(part.join_on, opened, other, tuple(brought))
        types |= brought
    for setting, theirs in asked.items():
        if theirs not in types:
            raise DataError(
                f"{files[0].name} has no column {theirs!r}, which source.{setting} names. "
                f"{did_you_mean(theirs, known)} Set source.{setting}."
            )
    constants = "".join(f", {literal(text)} AS {identifier(f'={ours}')}" for ours, text in part.constants.items())
    types |= {f"={ours}": "VARCHAR" for ours in part.constants}
    rows = [equals(column, types[column], values) for column, values in part.only.items()]
    if part.sheets and part.sheet_column and not workbook:
        rows.append(f"CAST({identifier(part.sheet_column)} AS VARCHAR) IN {literals(part.sheets)}")
    view = f"opened_{name}"
    chosen = " AND ".join(rows) or "TRUE"
    engine.run(f"CREATE OR REPLACE VIEW {view} AS SELECT *{constants} FROM {relation} WHERE {chosen}")
    count = opened.rows
    if rows:
        count = int(engine.scalar(f"SELECT count(*) FROM {view}")) + len(opened.ragged)
        if not count:
            raise DataError(f"{files[0].name} holds no row that source.only or source.sheets asks for.")
    if "currency" not in part.columns and part.shape != "customers":
        _one_currency(engine, view, types)
    return Opened(view, types, tuple(sorted(known)), count, opened.ragged)


def _joined(key: str, opened: Opened, other: Opened, brought: Sequence[str]) -> str:
    """Return the rows with what the second file knows of them; a row it does not know keeps its place."""
    ours, theirs = (column_as(key, o.types[key], "VARCHAR") for o in (opened, other))
    chosen = ", ".join(['f.* EXCLUDE ("@key")', *(f"j.{identifier(c)}" for c in brought)])
    return (
        f'(SELECT {chosen} FROM (SELECT *, {ours} AS "@key" FROM {opened.view}) AS f '
        f'LEFT JOIN (SELECT *, {theirs} AS "@key" FROM {other.view}) AS j ON f."@key" = j."@key") AS joined'
    )


def _one_currency(engine: Engine, view: str, types: Mapping[str, str]) -> None:
    """Refuse a file that says each row's currency, names several, and whose mapping does not look at it."""
    for column in set(types) & set(_CURRENCY):
        found = engine.rows(
            f"SELECT DISTINCT {identifier(column)} FROM {view} WHERE {identifier(column)} <> '' ORDER BY 1 LIMIT 5"
        )
        if len(found) > 1:
            listed = ", ".join(str(r[0]) for r in found)
            raise DataError(
                f"Amounts must be in one currency, got {listed} in column {column!r}. Set source.columns.currency: "
                f"{column}, with source.rates or source.other_currencies: problem."
            )


def equals(column: str, kind: str, values: str) -> str:
    """Return whether a column is one of the values a setting lists; 1 and 1.0 are one number."""
    name = identifier(column)
    words = [w.strip() for w in values.split("|")]
    same = f"trim(CAST({name} AS VARCHAR)) IN {literals(words)}"
    numbers = [w for w in words if _is_number(w)]
    if kind == "VARCHAR" or not numbers:
        return f"coalesce({same}, FALSE)"
    return f"coalesce({same} OR try_cast({name} AS DOUBLE) IN ({', '.join(numbers)}), FALSE)"


def _is_number(word: str) -> bool:
    try:
        return float(word) == float(word)
    except ValueError:
        return False


def _lookup(
    engine: Engine, part: TablePart, source: TableSource, path: Path, scratch: Path, name: str, wanted: set[str]
) -> Opened:
    """Make the view ``joined_<name>`` of the second file, whose key must be unique."""
    other = (path if path.is_dir() else path.parent) / part.join
    plain = TablePart(delimiter=part.delimiter, encoding=part.encoding)
    opened = open_files(
        engine, find_files(other, KINDS, source), wanted, plain, source, scratch / f"{name}_join", f"joined_{name}"
    )
    if part.join_on not in opened.types:
        raise DataError(
            f"{other.name} has no column {part.join_on!r}, which source.join_on names. "
            f"{did_you_mean(part.join_on, opened.known)} Set source.join_on."
        )
    key = identifier(part.join_on)
    twice = engine.rows(f"SELECT {key} FROM joined_{name} GROUP BY {key} HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
    if twice:
        raise DataError(
            f"{other.name} must hold each {part.join_on!r} once, got {twice[0][0]!r} more often. "
            "A join would count rows twice."
        )
    return opened
