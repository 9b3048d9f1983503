"""Orders or order lines from any CSV, Parquet or XLSX, with a mapping of columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from discovery.core.errors import DataError, SettingError, did_you_mean
from discovery.core.progress import Progress
from discovery.core.settings import TableSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal, literals
from discovery.ingest.contract import Arrival, report, start_problems
from discovery.ingest.countries import country_code
from discovery.ingest.files import open_table, require_columns

#: What a mapping may name, by shape, and what it must.
_PROFILE = ("email", "phone", "country", "region", "city", "postal_code")
_LINE = ("product_id", "product", "category", "brand", "discount_code")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("customer_id", "order_id", "at", "quantity", "unit_price", "discount", *_LINE, *_PROFILE),
    "orders": ("customer_id", "order_id", "at", "value", "quantity", "discount", "discount_code", *_PROFILE),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("customer_id", "order_id", "at", "quantity", "unit_price"),
    "orders": ("customer_id", "at", "value"),
}
_NUMBERS = ("quantity", "unit_price", "value", "discount")
#: An amount beyond this is a typing error: a decimal with four places could not hold a store's total.
_LARGEST = 1e12


def read_table(engine: Engine, source: TableSource, path: Path, scratch: Path, progress: Progress) -> Arrival:
    """Leave the file's orders in the engine as the contract wants them, every fault reported.

    Order lines of one order and customer become one ``placed_order`` (value: the sum of its lines) and one
    ``ordered_product`` each; lines of a cancelled order become one ``refunded_order`` with a negative value.
    Service lines (postage, fees) count in the order's value but are no product bought.

    Raises
    ------
    SettingError
        If the mapping names something unknown or leaves out what is needed.
    DataError
        If the file cannot be read, lacks a mapped column, or its dates cannot be told.
    """
    _check_mapping(source)
    progress("Reading the file", 0.0)
    open_table(engine, path, source.sheets, scratch)
    require_columns(engine, {f"columns.{ours}": theirs for ours, theirs in source.columns.items()}, path)
    if _sheet(source) != "source_sheet":
        require_columns(engine, {"sheet_column": source.sheet_column}, path)
    start_problems(engine)
    _type(engine, source)
    progress("Reading the file", 0.6)
    notes = _drop_overlap(engine, source)
    _check_dates(engine, source, path)
    notes += _countries(engine, source)
    if source.shape == "order_lines":
        notes += _lines(engine, source)
    else:
        _orders(engine)
    _profiles(engine, source)
    rows = int(engine.scalar("SELECT count(*) FROM typed"))
    engine.run("DROP TABLE typed")
    progress("Reading the file", 1.0)
    return Arrival(source.currency, rows, tuple(notes))


def _check_mapping(source: TableSource) -> None:
    allowed, required = ALLOWED[source.shape], REQUIRED[source.shape]
    for ours in source.columns:
        if ours not in allowed:
            raise SettingError(
                f"source.columns.{ours} is not a column of {source.shape}. {did_you_mean(ours, allowed)}"
            )
    missing = [c for c in required if c not in source.columns]
    if missing:
        raise SettingError(
            f"source.columns must name {', '.join(required)} for {source.shape}; missing: {', '.join(missing)}."
        )


def _type(engine: Engine, source: TableSource) -> None:
    """Make the table ``typed``: our names and types; what cannot be converted is missing, its text kept beside."""
    types = engine.columns("opened")
    out = ["source_file AS file", 'source_row AS "row"', f"{_sheet(source)} AS sheet"]
    for ours in ALLOWED[source.shape]:
        theirs = source.columns.get(ours)
        if theirs is None:
            out.append(f"CAST(NULL AS {'DOUBLE' if ours in _NUMBERS else 'VARCHAR'}) AS {ours}")
            continue
        column, kind = identifier(theirs), types[theirs]
        if ours == "at":
            out.append(f'{_instant(column, kind, source)} AS "at"')
            out.append(f"CAST({column} AS VARCHAR) AS at_text")
        elif ours in _NUMBERS:
            out.append(f"{_number(column, kind, source)} AS {ours}")
            out.append(f"CAST({column} AS VARCHAR) AS {ours}_text")
        elif ours == "customer_id" and kind in ("DOUBLE", "FLOAT"):
            # An id column with gaps turns into floats in many tools: 17850.0 is customer 17850.
            out.append(f"CAST(CAST({column} AS BIGINT) AS VARCHAR) AS customer_id")
        else:
            out.append(f"nullif(trim(CAST({column} AS VARCHAR)), '') AS {ours}")
    chosen = f"WHERE {_sheet(source)} IN {literals(source.sheets)}" if source.sheets else ""
    engine.run(f"CREATE OR REPLACE TABLE typed AS SELECT {', '.join(out)} FROM opened {chosen}")


def _sheet(source: TableSource) -> str:
    """Return the column that tells the extracts apart: a workbook's own sheets, or the one the config names."""
    workbook = source.path.lower().endswith(".xlsx")
    return "source_sheet" if workbook or not source.sheet_column else identifier(source.sheet_column)


