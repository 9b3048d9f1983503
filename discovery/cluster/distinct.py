"""Identical rows counted once: most customers share their counts with others, and the models see counts only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct rows, one array per column, and which of them each customer has.

    Examples
    --------
    >>> two = distinct(np.array([1, 0, 1]), np.array([5, 5, 5]))
    >>> two.columns[0], two.place, two.weighed(np.array([0.5, 1.0, 0.25]))
    (array([0, 1]), array([1, 0, 1]), array([1.  , 0.75]))
    """

    columns: tuple[Whole, ...]
    place: Whole

    def weighed(self, weights: Array) -> Array:
        """Return the sum of the customers' weights on each distinct row."""
        return np.bincount(self.place, weights, len(self.columns[0])).astype(np.float64, copy=False)


def distinct(*columns: Whole) -> Distinct:
    """Return the distinct rows of some columns, in order."""
    order = np.lexsort(columns[::-1])
    ordered = np.stack(columns)[:, order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    return Distinct(tuple(np.ascontiguousarray(c) for c in ordered[:, new]), place)
