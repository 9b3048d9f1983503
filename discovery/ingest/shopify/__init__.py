"""Shopify's admin exports: orders, customers and products of one store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.progress import Progress
from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.ingest.cells import check_zone
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.exports import Export, export_files, open_export
from discovery.ingest.people import number_rows, united
from discovery.ingest.shopify.customers import CUSTOMER_COLUMNS, load_customers
from discovery.ingest.shopify.events import order_events
from discovery.ingest.shopify.lines import ORDER_COLUMNS, load_lines
from discovery.ingest.shopify.orders import make_orders
from discovery.ingest.shopify.products import PRODUCT_COLUMNS, load_products

_TABLES = ("shop_rows", "shop_orders", "shop_customers", "shop_products", "shop_people", "shop_lines")
#: Fields of a profile that orders or the customers export state.
_FIELDS = (
    *("email", "phone", "country", "region", "city", "postal_code", "consent_email", "consent_sms", "property.tags"),
)


def read_shopify(engine: Engine, source: ShopifySource, path: Path, progress: Progress) -> Arrival:
    """Leave a store's exports in the engine as the contract wants them, every unused row reported.

    The files of a folder are told apart by their header. Orders are needed; customers add consent, tags and those
    who never ordered; products add category and brand. See `make_orders` for which orders count and how.

    Raises
    ------
    SettingError
        If a setting names something unknown.
    DataError
        If there are no orders, a file is no export of Shopify, a column is missing, the orders are in several
        currencies or of several stores, or their dates cannot be told.
    """
    check_zone(engine, source.timezone)
    start_problems(engine)
    for table in _TABLES:
        engine.run(f"DROP TABLE IF EXISTS {table}")
    orders, customers, products = _told_apart(path)
    progress("Reading Shopify's orders", 0.0)
    rows = load_lines(engine, source, orders)
    progress("Reading Shopify's orders", 0.5)
    currency, notes = make_orders(engine, source)
    rows += load_customers(engine, source, customers)
    notes += load_products(engine, products)
    notes += order_events(engine, source)
    notes += _profiles(engine, bool(customers))
    for table in _TABLES:
        engine.run(f"DROP TABLE IF EXISTS {table}")
    progress("Reading Shopify's orders", 1.0)
    return Arrival(currency, rows, tuple(notes))


def _told_apart(path: Path) -> tuple[Sequence[Export], Sequence[Export], Sequence[Export]]:
    orders, customers, products = list[Export](), list[Export](), list[Export]()
    known = {*ORDER_COLUMNS, *CUSTOMER_COLUMNS, *PRODUCT_COLUMNS}
    for file in export_files(path, (".csv", ".txt", ".tsv")):
        export = open_export(file, known)
        if export.has("name") and export.has("lineitem name", "lineitem quantity"):
            orders.append(export)
        elif export.has("variant sku", "sku", "variant price") and export.has("handle", "url handle", "title"):
            products.append(export)
        elif export.has("email") and export.has("total orders", "total spent", "accepts email marketing"):
            customers.append(export)
        else:
            raise DataError(
                f"{file.name} is no export that can be read here: expected Shopify's orders (with the columns Name and "
                "Lineitem name), customers (Email and Total Orders) or products (Handle and Variant SKU, or Title and "
                f"SKU), got the columns {', '.join(export.header[:8])}. Export it from Shopify's admin, or move it out."
            )
    if not orders:
        raise DataError(f"{path.name} must hold an orders export (Shopify admin, Orders, Export); it holds none.")
    return orders, customers, products


def _profiles(engine: Engine, with_customers: bool) -> list[str]:
    """Make one profile a customer: the customers export first, then the latest order that states a field."""
    engine.run(
        'CREATE TABLE shop_people AS SELECT customer_id, 1 AS source, "at", email, phone, country, region, city, '
        'postal_code, consent_email, CAST(NULL AS VARCHAR) AS consent_sms, CAST(NULL AS VARCHAR[]) AS "property.tags" '
        "FROM shop_orders WHERE usable"
    )
    if with_customers:
        engine.run(
            "INSERT INTO shop_people BY NAME SELECT customer_id, 0 AS source, email, phone, country, region, city, "
            'postal_code, consent_email, consent_sms, tags AS "property.tags" FROM shop_customers WHERE turn = 1'
        )
    number_rows(engine, "shop_people", ("source", '"at" DESC NULLS LAST'))
    engine.run(
        "CREATE OR REPLACE TABLE profiles_in AS SELECT * REPLACE (coalesce(consent_email, 'unknown') AS consent_email, "
        f"coalesce(consent_sms, 'unknown') AS consent_sms) FROM (SELECT customer_id, {united(_FIELDS)} "
        "FROM shop_people GROUP BY customer_id)"
    )
    if not with_customers:
        engine.run('ALTER TABLE profiles_in DROP COLUMN "property.tags"')
        return []
    prospects = engine.scalar(
        "SELECT count(*) FROM profiles_in WHERE customer_id NOT IN (SELECT customer_id FROM events_in)"
    )
    return [f"{prospects:,} customers of the customers export have no order here: prospects."] if prospects else []