def _instant(column: str, kind: str, source: TableSource) -> str:
    zone = literal(source.timezone)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({column})"
    if kind == "VARCHAR":
        text = f"trim({column})"
        parsed = (
            f"try_strptime({text}, {literal(source.date_format)})"
            if source.date_format
            else f"try_cast({text} AS TIMESTAMP)"
        )
        return f"epoch_us(timezone({zone}, {parsed}))"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"epoch_us(timezone({zone}, CAST({column} AS TIMESTAMP)))"
    raise DataError(
        f"source.columns.at must be a date, a time or text, got a column of type {kind}. "
        "Convert it, or map another column."
    )


def _number(column: str, kind: str, source: TableSource) -> str:
    if kind != "VARCHAR":
        return f"CAST({column} AS DOUBLE)"
    text = f"trim({column})"
    if source.decimal == ",":
        text = f"replace(replace({text}, '.', ''), ',', '.')"
    return f"try_cast({text} AS DOUBLE)"


def _drop_overlap(engine: Engine, source: TableSource) -> list[str]:
    """Keep a row as often as the extract that holds it most often holds it.

    A whole-row ``DISTINCT`` would also drop lines that stand twice in one order on purpose.
    """
    if not source.overlapping_extracts:
        return []
    same = ", ".join(identifier(c) for c in engine.columns("typed") if c not in ("file", "row", "sheet"))
    engine.run(
        "CREATE OR REPLACE TABLE typed AS SELECT * EXCLUDE (occurrence), row_number() OVER "
        f'(PARTITION BY {same}, occurrence ORDER BY sheet, file, "row") > 1 AS repeated FROM '
        f'(SELECT *, row_number() OVER (PARTITION BY sheet, {same} ORDER BY file, "row") AS occurrence FROM typed)'
    )
    report(engine, "typed", "order_id", "duplicate_row", "repeated")
    dropped = engine.scalar("SELECT count(*) FROM typed WHERE repeated")
    return [f"{dropped:,} rows stand in more than one extract and were counted once."] if dropped else []


def _check_dates(engine: Engine, source: TableSource, path: Path) -> None:
    total, bad, example = engine.rows(
        'SELECT count(at_text), count(*) FILTER (WHERE "at" IS NULL AND at_text IS NOT NULL), '
        'min(at_text) FILTER (WHERE "at" IS NULL AND at_text IS NOT NULL) FROM typed'
    )[0]
    if total and bad > total / 2:
        expected = source.date_format or "ISO dates such as 2011-12-09 12:50"
        raise DataError(
            f"{path.name}: {bad:,} of {total:,} values of {source.columns['at']!r} are not {expected}; "
            f"got for example {example!r}. Set source.date_format, for example '%d/%m/%Y %H:%M'."
        )


def _countries(engine: Engine, source: TableSource) -> list[str]:
    names = [r[0] for r in engine.rows("SELECT DISTINCT country FROM typed WHERE country IS NOT NULL ORDER BY 1")]
    codes = {n: source.country_aliases.get(n) or country_code(n) for n in names}
    frame = pd.DataFrame({"name": list(codes), "code": list(codes.values())}, dtype="str")
    engine.load("country_codes", frame)
    unknown = engine.rows(
        "SELECT country, count(*) FROM typed JOIN country_codes ON country = name "
        "WHERE code IS NULL GROUP BY country ORDER BY country"
    )
    if not unknown:
        return []
    listed = ", ".join(f"{name} ({n:,} rows)" for name, n in unknown)
    return [f"Country unknown, left missing: {listed}. Name their codes in source.country_aliases."]


def _usable(engine: Engine, faults: Mapping[str, tuple[str, str]]) -> str:
    """Report each fault (reason: column, SQL) and return the SQL of a row without any."""
    for reason, (column, where) in faults.items():
        text = f"{column}_text" if column in (*_NUMBERS, "at") else column
        report(engine, "typed", column, reason, where, text)
    wrong = " OR ".join(f"coalesce({where}, FALSE)" for _, where in faults.values())
    repeated = "NOT repeated AND " if "repeated" in engine.columns("typed") else ""
    return f"{repeated}NOT ({wrong})"


