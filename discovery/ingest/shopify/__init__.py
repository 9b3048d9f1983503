"""Shopify's admin exports: orders, customers and products of one store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.progress import Progress
from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.ingest.cells import check_zone
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.exports import Export, open_export
from discovery.ingest.files.find import TEXTS, find_files
from discovery.ingest.people import number_rows
from discovery.ingest.properties import make_profiles_in
from discovery.ingest.shopify.customers import CUSTOMER_COLUMNS, load_customers
from discovery.ingest.shopify.events import order_events
from discovery.ingest.shopify.lines import ORDER_COLUMNS, load_lines
from discovery.ingest.shopify.orders import make_orders
from discovery.ingest.shopify.products import PRODUCT_COLUMNS, load_products

_TABLES = ("shop_rows", "shop_orders", "shop_customers", "shop_products", "shop_people", "shop_lines")
#: Fields of a profile that orders or the customers export state.
_FIELDS = (*("email", "phone", "country", "region", "city", "postal_code", "consent_email", "consent_sms"),)


def read_shopify(engine: Engine, source: ShopifySource, path: Path, scratch: Path, progress: Progress) -> Arrival:
    """Leave a store's exports in the engine as the contract wants them, every unused row reported.

    The files of a folder are told apart by their header. Orders are needed; customers add consent, tags, metafields
    and those who never ordered; products add category and brand. See `make_orders` for which orders count and how.

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
    orders, customers, products = _told_apart(source, path, scratch)
    progress("Reading Shopify's orders", 0.0)
    rows = load_lines(engine, source, orders)
    progress("Reading Shopify's orders", 0.5)
    currency, notes = make_orders(engine, source)
    known, more = load_customers(engine, source, customers)
    notes += more
    notes += load_products(engine, products)
    notes += order_events(engine, source)
    notes += _profiles(engine, bool(customers))
    for table in _TABLES:
        engine.run(f"DROP TABLE IF EXISTS {table}")
    progress("Reading Shopify's orders", 1.0)
    return Arrival(currency, rows + known, tuple(notes))


def _told_apart(
    source: ShopifySource, path: Path, scratch: Path
) -> tuple[Sequence[Export], Sequence[Export], Sequence[Export]]:
    orders, customers, products = list[Export](), list[Export](), list[Export]()
    known = {*ORDER_COLUMNS, *CUSTOMER_COLUMNS, *PRODUCT_COLUMNS}
    for file in find_files(path, TEXTS, source):
        export = open_export(file, known, source, scratch)
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
    stated = (
        'SELECT customer_id, 1 AS source, "at", email, phone, country, region, city, postal_code, consent_email, '
        "CAST(NULL AS VARCHAR) AS consent_sms FROM shop_orders WHERE usable"
    )
    properties: list[str] = []
    if with_customers:
        properties = [c for c in engine.columns("shop_customers") if c.startswith(("property.", "text."))]
        engine.run(
            'CREATE TABLE shop_people AS SELECT * EXCLUDE (turn, file, "row"), 0 AS source, '
            'CAST(NULL AS BIGINT) AS "at" FROM shop_customers WHERE turn = 1'
        )
        engine.run(f"INSERT INTO shop_people BY NAME {stated}")
    else:
        engine.run(f"CREATE TABLE shop_people AS {stated}")
    number_rows(engine, "shop_people", ("source", '"at" DESC NULLS LAST'))
    make_profiles_in(engine, "shop_people", _FIELDS, properties)
    if not with_customers:
        return []
    prospects = engine.scalar(
        "SELECT count(*) FROM profiles_in WHERE customer_id NOT IN (SELECT customer_id FROM events_in)"
    )
    who = many(prospects, "customer of the customers export has", "customers of the customers export have")
    return [f"{who} no order here: prospects."] if prospects else []
