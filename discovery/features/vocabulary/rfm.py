"""Recency, frequency, money: the measures, and the scores two ways."""

from __future__ import annotations

from dataclasses import replace

from discovery.core.feature import Bands, Feature
from discovery.features.vocabulary.terms import (
    DAYS,
    NEVER_DAYS,
    NO_ORDER,
    ORDERED,
    REFUNDED,
    counted,
    ratio,
    since,
    summed,
    windowed,
)

_ORDERS = counted("orders", "orders", "RFM", ORDERED, "orders", cluster=True, words=("occasional {}", "frequent {}"))
_REVENUE = summed("revenue", "gross revenue", ORDERED, cluster=True, words=("low spenders", "big spenders"))
_NET_REVENUE = summed("net_revenue", "net revenue", (*ORDERED, *REFUNDED))


def _score(name: str, label: str, of: str, bands: Bands) -> Feature:
    steps = (1.0, 2.0, 3.0) if bands != "quintiles" else (1.0, 2.0, 3.0, 4.0, 5.0)
    return Feature(
        name,
        label,
        "RFM",
        "band",
        of=(of,),
        bands=bands,
        labels=tuple(str(int(s)) for s in steps),
        unit="score",
        missing=NO_ORDER,
        human_step=steps,
    )


RFM: tuple[Feature, ...] = (
    since(
        "days_since_last_order",
        "days since last order",
        "RFM",
        ORDERED,
        missing=NO_ORDER,
        fill=NEVER_DAYS,
        cluster=True,
        words=("active {}", "lapsed {}"),
    ),
    Feature(
        "days_since_first_order",
        "days since first order",
        "RFM",
        "days_since_first",
        ORDERED,
        unit="days",
        missing=NO_ORDER,
        fill=NEVER_DAYS,
        cluster=True,
        human_step=DAYS,
        words=("new {}", "long-standing {}"),
    ),
    _ORDERS,
    *windowed(_ORDERS, 30, 60, 90, 180, 365, words=()),
    replace(
        _ORDERS,
        name="orders_61_to_120d",
        label="orders 61 to 120 days ago",
        window=120,
        skip=60,
        cluster=False,
        words=(),
    ),
    _REVENUE,
    *windowed(_REVENUE, 30, 90, 180, 365, words=()),
    _NET_REVENUE,
    *windowed(_NET_REVENUE, 365),
    ratio(
        "order_frequency_change",
        "orders in the last 60 days over those in the 60 before",
        "Lifecycle",
        "orders_60d",
        "orders_61_to_120d",
        missing="no order 61 to 120 days ago: missing",
        words=("slowing {}", "accelerating {}"),
    ),
    # Klaviyo's scores: recency by fixed days, frequency and money by thirds of those who ordered.
    _score("r_score", "recency score, 3 is best", "days_since_last_order", "recency"),
    _score("f_score", "frequency score, 3 is best", "orders", "thirds"),
    _score("m_score", "money score, 3 is best", "revenue", "thirds"),
    _score("r_quintile", "recency quintile, 5 is best", "days_since_last_order", "quintiles"),
    _score("f_quintile", "frequency quintile, 5 is best", "orders", "quintiles"),
    _score("m_quintile", "money quintile, 5 is best", "revenue", "quintiles"),
    Feature(
        "rfm_group",
        "RFM group",
        "RFM",
        "tier",
        kind="text",
        missing="no order: missing",
        labels=("Champions", "Loyal", "Recent", "Needs attention", "At risk", "Inactive"),
    ),
)
