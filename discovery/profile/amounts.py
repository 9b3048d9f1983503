"""A feature's value as people write it."""

from __future__ import annotations

import math

from discovery.core.feature import Feature
from discovery.core.in_unit import in_unit


def amount(value: object, feature: Feature, currency: str = "") -> str:
    """Return a value of a feature with its unit, where its label does not say the unit already.

    Parameters
    ----------
    value : object
        A number, a text, a boolean; None or NaN where it is missing.
    feature : Feature
        Whose value.
    currency : str
        ISO 4217 code of amounts of money.

    Examples
    --------
    >>> spent = Feature("revenue", "gross revenue", "RFM", "sum", unit="money")
    >>> amount(1234.5, spent, "GBP"), amount(9.25, spent), amount(float("nan"), spent)
    ('£1,234', '9.2', 'not known')
    >>> amount(0.254, Feature("share_weekend", "share of orders at weekends", "Time", "share", unit="share"))
    '25%'
    >>> gap = Feature("median_gap_days", "median gap between orders", "Order shape", "median_gap_days", unit="days")
    >>> amount(1.0, gap), amount(30.0, gap)
    ('1 day', '30 days')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "not known"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if feature.unit == "share":
        return f"{value:.0%}"
    size = abs(value)
    digits = 0 if size >= 10 or value == round(value) else 1 if size >= 1 else 2
    return in_unit(f"{size:,.{digits}f}", value, feature, currency)
