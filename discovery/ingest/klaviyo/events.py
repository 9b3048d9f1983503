"""Klaviyo's events, from historical-events CSV files or its API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.sources import KlaviyoSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.cells import (
    as_list,
    bare,
    code,
    email,
    extracted,
    first_of,
    flag,
    instant,
    number,
    phone,
    pointer,
    text,
)
from discovery.ingest.exports import Export, load, tidy
from discovery.ingest.klaviyo.items import ITEM_PLACES
from discovery.ingest.klaviyo.json import has_records
from discovery.ingest.klaviyo.metrics import event_name, metric_of_file

#: Ours, and what integrations call it. Only what stands at the top of an event is read, as Klaviyo's segments do.
_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "key": ("$event_id",),
    "value_text": ("$value", "Value"),
    "currency": ("$value_currency", "$currency_code", "Currency"),
    "order_id": ("OrderId", "OrderID", "Order ID", "order_id"),
    "product_id": ("ProductID", "Product ID", "AddedItemProductID", "SKU", "AddedItemSKU"),
    "product": ("ProductName", "Product Name", "AddedItemProductName", "Name"),
    "category": (
        *("Categories", "ProductCategories", "Product Categories", "AddedItemCategories", "Collections"),
        *("ProductCategory", "Category"),
    ),
    "brand": ("ProductBrand", "Brand", "Vendor", "Brands"),
    "quantity_text": ("Quantity", "AddedItemQuantity", "Item Count", "ItemCount"),
    "discount_text": ("DiscountValue", "Discount Value", "Total Discounts", "Discount Amount"),
    "discount_code": ("Discount Codes", "DiscountCodes", "DiscountCode", "Discount Code"),
    "campaign_id": ("$message", "Campaign Name", "$campaign", "Message Name", "$flow"),
    "privacy_open": ("Apple Privacy Open", "machine_open", "Machine Open"),
    "bot_click": ("Bot Click", "bot_click"),
    "bounce_type": ("Bounce Type", "bounce_type"),
    "device": ("Device Type", "Device", "Client Type"),
    "country": ("Country Code", "Country"),
    "region": (),
}
_SPECIAL: Mapping[str, tuple[str, ...]] = {
    "at_text": ("timestamp",),
    "klaviyo_id": ("person//id", "klaviyo id", "profile id"),
    "email": ("person//email", "person//$email", "email", "email address", "$email"),
    "phone": ("person//phone number", "person//$phone number", "phone number"),
}
#: A column that names each row's metric, in files that somebody put together.
_METRIC = ("metric", "metric name", "event name")
#: What may say whose event a row of a CSV is.
EVENT_PERSON = tuple(n for who in ("klaviyo_id", "email", "phone") for n in _SPECIAL[who])
_JSON: Mapping[str, tuple[str, ...]] = {
    "at_text": ("/attributes/datetime", "/attributes/timestamp", "/attributes/time"),
    "klaviyo_id": ("/relationships/profile/data/id", "/attributes/profile/data/id", "/attributes/profile_id"),
    "email": ("/attributes/profile/data/attributes/email", "/attributes/profile/email", "/attributes/profile/$email"),
    "phone": ("/attributes/profile/data/attributes/phone_number", "/attributes/profile/phone_number"),
    "key": ("/attributes/unique_id", "/attributes/uuid", "/id"),
    "value_text": ("/attributes/value",),
    "currency": ("/attributes/value_currency",),
    "metric": ("/attributes/metric/data/attributes/name", "/attributes/metric_name"),
    "metric_id": ("/relationships/metric/data/id", "/attributes/metric/data/id", "/attributes/metric_id"),
}


def load_csv_events(engine: Engine, source: KlaviyoSource, export: Export) -> int:
    """Add the events of a file to ``klaviyo_events`` and return the number of rows.

    Their metric is named by a column, by ``source.metrics``, or by the file.

    Without ``$event_id`` rows are the same event only if they are equal in every cell; Klaviyo itself would keep one
    event a person and second.
    """
    metric = source.metrics.get(export.name, metric_of_file(export.file.path.stem))
    if event_name(metric) in ("placed_order", "refunded_order") and not export.has("$value", "value", *_METRIC):
        raise DataError(
            f"{export.name}: events of {metric} must have the column $value, their amount, got the columns "
            f"{', '.join(export.header[:12])}. Rename the column that holds it."
        )
    texts = {ours: export.cell(*names) for ours, names in _SPECIAL.items()}
    texts |= {ours: export.cell(*(tidy(n) for n in names)) for ours, names in _PROPERTIES.items()}
    whole = ", ".join(f"c{i}" for i in range(len(export.header)))
    texts |= {ours: export.cell(*map(tidy, _PROPERTIES[ours]), read=code) for ours in ("key", "order_id", "product_id")}
    texts["order_key"] = texts["key"]
    texts["key"] = f"coalesce({texts['key']}, 'row ' || md5(CAST(row({whole}) AS VARCHAR)))"
    texts["items"] = export.cell(*(tidy(" ".join(p)) for p in ITEM_PLACES))
    cells = _cells(texts, source, lambda c: number(c, export.file.delimiter))
    return load(
        engine,
        "klaviyo_events",
        export,
        {
            **cells,
            "metric": f"coalesce({export.cell(*_METRIC)}, {literal(metric)})",
            "metric_id": "CAST(NULL AS VARCHAR)",
        },
    )


def load_json_events(engine: Engine, source: KlaviyoSource) -> None:
    """Add the events of the JSON files to ``klaviyo_events``, their metrics named.

    Raises
    ------
    DataError
        If no metric id has a name, with the ids.
    """
    if not has_records(engine) or not engine.scalar("SELECT count(*) FROM klaviyo_records WHERE kind = 'event'"):
        return
    outside = list(dict.fromkeys(p for places in _JSON.values() for p in places))
    items = [pointer(*p) for p in ITEM_PLACES]
    inside = list(dict.fromkeys([*(pointer(n) for names in _PROPERTIES.values() for n in names), *items]))
    texts = {}
    for ours in dict.fromkeys([*_JSON, *_PROPERTIES]):
        found = [f"p[{inside.index(pointer(n)) + 1}]" for n in _PROPERTIES.get(ours, ())]
        found += [f"x[{outside.index(p) + 1}]" for p in _JSON.get(ours, ())]
        texts[ours] = f"coalesce({', '.join(text(f) for f in found)})" if found else "CAST(NULL AS VARCHAR)"
    texts["key"] = f"coalesce({texts['key']}, 'row ' || md5(CAST(record AS VARCHAR)))"
    texts["order_key"] = text(f"p[{inside.index('/$event_id') + 1}]")
    texts["items"] = "coalesce(" + ", ".join(f"nullif(p[{inside.index(i) + 1}], '[]')" for i in items) + ")"
    cells = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in _cells(texts, source, number).items())
    both = [f"json_extract(record, '/attributes/{n}')" for n in ("event_properties", "properties")]
    properties = f"coalesce({', '.join(both)})"
    select = (
        f'SELECT file, "row", {cells}, coalesce({texts["metric"]}, m.name) AS metric, '
        f"{texts['metric_id']} AS metric_id "
        f"FROM (SELECT *, {extracted('record', outside)} AS x, {extracted(properties, inside)} AS p "
        f"FROM klaviyo_records WHERE kind = 'event') e LEFT JOIN klaviyo_names m ON m.id = {texts['metric_id']}"
    )
    _metric_names(engine, source)
    exists = engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'klaviyo_events'")
    engine.run(f"INSERT INTO klaviyo_events BY NAME {select}" if exists else f"CREATE TABLE klaviyo_events AS {select}")
    engine.run("DROP TABLE klaviyo_names")
    unnamed = engine.rows(
        "SELECT metric_id, count(*) FROM klaviyo_events WHERE metric IS NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 12"
    )
    if unnamed and not engine.scalar("SELECT count(*) FROM klaviyo_events WHERE metric IS NOT NULL"):
        listed = ", ".join(f"{name} ({many(n, 'event')})" for name, n in unnamed)
        raise DataError(
            f"Events must say their metric, but no file names the metric ids {listed}. Add the answer of "
            "GET /api/metrics to the folder, or set source.metric_names, for example {AbC123: Placed Order}."
        )


def _metric_names(engine: Engine, source: KlaviyoSource) -> None:
    engine.run(
        "CREATE OR REPLACE TABLE klaviyo_names AS SELECT json_extract_string(record, '/id') AS id, "
        "min(json_extract_string(record, '/attributes/name')) AS name FROM klaviyo_records WHERE kind = 'metric' "
        "GROUP BY 1"
    )
    for key, name in source.metric_names.items():
        engine.run("DELETE FROM klaviyo_names WHERE id = ?", [key])
        engine.run("INSERT INTO klaviyo_names VALUES (?, ?)", [key, name])


def _cells(texts: Mapping[str, str], source: KlaviyoSource, amount: Callable[[str], str]) -> dict[str, str]:
    """Return the columns of ``klaviyo_events`` that both shapes share."""
    opened, bot, bounce = flag(texts["privacy_open"]), flag(texts["bot_click"]), f"lower({texts['bounce_type']})"
    same = (*("key", "order_key", "order_id", "product_id", "product", "currency", "value_text", "at_text", "device"),)
    return {
        **{n: texts[n] for n in (*same, "campaign_id", "country", "region", "items")},
        "klaviyo_id": bare(texts["klaviyo_id"]),
        "email": email(texts["email"]),
        "phone": phone(texts["phone"]),
        "at": instant(texts["at_text"], source.timezone),
        "value": amount(texts["value_text"]),
        "category": first_of(texts["category"]),
        "brand": first_of(texts["brand"]),
        "quantity": f"CAST({amount(texts['quantity_text'])} AS DOUBLE)",
        "discount": amount(texts["discount_text"]),
        "discount_code": f"coalesce(nullif(array_to_string({as_list(texts['discount_code'])}, ','), ''), "
        f"CASE WHEN {texts['discount_code']} NOT LIKE '[%' THEN {texts['discount_code']} END)",
        "machine": f"coalesce(({opened}) OR ({bot}), {opened}, {bot})",
        "bounce_type": f"CASE WHEN {bounce} IN ('hard', 'soft') THEN {bounce} END",
    }
