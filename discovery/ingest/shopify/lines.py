"""The rows of Shopify's orders exports: one per line item, the order's own cells only on its first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from discovery.core.errors import DataError
from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.ingest.cells import bare, code, email, instant, number, phone
from discovery.ingest.contract import EARLIEST, LATEST, report
from discovery.ingest.exports import Export, check_dates, load

#: Cells of an order, ours and Shopify's of all years.
_ORDER: Mapping[str, tuple[str, ...]] = {
    "status": ("financial status",),
    "created_text": ("created at",),
    "cancelled_text": ("cancelled at", "canceled at"),
    "paid_text": ("paid at",),
    "fulfilled_text": ("fulfilled at",),
    "currency": ("currency",),
    "payment": ("payment method",),
    "discount_code": ("discount code",),
    "accepts": ("accepts marketing",),
    "billing_country": ("billing country",),
    "shipping_country": ("shipping country",),
    "billing_region": ("billing province", "billing province name"),
    "shipping_region": ("shipping province", "shipping province name"),
    "billing_city": ("billing city",),
    "shipping_city": ("shipping city",),
}
_AMOUNTS: Mapping[str, tuple[str, ...]] = {"refunded": ("refunded amount",), "discount": ("discount amount",)}
_LINE: Mapping[str, tuple[str, ...]] = {
    "line_name": ("lineitem name",),
    "line_sku": ("lineitem sku",),
    "line_quantity": ("lineitem quantity",),
    "line_price": ("lineitem price",),
    "line_discount": ("lineitem discount",),
}
_OTHERS = ("name", "email", "phone", "id", "total", "subtotal", "shipping zip", "billing zip", "vendor")
ORDER_COLUMNS = frozenset(_OTHERS).union(*_ORDER.values(), *_AMOUNTS.values(), *_LINE.values())


def load_lines(engine: Engine, source: ShopifySource, exports: Sequence[Export]) -> int:
    """Make the table ``shop_rows`` of all rows of all files and return their number.

    A row gets ``is_head`` (it carries its order's cells), and ``repeated`` where another row already says the same:
    the same order stands in two exports that overlap, or twice in one that was pasted together. An order whose
    lines merely continue in the next file is one order.

    Raises
    ------
    DataError
        If a column that is needed is missing, or the dates cannot be told.
    """
    rows = 0
    for export in exports:
        _require(export, source)
        rows += load(engine, "shop_rows", export, _cells(export, source))
    report(engine, "shop_rows", "Name", "missing_order", "name IS NULL")
    engine.run("DELETE FROM shop_rows WHERE name IS NULL")
    check_dates(engine, "shop_rows", "created_text", "created", "Created at", respelled="^[0-9]+/[0-9]+/")
    for ours in ("cancelled", "fulfilled"):
        unread = f"{ours} IS NULL AND {ours}_text IS NOT NULL"
        report(engine, "shop_rows", f"{ours.capitalize()} at", "bad_date", unread, f"{ours}_text")
    _mark_repeated(engine)
    report(engine, "shop_rows", "Name", "duplicate_row", "repeated")
    return rows


def _require(export: Export, source: ShopifySource) -> None:
    money = source.order_value.capitalize()
    needed = {
        "Created at": ("created at",),
        money: (source.order_value,),
        source.customer_key.capitalize(): ("email",)
        if source.customer_key == "email"
        else ("phone", "billing phone", "shipping phone"),
    }
    missing = [shown for shown, names in needed.items() if not export.has(*names)]
    if missing:
        raise DataError(
            f"{export.name}: an orders export must have the columns Name, {', '.join(needed)}; missing: "
            f"{', '.join(missing)}. Found: {', '.join(export.header[:12])}. Export the orders again from Shopify."
        )


def _cells(export: Export, source: ShopifySource) -> dict[str, str]:
    money = export.cell(source.order_value)
    cells = {
        "name": export.cell("name"),
        "email": export.cell("email", read=email),
        "phone": export.cell("phone", "billing phone", "shipping phone", read=phone),
        "id": export.cell("id", read=code),
        "money_text": money,
        "money": export.cell(source.order_value, read=lambda c: number(c, export.file.delimiter)),
        "billing_postal": export.cell("billing zip", read=bare),
        "shipping_postal": export.cell("shipping zip", read=bare),
    }
    cells |= {ours: export.cell(*theirs) for ours, theirs in {**_ORDER, **_LINE}.items()}
    for ours, theirs in {**_AMOUNTS, **{n: _LINE[n] for n in ("line_quantity", "line_price", "line_discount")}}.items():
        read = export.cell(*theirs, read=lambda c: number(c, export.file.delimiter))
        cells[ours.replace("line_", "line_n_")] = f"CAST({read} AS DECIMAL(18,4))"
    for ours in ("created", "cancelled", "fulfilled"):
        read = export.cell(*_ORDER[f"{ours}_text"], read=lambda c: instant(c, source.timezone))
        cells[ours] = f"CAST({read} AS BIGINT)"
    # An order with an impossible date is none; one that was cancelled or sent at one is an order all the same.
    for ours in ("cancelled", "fulfilled"):
        at = cells[ours]
        cells[ours] = f"CASE WHEN {at} >= {EARLIEST} AND {at} < {LATEST} THEN {at} END"
    cells["is_head"] = f"{cells['created_text']} IS NOT NULL OR {money} IS NOT NULL OR {cells['currency']} IS NOT NULL"
    return cells


def _mark_repeated(engine: Engine) -> None:
    """Mark rows that say again what another row says.

    In one file, an order with h first lines whose every line stands a multiple of h times was pasted in h times; a
    file where somebody filled the order's cells down has h first lines too, but its lines differ. Between files,
    an order with a first line in more than one was exported more than once: a line is kept as often as the file
    that holds it most often holds it. Lines are compared by what they say: a spreadsheet saves 49.90 as 49.9 and the
    SKU 00123 as 123, and older exports have no discount.
    """
    amounts = [
        f"coalesce(CAST({n} AS VARCHAR), {t})"
        for n, t in (("line_n_quantity", "line_quantity"), ("line_n_price", "line_price"))
    ]
    same = (
        f"md5(CAST(row(coalesce(line_name, line_sku), {', '.join(amounts)}, coalesce(line_n_discount, 0)) AS VARCHAR))"
    )
    engine.run(
        "CREATE OR REPLACE TABLE shop_rows AS SELECT * EXCLUDE (turn, times, heads, pasted, line), "
        "coalesce(pasted_again OR (files > 1 AND row_number() OVER "
        "(PARTITION BY name, line, turn, pasted_again ORDER BY file) > 1), FALSE) AS repeated "
        "FROM (SELECT *, turn > times // CASE WHEN pasted THEN heads ELSE 1 END AS pasted_again "
        "FROM (SELECT *, "
        "heads > 1 AND bool_and(times % greatest(heads, 1) = 0) OVER (PARTITION BY name, file) AS pasted "
        "FROM (SELECT *, "
        'row_number() OVER (PARTITION BY name, file, line ORDER BY "row") AS turn, '
        "count(*) OVER (PARTITION BY name, file, line) AS times, "
        "count(*) FILTER (WHERE is_head) OVER (PARTITION BY name, file) AS heads "
        f"FROM (SELECT *, {same} AS line FROM shop_rows)))) "
        "JOIN (SELECT name, count(DISTINCT file) FILTER (WHERE is_head) AS files FROM shop_rows GROUP BY name) "
        "USING (name)"
    )
    engine.run("ALTER TABLE shop_rows DROP COLUMN pasted_again")
