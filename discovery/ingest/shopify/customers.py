"""Shopify's customers export, in its old and new layout."""

from __future__ import annotations

import re
from collections.abc import Sequence

from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal
from discovery.ingest.cells import bare, email, flag, is_email, phone, text
from discovery.ingest.contract import report
from discovery.ingest.exports import Export, load
from discovery.ingest.people import number_rows
from discovery.ingest.places import code_places
from discovery.ingest.properties import spread_properties

CUSTOMER_COLUMNS = frozenset(
    (
        *("email", "phone", "default address phone", "tags", "total orders", "total spent", "customer id"),
        *("accepts email marketing", "accepts sms marketing", "accepts marketing"),
        *("default address country code", "default address province code", "default address city"),
        *("default address zip", "country code", "country", "province code", "province", "city", "zip"),
    )
)


#: A metafield that the store shows in its export: what it is called, and where it is kept.
_METAFIELD = re.compile(r"(.+) \(customer\.metafields\.[^()]+\)")


def load_customers(engine: Engine, source: ShopifySource, exports: Sequence[Export]) -> tuple[int, list[str]]:
    """Make the table ``shop_customers``; return the number of rows read, and notes.

    Tags and metafields, what the store itself knows of a customer, become properties.

    A customer who accepts marketing is ``subscribed``; one who does not is ``unsubscribed``, since Shopify does not
    say whether they ever were and a store that treats them so writes to nobody against their will.
    """
    rows = 0
    for export in exports:
        rows += load(engine, "shop_customers", export, _cells(export))
    if not exports:
        return 0, []
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
    notes = code_places(engine, "shop_customers")
    notes += spread_properties(engine, "shop_customers")[1]
    number_rows(engine, "shop_customers", ())
    report(engine, "shop_customers", column, "duplicate_customer", "turn > 1", "NULL")
    return rows, notes


def _cells(export: Export) -> dict[str, str]:
    accepts = export.cell("accepts email marketing", "accepts marketing", read=flag)
    by_sms = export.cell("accepts sms marketing", read=flag)
    return {
        "email": export.cell("email", read=email),
        "phone": export.cell("phone", "default address phone", read=phone),
        "country": export.cell("default address country code", "country code", "country"),
        "region": export.cell("default address province code", "province code", "province"),
        "city": export.cell("default address city", "city"),
        "postal_code": export.cell("default address zip", "zip", read=bare),
        "consent_email": _consent(accepts),
        "consent_sms": _consent(by_sms),
        "properties": f"json_object({', '.join(_properties(export))})",
        "texts": "TRUE",
    }


def _properties(export: Export) -> list[str]:
    """Return names and values, in turn, of what a customer's row tells beyond the canonical columns."""
    tags = (
        f"list_sort(list_distinct(list_filter(list_transform(string_split({export.cell('tags')}, ','), "
        "lambda tag: trim(tag)), lambda tag: tag <> '')))"
    )
    found = {i: m.group(1) for i, name in enumerate(export.header) if (m := _METAFIELD.fullmatch(name))}
    labels = list(found.values())
    # Two metafields of one label keep their whole names.
    named = {i: label if labels.count(label) == 1 else export.header[i] for i, label in found.items()}
    fields = [part for i, name in named.items() for part in (literal(name), text(f"c{i}"))]
    return [*(["'tags'", tags] if export.has("tags") else []), *fields]


def _consent(accepts: str) -> str:
    state = f"CAST({accepts} AS BOOLEAN)"
    return f"CASE WHEN {state} THEN 'subscribed' WHEN NOT {state} THEN 'unsubscribed' END"
