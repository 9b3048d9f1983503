"""Thresholds people use: which round numbers a rule may name for a column, and how they are written.

A rule is searched for among these numbers only. Rounding a finished rule moves each threshold without the others:
where the usual numbers are few this costs .02 to .30 of held-out macro F1 more than searching among them does, and
where they are many neither costs anything (``benchmarks/rules.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

#: Most thresholds a column offers. On held-out customers 24, 64 and 128 differed by under .002 of macro F1.
MOST_THRESHOLDS = 64
#: Leading digits of numbers that are round at any scale.
MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
#: Decades below the largest value that are offered; a threshold further down than this is as good as zero.
DECADES = 8


def plain(value: float) -> int | float:
    """Return `value` as people write it: an int where it is whole, else a float.

    Examples
    --------
    >>> plain(30.0), plain(0.25)
    (30, 0.25)
    """
    return int(value) if float(value).is_integer() else float(value)


def roundness(value: float) -> float:
    """Return how far `value` is from round: its significant digits, less a little where they are 1, 2, 25 or 5.

    Zero is the roundest number. Used only to choose among thresholds that select equally well.

    Examples
    --------
    >>> [roundness(v) for v in (0, 50, 30, 45, 365)]
    [0.0, 0.5, 1.0, 2.0, 3.0]
    """
    if value == 0:
        return 0.0
    digits = f"{abs(value):.12e}".split("e")[0].replace(".", "").rstrip("0")
    return len(digits) - (0.5 if digits in ("1", "2", "25", "5") else 0.0)


def nice_numbers(values: Iterable[float], *, whole: bool = False) -> tuple[float, ...]:
    """Return generic round numbers from at most the smallest to at least the largest of `values`.

    Two families joined: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8 times a power of ten (for money and counts, which
    are skewed), and the multiples of the largest step of the form 1, 2, 2.5 or 5 times a power of ten that is at most
    a twentieth of the central range (for values that lie close together far from zero).

    Parameters
    ----------
    values : iterable of float
        The column; missing values are left out.
    whole : bool
        Whole numbers only.

    Returns
    -------
    tuple of float
        In increasing order; empty where every value is missing.

    Examples
    --------
    >>> nice_numbers([1, 2, 3, 4], whole=True)
    (1.0, 2.0, 3.0, 4.0)
    >>> nice_numbers([1000, 1001, 1002])[:4]
    (1000.0, 1000.05, 1000.1, 1000.15)
    """
    known = np.asarray([v for v in values if not math.isnan(v)], dtype=float)
    if not known.size:
        return ()
    return tuple(sorted(_scaled(known, whole) | _multiples(known, whole)))


def thresholds(
    values: NDArray[np.float64], steps: Sequence[float] | None = None, *, whole: bool = False
) -> NDArray[np.float64]:
    """Return the thresholds a rule may name for one column.

    Those that split the column, at most 64: where there are more, the roundest between two neighbouring 64-quantiles
    stands for the rest. A column with missing values also keeps the nearest number on either side, so that a rule can
    say "known" with a threshold.

    Parameters
    ----------
    values : array of shape (n,)
        The column; NaN is missing.
    steps : sequence of float or None
        Thresholds people use for it; None or empty: `nice_numbers` of the column.
    whole : bool
        The column holds whole numbers, so thresholds between them are left out (unless nothing else is left).

    Returns
    -------
    array of shape (m,)
        In increasing order; empty for a constant column, for one that is missing throughout, and where no step lies
        within it.

    Examples
    --------
    >>> thresholds(np.array([3.0, 10.0, 40.0, 90.0]), (7, 14, 30, 60, 90, 180)).tolist()
    [7.0, 14.0, 30.0, 60.0, 90.0]
    """
    known = np.sort(values[~np.isnan(values)])
    if not known.size:
        return np.empty(0)
    offered = np.unique(np.asarray(steps if steps is not None and len(steps) else nice_numbers(known, whole=whole)))
    offered = offered[np.isfinite(offered)].astype(float)
    if whole and (kept := offered[offered == np.round(offered)]).size:
        offered = kept
    inside = offered[(offered >= known[0]) & (offered <= known[-1])] if known[0] < known[-1] else np.empty(0)
    inside = _thin(inside, known)
    if known.size < values.size:
        below, above = offered[offered < known[0]][-1:], offered[offered > known[-1]][:1]
        inside = np.concatenate([below, inside, above])
    return inside


def _thin(offered: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the roundest of `offered` between neighbouring quantiles, where there are more than the limit."""
    if offered.size <= MOST_THRESHOLDS:
        return offered
    rank = (np.searchsorted(known, offered, "left") + np.searchsorted(known, offered, "right")) / (2 * known.size)
    bucket = np.minimum((rank * MOST_THRESHOLDS).astype(int), MOST_THRESHOLDS - 1)
    rough = np.array([roundness(v) for v in offered])
    order = np.lexsort((offered, rough, bucket))
    _, first = np.unique(bucket[order], return_index=True)
    return np.sort(offered[order[first]])


def _scaled(known: NDArray[np.float64], whole: bool) -> set[float]:
    least, most = float(known.min()), float(known.max())
    sizes = np.abs(known[known != 0])
    if not sizes.size:
        return {0.0}
    top = math.floor(math.log10(sizes.max())) + 1
    # Nothing lies between zero and the smallest size, so smaller numbers would only say "above zero" strangely.
    bottom = max(top - DECADES, math.floor(math.log10(sizes.min())), -300)
    # Read from text, because 3 * 10 ** -1 is not the 0.3 that people write.
    scaled = {float(f"{m:g}e{k}") for k in range(bottom, top + 1) for m in MANTISSAS}
    numbers = {0.0} | scaled | {-v for v in scaled}
    below = {max((v for v in numbers if v <= least), default=least)}
    above = {min((v for v in numbers if v >= most), default=most)}
    kept = {v for v in numbers if least <= v <= most} | below | above
    return {v for v in kept if v.is_integer()} if whole else kept


def _multiples(known: NDArray[np.float64], whole: bool) -> set[float]:
    low, high = (float(v) for v in np.quantile(known, (0.02, 0.98)))
    if not high > low:
        low, high = float(known.min()), float(known.max())
    step = _step((high - low) / 20)
    if whole and step < 1:
        step = 1.0
    # A range below what doubles can tell apart at this size has no round numbers of its own.
    if not step > 0 or max(abs(low), abs(high)) / step > 1e12:
        return set()
    decimals = max(0, 2 - math.floor(math.log10(step)))
    return {round(i * step, decimals) for i in range(math.floor(low / step), math.ceil(high / step) + 1)}


def _step(width: float) -> float:
    """Return the largest of 1, 2, 2.5 and 5 times a power of ten that is at most `width`; 0 for no width."""
    if not width > 1e-290 or not math.isfinite(width):
        return 0.0
    power = math.floor(math.log10(width))
    return max((v for v in (float(f"{m:g}e{power}") for m in (1.0, 2.0, 2.5, 5.0)) if v <= width), default=0.0)
