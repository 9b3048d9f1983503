"""Shopify's customers export, in its old and new layout."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.ingest.cells import bare, email, flag, is_email, phone
from discovery.ingest.contract import report
from discovery.ingest.exports import Export, load
from discovery.ingest.people import number_rows
from discovery.ingest.places import code_places

CUSTOMER_COLUMNS = frozenset(
    (
        *("email", "phone", "default address phone", "tags", "total orders", "total spent", "customer id"),
        *("accepts email marketing", "accepts sms marketing", "accepts marketing"),
        *("default address country code", "default address province code", "default address city"),
        *("default address zip", "country code", "country", "province code", "province", "city", "zip"),
    )
)


def load_customers(engine: Engine, source: ShopifySource, exports: Sequence[Export]) -> int:
    """Make the table ``shop_customers`` and return the number of rows read.

    A customer who accepts marketing is ``subscribed``; one who does not is ``unsubscribed``, since Shopify does not
    say whether they ever were and a store that treats them so writes to nobody against their will.
    """
    rows = 0
    for export in exports:
        rows += load(engine, "shop_customers", export, _cells(export))
    if not exports:
        return 0
    engine.run(
        f"CREATE OR REPLACE TABLE shop_customers AS SELECT *, {source.customer_key} AS customer_id FROM shop_customers"
    )
    column = source.customer_key.capitalize()
    report(engine, "shop_customers", column, "missing_customer", "customer_id IS NULL", "customer_id")
    wrong = "customer_id IS NULL"
    if source.customer_key == "email":
        bad = f"NOT {is_email('email')}"
        report(engine, "shop_customers", column, "bad_email", bad)
        wrong += f" OR {bad}"
    engine.run(f"DELETE FROM shop_customers WHERE {wrong}")
    code_places(engine, "shop_customers")
    number_rows(engine, "shop_customers", ())
    report(engine, "shop_customers", column, "duplicate_customer", "turn > 1", "NULL")
    return rows


def _cells(export: Export) -> dict[str, str]:
    accepts = export.cell("accepts email marketing", "accepts marketing", read=flag)
    by_sms = export.cell("accepts sms marketing", read=flag)
    tags = export.cell("tags")
    return {
        "email": export.cell("email", read=email),
        "phone": export.cell("phone", "default address phone", read=phone),
        "country": export.cell("default address country code", "country code", "country"),
        "region": export.cell("default address province code", "province code", "province"),
        "city": export.cell("default address city", "city"),
        "postal_code": export.cell("default address zip", "zip", read=bare),
        "consent_email": _consent(accepts),
        "consent_sms": _consent(by_sms),
        "tags": f"list_sort(list_distinct(list_filter(list_transform(string_split({tags}, ','), "
        "lambda tag: trim(tag)), lambda tag: tag <> '')))",
    }


def _consent(accepts: str) -> str:
    state = f"CAST({accepts} AS BOOLEAN)"
    return f"CASE WHEN {state} THEN 'subscribed' WHEN NOT {state} THEN 'unsubscribed' END"
