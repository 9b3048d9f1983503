"""The rule inducer as a scikit-learn classifier: one readable rule per class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from discovery.core.errors import UsageError, did_you_mean
from discovery.rules.conditions import Columns, degree, everyone, selects, written
from discovery.rules.grid import grid
from discovery.rules.rounding import nice_numbers, thresholds
from discovery.rules.search import Search


class RuleInducer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns one rule of at most `max_conditions` readable conditions per class.

    Each class is told from all others by the rule with the highest F1 on the customers it was fitted on, less
    `penalty` for each condition and a quarter of it for each second bound on a column. Only the thresholds people use
    are searched, so nothing is rounded afterwards. See `discovery.rules.search` for the search, which is a beam over
    formulas with exact intervals: deterministic, the same for any order of rows. F1 is the harmonic mean of precision
    (of those selected, the share that belongs) and recall (of those that belong, the share selected).

    Parameters
    ----------
    max_conditions : int, at least 1
        Most conditions in a rule. A band on one column is one condition (BETWEEN).
    penalty : float, at least 0
        F1 a further condition must gain.
    steps : mapping of column to thresholds, sequence with one entry per column, or None
        Thresholds people use, in any order. Columns are named as in ``feature_names_in_``, or by index. A column left
        out, or with None or nothing, gets generic round numbers (`discovery.rules.rounding.nice_numbers`).
    integer : collection of columns or None
        Columns that hold whole numbers: their thresholds are whole.
    prices : mapping of column to float, or None
        F1 a condition on a column must gain beyond `penalty`, for columns to be named only where they are worth it.
        An infinite price forbids the column.
    alternatives : bool
        Conditions may be joined by OR too, as in A AND (B OR C); False: by AND alone.
    random_state : int or None
        Accepted so that every estimator is given its seed alike; the search draws nothing.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        In sorted order.
    rules_ : tuple of Condition
        One per class, in the order of ``classes_``, on the names of the columns (``x0``, ``x1``, ... without names).
    ladder_ : tuple of tuple of Condition
        The rules of at most 1, 2, ..., `max_conditions` conditions; the last are ``rules_``.
    precision_ : array of shape (classes,)
        Of the fitted customers each rule selects, the share that belongs; 0 where it selects nobody.
    n_features_in_ : int
        Columns it was fitted on.
    feature_names_in_ : array of str
        Their names, where they had some.

    Notes
    -----
    Missing values (NaN) are accepted: a condition on a missing value is unknown and does not match. Infinite values
    are refused. A class that no threshold tells from the rest (a single class, constant columns) gets a condition
    that holds for everyone. Columns that select the same customers are told apart by their order.

    Source
    ------
    Our own search. Van Rijsbergen (1979), Information retrieval, for F1.

    Examples
    --------
    >>> orders = np.repeat([1.0, 2.0, 5.0, 9.0], 25)[:, None]
    >>> RuleInducer(integer=[0]).fit(orders, orders.ravel() >= 5).rules_[1]
    Compare(feature='x0', sign='>=', value=5)
    """

    def __init__(
        self,
        max_conditions: int = 4,
        penalty: float = 0.004,
        steps: Mapping[Any, Sequence[float]] | Sequence[Sequence[float] | None] | None = None,
        integer: Collection[Any] | None = None,
        prices: Mapping[Any, float] | None = None,
        alternatives: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.max_conditions = max_conditions
        self.penalty = penalty
        self.steps = steps
        self.integer = integer
        self.prices = prices
        self.alternatives = alternatives
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> RuleInducer:
        """Return this inducer, fitted.

        Parameters
        ----------
        X : array of shape (n, columns)
            Numbers; NaN is missing.
        y : array of shape (n,)
            Class of each row.

        Returns
        -------
        RuleInducer
            This one.

        Raises
        ------
        ValueError
            Where `X` or `y` breaks scikit-learn's contract.
        UsageError
            Where a parameter is out of range, or names a column that `X` lacks.
        """
        table, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        prices = np.zeros(table.shape[1])
        for column, price in by_column(self, "prices", self.prices).items():
            prices[column] = price
        check_parameters(self.max_conditions, self.penalty)
        if not (prices >= 0).all():
            raise UsageError(f"`prices` must be at least 0, got {prices.min()!r}.")
        self.classes_ = np.unique(labels)
        offered = offered_thresholds(self, table)
        cuts = [
            thresholds(table[:, i], offered[i], whole=whole) if np.isfinite(prices[i]) else np.empty(0)
            for i, whole in enumerate(whole_columns(self))
        ]
        search = Search(grid(table, cuts), self.penalty, prices, self.alternatives)
        columns = named_columns(self, table)
        names = list(columns)
        found = [search.best(labels == each, self.max_conditions) for each in self.classes_]
        named = {name: values for i, (name, values) in enumerate(columns.items()) if np.isfinite(prices[i])} or columns
        always = everyone(named, [offered[names.index(name)] for name in named])
        self.ladder_ = tuple(
            tuple(always if formula is None else written(formula, names, cuts) for formula in rules)
            for rules in zip(*found, strict=True)
        )
        self.rules_ = self.ladder_[-1]
        selected = np.column_stack([selects(rule, columns) for rule in self.rules_])
        hits = (selected & (labels[:, None] == self.classes_)).sum(axis=0)
        self.precision_ = hits / np.maximum(selected.sum(axis=0), 1)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return one class per row, shape (n,).

        A row that several rules select goes to the one with the highest ``precision_``. A row that none selects goes
        to the class whose rule comes nearest to holding (`discovery.rules.conditions.degree`), then the higher
        ``precision_``, then the earlier class.

        Parameters
        ----------
        X : array of shape (n, columns)
            Numbers; NaN is missing.

        Returns
        -------
        array of shape (n,)
            Members of ``classes_``.

        Raises
        ------
        ValueError
            Where `X` breaks scikit-learn's contract.
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        table = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        columns = named_columns(self, table)
        # The degree is 1 where a rule selects, so one order covers both cases: degree first, then precision.
        held = np.column_stack([degree(rule, columns) for rule in self.rules_])
        nearest = held == held.max(axis=1, keepdims=True)
        chosen: NDArray[Any] = self.classes_[np.where(nearest, self.precision_, -1.0).argmax(axis=1)]
        return chosen

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def by_column(fitted: BaseEstimator, parameter: str, given: Any) -> dict[int, Any]:
    """Return what `parameter` was given per column (by name, by index, or one entry each) by column index."""
    columns = range(fitted.n_features_in_)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(given) != len(columns):
            raise UsageError(f"`{parameter}` must have one entry per column ({len(columns)}), got {len(given)}.")
        return dict(enumerate(given))
    index: dict[Any, int] = {i: i for i in columns}
    index |= {name: i for i, name in enumerate(getattr(fitted, "feature_names_in_", ()))}
    for name in given:
        if name not in index:
            raise UsageError(f"`{parameter}` names no column {name!r}. {did_you_mean(str(name), map(str, index))}")
    return {index[name]: entry for name, entry in given.items()}


def whole_columns(fitted: BaseEstimator) -> list[bool]:
    """Return per column whether it is among ``integer``."""
    whole = by_column(fitted, "integer", dict.fromkeys(fitted.integer, True)) if fitted.integer is not None else {}
    return [i in whole for i in range(fitted.n_features_in_)]


def offered_thresholds(fitted: BaseEstimator, table: NDArray[np.float64]) -> list[Sequence[float]]:
    """Return per column the thresholds people use: those in ``steps``, else generic round numbers."""
    steps = by_column(fitted, "steps", fitted.steps)
    return [
        given if (given := steps.get(i)) is not None and len(given) else nice_numbers(table[:, i], whole=whole)
        for i, whole in enumerate(whole_columns(fitted))
    ]


def named_columns(fitted: BaseEstimator, table: NDArray[np.float64]) -> Columns:
    """Return the columns of `table` by the names they have in rules."""
    names = getattr(fitted, "feature_names_in_", [f"x{i}" for i in range(table.shape[1])])
    return {str(name): table[:, i] for i, name in enumerate(names)}


def check_parameters(max_conditions: int, penalty: float) -> None:
    """Raise UsageError where a parameter is out of range."""
    if max_conditions < 1:
        raise UsageError(f"`max_conditions` must be at least 1, got {max_conditions!r}.")
    if not penalty >= 0:
        raise UsageError(f"`penalty` must be at least 0, got {penalty!r}.")
