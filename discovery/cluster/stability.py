"""Stability: do two halves of the customers, clustered apart, divide everyone alike?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import adjusted_rand_score

from discovery.cluster.kmeans import Labels
from discovery.cluster.prepare import Matrix

#: Learns from some rows and labels all rows: (rows to learn from, all rows, seed) -> labels.
Refit = Callable[[Matrix, Matrix, int], Labels]


def half_split_agreement(points: Matrix, refit: Refit, splits: int, seed: int) -> float:
    """Return the mean adjusted Rand index between the labels two disjoint halves give to all rows.

    1: the halves agree on everyone; 0: as much as chance. Stable is not real: a single smooth cloud cut in two agrees
    too, so it is read beside the same number on structureless data.
    """
    rng = np.random.default_rng(seed)
    scores = []
    for turn in range(splits):
        order = rng.permutation(len(points))
        half = len(points) // 2
        first = refit(points[order[:half]], points, seed + 2 * turn)
        second = refit(points[order[half : 2 * half]], points, seed + 2 * turn + 1)
        scores.append(adjusted_rand_score(first, second))
    return float(np.mean(scores))
