"""Are there kinds of customers? Whether those who are known well stand apart, further than customers without kinds do.

Whoever ordered once stands in the middle of everything, kind or no kind, and hides what there is. So the customers with
most orders are looked at, and compared with structureless ones of just their number, orders and values. What is
measured is how clearly they belong to groups: the mean over them of 1 - d1 / d2, with d1 and d2 the distances to the
nearest and the second nearest centre of KMeans. It falls where customers lie between the groups, as they do in a smooth
crowd however it is stretched or bent; how tight the groups are, which a bent crowd also is, has no part in it.

They are looked at twice: in all they did, and without the mixes, such as what they buy. A mix of seven parts is seven
columns, and where kinds do not differ in it, it drowns the few in which they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.cluster.shrink import MIX
from discovery.core.records import Records
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings

#: Numbers of groups that are looked at in one test, not in one for each.
_GROUPS = range(2, 9)
_STARTS = 3
#: With fewer customers known well, nothing can be told.
FEWEST = 60


def known_well(records: Records, settings: ClusterSettings, seed: int) -> NDArray[np.int64]:
    """Return the places of the customers with most orders: a share of all, and none with fewer than a few."""
    enough = max(float(np.quantile(records.orders, 1 - settings.known_share)), float(settings.known_orders))
    found = np.flatnonzero(records.orders >= enough)
    return found[some_rows(len(found), settings.choice_rows, seed)]


def beyond_null(points: Matrix, nulls: Iterable[Matrix], seed: int, names: Sequence[str] = ()) -> float:
    """Return how much more clearly customers belong to groups than structureless ones do, in deviations of those.

    For each number of groups, what clearness exceeds that of the nulls by counts, and a lack of it does not: three
    kinds far apart are not cut into seven clearly. The mean over the numbers is set beside the same of each null. It is
    told of the view, with or without the mixes, in which they stand further apart.

    Parameters
    ----------
    points : array, shape (customers, features)
        Customers known well.
    nulls : iterable of array
        Structureless data sets like them; at least two.
    seed : int
        The only source of chance.
    names : sequence of str
        Of the features, ``mix: part`` those of a mix; without them everything is looked at at once.

    Notes
    -----
    The deviation is widened for the number of nulls. Source of the statistic: the simplified silhouette (Hruschka,
    de Castro and Campello 2004), here without its sign.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> crowd = [rng.normal(size=(300, 2)).astype(np.float32) for _ in range(11)]
    >>> four = crowd[0] + rng.choice([-4, 4], (300, 2)).astype(np.float32)
    >>> beyond_null(crowd[0], crowd[1:], seed=1) < 3 < 20 < beyond_null(four, crowd[1:], seed=1)
    True
    """
    seen = _views(names, points.shape[1])
    crowd = np.array([[_clearness(null[:, view], seed) for view in seen] for null in nulls])
    found = [_clearness(points[:, view], seed) for view in seen]
    return max(_deviations(mine, crowd[:, turn]) for turn, mine in enumerate(found))


def _views(names: Sequence[str], columns: int) -> list[NDArray[np.bool_]]:
    """Return the columns that are looked at together: all of them and, where that leaves two, those of no mix."""
    alone = np.array([MIX not in name for name in names], dtype=bool)
    return [np.ones(columns, dtype=bool), *([alone] if 2 <= alone.sum() < columns else [])]


def _deviations(found: NDArray[np.float64], crowd: NDArray[np.float64]) -> float:
    """Return how far clearness exceeds that of a crowd, (nulls, numbers of groups), in its deviations."""
    usual = crowd.mean(axis=0)
    by_chance = np.maximum(crowd - usual, 0.0).mean(axis=1)
    spread = max(float(by_chance.std(ddof=1)), 1e-9) * np.sqrt(1 + 1 / len(crowd))
    return float((np.maximum(found - usual, 0.0).mean() - by_chance.mean()) / spread)


def _clearness(points: Matrix, seed: int) -> NDArray[np.float64]:
    """Return how clearly the points belong to each number of groups."""
    return np.array([assign(points, fit_centres(points, k, seed, _STARTS))[1].mean() for k in _GROUPS])
