"""Rules from clusters: for each segment, the few readable conditions that select its customers best."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.errors import DataError, UsageError
from discovery.core.rule import All, Between, Compare, Condition, Fidelity
from discovery.core.segment import UNASSIGNED
from discovery.rules.estimator import Box, RuleInducer
from discovery.rules.rounding import nice_numbers, plain

__all__ = ["UNASSIGNED", "Box", "RuleInducer", "fidelity", "induce"]


def induce(
    X: pd.DataFrame,
    labels: pd.Series,
    steps: Mapping[str, tuple[float, ...]],
    *,
    max_conditions: int,
    penalty: float,
    seed: int,
    integer: Collection[str] = (),
) -> dict[str, Condition]:
    """Return the rule of each segment as a condition over the vocabulary.

    Parameters
    ----------
    X : DataFrame, one row per customer
        Numeric columns named as features; NaN is missing.
    labels : Series, same index
        Segment of each customer. Those called ``unassigned`` (or missing) count as everyone else does against a rule
        that selects them, and get no rule.
    steps : mapping of feature to thresholds
        Those people use (``Feature.human_step``); a feature left out or with none gets generic round numbers.
        Features that `X` lacks are passed over, so a whole catalogue may be given.
    max_conditions : int, at least 1
        Most conditions in a rule; a BETWEEN is one.
    penalty : float, at least 0
        F1 a further condition must gain.
    seed : int
        Passed on to `RuleInducer`, which draws nothing.
    integer : collection of str
        Features that hold whole numbers.

    Returns
    -------
    dict of str to Condition
        Segments in sorted order. One condition alone, or `All` of several in the order of the columns. Values are int
        where whole. A segment that no threshold tells from the rest (there is only one, or every column is constant)
        gets a condition that holds for everyone: a number at or beyond the end of a column without missing values.

    Raises
    ------
    DataError
        Without customers or columns, with another index on `labels`, or with a column that is not numbers.

    Examples
    --------
    >>> X = pd.DataFrame({"orders": [1, 1, 1, 4, 5, 6], "revenue": [20, 30, 45, 160, 90, 240]})
    >>> found = induce(X, pd.Series(["new"] * 3 + ["loyal"] * 3), {"orders": (1, 2, 3, 5), "revenue": (25, 50, 100)},
    ...                max_conditions=4, penalty=0.004, seed=0)
    >>> found["loyal"], found["new"]
    (Compare(feature='orders', sign='>=', value=2), Compare(feature='orders', sign='<=', value=1))
    """
    table = _numbers(X, labels)
    names = [str(name) for name in X.columns]
    cohorts = labels.astype(object).where(labels.notna(), UNASSIGNED).astype(str)
    inducer = RuleInducer(
        max_conditions=max_conditions,
        penalty=penalty,
        steps=[steps.get(name) for name in names],
        integer=[i for i, name in enumerate(names) if name in set(integer)],
        random_state=seed,
    )
    inducer.fit(table, cohorts.to_numpy())
    always = _everyone(table, names, steps, integer)
    return {box.label: _condition(box, names) or always for box in inducer.rules_ if box.label != UNASSIGNED}


def fidelity(selected: NDArray[np.bool_], belongs: NDArray[np.bool_]) -> Fidelity:
    """Return how well those `selected` by a rule agree with those that belong to its segment.

    Precision is the share of the selected that belong, recall the share of those that belong that are selected, F1 =
    2 * both / (selected + belonging), coverage the share of all that are selected.

    Parameters
    ----------
    selected, belongs : boolean arrays of shape (n,)
        In the same order of customers, which should not be those the rule was induced on.

    Notes
    -----
    Nobody selected: precision is NaN, and F1 is 0. Nobody belongs: recall is NaN, and F1 is 0. Neither: F1 is NaN
    too. Nobody there: coverage is NaN.

    Examples
    --------
    >>> fidelity(np.array([True, True, False, False]), np.array([True, False, True, False]))
    Fidelity(precision=0.5, recall=0.5, f1=0.5, coverage=0.5, n=4)
    """
    chosen, members = np.asarray(selected, dtype=bool), np.asarray(belongs, dtype=bool)
    if chosen.ndim != 1 or chosen.shape != members.shape:
        raise UsageError(f"Both must have one value per customer, got shapes {chosen.shape} and {members.shape}.")
    both, picked, size = int((chosen & members).sum()), int(chosen.sum()), int(members.sum())
    return Fidelity(
        precision=both / picked if picked else math.nan,
        recall=both / size if size else math.nan,
        f1=2 * both / (picked + size) if picked + size else math.nan,
        coverage=picked / len(chosen) if len(chosen) else math.nan,
        n=len(chosen),
    )


def _numbers(X: pd.DataFrame, labels: pd.Series) -> NDArray[np.float64]:
    if not len(X.columns) or not len(X):
        raise DataError(f"Rules need at least one customer and one feature, got {len(X)} and {len(X.columns)}.")
    if not X.index.equals(labels.index):
        raise DataError("Features and labels must list the same customers in the same order.")
    wrong = [str(name) for name in X.columns if not pd.api.types.is_numeric_dtype(X[name])]
    if wrong:
        raise DataError(f"Rules are induced on numbers; leave out {', '.join(wrong)}.")
    table: NDArray[np.float64] = X.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = [str(name) for i, name in enumerate(X.columns) if np.isinf(table[:, i]).any()]
    if infinite:
        raise DataError(f"A feature must be finite or missing, got infinite values in {', '.join(infinite)}.")
    return table


def _condition(box: Box, names: Sequence[str]) -> Condition | None:
    parts = tuple(_leaf(names[column], low, high) for column, low, high in box.bounds)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(parts)


def _leaf(name: str, low: float, high: float) -> Condition:
    if low == high:
        return Compare(name, "=", plain(low))
    if low == -math.inf:
        return Compare(name, "<=", plain(high))
    if high == math.inf:
        return Compare(name, ">=", plain(low))
    return Between(name, plain(low), plain(high))


def _everyone(
    table: NDArray[np.float64], names: Sequence[str], steps: Mapping[str, Sequence[float]], integer: Collection[str]
) -> Condition:
    """Return a condition that holds for everyone, or for everyone known where each column has missing values."""
    columns = [i for i in range(len(names)) if not np.isnan(table[:, i]).any()]
    for column in columns:
        values = table[:, column]
        offered = steps.get(names[column]) or nice_numbers(values, whole=names[column] in integer)
        if below := [v for v in offered if v <= values.min()]:
            return Compare(names[column], ">=", plain(max(below)))
        if above := [v for v in offered if v >= values.max()]:
            return Compare(names[column], "<=", plain(min(above)))
    # No usual threshold lies outside the data of any column: the whole number below it is the next best.
    column = columns[0] if columns else int(np.isnan(table).sum(axis=0).argmin())
    known = table[~np.isnan(table[:, column]), column]
    return Compare(names[column], ">=", math.floor(known.min()) if known.size else 0)
