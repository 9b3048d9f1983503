"""From Klaviyo's events as read to events that can be used."""

from __future__ import annotations

from discovery.core.errors import DataError
from discovery.core.many import many
from discovery.core.sources import KlaviyoSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier
from discovery.ingest.cells import LARGEST
from discovery.ingest.contract import report
from discovery.ingest.exports import check_dates
from discovery.ingest.klaviyo.items import add_items
from discovery.ingest.klaviyo.metrics import load_metrics
from discovery.ingest.places import code_places

#: Events about a whole order: where nothing else names it, ``$event_id`` does, in front of a colon if there is one.
_ORDERS = "('placed_order', 'cancelled_order', 'refunded_order', 'fulfilled_order')"


def make_events(engine: Engine, source: KlaviyoSource) -> tuple[str, list[str]]:
    """Make ``events_in`` of ``klaviyo_events``; return the currency, and notes.

    - An event without a person, a readable time, a name or a readable amount is a problem; so is an order or a refund
      without ``$value``.
    - One event per metric, person and ``$event_id``; more are problems.
    - Refunds are negative, whatever sign they came with.
    - A line (``ordered_product``) that names no order belongs to the person's order of the same instant, or to the one
      its ``$event_id`` starts with.
    """
    if "metric" not in engine.columns("klaviyo_events"):
        engine.run(
            "CREATE OR REPLACE TABLE events_in "
            '(customer_id VARCHAR, event VARCHAR, "at" BIGINT, file VARCHAR, "row" BIGINT)'
        )
        return source.currency, []
    # Klaviyo writes the month first; a thirteenth month shows that somebody else wrote the day first.
    day_first = "^(1[3-9]|[23][0-9])/[0-9]+/"
    check_dates(engine, "klaviyo_events", "at_text", '"at"', "Timestamp", respelled=day_first)
    notes = code_places(engine, "klaviyo_events")
    metrics = engine.rows("SELECT DISTINCT metric FROM klaviyo_events WHERE metric IS NOT NULL ORDER BY 1")
    load_metrics(engine, [r[0] for r in metrics])
    engine.run(
        "CREATE OR REPLACE TABLE klaviyo_events AS SELECT e.* REPLACE (m.words AS metric), m.event, m.channel "
        "FROM klaviyo_events e "
        "LEFT JOIN klaviyo_metrics m USING (metric)"
    )
    currency = _currency(engine, source)
    _drop_faulty(engine)
    _drop_repeated(engine)
    _addresses(engine)
    _make(engine)
    _name_orders(engine)
    return currency, [*notes, *add_items(engine)]


def _currency(engine: Engine, source: KlaviyoSource) -> str:
    found = engine.rows(
        "SELECT upper(currency), count(*) FROM klaviyo_events WHERE currency IS NOT NULL AND value IS NOT NULL "
        "GROUP BY 1 ORDER BY 1"
    )
    names = [str(r[0]) for r in found]
    if len(names) > 1:
        listed = ", ".join(f"{name} ({many(n, 'event')})" for name, n in found)
        raise DataError(f"The amounts must be in one currency, got {listed}. Read the events of one of them.")
    if names and source.currency and names != [source.currency]:
        raise DataError(
            f"source.currency is {source.currency!r}, but the events are in {names[0]}. Set source.currency."
        )
    return source.currency or (names[0] if names else "")


def _drop_faulty(engine: Engine) -> None:
    money = "event IN ('placed_order', 'refunded_order')"
    faults = {
        "missing_customer": ("Person//Email", "email", "customer_id IS NULL"),
        "unknown_metric": ("metric", "metric_id", "event IS NULL"),
        "bad_date": ("Timestamp", "at_text", '"at" IS NULL'),
        "bad_number": ("$value", "value_text", "value IS NULL AND value_text IS NOT NULL"),
        "missing_value": ("$value", "value_text", f"value_text IS NULL AND {money}"),
        "impossible_number": (
            *("$value", "value_text"),
            f"abs(value) >= {LARGEST:.0f} OR (event = 'placed_order' AND value < 0)",
        ),
    }
    for reason, (column, shown, where) in faults.items():
        report(engine, "klaviyo_events", column, reason, where, shown)
    wrong = " OR ".join(f"coalesce({where}, FALSE)" for _, _, where in faults.values())
    engine.run(f"DELETE FROM klaviyo_events WHERE {wrong}")


