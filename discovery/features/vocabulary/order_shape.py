"""What an order looks like, how orders follow each other, and what they cost the store."""

from __future__ import annotations

from discovery.core.feature import Feature
from discovery.features.vocabulary.terms import (
    COUNTS,
    DAYS,
    LINE,
    MONEY,
    NO_ORDER,
    ORDERED,
    RATIOS,
    REFUNDED,
    SHARES,
    counted,
    ratio,
    share_of_orders,
)

_SHAPE = "Order shape"
_MONEY_FAMILY = "Money behaviour"
_GAP = "fewer than two orders: missing"


def _distinct(column: str, label: str) -> Feature:
    return Feature(
        f"distinct_{label}",
        f"different {label}",
        _SHAPE,
        "distinct",
        LINE,
        column,
        unit=label,
        missing="none known: 0",
        fill=0.0,
        holdout=True,
        human_step=COUNTS,
        words=(f"{{}} of few {label}", f"{{}} of many {label}"),
    )


def _top(column: str, name: str, label: str) -> Feature:
    return Feature(
        f"top_{name}_share",
        f"share of spend on the favourite {label}",
        _SHAPE,
        "top_share",
        LINE,
        column,
        unit="share",
        missing="none known: missing",
        fill=0.0,
        holdout=True,
        human_step=SHARES,
        words=("wide-ranging {}", f"one-{label} {{}}"),
    )


ORDER_SHAPE: tuple[Feature, ...] = (
    ratio(
        "average_order_value",
        "average order value",
        _SHAPE,
        "revenue",
        "orders",
        unit="money",
        fill=0.0,
        cluster=True,
        human_step=MONEY,
        words=("small-basket {}", "big-basket {}"),
    ),
    Feature(
        "largest_order",
        "largest order",
        _SHAPE,
        "max",
        ORDERED,
        "value",
        unit="money",
        missing=NO_ORDER,
        human_step=MONEY,
    ),
    Feature(
        "units",
        "units ordered",
        _SHAPE,
        "sum",
        ORDERED,
        "quantity",
        unit="units",
        missing="no order: 0",
        human_step=COUNTS,
    ),
    ratio(
        "units_per_order",
        "units per order",
        _SHAPE,
        "units",
        "orders",
        unit="units",
        fill=0.0,
        holdout=True,
        human_step=COUNTS,
        words=("few-unit {}", "bulk {}"),
    ),
    _distinct("product_id", "products"),
    _distinct("category", "categories"),
    _distinct("brand", "brands"),
    _top("product_id", "product", "product"),
    _top("category", "category", "category"),
    Feature(
        "mean_gap_days",
        "mean days between orders",
        _SHAPE,
        "mean_gap_days",
        ORDERED,
        unit="days",
        missing=_GAP,
        fill="days_since_last_order",
        human_step=DAYS,
    ),
    Feature(
        "median_gap_days",
        "median days between orders",
        _SHAPE,
        "median_gap_days",
        ORDERED,
        unit="days",
        missing=_GAP,
        # Someone who has not ordered again yet has a gap at least as long as the time since the last order.
        fill="days_since_last_order",
        cluster=True,
        human_step=DAYS,
        words=("{} with short gaps", "{} with long gaps"),
    ),
    Feature(
        "gap_variation",
        "variation of the days between orders",
        _SHAPE,
        "gap_variation",
        ORDERED,
        unit="times",
        missing="fewer than three orders, or all on one day: missing",
        human_step=RATIOS,
        words=("regular {}", "irregular {}"),
    ),
    ratio(
        "overdue_ratio",
        "days since last order over the median gap",
        _SHAPE,
        "days_since_last_order",
        "median_gap_days",
        missing="fewer than two orders, or all on one day: missing",
        words=("on-time {}", "overdue {}"),
    ),
    share_of_orders(
        "share_discounted",
        "share of orders with a discount",
        _MONEY_FAMILY,
        (("discount", ">", 0),),
        missing="no order, or discounts not known: missing",
        words=("full-price {}", "discount {}"),
    ),
    share_of_orders(
        "share_full_price",
        "share of orders without a discount",
        _MONEY_FAMILY,
        (("discount", "=", 0),),
        missing="no order, or discounts not known: missing",
    ),
    counted(
        "orders_discounted", "orders with a discount", _MONEY_FAMILY, ORDERED, "orders", where=(("discount", ">", 0),)
    ),
    counted("refunded_orders", "refunds", _MONEY_FAMILY, REFUNDED, "refunds"),
    ratio(
        "refunds_per_order",
        "refunds per order",
        _MONEY_FAMILY,
        "refunded_orders",
        "orders",
        fill=0.0,
        holdout=True,
        human_step=SHARES,
        words=("{} with few refunds", "{} with many refunds"),
    ),
    ratio(
        "net_share",
        "net revenue over gross revenue",
        _MONEY_FAMILY,
        "net_revenue",
        "revenue",
        unit="share",
        human_step=SHARES,
    ),
    Feature(
        "aov_band",
        "average order value band",
        _MONEY_FAMILY,
        "band",
        of=("average_order_value",),
        bands="quartiles",
        labels=("low", "mid", "high", "top"),
        kind="text",
        missing=NO_ORDER,
    ),
)
