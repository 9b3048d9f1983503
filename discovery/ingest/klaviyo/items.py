"""What a placed order lists as bought, where Klaviyo has no event for each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from discovery.engine.duckdb import Engine
from discovery.ingest.cells import LARGEST, extracted, first_of, number, pointer, text
from discovery.ingest.contract import report

#: Where an order keeps its list: the integrations' own copy first, which has prices; bare names last.
ITEM_PLACES: Sequence[tuple[str, ...]] = (
    *(("$extra", "line_items"), ("$extra", "Items"), ("$extra", "items"), ("Items",), ("items",), ("line_items",)),
    *(("ItemNames",), ("Item Names",)),
)
#: Ours, and what Shopify, WooCommerce and custom integrations call it within an item.
_ITEM: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "product_id": (
        *(("ProductID",), ("ProductId",), ("Product ID",), ("product_id",), ("SKU",), ("Sku",), ("sku",), ("id",)),
    ),
    "product": (
        *(("ProductName",), ("Product Name",), ("product_name",), ("Name",), ("product", "title"), ("title",)),
        *(("name",), ("Title",)),
    ),
    "category": (
        *(("Categories",), ("ProductCategories",), ("categories",), ("Category",), ("ProductCategory",)),
        *(("category",), ("product", "product_type"), ("product_type",), ("Collections",)),
    ),
    "brand": (*(("Brand",), ("ProductBrand",), ("brand",), ("Vendor",), ("vendor",), ("product", "vendor")),),
    "quantity": (("Quantity",), ("quantity",), ("Qty",), ("qty",)),
    "price": (("ItemPrice",), ("Item Price",), ("item_price",), ("Price",), ("price",), ("UnitPrice",)),
    "total": (("RowTotal",), ("row_total",), ("LineTotal",), ("line_total",), ("line_price",)),
}


def add_items(engine: Engine) -> list[str]:
    """Add to ``events_in`` an ``ordered_product`` for each item that a placed order lists; return notes.

    The list is the column ``items`` of ``events_in``, as JSON: objects, or bare names. An item's value is its price
    times its quantity; where it has no price, its own total; a value that is not told stays missing. Items without
    a product and impossible quantities or amounts are problems. Lines so made have ``from_items``; where an order has
    lines of its own, `drop_known_items` leaves only those.
    """
    engine.run("ALTER TABLE events_in ADD COLUMN from_items BOOLEAN")
    listed = "json_valid(items) AND json_type(CASE WHEN json_valid(items) THEN items END) = 'ARRAY'"
    unread = engine.scalar(f"SELECT count(*) FROM events_in WHERE items IS NOT NULL AND NOT ({listed})")
    places = list(dict.fromkeys(pointer(*p) for places in _ITEM.values() for p in places))
    cells = {
        ours: "coalesce(" + ", ".join(text(f"x[{places.index(pointer(*p)) + 1}]") for p in found) + ")"
        for ours, found in _ITEM.items()
    }
    cells["product"] = f"coalesce({text('name')}, {cells['product']})"
    for ours in ("category", "brand"):
        cells[ours] = first_of(cells[ours])
    numbers = ", ".join(
        f"{cells[n]} AS {n}_text, CAST({number(cells[n])} AS DECIMAL(18,4)) AS {n}"
        for n in ("quantity", "price", "total")
    )
    plain = ", ".join(f"{cells[n]} AS {n}" for n in ("product_id", "product", "category", "brand"))
    engine.run(
        "CREATE OR REPLACE TABLE klaviyo_items AS SELECT *, coalesce(try_cast(CAST(quantity AS DECIMAL(28,4)) * price "
        "AS DECIMAL(18,4)), total) AS value FROM (SELECT * EXCLUDE (x, name), "
        f"{plain}, {numbers} FROM (SELECT *, {extracted('item', places)} AS x, "
        "CASE WHEN json_type(item) = 'VARCHAR' THEN json_extract_string(item, '$') END AS name FROM ("
        'SELECT customer_id, "at", event_id AS order_event, order_id, country, discount_code, file, "row", '
        "unnest(CAST(items AS JSON[])) AS item, generate_subscripts(CAST(items AS JSON[]), 1) AS place "
        f"FROM events_in WHERE {listed})))"
    )
    faults = {
        "item_without_product": "coalesce(product_id, product) IS NULL",
        "bad_number": " OR ".join(f"({n} IS NULL AND {n}_text IS NOT NULL)" for n in ("quantity", "price")),
        "quantity_not_positive": "quantity <= 0",
        "impossible_number": f"value < 0 OR value >= {LARGEST:.0f}",
    }
    for reason, where in faults.items():
        report(engine, "klaviyo_items", "Items", reason, where, "item")
    wrong = " OR ".join(f"coalesce({where}, FALSE)" for where in faults.values())
    engine.run(
        "INSERT INTO events_in BY NAME SELECT customer_id, 'ordered_product' AS event, \"at\", "
        "md5(concat_ws(chr(31), order_event, place)) AS event_id, order_id, country, discount_code, product_id, "
        'product, category, brand, CAST(quantity AS DOUBLE) AS quantity, value, TRUE AS from_items, file, "row" '
        f"FROM klaviyo_items WHERE NOT ({wrong})"
    )
    engine.run("DROP TABLE klaviyo_items")
    engine.run("ALTER TABLE events_in DROP COLUMN items")
    notes = [f"Items of {unread:,} placed orders are no list in JSON and were left out."] if unread else []
    return [*notes, *drop_known_items(engine)]


def drop_known_items(engine: Engine) -> list[str]:
    """Remove from ``events_in`` lines made of items whose order has lines of its own; return notes.

    Lines that name no order are those of the customer's order of the same instant.
    """
    own = "FROM events_in WHERE event = 'ordered_product' AND from_items IS NOT TRUE AND order_id IS"
    known = (
        f"from_items AND ((customer_id, order_id) IN (SELECT customer_id, order_id {own} NOT NULL) "
        f'OR (customer_id, "at") IN (SELECT customer_id, "at" {own} NULL))'
    )
    orders = 'count(DISTINCT (file, "row"))'
    left = engine.scalar(f"SELECT {orders} FROM events_in WHERE {known}")
    engine.run(f"DELETE FROM events_in WHERE {known}")
    lines, told = engine.rows(f"SELECT count(*), {orders} FROM events_in WHERE from_items")[0]
    notes = []
    if lines:
        notes.append(f"{lines:,} order lines are read from the items that {told:,} placed orders list.")
    if left:
        notes.append(f"The items that {left:,} placed orders list were left: their lines are events of their own.")
    return notes
