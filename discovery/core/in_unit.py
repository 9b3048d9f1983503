"""A feature's number in its unit."""

from __future__ import annotations

from discovery.core.currency import currency_sign
from discovery.core.feature import Feature
from discovery.core.signed import with_sign


def in_unit(size: str, value: float, feature: Feature, currency: str = "") -> str:
    """Return the size of a value, as it is written, with its sign and its unit, where the label does not say the unit.

    Examples
    --------
    >>> in_unit("5", -5.0, Feature("net_revenue", "net revenue", "RFM", "sum", unit="money"), "USD")
    '−$5'
    >>> gap = Feature("median_gap_days", "median gap between orders", "Order shape", "median_gap_days", unit="days")
    >>> in_unit("1", 1, gap), in_unit("30", 30, gap)
    ('1 day', '30 days')
    """
    sign = currency_sign(currency) if feature.unit == "money" else ""
    shown = with_sign(f"{sign}{size}", value).removeprefix("+")
    if feature.unit == "days" and "days" not in feature.label:
        return f"{shown} {'day' if value == 1 else 'days'}"
    return shown
