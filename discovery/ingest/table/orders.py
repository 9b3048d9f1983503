"""Orders and order lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import identifier, literal, literals
from discovery.ingest.table.columns import LARGEST, Fault, Typed, number_faults, time_faults
from discovery.ingest.table.rows import drop_named_twice, in_currency

#: What an order takes over from its row, or from the smallest value among its lines.
_OF_ORDER = ("discount_code", "campaign_id", "channel", "device", "country")
_OF_LINE = ("product_id", "product", "category", "brand", "quantity", *_OF_ORDER)


def order_faults(columns: Sequence[str], part: TablePart) -> tuple[Fault, ...]:
    """Return what makes a row of orders unusable."""
    zero = () if part.zero_orders == "keep" else (Fault("value_zero", "value", "value = 0"),)
    numbers = number_faults([c for c in ("value", "quantity", "discount") if c in columns], ("value",))
    return (Fault("missing_customer", "customer_id", "customer_id IS NULL"), *time_faults(), *numbers, *zero)


def line_faults(columns: Sequence[str], part: TablePart) -> tuple[Fault, ...]:
    """Return what makes a row of order lines unusable."""
    refund = _is_refund(part)
    total = "value" in columns
    needed = ("value",) if total else ("quantity", "unit_price")
    faults = [
        Fault("missing_customer", "customer_id", "customer_id IS NULL"),
        Fault("missing_order", "order_id", "order_id IS NULL"),
        *time_faults(),
        *number_faults([c for c in ("quantity", "unit_price", "value", "discount") if c in columns], needed),
    ]
    if "quantity" in columns:
        faults.append(Fault("quantity_not_positive", "quantity", f"quantity <= 0 AND NOT ({refund})"))
        faults.append(Fault("refund_not_negative", "quantity", f"quantity >= 0 AND {refund}"))
    if total:
        zero = "<" if part.zero_orders == "keep" else "<="
        faults.append(Fault("value_not_positive", "value", f"value {zero} 0 AND NOT ({refund})"))
        faults.append(Fault("refund_not_negative", "value", f"value >= 0 AND {refund}"))
    else:
        zero = "<" if part.zero_orders == "keep" else "<="
        faults.append(Fault("price_not_positive", "unit_price", f"unit_price {zero} 0"))
        faults.append(Fault("impossible_number", "unit_price", f"NOT (abs(unit_price * quantity) < {LARGEST})"))
    return tuple(faults)


def orders(engine: Engine, typed: Typed, good: str, part: TablePart, source: TableSource, name: str) -> str:
    """Return the events of a table of orders; an order whose id the file gives twice counts once.

    A customer's order id that stands in several rows is one order. Equal rows are one row exported twice; of unequal
    ones, one is kept and the others are reported, for they are either corrections or parts: a file of parts is a
    file of order lines.
    """
    columns = typed.columns
    rows = good
    if "order_id" in columns:
        # A refund carries the id of the order it takes back. Without an id every row is an order.
        engine.run(
            f"CREATE OR REPLACE VIEW named_{good} AS SELECT *, value < 0 AS back FROM {good} WHERE order_id IS NOT NULL"
        )
        kept = drop_named_twice(
            engine, f"named_{good}", columns, "customer_id, back, order_id", ("duplicate_order", "repeated_order_id")
        )
        rows = f"(SELECT g.* EXCLUDE (back) FROM {kept} UNION ALL SELECT * FROM {good} WHERE order_id IS NULL) AS kept"
    taken = _taken(columns, ("order_id", "quantity", *_OF_ORDER))
    discount = f", {in_currency('discount', columns, source)} AS discount" if "discount" in columns else ""
    return (
        "SELECT customer_id, CASE WHEN value < 0 THEN 'refunded_order' ELSE 'placed_order' END AS event, \"at\", "
        f'{in_currency("value", columns, source)} AS value{discount}{taken}, file, "row" FROM {rows}'
    )


def order_lines(
    engine: Engine, typed: Typed, good: str, part: TablePart, source: TableSource, scratch: Path, name: str
) -> tuple[str, list[str]]:
    """Return the events of a table of order lines, and the notes.

    Lines of one order and customer become one ``placed_order`` (value: the sum of its lines) and one
    ``ordered_product`` each; lines of a cancelled order become one ``refunded_order`` with a negative value. Service
    lines (postage, fees) count in the order's value but are no product bought.
    """
    columns = typed.columns
    service = "FALSE"
    if source.service_products and "product_id" in columns:
        service = f"coalesce(upper(product_id) IN {literals(p.upper() for p in source.service_products)}, FALSE)"
    money = "value" if "value" in columns else "quantity * unit_price"
    value = in_currency(money, columns, source)
    discount = in_currency("discount", columns, source) if "discount" in columns else ""
    lines = f"lines_{name}"
    engine.run(
        f"CREATE OR REPLACE VIEW {lines} AS SELECT *, {_is_refund(part)} AS is_refund, {service} AS is_service, "
        f"{value} AS line_value{f', {discount} AS line_discount' if discount else ''} FROM {good}"
    )
    summed = ", sum(line_discount) AS discount" if discount else ""
    summed += ", sum(quantity) FILTER (WHERE NOT is_service) AS quantity" if "quantity" in columns else ""
    summed += "".join(f", min({identifier(c)}) AS {identifier(c)}" for c in _OF_ORDER if c in columns)
    target = scratch / f"orders_{name}.parquet"
    engine.run(
        'COPY (SELECT * EXCLUDE (origin), origin.file AS file, origin."row" AS "row" FROM (SELECT customer_id, '
        "CASE WHEN is_refund THEN 'refunded_order' ELSE 'placed_order' END AS event, min(\"at\") AS \"at\", "
        f"sum(line_value) AS value, order_id{summed}, min({{'file': file, 'row': \"row\"}}) AS origin "
        f"FROM {lines} GROUP BY customer_id, order_id, is_refund) AS orders) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
    )
    each = ", line_discount AS discount" if discount else ""
    events = (
        f"SELECT * FROM {parquet(target)} UNION ALL BY NAME SELECT customer_id, 'ordered_product' AS event, \"at\", "
        f'line_value AS value, order_id{each}{_taken(columns, _OF_LINE)}, file, "row" '
        f"FROM {lines} WHERE NOT is_refund AND NOT is_service"
    )
    if service == "FALSE":
        return events, []
    found = engine.rows(
        f"SELECT upper(product_id), count(*) FROM {lines} WHERE is_service GROUP BY 1 ORDER BY count(*) DESC, 1"
    )
    listed = ", ".join(f"{code} {n:,}" for code, n in found)
    note = f"Postage, fee and adjustment lines count in the order's value and are no product bought: {listed}."
    return events, [note] if found else []


def _is_refund(part: TablePart) -> str:
    prefix = part.refund_prefix
    return f"coalesce(upper(left(order_id, {len(prefix)})) = {literal(prefix.upper())}, FALSE)" if prefix else "FALSE"


def _taken(columns: Sequence[str], wanted: Sequence[str]) -> str:
    return "".join(f", {identifier(c)}" for c in wanted if c in columns)
