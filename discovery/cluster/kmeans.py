"""KMeans, with ids by size and a strength for every customer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from discovery.cluster.prepare import Matrix
from discovery.cluster.threads import one_thread

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


def second_nearest(points: Matrix, centres: Matrix) -> Labels:
    """Return the second nearest centre of every point; with one centre, that one."""
    second = np.zeros(len(points), dtype=np.int64)
    for start in range(0, len(points) if len(centres) > 1 else 0, _ROWS_AT_ONCE):
        block = points[start : start + _ROWS_AT_ONCE].astype(np.float64)
        distance = ((block[:, None, :] - centres.astype(np.float64)[None]) ** 2).sum(axis=2)
        second[start : start + len(block)] = np.argsort(distance, axis=1, kind="stable")[:, 1]
    return second


def assign(points: Matrix, centres: Matrix) -> tuple[Labels, NDArray[np.float64]]:
    """Return the nearest centre of every point and the strength of belonging.

    Strength is 1 - d1 / d2, with d1 and d2 the distances to the nearest and the second nearest centre: 0 on the border
    and 1 at the centre. With one centre it is 1.
    """
    labels = np.empty(len(points), dtype=np.int64)
    strength = np.ones(len(points))
    centred = centres.astype(np.float64)
    for start in range(0, len(points), _ROWS_AT_ONCE):
        block = points[start : start + _ROWS_AT_ONCE].astype(np.float64)
        distance = np.sqrt(np.maximum(((block[:, None, :] - centred[None]) ** 2).sum(axis=2), 0.0))
        nearest = distance.argmin(axis=1)
        labels[start : start + len(block)] = nearest
        if len(centred) > 1:
            two = np.partition(distance, 1, axis=1)[:, :2]
            safe = np.where(two[:, 1] > 0, two[:, 1], 1.0)
            strength[start : start + len(block)] = np.where(two[:, 1] > 0, 1 - two[:, 0] / safe, 0.0)
    return labels, strength
