"""What drifted: how far a segment's customers now lie from those of before, beside what chance does at their number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.review import DRIFT_COLUMNS
from discovery.core.settings_review import ReviewSettings

_BINS = 10
#: Half a customer in an empty bin, so that no logarithm is infinite.
_HALF = 0.5


def drift(
    before: pd.DataFrame,
    now: pd.DataFrame,
    labels_before: pd.Series,
    labels_now: pd.Series,
    segments: Sequence[str],
    settings: ReviewSettings,
    seed: int,
) -> pd.DataFrame:
    """Return the population stability index of every feature and segment, the largest above its limit first.

    Parameters
    ----------
    before, now : DataFrame
        Numbers, one row per customer; the same columns.
    labels_before, labels_now : Series of str
        Segment of each customer, in the ids of before.
    segments : sequence of str
        Which ones.
    settings : ReviewSettings
        The smallest index that counts, and how many draws tell what chance does.
    seed : int
        The only source of chance.

    Notes
    -----
    PSI = sum over ten bins of (q - p) ln(q / p), bins by the deciles of before and one for missing values. At few
    customers it is large without any drift (at 100 it passes .1 in 86 of 100 cases), so the limit is the larger of the
    setting and the 95th percentile of two samples of these sizes from one distribution.
    """
    rows = []
    for segment in segments:
        then, today = before[labels_before == segment], now[labels_now == segment]
        if len(then) < _BINS or len(today) < _BINS:
            continue
        for name in before.columns:
            a, b = then[name].to_numpy(dtype=np.float64), today[name].to_numpy(dtype=np.float64)
            if not np.isfinite(a).any():
                continue
            p, q = _binned(a, b)
            value = psi(p, q)
            shape = tuple(np.round(p / p.sum(), 2))
            limit = max(settings.min_psi, _by_chance(shape, len(a), len(b), settings.psi_draws, seed))
            medians = (float(np.nanmedian(a)), float(np.nanmedian(b)) if np.isfinite(b).any() else np.nan)
            rows.append((segment, name, value, limit, value > limit, *medians, len(a), len(b)))
    found = pd.DataFrame(rows, columns=list(DRIFT_COLUMNS))
    return found.assign(over=found["psi"] / found["limit"]).sort_values(
        ["over", "segment_id", "feature"], ascending=[False, True, True], ignore_index=True
    ).drop(columns="over")  # fmt: skip


def psi(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Return the population stability index of two counts over the same bins.

    Examples
    --------
    >>> round(psi(np.array([50.0, 50.0]), np.array([500.0, 500.0])), 4)
    0.0
    """
    p = (before + _HALF) / (before + _HALF).sum()
    q = (now + _HALF) / (now + _HALF).sum()
    return float(((q - p) * np.log(q / p)).sum())


def _binned(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts in the bins between the deciles of the first, the last one holding what is missing."""
    edges = np.unique(np.nanquantile(a, np.linspace(0, 1, _BINS + 1)[1:-1]))
    counts = []
    for values in (a, b):
        known = values[np.isfinite(values)]
        inside = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
        counts.append(np.append(inside, len(values) - len(known)).astype(np.float64))
    return counts[0], counts[1]


@lru_cache(maxsize=4096)
def _by_chance(shape: tuple[float, ...], n: int, m: int, draws: int, seed: int) -> float:
    """Return the 95th percentile of the index of two samples from one distribution."""
    rng = np.random.default_rng(seed)
    p = np.asarray(shape) / sum(shape)
    one, two = rng.multinomial(n, p, draws), rng.multinomial(m, p, draws)
    return float(np.quantile([psi(a, b) for a, b in zip(one.astype(float), two.astype(float), strict=True)], 0.95))