def _lines(engine: Engine, source: TableSource) -> list[str]:
    prefix = source.refund_prefix
    refund = f"upper(left(order_id, {len(prefix)})) = {literal(prefix.upper())}" if prefix else "FALSE"
    usable = _usable(
        engine,
        {
            "missing_customer": ("customer_id", "customer_id IS NULL"),
            "missing_order": ("order_id", "order_id IS NULL"),
            "bad_date": ("at", '"at" IS NULL'),
            "bad_number": ("quantity", "quantity IS NULL OR unit_price IS NULL"),
            "impossible_number": ("unit_price", f"NOT (abs(unit_price * quantity) < {_LARGEST})"),
            "quantity_not_positive": ("quantity", f"quantity <= 0 AND NOT ({refund})"),
            "refund_not_negative": ("quantity", f"quantity >= 0 AND {refund}"),
            "price_not_positive": ("unit_price", "unit_price <= 0"),
        },
    )
    service = f"upper(product_id) IN {literals(p.upper() for p in source.service_products)}"
    service = f"coalesce({service}, FALSE)" if source.service_products else "FALSE"
    money = "CAST(round(quantity * unit_price, 4) AS DECIMAL(18,4))"
    engine.run(
        f"CREATE OR REPLACE TABLE lines AS SELECT t.* EXCLUDE (country), c.code AS country, {refund} AS is_refund, "
        f"{service} AS is_service, {money} AS line_value, CAST(discount AS DECIMAL(18,4)) AS line_discount "
        f"FROM typed t LEFT JOIN country_codes c ON t.country = c.name WHERE {usable}"
    )
    engine.run(
        "CREATE OR REPLACE TABLE events_in AS "
        "SELECT customer_id, CASE WHEN is_refund THEN 'refunded_order' ELSE 'placed_order' END AS event, "
        'min("at") AS "at", sum(line_value) AS value, order_id, CAST(NULL AS VARCHAR) AS product_id, '
        "CAST(NULL AS VARCHAR) AS product, CAST(NULL AS VARCHAR) AS category, CAST(NULL AS VARCHAR) AS brand, "
        "sum(quantity) FILTER (WHERE NOT is_service) AS quantity, sum(line_discount) AS discount, "
        'min(discount_code) AS discount_code, min(country) AS country, min(file) AS file, min("row") AS "row" '
        "FROM lines GROUP BY customer_id, order_id, is_refund "
        "UNION ALL SELECT customer_id, 'ordered_product', \"at\", line_value, order_id, product_id, product, category, "
        'brand, quantity, line_discount, discount_code, country, file, "row" '
        "FROM lines WHERE NOT is_refund AND NOT is_service"
    )
    found = engine.rows(
        "SELECT upper(product_id), count(*) FROM lines WHERE is_service GROUP BY 1 ORDER BY count(*) DESC, 1"
    )
    engine.run("DROP TABLE lines")
    if not found:
        return []
    listed = ", ".join(f"{code} {n:,}" for code, n in found)
    return [f"Postage, fee and adjustment lines count in the order's value and are no product bought: {listed}."]


def _orders(engine: Engine) -> None:
    usable = _usable(
        engine,
        {
            "missing_customer": ("customer_id", "customer_id IS NULL"),
            "bad_date": ("at", '"at" IS NULL'),
            "bad_number": ("value", "value IS NULL"),
            "impossible_number": ("value", f"NOT (abs(value) < {_LARGEST})"),
            "value_zero": ("value", "value = 0"),
        },
    )
    engine.run(
        "CREATE OR REPLACE TABLE events_in AS SELECT customer_id, "
        "CASE WHEN value < 0 THEN 'refunded_order' ELSE 'placed_order' END AS event, \"at\", "
        "CAST(round(value, 4) AS DECIMAL(18,4)) AS value, coalesce(order_id, file || ':' || \"row\") AS order_id, "
        'quantity, CAST(discount AS DECIMAL(18,4)) AS discount, discount_code, c.code AS country, file, "row" '
        f"FROM typed t LEFT JOIN country_codes c ON t.country = c.name WHERE {usable}"
    )


def _profiles(engine: Engine, source: TableSource) -> None:
    """Make one profile a customer: each field as the customer's latest row states it."""
    fields = [c for c in _PROFILE if c in source.columns]
    latest = ""
    for field in fields:
        value = "c.code" if field == "country" else f"t.{field}"
        latest += f', arg_max({value}, ("at", {value})) FILTER (WHERE {value} IS NOT NULL) AS {field}'
    engine.run(
        f"CREATE OR REPLACE TABLE profiles_in AS SELECT customer_id{latest} "
        "FROM typed t LEFT JOIN country_codes c ON t.country = c.name "
        'WHERE customer_id IS NOT NULL AND "at" IS NOT NULL AND customer_id IN (SELECT customer_id FROM events_in) '
        "GROUP BY customer_id"
    )
