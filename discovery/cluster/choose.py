"""How many segments: every candidate beside the same number on structureless data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from discovery.cluster.kmeans import Labels, assign, fit_centres
from discovery.cluster.null import copula_draws
from discovery.cluster.prepare import Matrix
from discovery.cluster.stability import half_split_agreement
from discovery.core.sampling import some_rows
from discovery.core.segment import AgainstNull, Candidate, Structure
from discovery.core.settings import ClusterSettings

_OBSERVED_SPLITS = 5
#: Starts while candidates are compared: enough to rank them; the chosen one gets the full number.
_QUICK_STARTS = 3


@dataclass(frozen=True)
class Choice:
    """The number of segments to offer, and what may be claimed about them."""

    k: int
    structure: Structure
    reason: str
    candidates: tuple[Candidate, ...]


def choose_k(
    points: Matrix, settings: ClusterSettings, seed: int, progress: Callable[[float], None] = lambda done: None
) -> Choice:
    """Return the number of segments to offer, with every candidate beside its null.

    The evidence is the agreement of two half samples beyond the null's. The candidate with the largest excess wins; if
    it lies outside the band a team can work with, the best one inside the band is offered. Both are said.

    Notes
    -----
    On raw customer features the copula null is exceeded even by stores without types, so the verdict is never more than
    *constructed* here; it is *none* where not even the null is exceeded.
    """
    most = max(2, min(settings.k_high, len(np.unique(points, axis=0)) - 1, len(points) // 4))
    ks = list(range(min(settings.k_low, most), most + 1))
    if len(points) < 8:
        return Choice(1, Structure.NONE, f"{len(points)} customers are too few to look for groups.", ())
    sample = points[some_rows(len(points), settings.choice_rows, seed)]
    observed = [_statistics(sample, k, settings, seed, _OBSERVED_SPLITS) for k in ks]
    nulls: list[list[dict[str, float]]] = []
    for turn, null in enumerate(copula_draws(sample, settings.null_draws, seed)):
        nulls.append([_statistics(null, k, settings, seed + turn, 1) for k in ks])
        progress((turn + 1) / settings.null_draws)
    candidates = tuple(
        Candidate(k, {name: _against(value, [draw[i][name] for draw in nulls]) for name, value in observed[i].items()})
        for i, k in enumerate(ks)
    )
    return _decide(candidates, settings)


def _decide(candidates: Sequence[Candidate], settings: ClusterSettings) -> Choice:
    def beyond(candidate: Candidate) -> float:
        stability = candidate.statistics["stability"]
        return stability.value - stability.null_mean

    best = max(candidates, key=lambda c: (beyond(c), -c.k))
    band = [c for c in candidates if settings.band_low <= c.k <= settings.band_high]
    chosen = best if best in band or not band else max(band, key=lambda c: (beyond(c), -c.k))
    if settings.k:
        asked = [c for c in candidates if c.k == settings.k]
        k = asked[0].k if asked else settings.k
        return Choice(k, Structure.CONSTRUCTED, f"{k} segments were asked for in cluster.k.", tuple(candidates))
    stability = chosen.statistics["stability"]
    told = (
        f"two halves of the customers agree on {chosen.k} segments at {stability.value:.2f}, against "
        f"{stability.null_mean:.2f} on data without structure"
    )
    if best is not chosen:
        told += f"; it is strongest at {best.k}, outside the {settings.band_low} to {settings.band_high} a team can use"
    if all(c.statistics["stability"].excess <= 0 for c in candidates):
        return Choice(chosen.k, Structure.NONE, f"No number of segments stands out: {told}.", tuple(candidates))
    reason = f"Useful cuts, not proven groups: {told}. On raw customer features that proves no separate kinds."
    return Choice(chosen.k, Structure.CONSTRUCTED, reason, tuple(candidates))


def _statistics(points: Matrix, k: int, settings: ClusterSettings, seed: int, splits: int) -> dict[str, float]:
    def refit(half: Matrix, everyone: Matrix, start: int) -> Labels:
        return assign(everyone, fit_centres(half, k, start, _QUICK_STARTS))[0]

    labels, _ = assign(points, fit_centres(points, k, seed, _QUICK_STARTS))
    shown = some_rows(len(points), settings.silhouette_rows, seed)
    several = len(np.unique(labels[shown])) > 1
    return {
        "silhouette": float(silhouette_score(points[shown], labels[shown])) if several else 0.0,
        "calinski_harabasz": float(calinski_harabasz_score(points, labels)) if len(np.unique(labels)) > 1 else 0.0,
        "stability": half_split_agreement(points, refit, splits, seed),
    }


def _against(value: float, null: Sequence[float]) -> AgainstNull:
    low, high = np.quantile(null, [0.05, 0.95])
    return AgainstNull(value, float(np.mean(null)), float(low), float(high))
