"""What Shopify's orders tell: placed, bought, fulfilled, cancelled, refunded."""

from __future__ import annotations

from discovery.core.many import many
from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literals
from discovery.ingest.cells import LARGEST, code
from discovery.ingest.contract import report


def order_events(engine: Engine, source: ShopifySource) -> list[str]:
    """Make ``events_in`` of the usable orders and their lines; return notes.

    - ``placed_order`` and ``ordered_product`` at ``Created at``; a line's value is quantity times price, less its
      discount.
    - ``cancelled_order`` at ``Cancelled at``.
    - ``refunded_order`` at ``Created at``: the export states how much was refunded and not when. An order marked
      refunded without an amount was refunded whole. The refund of a cancelled order stands at ``Cancelled at``: from
      then on neither the order nor its refund counts.
    - ``fulfilled_order`` at ``Fulfilled at``.
    """
    notes = _lines(engine, source)
    first = (
        'SELECT name, arg_min(file, (NOT is_head, file, "row")) AS file, arg_min("row", (NOT is_head, file, "row")) '
    )
    orders = (
        f'(SELECT o.*, h.file, h."row" FROM shop_orders o JOIN ({first} AS "row" FROM shop_rows GROUP BY name) h '
        "USING (name) WHERE usable)"
    )
    whole = "replace(lower(status), ' ', '_') = 'refunded' AND coalesce(refunded, 0) = 0"
    # With shipping and taxes left out of the order, they are left out of what was given back.
    given_back = f"CASE WHEN {whole} THEN value " + (
        "ELSE least(refunded, value) END" if source.order_value == "subtotal" else "ELSE refunded END"
    )
    same = 'o.customer_id, o.order_id, o.country, o.file, o."row"'
    engine.run(
        f"CREATE OR REPLACE TABLE events_in AS SELECT {same}, 'placed_order' AS event, o.\"at\", o.value, "
        "CAST(NULL AS VARCHAR) AS product_id, CAST(NULL AS VARCHAR) AS product, CAST(NULL AS VARCHAR) AS category, "
        "CAST(NULL AS VARCHAR) AS brand, q.quantity, o.discount, o.discount_code "
        f"FROM {orders} o LEFT JOIN (SELECT name, sum(quantity) AS quantity FROM shop_lines GROUP BY name) q "
        "USING (name)"
    )
    for event, at, value, where in (
        ("cancelled_order", "cancelled", "CAST(NULL AS DECIMAL(18,4))", "cancelled IS NOT NULL"),
        ("fulfilled_order", "fulfilled", "CAST(NULL AS DECIMAL(18,4))", "fulfilled IS NOT NULL"),
        ("refunded_order", 'coalesce(cancelled, "at")', f"-({given_back})", f"{given_back} > 0"),
    ):
        engine.run(
            f"INSERT INTO events_in BY NAME SELECT {same}, '{event}' AS event, {at} AS \"at\", {value} AS value "
            f"FROM {orders} o WHERE {where}"
        )
    engine.run(
        'INSERT INTO events_in BY NAME SELECT o.customer_id, o.order_id, o.country, l.file, l."row", '
        "'ordered_product' AS event, o.\"at\", l.value, l.product_id, l.line_name AS product, l.category, l.brand, "
        "l.quantity, l.line_n_discount AS discount, o.discount_code FROM shop_lines l JOIN shop_orders o USING (name) "
        "WHERE NOT l.is_service"
    )
    refunds, cancelled = engine.rows(
        f"SELECT count(*) FILTER (WHERE cancelled IS NULL AND {given_back} > 0), count(cancelled) FROM {orders}"
    )[0]
    if refunds:
        stand = many(refunds, "refund stands", "refunds stand")
        notes.append(f"The export does not say when an order was refunded: {stand} at Created at.")
    if cancelled:
        one = "order was cancelled and counts until then; its refunds go with it"
        notes.append(
            f"{many(cancelled, one, 'orders were cancelled and count until then; their refunds go with them')}."
        )
    return notes


