"""What a rule that people and other systems can read costs in fidelity, on customers it was not induced on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from discovery.core.rule import Condition, leaves
from discovery.core.segment import UNASSIGNED
from discovery.rules.conditions import selects
from discovery.rules.estimator import RuleInducer
from discovery.rules.fidelity import fidelity

#: Observed thresholds a column offers where nobody rounds.
OBSERVED = 64

Rows = NDArray[np.int64]


def price_of_conditions(
    X: pd.DataFrame, labels: pd.Series, learn: Rows, measure: Rows, inducer: RuleInducer
) -> pd.DataFrame:
    """Return how well rules of at most 1, 2, ... conditions select each segment, up to the inducer's most.

    The inducer is fitted once: the rules of each length are stations of one search.

    Parameters
    ----------
    X : DataFrame, one row per customer
        Numeric columns named as features; NaN is missing.
    labels : Series, same index
        Segment of each customer; ``unassigned`` ones count against a rule that selects them, and get none.
    learn, measure : arrays of int
        Row numbers to induce on, and to measure on.
    inducer : RuleInducer
        Its settings; it is not fitted itself.

    Returns
    -------
    DataFrame
        ``at_most`` (conditions allowed), ``segment``, ``conditions`` (used), ``precision``, ``recall``, ``f1``. The
        mean of ``f1`` by ``at_most`` is the macro curve.
    """
    fitted = clone(inducer).fit(X.iloc[learn], labels.iloc[learn])
    stations = enumerate(fitted.ladder_, start=1)
    return _measured("at_most", ((most, fitted.classes_, rules) for most, rules in stations), X, labels, measure)


def price_of_rounding(
    X: pd.DataFrame, labels: pd.Series, learn: Rows, measure: Rows, inducer: RuleInducer
) -> pd.DataFrame:
    """Return how well rules select each segment with the inducer's ``usual`` thresholds, and with any ``observed``.

    Parameters and columns are those of `price_of_conditions`, with ``thresholds`` in place of ``at_most``.
    """
    observed = observed_thresholds(X.iloc[learn])
    variants = {"usual": inducer, "observed": clone(inducer).set_params(steps=observed, integer=None)}
    return _compared("thresholds", variants, X, labels, learn, measure)


def price_of_target(
    X: pd.DataFrame,
    labels: pd.Series,
    learn: Rows,
    measure: Rows,
    inducer: RuleInducer,
    prices: Mapping[str, float],
) -> pd.DataFrame:
    """Return how well rules select each segment where a target cannot express some features itself.

    Parameters and columns are those of `price_of_conditions`, with ``features`` in place of ``at_most``: ``any``,
    ``priced`` (those in `prices` are named where they gain more than their price) or ``native`` (never).
    """
    never = {name: np.inf for name, price in prices.items() if price > 0}
    settings = {"any": None, "priced": dict(prices), "native": never}
    variants = {name: clone(inducer).set_params(prices=given) for name, given in settings.items()}
    return _compared("features", variants, X, labels, learn, measure)


def observed_thresholds(X: pd.DataFrame) -> dict[str, tuple[float, ...]]:
    """Return thresholds nobody rounded: the values of each feature, or as many of its quantiles as are offered."""
    out = {}
    for name in X:
        known = X[name].dropna().to_numpy(dtype=float)
        points = np.unique(known)
        if len(points) > OBSERVED:
            points = np.unique(np.quantile(known, np.linspace(0, 1, OBSERVED), method="nearest"))
        out[str(name)] = tuple(points.tolist())
    return out


def _compared(
    column: str,
    variants: Mapping[str, RuleInducer],
    X: pd.DataFrame,
    labels: pd.Series,
    learn: Rows,
    measure: Rows,
) -> pd.DataFrame:
    fitted = {name: clone(each).fit(X.iloc[learn], labels.iloc[learn]) for name, each in variants.items()}
    found = ((name, each.classes_, each.rules_) for name, each in fitted.items())
    return _measured(column, found, X, labels, measure)


def _measured(
    column: str,
    found: Iterable[tuple[object, Sequence[object], Sequence[Condition]]],
    X: pd.DataFrame,
    labels: pd.Series,
    measure: Rows,
) -> pd.DataFrame:
    columns = {str(name): X[name].to_numpy(dtype=float)[measure] for name in X}
    truth = labels.to_numpy()[measure]
    rows = []
    for variant, segments, rules in found:
        for segment, rule in zip(segments, rules, strict=True):
            if segment != UNASSIGNED:
                got = fidelity(selects(rule, columns), truth == segment)
                rows.append((variant, segment, sum(1 for _ in leaves(rule)), got.precision, got.recall, got.f1))
    return pd.DataFrame(rows, columns=[column, "segment", "conditions", "precision", "recall", "f1"])
