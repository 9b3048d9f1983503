"""What each export target can say of a feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from discovery.core.feature import Feature

#: Measures that Klaviyo predicts itself, once an account qualifies.
_PREDICTED_BY_KLAVIYO = {
    "average_order_value",
    "mean_gap_days",
    "predicted_orders_365d",
    "predicted_value_365d",
    "total_value",
    "probability_no_order_90d",
}
_NATIVE = ("count", "days_since_last", "days_since_first", "profile", "days_since_field")
#: Filters on when in the day or week an event was have no counterpart, nor has a season of every year.
_WITHOUT_COUNTERPART = ("weekday", "hour", "season")


def klaviyo(feature: Feature) -> str:
    """Return how Klaviyo can express a condition on `feature`: ``native``, ``predictive``, or ``property``.

    ``property`` means that its value has to be written to the profile first, and goes stale until it is again.

    Examples
    --------
    >>> orders = Feature("orders_90d", "orders", "RFM", "count", ("placed_order",), window=90)
    >>> rate = Feature("click_rate", "click rate", "Engagement", "ratio", of=("clicks", "received"))
    >>> klaviyo(orders), klaviyo(rate)
    ('native', 'property')
    """
    if feature.name in _PREDICTED_BY_KLAVIYO:
        return "predictive"
    if any(column in _WITHOUT_COUNTERPART for column, _, _ in feature.where):
        return "property"
    if feature.aggregate in _NATIVE:
        return "native"
    # The sum of a metric is always that of its value, and of one metric: gross revenue, but not net.
    summed = feature.aggregate == "sum" and feature.column == "value" and len(feature.events) == 1
    # "Has an order above x" is a count with a filter on the value.
    return "native" if summed or feature.aggregate == "max" else "property"


def sql(feature: Feature) -> bool:
    """Return whether a query over the canonical tables can compute `feature`; predictions need a fitted model."""
    return feature.aggregate != "predicted"


#: Whether a target can say a condition on a feature by itself.
EXPRESSIBLE: Mapping[str, Callable[[Feature], bool]] = {"klaviyo": lambda f: klaviyo(f) != "property", "sql": sql}