def _lines(engine: Engine, source: ShopifySource) -> list[str]:
    """Make ``shop_lines``: the usable lines of usable orders, with product, category and brand."""
    engine.run(
        "CREATE OR REPLACE TABLE shop_lines AS SELECT r.*, CAST(line_n_quantity AS DOUBLE) AS quantity, "
        "try_cast(try_cast(line_n_quantity AS DECIMAL(28,4)) * line_n_price - coalesce(line_n_discount, 0) "
        f"AS DECIMAL(18,4)) AS value, {code('line_sku')} AS sku, "
        "coalesce(line_name, line_sku, line_quantity, line_price) IS NOT NULL AS is_line, "
        f"coalesce(lower(line_name) IN {literals(p.lower() for p in source.service_products or ('',))} OR "
        f"lower(line_sku) IN {literals(p.lower() for p in source.service_products or ('',))}, FALSE) AS is_service "
        "FROM shop_rows r JOIN shop_orders USING (name) WHERE usable AND NOT repeated"
    )
    faults = {
        "empty_line": ("Name", "name", "NOT is_line AND NOT is_head"),
        "bad_number": (
            *("Lineitem quantity", "concat_ws(' x ', line_quantity, line_price)"),
            "is_line AND (line_n_quantity IS NULL OR line_n_price IS NULL)",
        ),
        "quantity_not_positive": ("Lineitem quantity", "line_quantity", "is_line AND line_n_quantity <= 0"),
        "impossible_number": (
            *("Lineitem price", "line_price"),
            "is_line AND line_n_quantity > 0 AND line_n_price IS NOT NULL AND "
            f"(value IS NULL OR value < 0 OR value >= {LARGEST:.0f})",
        ),
    }
    for reason, (column, shown, where) in faults.items():
        report(engine, "shop_lines", column, reason, where, shown)
    wrong = " OR ".join(f"coalesce({where}, FALSE)" for _, _, where in faults.values())
    engine.run(f"DELETE FROM shop_lines WHERE NOT is_line OR {wrong}")
    services = engine.rows(
        "SELECT lower(coalesce(line_name, line_sku)), count(*) FROM shop_lines WHERE is_service GROUP BY 1 ORDER BY 1"
    )
    return [*_products(engine), *_listed(services)]


def _listed(services: list[tuple[str, int]]) -> list[str]:
    if not services:
        return []
    listed = ", ".join(f"{name} {n:,}" for name, n in services)
    return [f"Tips and fees count in the order's value and are no product bought: {listed}."]


def _products(engine: Engine) -> list[str]:
    """Add category and brand: by SKU, or where a line has none, by the longest title its name starts with."""
    has_products = engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'shop_products'")
    if not has_products:
        engine.run(
            "CREATE OR REPLACE TABLE shop_lines AS SELECT *, sku AS product_id, CAST(NULL AS VARCHAR) AS category, "
            "CAST(NULL AS VARCHAR) AS brand FROM shop_lines"
        )
        return []
    engine.run(
        "CREATE OR REPLACE TABLE shop_titles AS SELECT line_name, arg_max(p.handle, length(p.title)) AS handle "
        "FROM (SELECT line_name, unnest(list_transform(range(1, length(parts) + 1), "
        "lambda n: array_to_string(parts[:n], ' - '))) AS start FROM "
        "(SELECT DISTINCT line_name, string_split(line_name, ' - ') AS parts FROM shop_lines WHERE sku IS NULL)) n "
        "JOIN (SELECT title, min(handle) AS handle FROM shop_products WHERE title IS NOT NULL GROUP BY title) p "
        "ON n.start = p.title GROUP BY line_name"
    )
    engine.run(
        "CREATE OR REPLACE TABLE shop_lines AS SELECT l.*, coalesce(l.sku, t.handle) AS product_id, "
        "coalesce(s.category, h.category) AS category, coalesce(s.brand, h.brand) AS brand, "
        "s.sku IS NOT NULL AS by_sku, h.handle IS NOT NULL AS by_title FROM shop_lines l "
        "LEFT JOIN (SELECT sku, min(category) AS category, min(brand) AS brand FROM shop_products "
        "WHERE sku IS NOT NULL GROUP BY sku) s USING (sku) "
        "LEFT JOIN shop_titles t USING (line_name) "
        "LEFT JOIN (SELECT handle, min(category) AS category, min(brand) AS brand FROM shop_products "
        "GROUP BY handle) h ON l.sku IS NULL AND h.handle = t.handle"
    )
    engine.run("DROP TABLE shop_titles")
    by_sku, by_title, unknown = engine.rows(
        "SELECT count(*) FILTER (WHERE by_sku), count(*) FILTER (WHERE by_title), "
        "count(*) FILTER (WHERE NOT by_sku AND NOT by_title AND NOT is_service) FROM shop_lines"
    )[0]
    return [f"Order lines joined to products: {by_sku:,} by SKU, {by_title:,} by title, {unknown:,} without a product."]
