"""Who a rule selects, in three-valued logic."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.feature import FeatureTable
from discovery.core.rule import (
    All,
    AnyOf,
    Between,
    Compare,
    ComparisonSign,
    Condition,
    Matches,
    Missing,
    Not,
    OneOf,
    Place,
    Rule,
)
from discovery.core.segment import UNASSIGNED

Mask = NDArray[np.bool_]

_COMPARISONS: Mapping[ComparisonSign, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_FOUND: Mapping[Place, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "starts": str.startswith,
    "ends": str.endswith,
}


@dataclass(frozen=True)
class _Truth:
    """Where a condition is known to hold, and where it is known not to; elsewhere it is unknown."""

    holds: Mask
    fails: Mask


def select(condition: Condition, table: FeatureTable) -> Mask:
    """Return which customers `condition` selects, shape (customers,).

    A comparison with a missing value is unknown and selects nobody; so does its NOT.

    Raises
    ------
    UsageError
        If it names a feature the table does not hold, with the nearest one.
    """
    return _truth(condition, table).holds


def membership(rules: Mapping[str, Condition], table: FeatureTable) -> pd.DataFrame:
    """Return one boolean column per rule, indexed by customer_id; rules may overlap."""
    return pd.DataFrame({name: select(where, table) for name, where in rules.items()}, index=table.customers)


def first_match(rules: Sequence[Rule], table: FeatureTable, ids: Sequence[str]) -> pd.Series:
    """Return the id of the first rule that selects each customer, else ``unassigned``."""
    labels = np.full(len(table), UNASSIGNED, dtype=object)
    for rule, each in zip(reversed(rules), reversed(ids), strict=True):
        labels[select(rule.where, table)] = each
    return pd.Series(labels, index=table.customers, dtype="str")


def _truth(condition: Condition, table: FeatureTable) -> _Truth:
    match condition:
        case All(parts):
            truths = [_truth(p, table) for p in parts]
            return _Truth(
                np.logical_and.reduce([t.holds for t in truths]), np.logical_or.reduce([t.fails for t in truths])
            )
        case AnyOf(parts):
            truths = [_truth(p, table) for p in parts]
            return _Truth(
                np.logical_or.reduce([t.holds for t in truths]), np.logical_and.reduce([t.fails for t in truths])
            )
        case Not(part):
            inner = _truth(part, table)
            return _Truth(inner.fails, inner.holds)
        case _:
            table.feature(condition.feature)
            values = table.column(condition.feature)
            known = values.notna().to_numpy()
            if isinstance(condition, Missing):
                return _Truth(~known, known)
            if values.dtype.kind == "f":
                holds = _compare(condition, values.to_numpy()) & known
            else:
                holds = np.zeros(len(values), dtype=bool)
                holds[known] = _compare(condition, values[known].to_numpy())
            return _Truth(holds, known & ~holds)


def _compare(leaf: Compare | Between | OneOf | Matches, values: NDArray[Any]) -> Mask:
    match leaf:
        case Between(_, low, high):
            found = (values >= low) & (values <= high)
        case OneOf(_, wanted):
            found = np.isin(values.astype(object), np.asarray(wanted, dtype=object))
        case Compare(_, sign, value):
            found = _COMPARISONS[sign](values, value)
        case Matches(_, place, text):
            found = np.fromiter((_FOUND[place](value, text) for value in values), np.bool_, len(values))
    return np.asarray(found, dtype=np.bool_)
