"""Are there kinds of customers? Whether those who are known well stand apart, further than customers without kinds do.

Whoever ordered once stands in the middle of everything, kind or no kind, and hides what there is. So the customers with
most orders are looked at, and compared with structureless ones of just their number, orders and values. Two things are
measured, for 2 to 8 groups of KMeans:

- How clearly they belong to groups: the mean over them of 1 - d1 / d2, with d1 and d2 the distances to the nearest and
  the second nearest centre. It falls where customers lie between groups; how tight the groups are has no part in it.
- How empty it is between groups: how many stand midway between two centres, beside those at the centre with fewer. One
  goes from group to group by the fullest ways that reach all of them, and the emptiest of these ways counts. A crowd
  along a bent line belongs clearly to its ends, but nobody is missing on the way from one to the other.

They are looked at twice: in all they did, and without the mixes, such as what they buy. A mix of seven parts is seven
columns, and where kinds do not differ in it, it drowns the few in which they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import euclidean_distances

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
#: From so many deviations on it is emptier; stores without kinds often come as far, so it only forbids.
EMPTY_FROM = 2.0
#: How near a place on the way between two centres counts as at it, of the whole way; a normal kernel.
_NEAR = 0.12


@dataclass(frozen=True)
class Apart:
    """How far customers stand apart beyond structureless ones, in deviations of those.

    Parameters
    ----------
    clearness : float
        How much more clearly they belong to groups.
    emptiness : float
        How much emptier it is between groups, at the number of groups where that is most.
    limit : float
        The clearness from which on it counts.
    """

    clearness: float
    emptiness: float
    limit: float

    @property
    def kinds(self) -> bool:
        """Whether there are kinds: customers belong clearly to groups, and between groups is less than by chance."""
        return self.clearness >= self.limit and self.emptiness >= EMPTY_FROM


def known_well(records: Records, settings: ClusterSettings, seed: int) -> NDArray[np.int64]:
    """Return the places of the customers with most orders: a share of all, and none with fewer than a few."""
    enough = max(float(np.quantile(records.orders, 1 - settings.known_share)), float(settings.known_orders))
    found = np.flatnonzero(records.orders >= enough)
    return found[some_rows(len(found), settings.choice_rows, seed)]


def beyond_null(points: Matrix, nulls: Iterable[Matrix], limit: float, seed: int, names: Sequence[str] = ()) -> Apart:
    """Return how far customers stand apart beyond structureless ones.

    For each number of groups, what clearness exceeds that of the nulls by counts, and a lack of it does not: three
    kinds far apart are not cut into seven clearly. The mean over the numbers is set beside the same of each null.
    Emptiness is set beside the nulls' for each number of groups, and the largest excess told. Of the two views, with
    and without the mixes, it is told of one with kinds, else of the one in which customers belong more clearly.

    Parameters
    ----------
    points : array, shape (customers, features)
        Customers known well.
    nulls : iterable of array
        Structureless data sets like them; at least two.
    limit : float
        The clearness from which on it counts, in deviations.
    seed : int
        The only source of chance.
    names : sequence of str
        Of the features, ``mix: part`` those of a mix; without them everything is looked at at once.

    Notes
    -----
    Deviations are widened for the number of nulls. Source of clearness: the simplified silhouette (Hruschka, de Castro
    and Campello 2004), here without its sign; of emptiness: the saddle between two modes (Hartigan 1975).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> crowd = [rng.normal(size=(300, 2)).astype(np.float32) for _ in range(11)]
    >>> four = crowd[0] + rng.choice([-4, 4], (300, 2)).astype(np.float32)
    >>> [beyond_null(points, crowd[1:], limit=7, seed=1).kinds for points in (crowd[0], four)]
    [False, True]
    """
    seen = _views(names, points.shape[1])
    crowd = np.array([[_measured(null[:, view], seed) for view in seen] for null in nulls])
    views = [_beyond(_measured(points[:, view], seed), crowd[:, turn], limit) for turn, view in enumerate(seen)]
    return max(views, key=lambda view: (view.kinds, view.clearness))


def _views(names: Sequence[str], columns: int) -> list[NDArray[np.bool_]]:
    """Return the columns that are looked at together: all of them and, where that leaves two, those of no mix."""
    alone = np.array([MIX not in name for name in names], dtype=bool)
    return [np.ones(columns, dtype=bool), *([alone] if 2 <= alone.sum() < columns else [])]


def _beyond(found: NDArray[np.float64], crowd: NDArray[np.float64], limit: float) -> Apart:
    """Return how far what `_measured` found exceeds a crowd's, shape (nulls, 2, numbers of groups)."""
    usual, widened = crowd.mean(axis=0), np.sqrt(1 + 1 / len(crowd))
    by_chance = np.maximum(crowd[:, 0] - usual[0], 0.0).mean(axis=1)
    spread = max(float(by_chance.std(ddof=1)), 1e-9) * widened
    clearness = float((np.maximum(found[0] - usual[0], 0.0).mean() - by_chance.mean()) / spread)
    spreads = np.maximum(crowd[:, 1].std(axis=0, ddof=1), 1e-9) * widened
    return Apart(clearness, float(((found[1] - usual[1]) / spreads).max()), limit)


def _measured(points: Matrix, seed: int) -> NDArray[np.float64]:
    """Return clearness and emptiness at each number of groups, shape (2, numbers of groups)."""
    found = []
    for k in _GROUPS:
        centres = fit_centres(points, k, seed, _STARTS)
        labels, strength = assign(points, centres)
        found.append((strength.mean(), _emptiness(points, labels, centres)))
    return np.array(found).T


def _emptiness(points: Matrix, labels: NDArray[np.int64], centres: Matrix) -> float:
    """Return the logarithm of how many more stand at centres than midway, on the emptiest way that must be gone."""
    squares, apart = euclidean_distances(points, centres, squared=True), euclidean_distances(centres, squared=True)
    ways = np.zeros_like(apart, dtype=np.float64)
    for one, other in combinations(range(len(centres)), 2):
        pair = squares[(labels == one) | (labels == other)].astype(np.float64)
        # 0 at the one centre, 1 at the other.
        along = 0.5 + (pair[:, one] - pair[:, other]) / (2 * max(float(apart[one, other]), 1e-12))
        here, midway, there = (np.exp(-(((along - place) / _NEAR) ** 2) / 2).sum() for place in (0.0, 0.5, 1.0))
        ways[one, other] = ways[other, one] = (min(here, there) + 1) / (midway + 1)
    # The last step of single linkage is the longest edge of the smallest tree that reaches every group.
    return float(np.log(linkage(squareform(ways), "single")[-1, 2]))
