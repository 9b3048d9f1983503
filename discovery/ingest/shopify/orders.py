"""Shopify's orders: one row each, with what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.sources import ShopifySource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal, literals
from discovery.ingest.cells import LARGEST, bare, is_email
from discovery.ingest.contract import report
from discovery.ingest.places import code_places

#: Payment never came or was undone before the goods left: no order, whatever its total says.
NOT_ORDERS = ("voided", "expired")
#: What Shopify's gateway for trying a checkout is called, in all its spellings.
_TEST_GATEWAY = "bogus"
_CELLS = (
    *("email", "phone", "id", "status", "created_text", "created", "cancelled", "fulfilled", "currency", "payment"),
    *("money_text", "money", "refunded", "discount", "discount_code", "accepts"),
)
_PLACE = ("country", "region", "city", "postal")


def make_orders(engine: Engine, source: ShopifySource) -> tuple[str, list[str]]:
    """Make the table ``shop_orders`` out of ``shop_rows``; return the currency, and notes.

    - An order's cells stand on its first line; whatever other lines and files state fills what it leaves open. Of
      two exports of one order the later state counts: cancelled, then the larger refund, then paid, then fulfilled.
    - ``voided`` and ``expired`` orders, and those paid by the gateway for tests, are no orders: all their rows are
      problems, and they stand in ``undone_in``. A test in the test mode of a real gateway is not marked in an export.
    - ``pending``, ``authorized`` and ``partially_paid`` orders count: the customer did order. A note says how many.
    - The value is ``Total`` (with shipping and taxes, refunds not taken off) or ``Subtotal``, as the source says.
    - An order of value 0 is kept as an event; features count orders above 0. A note says how many.
    - An order without a customer, a readable date or an amount is a problem, with all its rows.

    Raises
    ------
    DataError
        If the orders are in several currencies and the source chooses none, or one name stands for two orders.
    """
    state = "is_head DESC, (cancelled IS NOT NULL) DESC, refunded DESC NULLS LAST, (paid_text IS NOT NULL) DESC"
    content = ", ".join(c for c in engine.columns("shop_rows") if c not in ("file", "row", "repeated"))
    order = f"{state}, (fulfilled IS NOT NULL) DESC, md5(CAST(row({content}) AS VARCHAR))"
    cells = ", ".join(f"arg_min({c}, turn) FILTER (WHERE {c} IS NOT NULL) AS {c}" for c in _CELLS)
    # One address for an order: the payer's, and the parcel's where the payer's has no country.
    address = ", ".join(
        f"CASE WHEN billing_country IS NOT NULL THEN billing_{p} ELSE shipping_{p} END AS {p}" for p in _PLACE
    )
    places = ", ".join(
        f"arg_min({p}, turn) FILTER (WHERE country IS NOT NULL AND {p} IS NOT NULL) AS {p}" for p in _PLACE
    )
    engine.run(
        f"CREATE OR REPLACE TABLE shop_orders AS SELECT name, {cells}, {places}, "
        "count(DISTINCT created) AS times, bool_or(is_head) AS known "
        f"FROM (SELECT *, {address}, row_number() OVER (PARTITION BY name ORDER BY {order}) AS turn FROM shop_rows) "
        "GROUP BY name"
    )
    _refuse_two_stores(engine)
    currency = _currency(engine, source)
    _judge(engine, source, currency)
    notes = [*code_places(engine, "shop_orders"), *_count(engine, source.customer_key)]
    return currency, notes


def _refuse_two_stores(engine: Engine) -> None:
    found = engine.rows("SELECT name FROM shop_orders WHERE times > 1 ORDER BY name")
    if found:
        raise DataError(
            f"Each order name must stand for one order, but {found[0][0]!r} has two creation times ({len(found):,} "
            "such names): exports of two stores in one folder? Give each store its own folder, as parts of a joined "
            "source."
        )


def _currency(engine: Engine, source: ShopifySource) -> str:
    found = engine.rows(
        "SELECT upper(currency), count(*) FROM shop_orders WHERE currency IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    names = [str(r[0]) for r in found]
    if source.currency:
        if names and source.currency not in names:
            raise DataError(f"source.currency is {source.currency!r}, but the orders are in {', '.join(names)}.")
        return source.currency
    if len(names) > 1:
        listed = ", ".join(f"{name} ({many(n, 'order')})" for name, n in found)
        raise DataError(
            f"The orders must be in one currency, got {listed}. Set source.currency to read those in it and leave the "
            "others out."
        )
    return names[0] if names else ""


def _judge(engine: Engine, source: ShopifySource, currency: str) -> None:
    """Give every order its customer and report each fault on all its rows."""
    engine.run(
        f"CREATE OR REPLACE TABLE shop_orders AS SELECT * EXCLUDE (created, money, postal, times), "
        f'{source.customer_key} AS customer_id, created AS "at", money AS value, postal AS postal_code, '
        f"coalesce(id, {bare('name')}) AS order_id, "
        "CASE WHEN lower(accepts) IN ('yes', 'true') THEN 'subscribed' END AS consent_email FROM shop_orders"
    )
    status = "replace(lower(status), ' ', '_')"
    undone = {
        **{f"{s}_order": ("Financial Status", "status", f"{status} = {literal(s)}") for s in NOT_ORDERS},
        "test_order": ("Payment Method", "payment", f"contains(lower(payment), {literal(_TEST_GATEWAY)})"),
    }
    faults = {
        "order_without_first_line": ("Created at", "created_text", "NOT known"),
        "missing_customer": (source.customer_key.capitalize(), "customer_id", "known AND customer_id IS NULL"),
        "bad_date": ("Created at", "created_text", 'known AND "at" IS NULL'),
        "bad_number": (source.order_value.capitalize(), "money_text", "known AND value IS NULL"),
        "impossible_number": (
            *(source.order_value.capitalize(), "money_text"),
            f"value < 0 OR value >= {LARGEST:.0f}",
        ),
        **undone,
        "other_currency": ("Currency", "currency", f"upper(currency) <> {literal(currency)}"),
    }
    if source.customer_key == "email":
        faults["bad_email"] = ("Email", "email", f"NOT {is_email('email')}")
    engine.run(
        'CREATE OR REPLACE TABLE shop_lines AS SELECT o.*, r.file, r."row" FROM shop_rows r JOIN shop_orders o '
        "USING (name) WHERE NOT r.repeated"
    )
    for reason, (column, shown, where) in faults.items():
        report(engine, "shop_lines", column, reason, where, shown)
    engine.run(
        'INSERT INTO undone_in SELECT customer_id, order_id, "at", value FROM shop_orders '
        f'WHERE customer_id IS NOT NULL AND "at" IS NOT NULL AND ({_any(undone)})'
    )
    engine.run(f"CREATE OR REPLACE TABLE shop_orders AS SELECT *, NOT ({_any(faults)}) AS usable FROM shop_orders")


def _any(faults: Mapping[str, tuple[str, str, str]]) -> str:
    return " OR ".join(f"coalesce({where}, FALSE)" for _, _, where in faults.values())


def _unnamed(engine: Engine, key: str) -> list[str]:
    """Say how many orders no customer is known of, and how many would be known by the other key."""
    words = {"email": "an e-mail address", "phone": "a phone number"}
    other = next(name for name in words if name != key)
    orders, known = engine.rows(
        f"SELECT count(*), count({other}) FROM shop_orders WHERE known AND customer_id IS NULL"
    )[0]
    if not orders:
        return []
    instead = (
        f"; {many(known, 'of them has', 'of them have')} {words[other]} (source.customer_key: {other} goes by it)"
        if known
        else ""
    )
    left_out = many(orders, f"order without {words[key]} is left out", f"orders without {words[key]} are left out")
    return [f"{left_out}{instead}."]


def _count(engine: Engine, key: str) -> list[str]:
    notes = _unnamed(engine, key)
    unpaid = engine.rows(
        "SELECT lower(status), count(*) FROM shop_orders WHERE usable AND replace(lower(status), ' ', '_') IN "
        f"{literals(('pending', 'authorized', 'partially_paid', 'unpaid'))} GROUP BY 1 ORDER BY 1"
    )
    if unpaid:
        listed = ", ".join(f"{status} {n:,}" for status, n in unpaid)
        notes.append(f"Orders not fully paid yet count as orders: {listed}.")
    free = engine.scalar("SELECT count(*) FROM shop_orders WHERE usable AND value = 0")
    if free:
        kept = many(free, "order of value 0 is kept as an event", "orders of value 0 are kept as events")
        notes.append(f"{kept}; features count orders above 0.")
    return notes