def _drop_repeated(engine: Engine) -> None:
    """Keep one event per metric, person and id: the earliest, then by content, so that files do not count."""
    events, distinct = engine.rows("SELECT count(*), count(DISTINCT (metric, customer_id, key)) FROM klaviyo_events")[0]
    if events == distinct:
        return
    content = ", ".join(identifier(c) for c in engine.columns("klaviyo_events") if c not in ("file", "row"))
    engine.run(
        "CREATE OR REPLACE TABLE klaviyo_events AS SELECT *, row_number() OVER (PARTITION BY metric, customer_id, key "
        f'ORDER BY "at", md5(CAST(row({content}) AS VARCHAR)), file, "row") AS turn FROM klaviyo_events'
    )
    report(engine, "klaviyo_events", "$event_id", "duplicate_event", "turn > 1", "order_key")
    engine.run("DELETE FROM klaviyo_events WHERE turn > 1")


def _addresses(engine: Engine) -> None:
    """Give customers whose profile states no address, or who have none, the newest that their events state."""
    newest = ", ".join(f'max_by({c}, ("at", {c})) FILTER (WHERE {c} IS NOT NULL) AS {c}' for c in ("email", "phone"))
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE klaviyo_seen AS SELECT customer_id, {newest} FROM klaviyo_events "
        "WHERE email IS NOT NULL OR phone IS NOT NULL GROUP BY customer_id"
    )
    engine.run(
        "UPDATE profiles_in p SET email = coalesce(p.email, s.email), phone = coalesce(p.phone, s.phone) "
        "FROM klaviyo_seen s WHERE p.customer_id = s.customer_id"
    )
    engine.run(
        "INSERT INTO profiles_in BY NAME SELECT * FROM klaviyo_seen WHERE customer_id NOT IN "
        "(SELECT customer_id FROM profiles_in)"
    )
    engine.run("DROP TABLE klaviyo_seen")


def _make(engine: Engine) -> None:
    about_product = f"event NOT IN {_ORDERS}"
    plain = ", ".join(
        f"CASE WHEN {about_product} THEN {c} END AS {c}" for c in ("product_id", "product", "category", "brand")
    )
    engine.run(
        'CREATE OR REPLACE TABLE events_in AS SELECT customer_id, event, "at", '
        # An id is unique to a metric and a person only.
        "md5(concat_ws(chr(31), metric, customer_id, key)) AS event_id, "
        "CASE WHEN event = 'refunded_order' THEN -abs(value) ELSE value END AS value, "
        f"coalesce(order_id, CASE WHEN event IN {_ORDERS} THEN split_part(order_key, ':', 1) END) AS order_id, "
        f"{plain}, quantity, discount, discount_code, campaign_id, channel, "
        "CASE WHEN event IN ('opened_email', 'clicked_email') THEN machine END AS machine, "
        "CASE WHEN event = 'bounced_email' THEN bounce_type END AS bounce_type, device, country, order_key, "
        "CASE WHEN event = 'placed_order' THEN items END AS items, "
        'file, "row" FROM klaviyo_events'
    )


def _name_orders(engine: Engine) -> None:
    placed = "SELECT customer_id, order_id, \"at\" FROM events_in WHERE event = 'placed_order' AND order_id IS NOT NULL"
    line = "e.event = 'ordered_product' AND e.order_id IS NULL AND e.customer_id = p.customer_id"
    engine.run(
        f"UPDATE events_in e SET order_id = p.order_id FROM (SELECT DISTINCT customer_id, order_id FROM ({placed})) p "
        f"WHERE {line} AND split_part(e.order_key, ':', 1) = p.order_id"
    )
    engine.run(
        f'UPDATE events_in e SET order_id = p.order_id FROM (SELECT customer_id, "at", min(order_id) AS order_id FROM '
        f'({placed}) GROUP BY customer_id, "at" HAVING count(*) = 1) p WHERE {line} AND e."at" = p."at"'
    )
    engine.run("ALTER TABLE events_in DROP COLUMN order_key")
