"""The vocabulary: every feature declared once, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from discovery.core.errors import UsageError, did_you_mean
from discovery.core.feature import Feature

_ORDER = ("placed_order",)
_LINE = ("ordered_product",)
_REFUND = ("refunded_order",)
_CLICK = ("clicked_email", "clicked_sms")
_DAYS = (7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 240, 270, 300, 365, 395, 450, 540, 730, 1095)
_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500)
_MONEY = tuple(
    digit * 10**power for power in range(6) for digit in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8) if digit * 10**power >= 5
)
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)
_NO_ORDER = "no order: missing"
_NO_ORDER_ZERO = "no order: 0"
#: No order is older than this to a clustering: far beyond any real recency.
_NEVER_DAYS = 3_650.0


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
    _ORDER,
    unit="orders",
    missing=_NO_ORDER_ZERO,
    fill=0.0,
    cluster=True,
    human_step=_COUNTS,
    words=("Few orders", "Frequent"),
)
_REVENUE = Feature(
    "revenue",
    "gross revenue",
    "RFM",
    "sum",
    _ORDER,
    "value",
    unit="money",
    missing=_NO_ORDER_ZERO,
    fill=0.0,
    cluster=True,
    human_step=_MONEY,
    words=("Low spend", "High spend"),
)
_NET_REVENUE = Feature(
    "net_revenue",
    "net revenue",
    "RFM",
    "sum",
    (*_ORDER, *_REFUND),
    "value",
    unit="money",
    missing=_NO_ORDER_ZERO,
    fill=0.0,
    human_step=_MONEY,
    words=("Low net spend", "High net spend"),
)

CATALOGUE: tuple[Feature, ...] = (
    Feature(
        "days_since_last_order",
        "days since last order",
        "RFM",
        "days_since_last",
        _ORDER,
        unit="days",
        missing=_NO_ORDER,
        fill=_NEVER_DAYS,
        cluster=True,
        human_step=_DAYS,
        words=("Recent", "Lapsed"),
    ),
    Feature(
        "days_since_first_order",
        "days since first order",
        "RFM",
        "days_since_first",
        _ORDER,
        unit="days",
        missing=_NO_ORDER,
        fill=_NEVER_DAYS,
        cluster=True,
        human_step=_DAYS,
        words=("New", "Long-standing"),
    ),
    _ORDERS,
    *_windowed(replace(_ORDERS, words=("Quiet lately", "Active lately")), 30, 90, 180, 365),
    _REVENUE,
    *_windowed(replace(_REVENUE, words=("Low recent spend", "High recent spend")), 90, 365),
    _NET_REVENUE,
    *_windowed(_NET_REVENUE, 365),
    Feature(
        "average_order_value",
        "average order value",
        "Order shape",
        "ratio",
        of=("revenue", "orders"),
        unit="money",
        missing=_NO_ORDER,
        fill=0.0,
        cluster=True,
        human_step=_MONEY,
        words=("Small baskets", "Big baskets"),
    ),
    Feature(
        "largest_order",
        "largest order",
        "Order shape",
        "max",
        _ORDER,
        "value",
        unit="money",
        missing=_NO_ORDER,
        human_step=_MONEY,
        words=("No large order", "One large order"),
    ),
    Feature(
        "units",
        "units ordered",
        "Order shape",
        "sum",
        _ORDER,
        "quantity",
        unit="units",
        missing=_NO_ORDER_ZERO,
        human_step=_COUNTS,
    ),
    Feature(
        "units_per_order",
        "units per order",
        "Order shape",
        "ratio",
        of=("units", "orders"),
        unit="units",
        missing=_NO_ORDER,
        fill=0.0,
        holdout=True,
        human_step=_COUNTS,
        words=("Few units an order", "Many units an order"),
    ),
    Feature(
        "distinct_products",
        "different products",
        "Order shape",
        "distinct",
        _LINE,
        "product_id",
        unit="products",
        missing="no product line: 0",
        fill=0.0,
        holdout=True,
        human_step=_COUNTS,
        words=("Narrow choice", "Wide choice"),
    ),
    Feature(
        "distinct_categories",
        "different categories",
        "Order shape",
        "distinct",
        _LINE,
        "category",
        unit="categories",
        missing="no category known: 0",
        fill=0.0,
        holdout=True,
        human_step=_COUNTS,
        words=("One category", "Many categories"),
    ),
    Feature(
        "top_product_share",
        "share of spend on the favourite product",
        "Order shape",
        "top_share",
        _LINE,
        "product_id",
        unit="share",
        missing="no product line: missing",
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("Varied", "Favours one product"),
    ),
    Feature(
        "mean_gap_days",
        "mean days between orders",
        "Order shape",
        "mean_gap_days",
        _ORDER,
        unit="days",
        missing="fewer than two orders: missing",
        fill="days_since_last_order",
        human_step=_DAYS,
        words=("Short gaps", "Long gaps"),
    ),
    Feature(
        "median_gap_days",
        "median days between orders",
        "Order shape",
        "median_gap_days",
        _ORDER,
        unit="days",
        missing="fewer than two orders: missing",
        # Someone who has not ordered again yet has a gap at least as long as the time since the last order.
        fill="days_since_last_order",
        cluster=True,
        human_step=_DAYS,
        words=("Short gaps", "Long gaps"),
    ),
    Feature(
        "overdue_ratio",
        "days since last order over the median gap",
        "Order shape",
        "ratio",
        of=("days_since_last_order", "median_gap_days"),
        unit="times",
        missing="fewer than two orders, or all on one day: missing",
        human_step=(0.5, 1, 1.5, 2, 3, 5, 10),
        words=("On time", "Overdue"),
    ),
    Feature(
        "share_discounted",
        "share of orders with a discount",
        "Money behaviour",
        "share",
        _ORDER,
        where=(("discount", ">", 0),),
        unit="share",
        missing="no order, or discounts not known: missing",
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("Full price", "Discount seekers"),
    ),
    Feature(
        "refunded_orders",
        "refunds",
        "Money behaviour",
        "count",
        _REFUND,
        unit="refunds",
        missing="no refund: 0",
        human_step=_COUNTS,
    ),
    Feature(
        "refunds_per_order",
        "refunds per order",
        "Money behaviour",
        "ratio",
        of=("refunded_orders", "orders"),
        unit="times",
        missing=_NO_ORDER,
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("Rarely refunded", "Often refunded"),
    ),
    Feature(
        "share_weekend",
        "share of orders on a weekend",
        "Season and time",
        "share",
        _ORDER,
        where=(("weekday", ">=", 5),),
        unit="share",
        missing=_NO_ORDER,
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("Weekday", "Weekend"),
    ),
    Feature(
        "share_november_december",
        "share of orders in November and December",
        "Season and time",
        "share",
        _ORDER,
        where=(("season", "=", "november_december"),),
        unit="share",
        missing=_NO_ORDER,
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("All-year", "Holiday"),
    ),
    Feature(
        "share_evening",
        "share of orders from 17:00 UTC",
        "Season and time",
        "share",
        _ORDER,
        where=(("hour", ">=", 17),),
        unit="share",
        missing=_NO_ORDER,
        fill=0.0,
        holdout=True,
        human_step=_SHARES,
        words=("Daytime", "Evening"),
    ),
    Feature(
        "emails_received_90d",
        "e-mails received in the last 90 days",
        "Engagement",
        "count",
        ("received_email",),
        window=90,
        unit="e-mails",
        missing="none: 0",
        human_step=_COUNTS,
    ),
    Feature(
        "clicks_90d",
        "e-mail and SMS clicks in the last 90 days",
        "Engagement",
        "count",
        _CLICK,
        window=90,
        where=(("machine", "<>", True),),
        unit="clicks",
        missing="none: 0",
        fill=0.0,
        holdout=True,
        human_step=_COUNTS,
        words=("Unengaged", "Engaged"),
    ),
    Feature(
        "days_since_last_click",
        "days since last e-mail or SMS click",
        "Engagement",
        "days_since_last",
        _CLICK,
        where=(("machine", "<>", True),),
        unit="days",
        missing="never clicked: missing",
        human_step=_DAYS,
        words=("Clicked lately", "Long since a click"),
    ),
    Feature(
        "product_views_90d",
        "products viewed in the last 90 days",
        "Browsing",
        "count",
        ("viewed_product",),
        window=90,
        unit="views",
        missing="none: 0",
        fill=0.0,
        holdout=True,
        human_step=_COUNTS,
        words=("Rarely browsing", "Browsing"),
    ),
    Feature(
        "country",
        "country",
        "Geography",
        "profile",
        column="country",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "region",
        "region",
        "Geography",
        "profile",
        column="region",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "consent_email",
        "e-mail consent",
        "Consent",
        "profile",
        column="consent_email",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "suppressed",
        "suppressed",
        "Consent",
        "profile",
        column="suppressed",
        kind="boolean",
        missing="not known: missing",
    ),
)

BY_NAME: Mapping[str, Feature] = {f.name: f for f in CATALOGUE}


def features_named(names: tuple[str, ...]) -> tuple[Feature, ...]:
    """Return the named features of the catalogue, in the catalogue's order.

    Raises
    ------
    UsageError
        If a name is not in the catalogue, with the nearest one.

    Examples
    --------
    >>> [f.unit for f in features_named(("orders", "revenue"))]
    ['orders', 'money']
    """
    for name in names:
        if name not in BY_NAME:
            raise UsageError(f"Unknown feature {name!r}. {did_you_mean(name, BY_NAME)}")
    return tuple(f for f in CATALOGUE if f.name in names)


def default_cluster_features() -> tuple[str, ...]:
    """Return the names of the features a clustering works on unless a config says otherwise."""
    return tuple(f.name for f in CATALOGUE if f.cluster)
