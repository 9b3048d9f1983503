"""A rule as nested JSON in the style of Apache Unomi's segments: and, or, and comparisons with profile properties.

Every measure is a property of the profile that has to be written first, under its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Matches, Missing, Not, OneOf, Scalar
from discovery.export.negation import pushed_down

_SIGNS: Mapping[str, str] = {
    **{"=": "equals", "<>": "notEquals", "<": "lessThan", "<=": "lessThanOrEqualTo"},
    **{">": "greaterThan", ">=": "greaterThanOrEqualTo"},
}
_PLACES = {"contains": "contains", "starts": "startsWith", "ends": "endsWith"}


def segment(identifier: str, name: str, where: Condition) -> dict[str, Any]:
    """Return the segment that holds whom `where` selects.

    Examples
    --------
    >>> segment("loyal", "Loyal", Compare("orders", ">=", 3))["condition"]["parameterValues"]["comparisonOperator"]
    'greaterThanOrEqualTo'
    """
    metadata = {"id": identifier, "name": name, "scope": "systemscope"}
    return {"metadata": metadata, "condition": _condition(pushed_down(where))}


def _condition(node: Condition) -> dict[str, Any]:
    match node:
        case All(parts):
            return _joined("and", *map(_condition, parts))
        case AnyOf(parts):
            return _joined("or", *map(_condition, parts))
        case Missing(name):
            return _asked(name, "missing")
        case Not(Missing(name)):
            return _asked(name, "exists")
        case Not(part):
            # What is missing must not be selected by a NOT either.
            inverted = {"type": "notCondition", "parameterValues": {"subCondition": _condition(part)}}
            return _joined("and", _asked(part.feature, "exists"), inverted)  # type: ignore[union-attr]
        case Compare(name, "<>", value):
            return _joined("and", _asked(name, "exists"), _asked(name, "notEquals", value))
        case Compare(name, sign, value):
            return _asked(name, _SIGNS[sign], value)
        case Between(name, low, high):
            return _asked(name, "between", low, high)
        case OneOf(name, values):
            return _asked(name, "in", *values, several=True)
        case Matches(name, place, text):
            return _asked(name, _PLACES[place], text)


def _joined(operator: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "booleanCondition", "parameterValues": {"operator": operator, "subConditions": list(parts)}}


def _asked(name: str, operator: str, *values: Scalar, several: bool = False) -> dict[str, Any]:
    asked: dict[str, Any] = {"propertyName": f"properties.{name}", "comparisonOperator": operator}
    if values:
        kind = "" if isinstance(values[0], (str, bool)) else "Double"
        many = several or len(values) > 1
        asked[f"propertyValue{'s' if many else ''}{kind}"] = list(values) if many else values[0]
    return {"type": "profilePropertyCondition", "parameterValues": asked}
