"""What each customer did about each campaign: one row for every customer it was sent to or kept from."""

from __future__ import annotations

from datetime import date

import pandas as pd

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.engine.query import QueryEngine
from discovery.engine.sql import literal, literals
from discovery.features.seen import seen
from discovery.features.vocabulary.terms import CLICKED, ORDERED, REFUNDED

_HELD_OUT = "held_out"
_FLAGS = ("received", "held", "clicked", "ordered", "stated", "unsubscribed", "spam")


def campaign_answers(
    engine: QueryEngine, dataset: Dataset, start: date, end: date, days: int, stated: str = ""
) -> pd.DataFrame:
    """Return what customers did within `days` of each campaign that began in a span of time.

    Parameters
    ----------
    engine, dataset
        Where the events are.
    start, end : date
        A campaign belongs to the span if its first message was sent, or kept back, from `start` to before `end`.
    days : int
        Length of the attribution window, from the moment the message was sent or kept back.
    stated : str
        A further event that counts as an answer.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``campaign_id``; whether it was ``received``, or the customer ``held`` out at random;
        whether they ``clicked`` (no machine), ``ordered``, did what was ``stated``, ``unsubscribed`` or marked it as
        ``spam``; and net ``revenue``. The earliest campaign first.

    Notes
    -----
    Somebody whose message bounced is there, neither received nor held: randomised arms are compared as drawn. An order
    counts whatever led to it; a click, a leave or a stated event unless it names another campaign. Customers whose
    window is not over when the data end are left out, in both arms alike.
    """
    received = [name for name in dataset.events_by_name if name.startswith("received_")]
    if not received:
        return pd.DataFrame(columns=["customer_id", "campaign_id", *_FLAGS, "revenue"])
    sql = _sql(received, start, end, days, stated, dataset.data_end, engine.table(dataset.events_path))
    frame = engine.frame(
        f"SELECT p.customer_id, a.* FROM ({sql}) AS a JOIN {engine.table(dataset.profiles_path)} AS p "
        "USING (customer_key) ORDER BY first_at, campaign_id, p.customer_id"
    )
    frame[list(_FLAGS)] = frame[list(_FLAGS)].astype(bool)
    return frame.drop(columns=["customer_key", "first_at", "sent_at"])


def _sql(received: list[str], start: date, end: date, days: int, stated: str, data_end: date, events: str) -> str:
    window = days * MICROSECONDS_PER_DAY
    reached, kept = f"event IN {literals(received)}", f"event = '{_HELD_OUT}' OR arm = 'holdout'"
    sent = (
        f'SELECT customer_key, campaign_id, min("at") AS sent_at, {_any(reached, "received")}, '
        f"{_any(kept, 'held')} FROM {events} "
        f"WHERE campaign_id IS NOT NULL AND (event IN {literals([*received, _HELD_OUT])} OR arm IS NOT NULL) "
        "GROUP BY customer_key, campaign_id"
    )
    begun = f"SELECT *, min(sent_at) OVER (PARTITION BY campaign_id) AS first_at FROM ({sent}) AS sent"
    asked = (
        f"SELECT * FROM ({begun}) AS begun WHERE first_at >= {midnight(start)} AND first_at < {midnight(end)} "
        f"AND sent_at <= {midnight(data_end) - window}"
    )
    money = literals([*ORDERED, *REFUNDED])
    measures = {
        "clicked": f"e.event IN {literals(CLICKED)} AND coalesce(e.machine <> TRUE, TRUE)",
        "ordered": f"e.event IN {literals(ORDERED)} AND e.value > 0",
        "stated": f"e.event = {literal(stated)} AND coalesce(e.machine <> TRUE, TRUE)",
        "unsubscribed": "e.event = 'unsubscribed'",
        "spam": "e.event = 'marked_spam'",
    }
    counted = [*CLICKED, *ORDERED, *REFUNDED, "unsubscribed", "marked_spam", *((stated,) if stated else ())]
    done = (
        f'SELECT customer_key, event, "at", value, campaign_id, machine FROM {events} '
        f'WHERE {seen(counted, data_end)} AND "at" >= {midnight(start)}'
    )
    flags = ", ".join(_any(where, name) for name, where in measures.items())
    revenue = f"coalesce(CAST(sum(CASE WHEN e.event IN {money} THEN e.value END) AS DOUBLE), 0) AS revenue"
    return (
        f"SELECT s.customer_key, s.campaign_id, s.first_at, s.sent_at, s.received, s.held, {flags}, {revenue} "
        f"FROM ({asked}) AS s LEFT JOIN ({done}) AS e ON e.customer_key = s.customer_key "
        f'AND e."at" >= s.sent_at AND e."at" < s.sent_at + {window} '
        f"AND (e.event IN {money} OR e.campaign_id IS NULL OR e.campaign_id = s.campaign_id) "
        "GROUP BY s.customer_key, s.campaign_id, s.first_at, s.sent_at, s.received, s.held"
    )


def _any(where: str, name: str) -> str:
    return f"max(CASE WHEN {where} THEN 1 ELSE 0 END) AS {name}"
