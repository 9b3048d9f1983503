"""KMeans, with ids by size and a strength for every customer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from discovery.cluster.prepare import Matrix
from discovery.cluster.threads import one_thread
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings

Labels = NDArray[np.int64]
_ROWS_AT_ONCE = 100_000


def fit_centres(points: Matrix, k: int, seed: int, n_init: int) -> Matrix:
    """Return the centres of `k` groups, shape (k, columns), the largest group first."""
    with one_thread():
        model = KMeans(k, n_init=n_init, random_state=seed, algorithm="lloyd").fit(points)
    sizes = np.bincount(model.labels_, minlength=k)
    # Equal sizes are ordered by the centre itself, so that the order never depends on the start.
    order = sorted(range(k), key=lambda i: (-sizes[i], *model.cluster_centers_[i].tolist()))
    return np.asarray(model.cluster_centers_[order], dtype=np.float32)


def fit_on_some(points: Matrix, k: int, settings: ClusterSettings, seed: int) -> Matrix:
    """Return the centres of `k` groups as `fit_centres` does, learnt from at most `settings.fit_rows` of the points."""
    some = some_rows(len(points), settings.fit_rows, seed)
    return fit_centres(points[some], k, seed, settings.n_init)


def second_nearest(points: Matrix, centres: Matrix) -> Labels:
    """Return the second nearest centre of every point; with one centre, that one."""
    second = np.zeros(len(points), dtype=np.int64)
    if len(centres) > 1:
        for rows, squares in _squared_distances(points, centres):
            second[rows] = np.argsort(squares, axis=1, kind="stable")[:, 1]
    return second


def assign(points: Matrix, centres: Matrix) -> tuple[Labels, NDArray[np.float64]]:
    """Return the nearest centre of every point and the strength of belonging.

    Strength is 1 - d1 / d2, with d1 and d2 the distances to the nearest and the second nearest centre: 0 on the border
    and 1 at the centre. With one centre it is 1.
    """
    labels = np.empty(len(points), dtype=np.int64)
    strength = np.ones(len(points))
    for rows, squares in _squared_distances(points, centres):
        distance = np.sqrt(squares)
        labels[rows] = distance.argmin(axis=1)
        if len(centres) > 1:
            near, next_near = np.partition(distance, 1, axis=1)[:, :2].T
            strength[rows] = np.where(next_near > 0, 1 - near / np.where(next_near > 0, next_near, 1.0), 0.0)
    return labels, strength


def _squared_distances(points: Matrix, centres: Matrix) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield some rows at a time, and their squared distances to every centre, shape (rows, centres)."""
    for start in range(0, len(points), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        block = points[rows].astype(np.float64)
        yield rows, np.column_stack([((block - centre) ** 2).sum(axis=1) for centre in centres.astype(np.float64)])
