"""Rules from clusters: for each segment, the few readable conditions that select its customers best."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from discovery.core.errors import DataError
from discovery.core.rule import Condition
from discovery.core.segment import UNASSIGNED
from discovery.rules.estimator import RuleInducer
from discovery.rules.partition import PartitionInducer


def induce(
    X: pd.DataFrame,
    labels: pd.Series,
    steps: Mapping[str, tuple[float, ...]],
    *,
    max_conditions: int,
    penalty: float,
    seed: int,
    integer: Collection[str] = (),
    prices: Mapping[str, float] = MappingProxyType({}),
    alternatives: bool = True,
    exclusive: bool = False,
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
    prices : mapping of feature to float
        F1 a condition on a feature must gain beyond `penalty`: for those that a target cannot express itself.
        Infinite: never named. Features that `X` lacks are passed over.
    alternatives : bool
        Conditions may be joined by OR too.
    exclusive : bool
        Rules that never overlap and leave none of these customers out, from one tree (`PartitionInducer`): for
        sending, where each customer gets one message. `prices` and `alternatives` do not apply. A segment for which
        the tree has no leaf gets no rule; those that are unassigned are a part of their own.

    Returns
    -------
    dict of str to Condition
        Segments in sorted order. One condition alone, or several joined by `All` and `AnyOf`, in the order of the
        columns. Values are int where whole. A segment that no threshold tells from the rest (there is only one, or
        every column is constant) gets a condition that holds for everyone: a number at or beyond the end of a column
        without missing values.

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
    names = [str(name) for name in table]
    cohorts = labels.astype(object).where(labels.notna(), UNASSIGNED).astype(str)
    shared: dict[str, Any] = {
        "max_conditions": max_conditions,
        "penalty": penalty,
        "steps": {name: steps[name] for name in names if name in steps},
        "integer": [name for name in names if name in set(integer)],
        "random_state": seed,
    }
    priced = {name: prices[name] for name in names if name in prices}
    inducer = (
        PartitionInducer(**shared) if exclusive else RuleInducer(**shared, prices=priced, alternatives=alternatives)
    )
    inducer.fit(table, cohorts.to_numpy())
    found = zip(inducer.classes_, inducer.rules_, strict=True)
    return {str(segment): rule for segment, rule in found if segment != UNASSIGNED and rule is not None}


def _numbers(X: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return `X` as doubles, NaN where missing, once it is fit to induce rules on."""
    if not len(X.columns) or not len(X):
        raise DataError(f"Rules need at least one customer and one feature, got {len(X)} and {len(X.columns)}.")
    if not X.index.equals(labels.index):
        raise DataError("Features and labels must list the same customers in the same order.")
    wrong = [str(name) for name in X.columns if not pd.api.types.is_numeric_dtype(X[name])]
    if wrong:
        raise DataError(f"Rules are induced on numbers; leave out {', '.join(wrong)}.")
    table = pd.DataFrame(X.to_numpy(dtype=np.float64, na_value=np.nan), X.index, X.columns.astype(str))
    infinite = [str(name) for name in table if np.isinf(table[name]).any()]
    if infinite:
        raise DataError(f"A feature must be finite or missing, got infinite values in {', '.join(infinite)}.")
    return table
