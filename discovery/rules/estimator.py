"""The rule inducer as a scikit-learn classifier: one box of readable conditions per class."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from discovery.core.errors import UsageError, did_you_mean
from discovery.rules.boxes import BoxSearch, Key, grid
from discovery.rules.rounding import thresholds


@dataclass(frozen=True)
class Box:
    """The rule of one class: a customer is selected if every bounded column lies within its bounds.

    Parameters
    ----------
    label : object
        The class, one of ``classes_``.
    bounds : tuple of (int, float, float)
        Column index, low and high, both inclusive; -inf or inf where that side is open. At most one entry per column,
        in increasing order of column. Each entry is one condition, also where both sides are bounded: people write
        that one BETWEEN. Empty: everyone is selected.
    """

    label: Any
    bounds: tuple[tuple[int, float, float], ...]

    def satisfied(self, table: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which condition holds for whom, shape (n, conditions); none holds on a missing value.

        Examples
        --------
        >>> Box("loyal", ((0, 3.0, np.inf),)).satisfied(np.array([[3.0], [2.0], [np.nan]])).ravel().tolist()
        [True, False, False]
        """
        held = np.empty((len(table), len(self.bounds)), dtype=bool)
        for place, (column, low, high) in enumerate(self.bounds):
            held[:, place] = (table[:, column] >= low) & (table[:, column] <= high)
        return held

    def selects(self, table: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return who is selected, shape (n,).

        Examples
        --------
        >>> Box("new", ((0, -np.inf, 30.0), (1, 1.0, 1.0))).selects(np.array([[30.0, 1.0], [30.0, 2.0]])).tolist()
        [True, False]
        """
        return np.asarray(self.satisfied(table).all(axis=1), dtype=bool)


class RuleInducer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns one box of at most `max_conditions` readable conditions per class.

    Each class is told from all others by the box with the highest F1 on the customers it was fitted on, less
    `penalty` for each condition and a quarter of it for each second bound on a column. Only the thresholds people use
    are searched, so nothing is rounded afterwards. See `discovery.rules.boxes` for the search, which is a beam over
    columns with exact intervals: deterministic, the same for any order of rows.

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
    random_state : int or None
        Accepted so that every estimator is given its seed alike; the search draws nothing.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        In sorted order.
    rules_ : tuple of Box
        One per class, in the order of ``classes_``.
    precision_ : array of shape (classes,)
        Of the fitted customers each rule selects, the share that belongs; 0 where it selects nobody.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Notes
    -----
    Missing values (NaN) are accepted: a condition on a missing value is unknown and does not match. Infinite values
    are refused. A single class gets the empty box. Constant columns are never named. Columns that select the same
    customers are told apart by their order.

    Examples
    --------
    >>> orders = np.repeat([1.0, 2.0, 5.0, 9.0], 25)[:, None]
    >>> RuleInducer(integer=[0]).fit(orders, orders.ravel() >= 5).rules_[1]
    Box(label=np.True_, bounds=((0, 5.0, inf),))
    """

    def __init__(
        self,
        max_conditions: int = 4,
        penalty: float = 0.004,
        steps: Mapping[Any, Sequence[float]] | Sequence[Sequence[float] | None] | None = None,
        integer: Collection[Any] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.max_conditions = max_conditions
        self.penalty = penalty
        self.steps = steps
        self.integer = integer
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> RuleInducer:
        """Return this inducer, fitted.

        Parameters
        ----------
        X : array of shape (n, columns)
            Numbers; NaN is missing.
        y : array of shape (n,)
            Class of each row.

        Raises
        ------
        ValueError
            Where `X` or `y` breaks scikit-learn's contract.
        UsageError
            Where a parameter is out of range, or names a column that `X` lacks.
        """
        _check(self.max_conditions, self.penalty)
        table, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        steps = self._by_column(self.steps)
        whole = set(self._by_column(dict.fromkeys(self.integer, ())) if self.integer is not None else ())
        cuts = [thresholds(table[:, i], steps.get(i), whole=i in whole) for i in range(table.shape[1])]
        search = BoxSearch(grid(table, cuts), self.max_conditions, self.penalty)
        self.rules_ = tuple(Box(each, _bounds(search.best(labels == each), cuts)) for each in self.classes_)
        selected = np.column_stack([box.selects(table) for box in self.rules_])
        hits = (selected & (labels[:, None] == self.classes_)).sum(axis=0)
        self.precision_ = hits / np.maximum(selected.sum(axis=0), 1)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return one class per row, shape (n,).

        A row that several rules select goes to the one with the highest ``precision_``. A row that none selects goes
        to the class with the largest share of its conditions satisfied, then the higher ``precision_``, then the
        earlier class.

        Parameters
        ----------
        X : array of shape (n, columns)
            Numbers; NaN is missing.
        """
        check_is_fitted(self)
        table = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        # The share is 1 where all hold, so one order covers both cases: share first, then precision.
        share = np.column_stack(
            [box.satisfied(table).mean(axis=1) if box.bounds else np.ones(len(table)) for box in self.rules_]
        )
        nearest = share == share.max(axis=1, keepdims=True)
        chosen: NDArray[Any] = self.classes_[np.where(nearest, self.precision_, -1.0).argmax(axis=1)]
        return chosen

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _by_column(self, given: Any) -> dict[int, Any]:
        """Return what was given per column by column index."""
        columns = range(self.n_features_in_)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            if len(given) != len(columns):
                raise UsageError(f"`steps` must have one entry per column ({len(columns)}), got {len(given)}.")
            return dict(enumerate(given))
        index: dict[Any, int] = {i: i for i in columns}
        index |= {name: i for i, name in enumerate(getattr(self, "feature_names_in_", ()))}
        for name in given:
            if name not in index:
                raise UsageError(f"No column {name!r}. {did_you_mean(str(name), map(str, index))}")
        return {index[name]: entry for name, entry in given.items()}


def _check(max_conditions: int, penalty: float) -> None:
    if max_conditions < 1:
        raise UsageError(f"`max_conditions` must be at least 1, got {max_conditions!r}.")
    if not penalty >= 0:
        raise UsageError(f"`penalty` must be at least 0, got {penalty!r}.")


def _bounds(box: Key, cuts: Sequence[NDArray[np.float64]]) -> tuple[tuple[int, float, float], ...]:
    """Return a box on the grid as column index, low and high."""
    return tuple(
        (
            column,
            float(cuts[column][low - 1]) if low else -math.inf,
            float(cuts[column][high]) if high < len(cuts[column]) else math.inf,
        )
        for column, low, high in box
    )
