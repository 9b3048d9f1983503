"""Orders that two sources both tell of, counted once."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.core.many import many
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal, literals
from discovery.ingest.contract import report

_EVENTS = ("placed_order", "ordered_product", "refunded_order", "cancelled_order", "fulfilled_order")
_FAMILY = literals(_EVENTS)
_UNDONE = -1
_MICROSECONDS_PER_MINUTE = 60_000_000


def drop_known_orders(engine: Engine, labels: Sequence[str]) -> list[str]:
    """Remove from ``events_in`` what an earlier part already tells of an order; return notes.

    Orders are the same if customer and order id are, or customer, value and minute, or order id and minute (the parts
    know the customer by two addresses); two equal orders of one minute in one part match two in the other. Of a
    matched order's lines, refunds, cancellations and fulfilments the earlier part's count; a later part adds only
    kinds of events that the earlier lacks, and they take its order id. What is removed goes to the problems.

    After them go orders that ``undone_in`` names: what every other part tells of those.
    """
    engine.run("CREATE OR REPLACE TABLE events_in AS SELECT *, row_number() OVER () AS nr FROM events_in")
    merged = []
    for later in range(1, len(labels)):
        for earlier in range(later):
            pairs = _pair(engine, earlier, later)
            merged.append(f"{pairs:,} of {labels[later]} stand in {labels[earlier]} too and count once")
            if pairs:
                _drop(engine, earlier, later, "told_by_an_earlier_part")
    undone = _drop_undone(engine, labels)
    left = dict(engine.rows("SELECT part, count(*) FROM events_in WHERE event = 'placed_order' GROUP BY part"))
    for column in ("nr", "part"):
        engine.run(f"ALTER TABLE events_in DROP COLUMN {column}")
    alone = ", ".join(f"{left.get(i, 0):,} from {label}" for i, label in enumerate(labels))
    return [f"Orders: {'; '.join(merged)}. Counted are {alone}.", *undone]


def _drop_undone(engine: Engine, labels: Sequence[str]) -> list[str]:
    """Remove what a part tells of orders that another knows to be none; return notes."""
    notes = []
    for part, label in enumerate(labels):
        if not engine.scalar(f"SELECT count(*) FROM undone_in WHERE part = {part}"):
            continue
        # As if they were a part before all others that told everything of its orders.
        for event in _EVENTS:
            engine.run(
                "INSERT INTO events_in BY NAME SELECT u.* EXCLUDE (part), (SELECT max(nr) FROM events_in) + "
                f"row_number() OVER () AS nr, {literal(event)} AS event, {_UNDONE} AS part "
                f"FROM undone_in u WHERE part = {part}"
            )
        for other, name in enumerate(labels):
            if other != part and (pairs := _pair(engine, _UNDONE, other)):
                _drop(engine, _UNDONE, other, "undone_in_another_part")
                counted = many(pairs, f"order of {name} does not count", f"orders of {name} do not count")
                notes.append(f"{counted}: {label} says never paid, or tests.")
        engine.run(f"DELETE FROM events_in WHERE part = {_UNDONE}")
    return notes


def _pair(engine: Engine, earlier: int, later: int) -> int:
    """Make ``same_orders`` (each later order with the earlier one it repeats) and return how many there are."""
    sides = ", ".join(
        f"{side}_nr BIGINT, {side}_customer VARCHAR, {side}_order VARCHAR, {side}_at BIGINT"
        for side in ("later", "earlier")
    )
    engine.run(f"CREATE OR REPLACE TABLE same_orders ({sides})")
    both = ", ".join(f'{t}.nr, {t}.customer_id, {t}.order_id, {t}."at"' for t in "ba")
    same_customer, same_order = "a.customer_id = b.customer_id", "a.order_id = b.order_id"
    same_minute = _minute('a."at"') + " = " + _minute('b."at"')
    minute = _minute('"at"')
    # By id first: what it matches is no longer looked at by value and minute.
    for kind, equal in (
        ("customer_id, order_id", f"{same_customer} AND {same_order}"),
        (f"customer_id, value, {minute}", f"{same_customer} AND a.value = b.value AND {same_minute}"),
        (f"order_id, {minute}", f"{same_order} AND {same_minute}"),
    ):
        free = [_placed(part, kind, side) for part, side in ((later, "later_nr"), (earlier, "earlier_nr"))]
        engine.run(
            f"INSERT INTO same_orders SELECT {both} FROM ({free[0]}) b JOIN ({free[1]}) a "
            f"ON a.turn = b.turn AND {equal}"
        )
    return int(engine.scalar("SELECT count(*) FROM same_orders"))


def _minute(at: str) -> str:
    return f"{at} // {_MICROSECONDS_PER_MINUTE}"


def _placed(part: int, kind: str, side: str) -> str:
    """Return the orders of a part that are not matched yet, numbered among those alike in `kind`."""
    return (
        f'SELECT nr, customer_id, order_id, "at", value, row_number() OVER (PARTITION BY {kind} '
        f'ORDER BY "at", order_id, value, event_id, file, "row") AS turn FROM events_in '
        f"WHERE event = 'placed_order' AND part = {part} AND nr NOT IN (SELECT {side} FROM same_orders)"
    )


def _drop(engine: Engine, earlier: int, later: int, reason: str) -> None:
    """Remove the later part's events of matched orders where the earlier part has events of that name."""
    engine.run(
        f"CREATE OR REPLACE TABLE same_events AS SELECT e.nr, e.event, min(s.later_nr) AS later_nr, "
        f"min_by(s.earlier_order, s.later_nr) AS earlier_order FROM {_belonging(later, 'later')} GROUP BY e.nr, e.event"
    )
    # Lines made of the items an order lists tell less than lines of their own, whichever part has those.
    known = f"SELECT DISTINCT s.later_nr, e.event FROM {_belonging(earlier, 'earlier')} AND e.from_items IS NOT TRUE"
    engine.run(
        "CREATE OR REPLACE TABLE events_in AS SELECT e.* REPLACE (coalesce(l.earlier_order, e.order_id) AS order_id), "
        "k.later_nr IS NOT NULL AS told FROM events_in e LEFT JOIN same_events l ON e.nr = l.nr "
        f"LEFT JOIN ({known}) k ON k.later_nr = l.later_nr AND k.event = e.event"
    )
    report(engine, "events_in", "order_id", reason, "told")
    engine.run("DELETE FROM events_in WHERE told")
    engine.run("ALTER TABLE events_in DROP COLUMN told")
    engine.run("DROP TABLE same_events")


def _belonging(part: int, side: str) -> str:
    """Return the join of a part's events to the matched orders they belong to; lines without an id go by the minute."""
    same_minute = _minute('e."at"') + " = " + _minute(f"s.{side}_at")
    return (
        f"events_in e JOIN same_orders s ON e.customer_id = s.{side}_customer AND e.part = {part} "
        f"AND e.event IN {_FAMILY} "
        f"AND (e.nr = s.{side}_nr OR (e.event <> 'placed_order' AND e.order_id = s.{side}_order) "
        f"OR (e.event = 'ordered_product' AND e.order_id IS NULL AND {same_minute}))"
    )
