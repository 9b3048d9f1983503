"""Stability of each segment of a clustering, beside that of segments of structureless data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from discovery.cluster.density import cluster_by_density
from discovery.cluster.kmeans import Labels, assign, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.cluster.stability import beside_null, redrawn_jaccards
from discovery.core.documents import plain
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings
from discovery.usecases.placing import Placed

#: Structureless data sets, and the part of the draws that each is clustered anew in: their segments are pooled.
_NULLS, _PART = 8, 4
#: Starts of each KMeans, of the draws and of the nulls alike.
_STARTS = 3

#: Clusters some points and labels them, or others: (learn from, label, seed) -> labels.
Cluster = Callable[[Matrix, Matrix, int], Labels]


def kmeans_stability(placed: Placed, labels: Labels, settings: ClusterSettings, seed: int) -> Mapping[str, object]:
    """Return the stability of each segment of a KMeans by its id, as plain values."""
    k = int(labels.max()) + 1

    def cluster(some: Matrix, everyone: Matrix, start: int) -> Labels:
        return assign(everyone, fit_centres(some, k, start, _STARTS))[0]

    rows = some_rows(len(labels), settings.stability_rows, seed)
    return _stability(placed, rows, labels, cluster, settings.stability_draws, seed, True)


def hdbscan_stability(placed: Placed, labels: Labels, settings: ClusterSettings, seed: int) -> Mapping[str, object]:
    """Return the stability of each segment of an HDBSCAN by its id, as plain values; noise is none."""

    def cluster(some: Matrix, everyone: Matrix, start: int) -> Labels:
        return cluster_by_density(some, settings, start).labels

    rows = some_rows(len(labels), min(settings.stability_rows, settings.choice_rows), seed)
    return _stability(placed, rows, labels, cluster, settings.stability_draws, seed, False)


def _stability(
    placed: Placed,
    rows: NDArray[np.int64],
    labels: Labels,
    cluster: Cluster,
    draws: int,
    seed: int,
    twice: bool,
) -> Mapping[str, object]:
    def redrawn(points: Matrix, own: Labels, times: int) -> NDArray[np.float64]:
        def refit(drawn: NDArray[np.int64], seen: NDArray[np.int64], start: int) -> Labels:
            return cluster(points[drawn], points[seen], start)

        return redrawn_jaccards(own, refit, times, seed, twice)

    if not draws or labels.max(initial=-1) < 1:
        return {}
    found = redrawn(placed.points[rows], labels[rows], draws)
    some = max(1, draws // _PART)
    nulls = (redrawn(null, cluster(null, null, seed), some) for null in placed.nulls(rows, _NULLS, seed))
    return {f"c{n + 1}": plain(each) for n, each in enumerate(beside_null(found, nulls)) if each}
