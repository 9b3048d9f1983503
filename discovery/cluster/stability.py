"""Stability: do other draws of the customers, clustered anew, divide them alike?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from discovery.cluster.kmeans import Labels
from discovery.cluster.prepare import Matrix
from discovery.core.candidate import AgainstNull

#: Learns from some rows and labels all rows: (rows to learn from, all rows, seed) -> labels.
Refit = Callable[[Matrix, Matrix, int], Labels]
#: Clusters the customers at some places anew: (places, seed) -> their labels.
Anew = Callable[[NDArray[np.int64], int], Labels]


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


def redrawn_jaccards(labels: Labels, anew: Anew, draws: int, seed: int) -> NDArray[np.float64]:
    """Return, for every cluster, how much of it is found again when halves of the customers are clustered anew.

    Parameters
    ----------
    labels : array of int
        The cluster of each customer, from 0; -1 is noise.
    anew : callable
        Clusters a half as the customers were clustered.
    draws : int
        How many halves.
    seed : int
        The only source of chance.

    Returns
    -------
    array, shape (clusters,)
        Mean over the draws of the largest Jaccard index with a cluster of the draw, 0 to 1, among the customers drawn.
        Noise is no cluster: it is the best match of none. NaN where no draw held any of a cluster.

    Notes
    -----
    Source: Hennig (2007), *Comput. Stat. Data Anal.* 52, his subsets of half: up to .5 a cluster is dissolved, below .6
    not to be trusted, from .75 on stable. In a bootstrap the same customer comes twice, which to density is a dense
    place. Stable is not real: it is read beside the same number on structureless data.

    Examples
    --------
    >>> line = np.array([0.0, 0.1, 0.2, 9.0, 9.1, 9.2])
    >>> redrawn_jaccards((line > 5).astype(int), lambda drawn, seed: (line[drawn] > 5).astype(int), 4, 1)
    array([1., 1.])
    """
    rng = np.random.default_rng(seed)
    n, clusters = len(labels), int(labels.max(initial=-1)) + 1
    found = np.full((draws, clusters), np.nan)
    for turn in range(draws):
        drawn = np.sort(rng.permutation(n)[: n // 2])
        found[turn] = _best_jaccards(labels[drawn], anew(drawn, seed + turn), clusters)
    known = (~np.isnan(found)).sum(axis=0)
    return np.asarray(np.nansum(found, axis=0) / np.where(known, known, np.nan))


def beside_null(values: NDArray[np.float64], nulls: Iterable[NDArray[np.float64]]) -> list[AgainstNull | None]:
    """Return the stability of each cluster beside that of all clusters of structureless data; None where unknown."""
    pooled = np.concatenate([*nulls, np.empty(0)])
    pooled = pooled[~np.isnan(pooled)]
    if not len(pooled):
        return [None] * len(values)
    low, high = (float(q) for q in np.quantile(pooled, [0.05, 0.95]))
    mean = float(pooled.mean())
    return [None if np.isnan(v) else AgainstNull(float(v), mean, low, high) for v in values]


def _best_jaccards(mine: Labels, others: Labels, clusters: int) -> NDArray[np.float64]:
    table = np.zeros((clusters, int(others.max(initial=-1)) + 2))
    placed = mine >= 0
    # Noise of the others is the last column: it counts in the size of a cluster, and is no match.
    np.add.at(table, (mine[placed], others[placed]), 1)
    sizes, theirs = table.sum(axis=1), np.bincount(others[others >= 0], minlength=table.shape[1] - 1)
    both = table[:, :-1]
    with np.errstate(invalid="ignore"):
        jaccard = both / (sizes[:, None] + theirs[None] - both)
    best = np.nan_to_num(jaccard).max(axis=1, initial=0.0)
    return np.asarray(np.where(sizes > 0, best, np.nan))


def _kept_together(groups: Labels, others: Labels) -> float:
    table = np.zeros((groups.max() + 1, others.max() + 1))
    np.add.at(table, (groups, others), 1)
    sizes = table.sum(axis=1)
    pairs = (table * (table - 1)).sum(axis=1)
    several = sizes > 1
    return float((pairs[several] / (sizes * (sizes - 1))[several]).min()) if several.any() else 0.0
