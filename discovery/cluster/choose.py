"""How many segments, and whether there are any: every candidate beside the same number on structureless data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from discovery.cluster.kmeans import Labels, assign, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.cluster.stability import compare_halves
from discovery.core.sampling import some_rows
from discovery.core.segment import AgainstNull, Candidate, Structure
from discovery.core.settings import ClusterSettings

Floats = NDArray[np.float64]
#: Gives structureless data sets like the rows named: (rows, draws, seed) -> points of each.
Nulls = Callable[[NDArray[np.int64], int, int], Iterable[Matrix]]

_OBSERVED_SPLITS = 5
#: Starts while candidates are compared: enough to rank them; the chosen one gets the full number.
_QUICK_STARTS = 3
#: Nulls that every statistic is shown beside; the test of structure, which is cheap, sees all of them.
_SHOWN_DRAWS = 8


@dataclass(frozen=True)
class Choice:
    """The number of segments to offer, and what may be claimed about them.

    ``beyond`` is how far the customers lie beyond structureless ones, in deviations of those; ``supported`` is the
    number of segments up to which splitting goes on gaining more than it does on structureless data.
    """

    k: int
    structure: Structure
    reason: str
    candidates: tuple[Candidate, ...]
    beyond: float = 0.0
    supported: int = 1


def choose_k(
    points: Matrix,
    nulls: Nulls,
    proves: bool,
    settings: ClusterSettings,
    seed: int,
    progress: Callable[[float], None] = lambda done: None,
) -> Choice:
    """Return the number of segments to offer, with every candidate beside its null.

    Parameters
    ----------
    points : array, shape (customers, features)
        What is clustered.
    nulls : callable
        Gives structureless data sets for a sample of the customers.
    proves : bool
        Whether that null is known to be exceeded by structure only, so that *discovered* may be said.
    settings, seed, progress
        As everywhere.

    Notes
    -----
    *One test, not one per candidate*: tightness (minus the log of the mean squared distance to the own centre) averaged
    over all candidates, against the same on the nulls, in their deviations widened for their number. The number of
    segments supported is that of the gap statistic (Tibshirani, Walther and Hastie 2001) with these nulls in place of
    its uniform box: the smallest whose gain beyond the null is within one deviation of the largest. Offered is, of the
    numbers up to it, the one on which two halves of the customers agree furthest beyond the null.
    """
    most = max(2, min(settings.k_high, len(np.unique(points, axis=0)) - 1, len(points) // 4))
    ks = list(range(min(settings.k_low, most), most + 1))
    if len(points) < 8:
        return Choice(1, Structure.NONE, f"{len(points)} customers are too few to look for groups.", ())
    rows = some_rows(len(points), settings.choice_rows, seed)
    observed = [_statistics(points[rows], k, settings, seed, _OBSERVED_SPLITS) for k in ks]
    draws: list[list[dict[str, float]]] = []
    for turn, null in enumerate(nulls(rows, settings.null_draws, seed)):
        splits = 1 if turn < _SHOWN_DRAWS else 0
        draws.append([_statistics(null, k, settings, seed + turn, splits) for k in ks])
        progress((turn + 1) / settings.null_draws)
    candidates = tuple(
        Candidate(
            k,
            {
                name: _against(value, [draw[i][name] for draw in draws if name in draw[i]])
                for name, value in each.items()
            },
        )
        for i, (k, each) in enumerate(zip(ks, observed, strict=True))
    )
    tight = np.array([each["tightness"] for each in observed])
    loose = np.array([[each["tightness"] for each in draw] for draw in draws])
    beyond, supported = beyond_null(tight, loose)
    return _decide(candidates, beyond, ks[supported], proves, settings)


def beyond_null(tight: Floats, loose: Floats) -> tuple[float, int]:
    """Return how far beyond the nulls the customers lie, and the place of the number of segments that is supported.

    Parameters
    ----------
    tight : (candidates,) array
        Observed tightness.
    loose : (draws, candidates) array
        That of the nulls.

    Examples
    --------
    >>> flat = np.array([[1.0, 2.0, 3.0], [1.2, 2.2, 3.2]])
    >>> beyond, place = beyond_null(np.array([1.1, 3.1, 4.1]), flat)
    >>> round(beyond, 2), place
    (3.85, 1)
    """
    widened = float(np.sqrt(1 + 1 / len(loose)))
    spread = max(float(loose.mean(axis=1).std(ddof=1)), 1e-9)
    gain, doubt = tight - loose.mean(axis=0), loose.std(axis=0, ddof=1) * widened
    top = int(gain.argmax())
    return float(gain.mean() / (spread * widened)), int(np.flatnonzero(gain >= gain[top] - doubt[top])[0])


def tightness(points: Matrix, k: int, seed: int) -> float:
    """Return minus the log of the mean squared distance to the own of `k` centres."""
    return _tightness(points, *_quick(points, k, seed))


def _decide(
    candidates: Sequence[Candidate], beyond: float, supported: int, proves: bool, settings: ClusterSettings
) -> Choice:
    low, high, found = settings.band_low, settings.band_high, tuple(candidates)

    def stabler(candidate: Candidate) -> tuple[float, int]:
        stability = candidate.statistics["stability"]
        return stability.value - stability.null_mean, -candidate.k

    band = [c for c in candidates if low <= c.k <= high] or list(candidates)
    useful = max(band, key=stabler).k
    there = beyond >= settings.discovered_from
    told = f"customers lie {beyond:.1f} deviations beyond customers without kinds ({settings.discovered_from:g} count)"
    if settings.k:
        reason = f"{settings.k} segments were asked for in cluster.k; {told}."
        return Choice(settings.k, Structure.CONSTRUCTED, reason, found, beyond, supported)
    if there and proves:
        best = max((c for c in candidates if c.k <= min(supported, high)), key=stabler, default=candidates[0])
        agreed = best.statistics["stability"]
        reason = (
            f"There are kinds of customers: {told}. Splitting gains more than on those up to {supported} segments; "
            f"two halves agree furthest beyond them on {best.k}, at {agreed.value:.2f} against {agreed.null_mean:.2f}."
        )
        return Choice(best.k, Structure.DISCOVERED, reason, found, beyond, supported)
    if not there and all(c.statistics["stability"].excess <= 0 for c in candidates):
        reason = f"No number of segments stands out; {useful} cut a smooth crowd."
        return Choice(useful, Structure.NONE, reason, found, beyond, supported)
    chosen = next(c for c in candidates if c.k == useful).statistics["stability"]
    reason = (
        f"Useful cuts, not proven groups: two halves of the customers agree on {useful} segments at "
        f"{chosen.value:.2f}, against {chosen.null_mean:.2f} without structure; "
    )
    reason += f"{told}." if proves else "that proves no separate kinds."
    return Choice(useful, Structure.CONSTRUCTED, reason, found, beyond, supported)


def _statistics(points: Matrix, k: int, settings: ClusterSettings, seed: int, splits: int) -> dict[str, float]:
    def refit(half: Matrix, everyone: Matrix, start: int) -> Labels:
        return assign(everyone, fit_centres(half, k, start, _QUICK_STARTS))[0]

    labels, centres = _quick(points, k, seed)
    tight = {"tightness": _tightness(points, labels, centres)}
    if not splits:
        return tight
    shown = some_rows(len(points), settings.silhouette_rows, seed)
    several = len(np.unique(labels[shown])) > 1
    halves = compare_halves(points, refit, splits, seed)
    return {
        "silhouette": float(silhouette_score(points[shown], labels[shown])) if several else 0.0,
        "calinski_harabasz": float(calinski_harabasz_score(points, labels)) if len(np.unique(labels)) > 1 else 0.0,
        **tight,
        "prediction_strength": halves.prediction_strength,
        "stability": halves.agreement,
    }


def _quick(points: Matrix, k: int, seed: int) -> tuple[Labels, Matrix]:
    centres = fit_centres(points, k, seed, _QUICK_STARTS)
    return assign(points, centres)[0], centres


def _tightness(points: Matrix, labels: Labels, centres: Matrix) -> float:
    within = ((points - centres[labels]).astype(np.float64) ** 2).sum(axis=1).mean()
    return -float(np.log(max(within, 1e-12)))


def _against(value: float, null: Sequence[float]) -> AgainstNull:
    low, high = np.quantile(null, [0.05, 0.95])
    return AgainstNull(value, float(np.mean(null)), float(low), float(high))
