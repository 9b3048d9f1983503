"""Stability: do two halves of the customers, clustered apart, divide everyone alike?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score

from discovery.cluster.kmeans import Labels
from discovery.cluster.prepare import Matrix

#: Learns from some rows and labels all rows: (rows to learn from, all rows, seed) -> labels.
Refit = Callable[[Matrix, Matrix, int], Labels]


@dataclass(frozen=True)
class Halves:
    """What two disjoint halves agree on, both 0 to 1 (agreement may fall a little below 0 by chance).

    Parameters
    ----------
    agreement : float
        Adjusted Rand index between the labels the halves give to all rows.
    prediction_strength : float
        Least share, over the groups of one half, of pairs within the group that the other half's groups keep together
        (Tibshirani and Walther 2005, *J. Comput. Graph. Stat.* 14).
    """

    agreement: float
    prediction_strength: float


def compare_halves(points: Matrix, refit: Refit, splits: int, seed: int) -> Halves:
    """Return the mean over `splits` of what two halves, clustered apart, agree on.

    Stable is not real: a single smooth cloud cut in two agrees too, so it is read beside the same number on
    structureless data.
    """
    rng = np.random.default_rng(seed)
    found = []
    for turn in range(splits):
        order = rng.permutation(len(points))
        half = len(points) // 2
        first = refit(points[order[:half]], points, seed + 2 * turn)
        second = refit(points[order[half : 2 * half]], points, seed + 2 * turn + 1)
        tested = order[half : 2 * half]
        found.append((adjusted_rand_score(first, second), _kept_together(second[tested], first[tested])))
    agreement, strength = np.mean(found, axis=0)
    return Halves(float(agreement), float(strength))


def _kept_together(groups: Labels, others: Labels) -> float:
    table = np.zeros((groups.max() + 1, others.max() + 1))
    np.add.at(table, (groups, others), 1)
    sizes = table.sum(axis=1)
    pairs = (table * (table - 1)).sum(axis=1)
    several = sizes > 1
    return float((pairs[several] / (sizes * (sizes - 1))[several]).min()) if several.any() else 0.0
