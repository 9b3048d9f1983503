"""A rule as one sentence a person can check."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.feature import Feature
from discovery.core.rule import OPERATORS, All, AnyOf, Between, Compare, Condition, Not, OneOf, Scalar


def sentence(condition: Condition, features: Mapping[str, Feature], currency: str) -> str:
    """Return `condition` in words.

    Examples
    --------
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",), unit="orders")
    >>> sentence(Compare("orders", ">=", 2), {"orders": orders}, "USD")
    'Customers with orders of at least 2.'
    """
    return f"Customers with {_words(condition, features, currency)}."


def _words(condition: Condition, features: Mapping[str, Feature], currency: str) -> str:
    match condition:
        case All(parts):
            return ", and ".join(_nested(p, features, currency) for p in parts)
        case AnyOf(parts):
            return ", or ".join(_nested(p, features, currency) for p in parts)
        case Not(part):
            return f"not ({_words(part, features, currency)})"
        case Compare(name, sign, value):
            feature = features[name]
            if feature.kind == "boolean":
                return f"{'' if (value is True) == (sign == '=') else 'not '}{feature.label}"
            words = "of" if feature.kind == "text" and sign == "=" else OPERATORS[sign].words
            return f"{feature.label} {words} {_amount(value, feature, currency)}"
        case Between(name, low, high):
            feature = features[name]
            return f"{feature.label} from {_amount(low, feature, currency)} to {_amount(high, feature, currency)}"
        case OneOf(name, values):
            listed = ", ".join(_amount(v, features[name], currency) for v in values)
            return f"{features[name].label} one of {listed}"


def _nested(part: Condition, features: Mapping[str, Feature], currency: str) -> str:
    words = _words(part, features, currency)
    return f"({words})" if isinstance(part, (All, AnyOf)) else words


def _amount(value: Scalar, feature: Feature, currency: str) -> str:
    if isinstance(value, (str, bool)):
        return str(value)
    if feature.unit == "share":
        return f"{100 * value:g} %"
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,g}" if abs(value) < 1e5 else f"{value:,.0f}"
    if feature.unit == "money":
        return f"{currency} {shown}"
    return f"{shown} days" if feature.unit == "days" and "days" not in feature.label else shown
