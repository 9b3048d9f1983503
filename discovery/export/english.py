"""A rule as one sentence a person can check."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.feature import Feature
from discovery.core.in_unit import in_unit
from discovery.core.rule import (
    OPERATORS,
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Leaf,
    Matches,
    Missing,
    Not,
    OneOf,
    Place,
    Scalar,
)

_SEARCHED: Mapping[Place, str] = {"contains": "contains", "starts": "starts with", "ends": "ends with"}
#: Measures whose label is what is counted.
_COUNTED = ("count", "distinct", "unfollowed", "run_since")


def sentence(condition: Condition, features: Mapping[str, Feature], currency: str) -> str:
    """Return `condition` in words.

    Examples
    --------
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",), unit="orders")
    >>> sentence(Compare("orders", ">=", 2), {"orders": orders}, "USD")
    'Customers with at least 2 orders.'
    """
    return f"Customers with {in_words(condition, features, currency)}."


def in_words(condition: Condition, features: Mapping[str, Feature], currency: str) -> str:
    """Return what customers who meet `condition` have.

    Examples
    --------
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",), unit="orders")
    >>> in_words(Not(Compare("orders", ">=", 2)), {"orders": orders}, "USD")
    'not (at least 2 orders)'
    """
    match condition:
        case All(parts):
            return ", and ".join(_nested(p, features, currency) for p in parts)
        case AnyOf(parts):
            return ", or ".join(_nested(p, features, currency) for p in parts)
        case Not(Missing(name)):
            return f"a known {features[name].label}"
        case Not(part):
            return f"not ({in_words(part, features, currency)})"
        case _:
            return _leaf_words(condition, features[condition.feature], currency)


def _leaf_words(leaf: Leaf, feature: Feature, currency: str) -> str:
    label = feature.label
    match leaf:
        case Missing():
            return f"no known {label}"
        case Matches(_, place, text):
            return f"{label} that {_SEARCHED[place]} {text!r}"
        case OneOf(_, values):
            return f"{label} one of {', '.join(_amount(v, feature, currency) for v in values)}"
        case Compare(_, sign, value) if feature.kind == "boolean":
            return f"{'' if (value is True) == (sign == '=') else 'not '}{label}"
        case Compare(_, sign, value) if feature.kind == "text":
            return f"{label} {'' if sign == '=' else 'other than '}{value}"
        case Compare(_, "=", 0) if feature.aggregate in _COUNTED:
            return f"no {label}"
        case Compare(_, sign, value):
            amount = f"{OPERATORS[sign].words} {_amount(value, feature, currency)}"
        case Between(_, low, high):
            amount = f"{_amount(low, feature, currency)} to {_amount(high, feature, currency)}"
    # "At least 3 orders in the last 90 days", but "revenue of at least $200".
    if feature.aggregate in _COUNTED or (feature.unit == "days" and label.startswith("days")):
        return f"{amount} {_singular(label) if isinstance(leaf, Compare) and leaf.value == 1 else label}"
    return f"{label} of {amount}"


def _singular(label: str) -> str:
    """Return the label of a count for one of them: its first word without the plural.

    Examples
    --------
    >>> _singular("orders in the last 30 days"), _singular("searches"), _singular("SMS received")
    ('order in the last 30 days', 'search', 'SMS received')
    """
    first, space, rest = label.partition(" ")
    ending = "es" if first.endswith("ches") else "s" if first.endswith("s") else ""
    return first.removesuffix(ending) + space + rest


def _nested(part: Condition, features: Mapping[str, Feature], currency: str) -> str:
    words = in_words(part, features, currency)
    return f"({words})" if isinstance(part, (All, AnyOf)) else words


def _amount(value: Scalar, feature: Feature, currency: str) -> str:
    if isinstance(value, (str, bool)):
        return str(value)
    if feature.unit == "share":
        return f"{100 * value:g}%"
    size = abs(value)
    shown = f"{size:,}" if isinstance(size, int) else f"{size:,g}" if size < 1e5 else f"{size:,.0f}"
    return in_unit(shown, value, feature, currency)
