"""Which cells of a cross table must not be shown, so that none too small can be had by subtraction."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from discovery.charts.format import SMALL_CELL, TOO_FEW, WITHHELD
from discovery.charts.small_cells import hidden

Counts = NDArray[np.int64]
Words = NDArray[np.object_]
Cell = tuple[int, int]

#: Passing a cell that is hidden anyway costs next to nothing; a sparse graph knows no edge of length 0.
_FREE = 1e-6


def hidden_cells(counts: Counts) -> Words:
    """Return the words shown instead of a number in each cell of a cross table and of its totals; empty: shown.

    Parameters
    ----------
    counts : array of int, rows by columns
        Customers behind each cell, without totals; of fewer than 10, cells and totals are too few to show.

    Returns
    -------
    array of str, one row and one column longer
        The totals of the rows stand in the last column, those of the columns in the last row, everyone at the end.

    Notes
    -----
    Think of rows and columns (the totals among them) as points, and of every hidden cell as a line between its row
    and its column. Each row and each column gives one equation, and a hidden number follows from the shown ones
    exactly if its line is a bridge: if it lies on no circle of hidden cells. So for every cell too small that is a
    bridge, the circle that hides the fewest further customers is closed, through cells rather than totals; these are
    withheld. Empty cells have nothing to hide. The totals alone are hidden as a list of groups would be (`hidden`), so
    that pages agree.

    Examples
    --------
    >>> hidden_cells(np.array([[4, 40, 60], [30, 20, 90]]))[:2, :3].tolist()
    [['too few to show', 'withheld', ''], ['withheld', 'withheld', '']]
    """
    table = np.zeros((counts.shape[0] + 1, counts.shape[1] + 1), dtype=np.int64)
    table[:-1, :-1] = counts
    table[:-1, -1] = counts.sum(axis=1)
    table[-1] = table.sum(axis=0)
    words = np.where((table > 0) & (table < SMALL_CELL), TOO_FEW, "").astype(object)
    if table[-1, -1] < SMALL_CELL:
        return words
    for line, total in ((words[:-1, -1], table[:-1, -1]), (words[-1, :-1], table[-1, :-1])):
        for place, why in hidden({str(i): int(n) for i, n in enumerate(total)}).items():
            line[int(place)] = why
    while small := [cell for cell in _bridges(words) if words[cell] == TOO_FEW]:
        for cell in _circle(table, words, small[0]):
            words[cell] = words[cell] or WITHHELD
    return words


def _bridges(words: Words) -> Iterator[Cell]:
    """Yield the hidden cells that lie on no circle of hidden cells: their numbers follow from the shown ones."""
    rows = len(words)
    lines = [(int(i), rows + int(j)) for i, j in np.argwhere(words != "")]
    near: dict[int, list[int]] = {}
    for i, j in lines:
        near.setdefault(i, []).append(j)
        near.setdefault(j, []).append(i)
    above: dict[int, int] = {}
    depth: dict[int, int] = {}
    for root in near:
        if root in depth:
            continue
        depth[root], above[root] = 0, root
        waiting = deque([root])
        while waiting:
            point = waiting.popleft()
            for other in near[point]:
                if other not in depth:
                    depth[other], above[other] = depth[point] + 1, point
                    waiting.append(other)
    # The highest point that is reached from each by lines known to lie on a circle.
    top = {point: point for point in near}

    def highest(point: int) -> int:
        while top[point] != point:
            top[point] = top[top[point]]
            point = top[point]
        return point

    for i, j in lines:
        if above[i] == j or above[j] == i:
            continue
        a, b = highest(i), highest(j)
        while a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            top[a] = above[a]
            a = highest(a)
    for i, j in lines:
        child, parent = (i, j) if above[i] == j else (j, i)
        if above[child] == parent and top[child] == child:
            yield i, j - rows


def _circle(table: Counts, words: Words, cell: Cell) -> Iterator[Cell]:
    """Yield the cells that close a circle with `cell`, of all ways the one that hides the fewest further customers."""
    rows = len(table)
    usable = table > 0
    usable[-1, -1] = usable[cell] = False
    i, j = np.nonzero(usable)
    # Totals are what is read first, so they are given up last.
    total = (i == rows - 1) | (j == table.shape[1] - 1)
    cost = np.where(words[i, j] != "", _FREE, table[i, j] + total * table[-1, -1])
    points = sum(table.shape)
    graph = coo_array((cost, (i, rows + j)), shape=(points, points)).tocsr()
    _, before = dijkstra(graph, directed=False, indices=cell[0], return_predecessors=True)
    point = rows + cell[1]
    while point != cell[0]:
        previous = int(before[point])
        yield min(previous, point), max(previous, point) - rows
        point = previous
