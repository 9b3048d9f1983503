"""Identical rows counted once: most customers share their counts with others, and the models see counts only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Whole = NDArray[np.int64]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct rows, one array per column, and which of them each customer has.

    Examples
    --------
    >>> two = distinct(np.array([1, 0, 1]), np.array([5, 5, 5]))
    >>> two.columns[0], two.place, two.weighed(np.array([[0.5], [1.0], [0.25]])).tolist()
    (array([0, 1]), array([1, 0, 1]), [[1.0], [0.75]])
    """

    columns: tuple[Whole, ...]
    place: Whole

    @cached_property
    def customers(self) -> csr_array:
        """1 where a distinct row is that of a customer, shape (distinct rows, customers)."""
        rows = len(self.place)
        return csr_array((np.ones(rows), (self.place, np.arange(rows))), shape=(len(self.columns[0]), rows))

    def weighed(self, weights: Array) -> Array:
        """Return the sums of the customers' weights, shape (customers, kinds), on each distinct row."""
        return np.asarray(self.customers @ weights)


def distinct(*columns: Whole) -> Distinct:
    """Return the distinct rows of some columns, in order."""
    order = np.lexsort(columns[::-1])
    ordered = np.stack(columns)[:, order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    return Distinct(tuple(np.ascontiguousarray(c) for c in ordered[:, new]), place)
