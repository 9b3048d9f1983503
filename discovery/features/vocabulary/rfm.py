"""Recency, frequency, money."""

from __future__ import annotations

from dataclasses import replace

from discovery.core.feature import Feature
from discovery.features.vocabulary.terms import (
    COUNTS,
    DAYS,
    MONEY,
    NEVER_DAYS,
    NO_ORDER,
    NO_ORDER_ZERO,
    ORDERED,
    REFUNDED,
)


def _windowed(base: Feature, *windows: int) -> tuple[Feature, ...]:
    return tuple(
        replace(base, name=f"{base.name}_{w}d", label=f"{base.label} in the last {w} days", window=w, cluster=False)
        for w in windows
    )


_ORDERS = Feature(
    "orders",
    "orders",
    "RFM",
    "count",
    ORDERED,
    unit="orders",
    missing=NO_ORDER_ZERO,
    fill=0.0,
    cluster=True,
    human_step=COUNTS,
    words=("Few orders", "Frequent"),
)
_REVENUE = Feature(
    "revenue",
    "gross revenue",
    "RFM",
    "sum",
    ORDERED,
    "value",
    unit="money",
    missing=NO_ORDER_ZERO,
    fill=0.0,
    cluster=True,
    human_step=MONEY,
    words=("Low spend", "High spend"),
)
_NET_REVENUE = Feature(
    "net_revenue",
    "net revenue",
    "RFM",
    "sum",
    (*ORDERED, *REFUNDED),
    "value",
    unit="money",
    missing=NO_ORDER_ZERO,
    fill=0.0,
    human_step=MONEY,
)

RFM: tuple[Feature, ...] = (
    Feature(
        "days_since_last_order",
        "days since last order",
        "RFM",
        "days_since_last",
        ORDERED,
        unit="days",
        missing=NO_ORDER,
        fill=NEVER_DAYS,
        cluster=True,
        human_step=DAYS,
        words=("Recent", "Lapsed"),
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
        words=("New", "Long-standing"),
    ),
    _ORDERS,
    *_windowed(replace(_ORDERS, words=("Quiet lately", "Active lately")), 30, 90, 180, 365),
    _REVENUE,
    *_windowed(replace(_REVENUE, words=("Low recent spend", "High recent spend")), 90, 365),
    _NET_REVENUE,
    *_windowed(_NET_REVENUE, 365),
)
