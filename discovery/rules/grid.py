"""A table cut at the thresholds that a rule may name, and every interval between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from discovery.rules.formula import LEAF, Formula
from discovery.rules.rounding import roundness

#: A second bound on a column must gain this share of what a further condition must gain: it is no further
#: condition, yet one more number to read. Held-out F1 is the same within .001 from 0 to 1.
SECOND_BOUND = 0.25
#: What one point of roundness weighs: below any difference in F1 that matters, so it only breaks ties.
ROUNDNESS_WEIGHT = 1e-7


@dataclass(frozen=True)
class Grid:
    """A table cut at the thresholds of each column.

    Column `f` with thresholds v1 < ... < vm has the cells (-inf, v1), {v1}, (v1, v2), {v2}, ..., (vm, inf): a
    threshold is a cell of its own, because both bounds of a condition are inclusive. The last cell holds the missing.

    Parameters
    ----------
    thresholds : tuple of arrays
        Per column, in increasing order.
    cells : array of int, shape (n, columns)
        Where each value lies.
    width : int
        Cells per column, the same for all: 2 m + 2 for the column with the most thresholds.
    """

    thresholds: tuple[NDArray[np.float64], ...]
    cells: NDArray[np.int32]
    width: int

    @property
    def open_high(self) -> int:
        """Index of the open high bound."""
        return self.width // 2 - 1

    @property
    def starts(self) -> NDArray[np.int64]:
        """First cell of an interval by its low bound: a threshold starts at its own cell."""
        return np.maximum(2 * np.arange(self.open_high + 1) - 1, 0)

    @property
    def ends(self) -> NDArray[np.int64]:
        """First cell after an interval by its high bound: a threshold ends after its own cell."""
        return np.append(2 * np.arange(self.open_high) + 2, self.width - 1)

    def within(self, interval: Formula) -> NDArray[np.bool_]:
        """Return who lies in `interval`, shape (n,); a missing value lies in none."""
        _, column, low, high = interval
        cells = self.cells[:, column]
        return (cells >= self.starts[low]) & (cells < self.ends[high])

    def rows(self, chosen: NDArray[np.int64]) -> Grid:
        """Return the grid of some rows."""
        return Grid(self.thresholds, self.cells[chosen], self.width)


def grid(table: NDArray[np.float64], thresholds: Sequence[NDArray[np.float64]]) -> Grid:
    """Return `table` (shape (n, columns), NaN is missing) cut at `thresholds`.

    Examples
    --------
    >>> grid(np.array([[1.0], [2.0], [3.0], [np.nan]]), [np.array([2.0])]).cells.ravel().tolist()
    [0, 1, 2, 3]
    """
    width = 2 * max((len(t) for t in thresholds), default=0) + 2
    cells = np.empty(table.shape, dtype=np.int32)
    for column, cuts in enumerate(thresholds):
        values = table[:, column]
        cells[:, column] = np.searchsorted(cuts, values, "left") + np.searchsorted(cuts, values, "right")
        cells[np.isnan(values), column] = width - 1
    return Grid(tuple(thresholds), cells, width)


@dataclass(frozen=True)
class Choices:
    """Every interval on a grid, and what it costs; per column the bands, then low bounds only, then high bounds only.

    Parameters
    ----------
    intervals : tuple of Formula
        Column after column.
    cost : array of shape (intervals,)
        F1 that a condition on each must gain.
    starts, ends : arrays of int, shape (intervals,)
        Where its first cell, and the first cell after it, lie among cumulated counts of `width` + 1 cells a column.
    groups : tuple of tuple of slice
        Per column, where its three kinds lie; empty for a column without thresholds.
    """

    intervals: tuple[Formula, ...]
    cost: NDArray[np.float64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    groups: tuple[tuple[slice, ...], ...]


def choices(table: Grid, penalty: float, prices: NDArray[np.float64]) -> Choices:
    """Return every interval on `table`, each at `penalty` plus the price of its column (shape (columns,)).

    Examples
    --------
    >>> every = choices(grid(np.array([[1.0], [2.0]]), [np.array([1.0, 2.0])]), 0.004, np.zeros(1))
    >>> [interval[2:] for interval in every.intervals]
    [(1, 0), (1, 1), (2, 1), (1, 2), (2, 2), (0, 0), (0, 1)]
    """
    top = table.open_high
    bounds: list[tuple[int, int, int]] = []
    groups: list[tuple[slice, ...]] = []
    rough: list[float] = []
    for column, cuts in enumerate(table.thresholds):
        m = len(cuts)
        kinds = (
            [(column, low, high) for low in range(1, m + 1) for high in range(low - 1, m)],
            [(column, low, top) for low in range(1, m + 1)],
            [(column, 0, high) for high in range(m)],
        )
        stops = np.cumsum([len(bounds), *map(len, kinds)]).tolist()
        groups.append(tuple(slice(*pair) for pair in pairwise(stops)) if m else ())
        points = [roundness(v) for v in cuts]
        by_low, by_high = [0.0, *points], {top: 0.0} | dict(enumerate(points))
        for kind in kinds:
            bounds += kind
            rough += [by_low[low] + by_high[high] for _, low, high in kind]
    of, low, high = np.array(bounds, dtype=int).reshape(-1, 3).T
    second = SECOND_BOUND * penalty * ((low > 0) & (high < top))
    return Choices(
        intervals=tuple((LEAF, *each) for each in bounds),
        cost=penalty + prices[of] + second + ROUNDNESS_WEIGHT * np.array(rough),
        starts=of * (table.width + 1) + table.starts[low],
        ends=of * (table.width + 1) + table.ends[high],
        groups=tuple(groups),
    )
