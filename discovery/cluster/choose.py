"""How many segments, and whether there are any: every candidate beside the same number on structureless data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from discovery.cluster.apart import EMPTY_FROM, Apart
from discovery.cluster.kmeans import Labels, assign, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.cluster.stability import compare_halves
from discovery.core.candidate import AgainstNull, Candidate
from discovery.core.many import many
from discovery.core.sampling import some_rows
from discovery.core.segment import Structure
from discovery.core.settings import ClusterSettings
from discovery.core.signed import signed

Floats = NDArray[np.float64]
#: Gives structureless data sets like the rows named: (rows, draws, seed) -> points of each.
Nulls = Callable[[NDArray[np.int64], int, int], Iterable[Matrix]]

_OBSERVED_SPLITS = 5
#: Starts while candidates are compared: enough to rank them; the chosen one gets the full number.
_QUICK_STARTS = 3
#: Nulls that every candidate is shown beside.
_SHOWN_DRAWS = 8


@dataclass(frozen=True)
class Choice:
    """The number of segments to offer, and what may be claimed about them.

    ``supported`` is the number of segments up to which splitting goes on gaining more than it does on structureless
    data.
    """

    k: int
    structure: Structure
    reason: str
    candidates: tuple[Candidate, ...]
    supported: int = 1


def choose_k(
    points: Matrix,
    nulls: Nulls,
    beyond: Apart | None,
    settings: ClusterSettings,
    seed: int,
    progress: Callable[[float], None] = lambda done: None,
    rehearsed: Mapping[int, float] | None = None,
) -> Choice:
    """Return the number of segments to offer, with every candidate beside its null.

    Parameters
    ----------
    points : array, shape (customers, features)
        What is clustered.
    nulls : callable
        Gives structureless data sets for a sample of the customers.
    beyond : Apart or None
        How far the customers stand apart beyond structureless ones, where that was tested;
        without the test *discovered* is not said.
    settings, seed, progress
        As everywhere.
    rehearsed : mapping of int to float, optional
        By number of segments, how much worse than an uncut score they ranked who ordered in the quarter before.

    Notes
    -----
    The number of segments supported is that of the gap statistic (Tibshirani, Walther and Hastie 2001), with these
    nulls in place of its uniform box: the smallest whose gain in tightness (minus the log of the mean squared distance
    to the own centre) beyond the null is within one deviation of the largest. Offered is, of the numbers up to it, the
    one on which two halves of the customers agree furthest beyond the null. Where there are no kinds, it is among those
    a team can serve, and among these the ones that lost no more than ``lead_loss`` in the rehearsal.
    """
    most = max(2, min(settings.k_high, len(np.unique(points, axis=0)) - 1, len(points) // 4))
    ks = list(range(min(settings.k_low, most), most + 1))
    # One segment is an answer too: how tight everyone is as one stands beside the others.
    shown = sorted({1, *ks})
    if len(points) < 8:
        return Choice(
            1, Structure.NONE, f"{many(len(points), 'customer is', 'customers are')} too few to look for groups.", ()
        )
    rows = some_rows(len(points), settings.choice_rows, seed)
    observed = {k: _statistics(points[rows], k, settings, seed, _OBSERVED_SPLITS) for k in shown}
    draws: list[dict[int, dict[str, float]]] = []
    wanted = min(settings.null_draws, _SHOWN_DRAWS)
    for turn, null in enumerate(nulls(rows, wanted, seed)):
        draws.append({k: _statistics(null, k, settings, seed + turn, 1) for k in shown})
        progress((turn + 1) / wanted)
    candidates = tuple(
        Candidate(
            k,
            {name: _against(value, [draw[k][name] for draw in draws]) for name, value in observed[k].items()},
        )
        for k in shown
    )
    supported = _supported(
        np.array([observed[k]["tightness"] for k in ks]),
        np.array([[draw[k]["tightness"] for k in ks] for draw in draws]),
    )
    return _decide(candidates, beyond, ks[supported], settings, rehearsed or {})


def _supported(tight: Floats, loose: Floats) -> int:
    """Return the place of the number of segments that is supported, of (candidates,) and (draws, candidates) arrays."""
    gain = tight - loose.mean(axis=0)
    doubt = loose.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(loose))
    top = int(gain.argmax())
    return int(np.flatnonzero(gain >= gain[top] - doubt[top])[0])


def _decide(
    candidates: Sequence[Candidate],
    beyond: Apart | None,
    supported: int,
    settings: ClusterSettings,
    rehearsed: Mapping[int, float],
) -> Choice:
    low, high, found = settings.band_low, settings.band_high, tuple(candidates)
    # One segment agrees with itself: nothing to choose by.
    several = [c for c in candidates if c.k > 1]

    def stabler(candidate: Candidate) -> tuple[float, int]:
        stability = candidate.statistics["stability"]
        return stability.value - stability.null_mean, -candidate.k

    band = [c for c in several if low <= c.k <= high] or several
    blunt = [c.k for c in band if rehearsed.get(c.k, 0.0) > settings.lead_loss]
    useful = max([c for c in band if c.k not in blunt] or band, key=stabler).k
    left_out = ""
    if blunt and useful not in blunt:
        left_out = f" In the quarter before, cuts into {', '.join(map(str, blunt))} ranked worse who ordered."
    told = _told(beyond)
    if settings.k:
        reason = f"{many(settings.k, 'segment was', 'segments were')} asked for in cluster.k; {told}."
        return Choice(settings.k, Structure.CONSTRUCTED, reason, found, supported)
    if beyond is not None and beyond.kinds:
        best = max((c for c in several if c.k <= min(supported, high)), key=stabler, default=several[0])
        agreed = best.statistics["stability"]
        reason = (
            f"There are kinds of customers: {told}. Splitting gains more than on those up to {supported} segments; "
            f"two halves agree furthest beyond them on {best.k}, at {agreed.value:.2f} against {agreed.null_mean:.2f}."
        )
        return Choice(best.k, Structure.DISCOVERED, reason, found, supported)
    if all(c.statistics["stability"].excess <= 0 for c in several):
        reason = f"No number of segments stands out; {useful} cut a smooth crowd.{left_out}"
        return Choice(useful, Structure.NONE, reason, found, supported)
    chosen = next(c for c in several if c.k == useful).statistics["stability"]
    reason = (
        f"Useful cuts, not proven groups: two halves of the customers agree on {useful} segments at "
        f"{chosen.value:.2f}, against {chosen.null_mean:.2f} without structure; {told}.{left_out}"
    )
    return Choice(useful, Structure.CONSTRUCTED, reason, found, supported)


def _told(beyond: Apart | None) -> str:
    if beyond is None:
        return "whether there are kinds was not tested"
    clear = (
        f"customers known well stand {abs(beyond.clearness):.1f} deviations "
        f"{'further' if beyond.clearness > 0 else 'less far'} apart than customers without kinds "
        f"(from {beyond.limit:g} on that counts)"
    )
    if beyond.kinds or beyond.clearness < beyond.limit:
        return clear
    return (
        f"{clear}, but the way from group to group is not clearly emptier than by chance: "
        f"{signed(beyond.emptiness, 1)} deviations (from {EMPTY_FROM:g} on that counts)"
    )


def _statistics(points: Matrix, k: int, settings: ClusterSettings, seed: int, splits: int) -> dict[str, float]:
    def refit(half: Matrix, everyone: Matrix, start: int) -> Labels:
        return assign(everyone, fit_centres(half, k, start, _QUICK_STARTS))[0]

    labels, centres = _quick(points, k, seed)
    tight = {"tightness": _tightness(points, labels, centres)}
    if k == 1:
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
