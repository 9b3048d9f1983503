"""Stability of each segment of a clustering, beside that of segments of structureless data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from discovery.cluster.density import cluster_by_density
from discovery.cluster.kmeans import Labels, assign, fit_centres
from discovery.cluster.mixture import refit_labels
from discovery.cluster.null import record_draws
from discovery.cluster.prepare import Matrix
from discovery.cluster.shrink import Shrinkage
from discovery.cluster.stability import beside_null, redrawn_jaccards
from discovery.core.records import Records
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings
from discovery.usecases.placing import Placed

#: Structureless data sets, and the part of the draws that each is clustered anew in: their segments are pooled.
_NULLS, _PART = 8, 4
#: Starts of each KMeans, of the draws and of the nulls alike.
_STARTS = 3
#: A mixture takes a hundred times as long to fit as a KMeans, so it gets half as many draws and nulls, and one start.
_OF_A_MIXTURE = 2

Rows = NDArray[np.int64]
#: Of each segment, by its id, the fields of an `AgainstNull`.
Stability = Mapping[str, Mapping[str, float]]
#: What a clusterer sees of some customers: their points, or their records too.
Seen = TypeVar("Seen")
#: Clusters some of the customers: (everyone, their places, seed) -> their labels.
Cluster = Callable[[Seen, Rows, int], Labels]


def kmeans_stability(placed: Placed, labels: Labels, settings: ClusterSettings, seed: int) -> Stability:
    """Return the stability of each segment of a KMeans by its id, as plain values."""
    k = int(labels.max()) + 1

    def cluster(points: Matrix, some: Rows, start: int) -> Labels:
        return assign(points[some], fit_centres(points[some], k, start, _STARTS))[0]

    return _of_points(placed, labels, cluster, settings.stability_rows, settings.stability_draws, seed)


def hdbscan_stability(placed: Placed, labels: Labels, settings: ClusterSettings, seed: int) -> Stability:
    """Return the stability of each segment of an HDBSCAN by its id, as plain values; noise is none."""

    def cluster(points: Matrix, some: Rows, start: int) -> Labels:
        return cluster_by_density(points[some], settings, start).labels

    most = min(settings.stability_rows, settings.choice_rows)
    return _of_points(placed, labels, cluster, most, settings.stability_draws, seed)


def mixture_stability(
    records: Records, points: Matrix, shrinkage: Shrinkage, labels: Labels, settings: ClusterSettings, seed: int
) -> Stability:
    """Return the stability of each kind of a mixture by its id, as plain values; `points` are those of the records."""
    k, least = int(labels.max()) + 1, settings.min_cluster_share

    def cluster(store: tuple[Records, Matrix], some: Rows, start: int) -> Labels:
        return refit_labels(store[0].taken(some), store[1][some], k, shrinkage.prior, start, least)

    rows = some_rows(len(labels), min(settings.stability_rows, settings.choice_rows), seed)
    few, draws = records.taken(rows), -(-settings.stability_draws // _OF_A_MIXTURE)
    nulls = record_draws(few, shrinkage, _NULLS // _OF_A_MIXTURE, seed)
    return _stability((few, points[rows]), labels[rows], nulls, cluster, draws, seed)


def _of_points(placed: Placed, labels: Labels, cluster: Cluster[Matrix], most: int, draws: int, seed: int) -> Stability:
    rows = some_rows(len(labels), most, seed)
    return _stability(placed.points[rows], labels[rows], placed.nulls(rows, _NULLS, seed), cluster, draws, seed)


def _stability(
    store: Seen, labels: Labels, nulls: Iterable[Seen], cluster: Cluster[Seen], draws: int, seed: int
) -> Stability:
    def redrawn(store: Seen, own: Labels, times: int) -> NDArray[np.float64]:
        return redrawn_jaccards(own, lambda drawn, start: cluster(store, drawn, start), times, seed)

    # A half must hold as many customers as there are segments.
    if not draws or not 1 <= labels.max(initial=-1) < len(labels) // 2:
        return {}
    everyone = np.arange(len(labels))
    found = redrawn(store, labels, draws)
    some = max(1, draws // _PART)
    beside = (redrawn(null, cluster(null, everyone, seed), some) for null in nulls)
    return {f"c{n + 1}": asdict(each) for n, each in enumerate(beside_null(found, beside)) if each}
