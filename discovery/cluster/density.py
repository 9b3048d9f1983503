"""HDBSCAN, with the right to refuse."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from discovery.cluster.embed import umap_places
from discovery.cluster.kmeans import Labels
from discovery.cluster.prepare import Matrix
from discovery.core.many import many
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings

NOISE = -1
_NEIGHBOURS = 5
#: Neighbours of each customer that UMAP looks at, as measured in docs/clustering.md.
_UMAP_NEIGHBOURS = 50


@dataclass(frozen=True)
class Density:
    """What HDBSCAN found: labels (-1 is noise), strength, and why it was refused, if it was."""

    labels: Labels
    strength: NDArray[np.float64]
    method: str
    refusal: str


class _Grown:
    """The trees grown over one sample, in memory: smallest sizes that count neighbours alike cut the same tree.

    What HDBSCAN asks of its ``memory``: joblib's would write pickles.
    """

    def __init__(self) -> None:
        self._trees: dict[tuple[object, ...], object] = {}

    def cache(self, grow: Callable[..., object]) -> Callable[..., object]:
        """Return `grow` that grows anew only for other settings than before."""

        def grown(sample: object, *settings: object, **more: object) -> object:
            key = (grow, *settings, *sorted(more.items()))
            if key not in self._trees:
                self._trees[key] = grow(sample, *settings, **more)
            return self._trees[key]

        return grown


def cluster_by_density(points: Matrix, settings: ClusterSettings, seed: int) -> Density:
    """Return dense groups of customers; noise stays noise.

    Fitted on at most ``hdbscan_rows`` customers; the others take the vote of their five nearest neighbours, noise
    included. Several smallest sizes are tried and the one with the best density validity times coverage is kept: that
    number only ranks settings on one data set. The answer is refused where one cluster holds more than ``max_share`` of
    all customers, where fewer than ``min_coverage`` are placed, or where fewer than two clusters are found.

    Notes
    -----
    ``boruvka_kdtree`` always: the ball tree builds wrong trees. Many customers at exactly the same point (one order, no
    gap) are atoms that density follows, so a refusal is a common and honest answer on customer features. Laid out by
    UMAP first (McInnes, Healy and Melville 2018), it survives them better (docs/clustering.md).
    """
    import hdbscan

    fitted = some_rows(len(points), settings.hdbscan_rows, seed)
    laid_out = settings.hdbscan_umap > 0 and len(fitted) > _UMAP_NEIGHBOURS
    sample = (
        umap_places(points[fitted], settings.hdbscan_umap, seed, _UMAP_NEIGHBOURS, 0.0) if laid_out else points[fitted]
    ).astype(np.float64)
    smallest = max(5, round(settings.min_cluster_share * len(sample)))
    best: tuple[float, Labels, NDArray[np.float64], int] | None = None
    grown = _Grown()
    for size in (smallest, 2 * smallest, 4 * smallest):
        if size * 2 > len(sample):
            continue
        model = hdbscan.HDBSCAN(
            min_cluster_size=size,
            min_samples=min(10, size),
            algorithm="boruvka_kdtree",
            core_dist_n_jobs=1,
            approx_min_span_tree=False,
            gen_min_span_tree=True,
            memory=grown,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package still calls names that scikit-learn has deprecated
            model.fit(sample)
        labels = model.labels_.astype(np.int64)
        validity = float(np.nan_to_num(model.relative_validity_, nan=-1.0)) if labels.max() > 0 else -1.0
        score = validity * float((labels != NOISE).mean()) - float(_refusal(labels, settings) != "")
        if best is None or score > best[0]:
            best = (score, labels, model.probabilities_.astype(np.float64), size)
    if best is None:
        few = many(len(points), "customer is", "customers are")
        nobody = np.full(len(points), NOISE, dtype=np.int64)
        return Density(nobody, np.zeros(len(points)), "HDBSCAN", f"{few} too few for a density.")
    _, found, strength, size = best
    labels, strength = _spread(points, fitted, by_size(found), strength)
    method = f"HDBSCAN on {len(fitted):,} customers, smallest cluster {size:,}"
    if laid_out:
        method += f", laid out by UMAP in {settings.hdbscan_umap} dimensions"
    return Density(labels, strength, method, _refusal(labels, settings))


def _spread(
    points: Matrix, fitted: NDArray[np.int64], labels: Labels, strength: NDArray[np.float64]
) -> tuple[Labels, NDArray[np.float64]]:
    """Return labels for everyone: the fitted keep theirs, the others follow their neighbours."""
    if len(fitted) == len(points):
        return labels, strength
    vote = KNeighborsClassifier(_NEIGHBOURS).fit(points[fitted], labels)
    rest = np.setdiff1d(np.arange(len(points)), fitted)
    everyone, sure = np.empty(len(points), dtype=np.int64), np.empty(len(points))
    everyone[fitted], sure[fitted] = labels, strength
    shares = vote.predict_proba(points[rest])
    everyone[rest], sure[rest] = vote.classes_[shares.argmax(axis=1)], shares.max(axis=1)
    sure[everyone == NOISE] = 0.0
    return everyone, sure


def by_size(labels: Labels) -> Labels:
    """Return the labels renumbered from 0, the largest cluster first; noise stays -1."""
    kinds, first, sizes = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    order = sorted(range(len(kinds)), key=lambda i: (-sizes[i], first[i]))
    out = np.full_like(labels, NOISE)
    for new, old in enumerate(order):
        out[labels == kinds[old]] = new
    return out


def _refusal(labels: Labels, settings: ClusterSettings) -> str:
    placed = labels[labels != NOISE]
    coverage = len(placed) / len(labels)
    if len(np.unique(placed)) < 2:
        found = many(len(np.unique(placed)), "dense group")
        return f"HDBSCAN found {found}: there is nothing to tell apart by density."
    share = np.bincount(placed).max() / len(labels)
    if share > settings.max_share:
        return f"One cluster would hold {share:.0%} of the customers, more than {settings.max_share:.0%}."
    if coverage < settings.min_coverage:
        return f"Only {coverage:.0%} of the customers would be placed, fewer than {settings.min_coverage:.0%}."
    return ""
