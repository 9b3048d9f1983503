"""Induced rules as conditions over the vocabulary: written from a formula, and held against a table of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from discovery.core.rule import All, AnyOf, Between, Compare, Condition
from discovery.rules.formula import AND, LEAF, Formula
from discovery.rules.rounding import plain

#: Values of each feature, NaN where missing.
Columns = Mapping[str, NDArray[np.float64]]

_COMPARED: dict[str, np.ufunc] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def written(formula: Formula, names: Sequence[str], thresholds: Sequence[NDArray[np.float64]]) -> Condition:
    """Return `formula` in the language of rules; values are int where whole.

    Examples
    --------
    >>> written((LEAF, 0, 1, 1), ["orders"], [np.array([2.0, 5.0])])
    Between(feature='orders', low=2, high=5)
    """
    if formula[0] != LEAF:
        parts = tuple(written(part, names, thresholds) for part in formula[1:])
        return All(parts) if formula[0] == AND else AnyOf(parts)
    _, column, low, high = formula
    name, cuts = names[column], thresholds[column]
    lowest = plain(float(cuts[low - 1])) if low else -math.inf
    highest = plain(float(cuts[high])) if high < len(cuts) else math.inf
    if lowest == highest:
        return Compare(name, "=", lowest)
    if highest == math.inf:
        return Compare(name, ">=", lowest)
    return Compare(name, "<=", highest) if lowest == -math.inf else Between(name, lowest, highest)


def everyone(columns: Columns, offered: Sequence[Sequence[float]]) -> Condition:
    """Return a condition that holds for everyone: a number `offered` (per column) at or beyond the end of a column.

    Where each column has missing values, it holds for everyone known.
    """
    complete = {name: values for name, values in columns.items() if not np.isnan(values).any()}
    for (name, values), numbers in zip(columns.items(), offered, strict=True):
        if name in complete:
            if below := [v for v in numbers if v <= values.min()]:
                return Compare(name, ">=", plain(max(below)))
            if above := [v for v in numbers if v >= values.max()]:
                return Compare(name, "<=", plain(min(above)))
    # No usual threshold lies outside the data of any column: the whole number below it is the next best.
    name = next(iter(complete), min(columns, key=lambda each: int(np.isnan(columns[each]).sum())))
    known = columns[name][~np.isnan(columns[name])]
    return Compare(name, ">=", math.floor(known.min()) if known.size else 0)


def degree(condition: Condition, columns: Columns) -> NDArray[np.float64]:
    """Return how far `condition` holds for each customer, 0 to 1; a comparison with a missing value does not hold.

    A comparison holds or not, AND is as true as its parts on average, OR as its truest part: so 1 is exactly where
    the rule selects, and between two customers it does not select, the one nearer to it has the higher degree.

    Examples
    --------
    >>> rule = All((Compare("orders", ">=", 2), Compare("revenue", "<", 50)))
    >>> degree(rule, {"orders": np.array([3, 3, np.nan]), "revenue": np.array([20, 60, 60])}).tolist()
    [1.0, 0.5, 0.0]
    """
    match condition:
        case All(parts):
            return np.asarray(np.mean([degree(part, columns) for part in parts], axis=0))
        case AnyOf(parts):
            return np.asarray(np.max([degree(part, columns) for part in parts], axis=0))
        case Between(feature, low, high):
            held = (columns[feature] >= float(low)) & (columns[feature] <= float(high))
        case Compare(feature, sign, value):
            held = _COMPARED[sign](columns[feature], value)
        case _:
            raise TypeError(f"An induced rule has no {type(condition).__name__}.")
    return np.asarray(held, dtype=float)


def selects(condition: Condition, columns: Columns) -> NDArray[np.bool_]:
    """Return whom `condition` selects, shape (n,)."""
    return np.asarray(degree(condition, columns) == 1)
