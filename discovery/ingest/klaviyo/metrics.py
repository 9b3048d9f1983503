"""Klaviyo's metrics: which event of the vocabulary each is, and on which channel it happens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from discovery.core.dataset import EVENT_NAMES
from discovery.engine.duckdb import Engine

#: Names as Klaviyo's own integrations and custom ones send them, in small letters: the vocabulary's event.
EVENTS: Mapping[str, str] = {
    **{name.replace("_", " "): name for name in EVENT_NAMES},
    "canceled order": "cancelled_order",
    "fulfilled partial order": "fulfilled_order",
    "checkout started": "started_checkout",
    "form submitted by profile": "submitted_form",
    "filled out form": "submitted_form",
    "marked email as spam": "marked_spam",
    "subscribed to list": "subscribed",
    "subscribed to email marketing": "subscribed",
    "subscribed to sms marketing": "subscribed",
    "unsubscribed from list": "unsubscribed",
    "unsubscribed from email marketing": "unsubscribed",
    "unsubscribed from sms marketing": "unsubscribed",
}
_CHANNELS: Mapping[str, str] = {
    **dict.fromkeys(
        ("viewed_product", "added_to_cart", "started_checkout", "active_on_site", "submitted_search"), "web"
    ),
    "submitted_form": "form",
}


def words(name: str) -> str:
    """Return a metric's name in small letters, parted by single blanks.

    Examples
    --------
    >>> words("Placed_Order (1)")
    'placed order 1'
    """
    return " ".join(re.findall(r"[^\W_]+", name.lower()))


def event_name(metric: str) -> str:
    """Return the event a metric is; one the vocabulary does not know becomes its own name in snake case.

    Examples
    --------
    >>> event_name("Checkout Started"), event_name("Started Checkout"), event_name("Viewed Collection")
    ('started_checkout', 'started_checkout', 'viewed_collection')
    """
    return EVENTS.get(words(metric), words(metric).replace(" ", "_") or "unnamed_metric")


def channel_of(metric: str) -> str | None:
    """Return the channel a metric happens on, where its name tells.

    Examples
    --------
    >>> channel_of("Opened Email"), channel_of("Subscribed to SMS Marketing"), channel_of("Placed Order")
    ('email', 'sms', None)
    """
    said = words(metric).split()
    for channel in ("email", "sms", "push"):
        if channel in said:
            return channel
    return _CHANNELS.get(event_name(metric))


def metric_of_file(stem: str) -> str:
    """Return the metric a file's name says, also with a date or number behind it; else the name itself.

    Examples
    --------
    >>> metric_of_file("Placed Order"), metric_of_file("placed_order_2024-01"), metric_of_file("Wishlist")
    ('Placed Order', 'placed order', 'Wishlist')
    """
    said = words(stem)
    if said in EVENTS:
        return stem
    without_number = re.sub(r"( (v?\d+|export|part|historical|events?))+$", "", said)
    return without_number if without_number in EVENTS else stem


def load_metrics(engine: Engine, metrics: Iterable[str]) -> None:
    """Make the table ``klaviyo_metrics``: metric, its words (one metric in all spellings), event, channel."""
    names = list(metrics)
    frame = pd.DataFrame({"metric": names, "words": [words(n) for n in names]}, dtype="str")
    frame["event"] = pd.Series([event_name(n) for n in names], dtype="str")
    frame["channel"] = pd.Series([channel_of(n) for n in names], dtype="str")
    engine.load("klaviyo_metrics", frame)
