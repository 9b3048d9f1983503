"""Rules that never overlap and leave nobody out: a small tree, fitted to the fidelity of each class's rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from discovery.rules.estimator import check_parameters, named_columns, offered_thresholds, whole_columns
from discovery.rules.growth import Growth
from discovery.rules.rounding import thresholds
from discovery.rules.tree import answers, phrased, rule_of


class PartitionInducer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns one rule of at most `max_conditions` readable conditions per class, so that each customer meets one rule.

    A tree of thresholds people use grows where it tells the classes apart best. Then each node in turn is given a
    class, one of its sides or another split where that raises the mean F1 of the classes, less `penalty` for each
    condition of their rules, until nothing gains. A class's rule is the union of its leaves, simplified.

    Parameters
    ----------
    max_conditions : int, at least 1
        Most conditions in a rule. A band of whole numbers is one condition, any other band two.
    penalty : float, at least 0
        F1 of its class that a further condition must gain.
    steps : mapping of column to thresholds, sequence with one entry per column, or None
        Thresholds people use, as in `discovery.rules.estimator.RuleInducer`.
    integer : collection of columns or None
        Columns that hold whole numbers: their thresholds are whole.
    random_state : int or None
        Accepted so that every estimator is given its seed alike; nothing is drawn.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        In sorted order.
    tree_ : Node
        See `discovery.rules.tree`.
    rules_ : tuple of Condition or None
        One per class, in the order of ``classes_``; None for a class that has no leaf, or all of them.
    n_features_in_ : int
        Columns it was fitted on.
    feature_names_in_ : array of str
        Their names, where they had some.

    Notes
    -----
    Only columns that are known for everyone at a node split it, so that a rule is never unknown for a customer it was
    fitted on. One who lacks such a value later is predicted as if it were high, and may meet no rule.

    Source
    ------
    Carreira-Perpinan & Tavallali (2018), Alternating optimization of decision trees, NeurIPS 31.

    Examples
    --------
    >>> orders = np.repeat([1.0, 2.0, 5.0, 9.0], 25)[:, None]
    >>> found = PartitionInducer(integer=[0]).fit(orders, np.repeat(["new", "repeat", "loyal", "loyal"], 25))
    >>> for label, rule in zip(found.classes_, found.rules_):
    ...     print(label, rule)
    loyal Compare(feature='x0', sign='>=', value=3)
    new Compare(feature='x0', sign='<', value=2)
    repeat Compare(feature='x0', sign='=', value=2)
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

    def fit(self, X: ArrayLike, y: ArrayLike) -> PartitionInducer:
        """Return this inducer, fitted.

        Parameters
        ----------
        X : array of shape (n, columns)
            Numbers; NaN is missing.
        y : array of shape (n,)
            Class of each row.

        Returns
        -------
        PartitionInducer
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
        check_parameters(self.max_conditions, self.penalty)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        whole = whole_columns(self)
        self._thresholds = [
            thresholds(table[:, i], offered, whole=whole[i])
            for i, offered in enumerate(offered_thresholds(self, table))
        ]
        growth = Growth(
            self._codes(table),
            np.isnan(table),
            codes,
            [len(cuts) for cuts in self._thresholds],
            whole,
            self.max_conditions,
            self.penalty,
        )
        # Classes weighed alike, or customers: neither start is better on all data.
        starts = [1 / growth.sizes, np.full(len(self.classes_), 1 / len(table))]
        self.tree_ = max((growth.improved(growth.grown(each)) for each in starts), key=lambda t: growth.score(t)[0])
        names = list(named_columns(self, table))
        found = [rule_of(self.tree_, label) for label in range(len(self.classes_))]
        self.rules_ = tuple(
            None if isinstance(rule, bool) else phrased(rule, names, self._thresholds, whole) for rule in found
        )
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return one class per row: that of the leaf it comes to.

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
        chosen: NDArray[Any] = self.classes_[answers(self.tree_, self._codes(table))]
        return chosen

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _codes(self, table: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how many thresholds each value reaches."""
        return np.column_stack([np.searchsorted(cuts, table[:, i], "right") for i, cuts in enumerate(self._thresholds)])
