"""A rule as the filter branches of a HubSpot list: OR of ANDs of comparisons with contact properties.

HubSpot's lists know nothing of our events, so every measure is a contact property that has to be written first. Its
name is the measure's own, in small letters, digits and underscores; where these lose what tells it from others, such as
a sign of comparison or a letter that is none of a to z, a short hash of it follows.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

from discovery.core.errors import UsageError
from discovery.core.feature import Feature
from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Leaf, Matches, Missing, Not, OneOf
from discovery.export.negation import pushed_down

#: As many as HubSpot's lists take filters.
_MOST = 250
_SIGNS = {
    **{"=": "IS_EQUAL_TO", "<>": "IS_NOT_EQUAL_TO", "<": "IS_LESS_THAN", "<=": "IS_LESS_THAN_OR_EQUAL_TO"},
    **{">": "IS_GREATER_THAN", ">=": "IS_GREATER_THAN_OR_EQUAL_TO"},
}
#: In the text of a measure: what small letters, digits and underscores cannot tell apart.
_LOST = re.compile(r"[^ -~]|<|(?<!=)>|-[0-9]")
_PLACES = {"contains": "CONTAINS", "starts": "STARTS_WITH", "ends": "ENDS_WITH"}


def filter_branch(where: Condition, features: Mapping[str, Feature]) -> dict[str, Any]:
    """Return the filter branch of a list that holds whom `where` selects.

    Raises
    ------
    UsageError
        If there would be too many filters, or one that HubSpot does not have.

    Examples
    --------
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",))
    >>> branch = filter_branch(Compare("orders", ">=", 2), {"orders": orders})["filterBranches"][0]
    >>> branch["filters"][0]["operation"]["operator"]
    'IS_GREATER_THAN_OR_EQUAL_TO'
    """
    boxes = _boxes(pushed_down(where))
    if (number := sum(map(len, boxes))) > _MOST:
        raise UsageError(_too_many(number))
    ands = [_branch("AND", [], [each for leaf in box for each in _filters(leaf, features)]) for box in boxes]
    return _branch("OR", ands, [])


def property_name(feature: str) -> str:
    """Return what the contact property of a measure is called.

    Examples
    --------
    >>> property_name("orders(days => 14)")
    'orders_days_14'
    """
    plain = re.sub(r"[^a-z0-9]+", "_", feature.lower()).strip("_")
    return f"{plain}_{hashlib.sha256(feature.encode()).hexdigest()[:8]}" if _LOST.search(feature) else plain


def _branch(kind: str, branches: list[Any], filters: list[Any]) -> dict[str, Any]:
    return {"filterBranchType": kind, "filterBranchOperator": kind, "filterBranches": branches, "filters": filters}


def _too_many(number: int) -> str:
    return f"A HubSpot list takes at most {_MOST} filters, got {number:,} or more. Split the rule."


def _boxes(node: Condition) -> list[list[Leaf | Not]]:
    """Return the ANDs of leaves whose OR is the condition; what has more than HubSpot takes is not multiplied out.

    Raises
    ------
    UsageError
        Naming how many there would be.
    """
    match node:
        case AnyOf(parts):
            return [box for part in parts for box in _boxes(part)]
        case All(parts):
            inner = [_boxes(part) for part in parts]
            if (number := math.prod(map(len, inner))) > _MOST:
                raise UsageError(_too_many(number))
            return [[leaf for box in chosen for leaf in box] for chosen in itertools.product(*inner)]
        case _:
            return [[node]]


def _filters(leaf: Leaf | Not, features: Mapping[str, Feature]) -> list[dict[str, Any]]:
    stated, holds = (leaf.part, False) if isinstance(leaf, Not) else (leaf, True)
    match stated:
        case Missing(name):
            return [_asked(name, "ALL_PROPERTY", "IS_UNKNOWN" if holds else "IS_KNOWN")]
        case Between(name, low, high) if not isinstance(low, str):
            between = "IS_BETWEEN" if holds else "IS_NOT_BETWEEN"
            return [_asked(name, "NUMBER", between, lowerBound=low, upperBound=high)]
        case OneOf(name, values) if isinstance(values[0], str):
            return [_asked(name, "MULTISTRING", "IS_EQUAL_TO" if holds else "IS_NOT_EQUAL_TO", values=list(values))]
        case Matches(name, place, text):
            if holds or place == "contains":
                operator = _PLACES[place] if holds else "DOES_NOT_CONTAIN"
                return [_asked(name, "MULTISTRING", operator, values=[text])]
        case Compare(name, sign, value) if features[name].kind == "boolean":
            return [_asked(name, "BOOL", "IS_EQUAL_TO", value=(value is True) == (sign == "="))]
        case Compare(name, "=" | "<>" as sign, value) if features[name].kind == "text":
            return [_asked(name, "MULTISTRING", _SIGNS[sign], values=[value])]
        case Compare(name, sign, value) if features[name].kind == "number":
            return [_asked(name, "NUMBER", _SIGNS[sign], value=value)]
    raise UsageError(f"HubSpot has no filter for a condition on {stated.feature}. Export the members instead.")  # type: ignore[union-attr]


def _asked(name: str, kind: str, operator: str, **more: Any) -> dict[str, Any]:
    # Unknown is not selected, as in our rules; unless it is what is asked for.
    operation = {"operationType": kind, "operator": operator, "includeObjectsWithNoValueSet": False, **more}
    return {"filterType": "PROPERTY", "property": property_name(name), "operation": operation}
