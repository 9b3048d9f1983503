"""Dirichlet-multinomial: how often what happened in which of several ways; with two ways, the beta-binomial.

For counts n_1..n_C of N and parameters a_1..a_C with sum A, the shares being Dirichlet(a) over customers::

    L = Gamma(A) / Gamma(A + N) * product over c of Gamma(a_c + n_c) / Gamma(a_c)

(the order in which things happened counts as seen, so there is no multinomial coefficient). Counts are small whole
numbers, so every function of them is a table that is looked up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from discovery.cluster.distinct import Distinct, distinct

Array = NDArray[np.float64]
#: Least parameter of a part, and largest sum: nobody ever clicked, or nobody differs.
_LEAST, _MOST = 1e-2, 1e3


def counted(counts: Array) -> Distinct:
    """Return counts of shape (customers, parts) as distinct rows."""
    return distinct(*np.rint(counts).astype(np.int64).T)


def log_likelihood(alphas: Array, data: Distinct) -> Array:
    """Return each customer's log likelihood, 0 for those about whom nothing is known."""
    out = -_risen(float(alphas.sum()), np.sum(data.columns, axis=0))
    for alpha, counts in zip(alphas, data.columns, strict=True):
        out += _risen(float(alpha), counts)
    return np.asarray(out[data.place])


def _risen(alpha: float, counts: NDArray[np.int64]) -> Array:
    """Return log Gamma(alpha + n) - log Gamma(alpha)."""
    table = gammaln(alpha + np.arange(counts.max(initial=0) + 1))
    return np.asarray((table - table[0])[counts])


def fit(data: Distinct, weights: Array, start: Array, steps: int) -> Array:
    """Return parameters of higher likelihood than `start`, after so many fixed-point steps of Minka.

    Notes
    -----
    T. Minka, "Estimating a Dirichlet distribution" (2000), eq. 65: each step raises the likelihood. Parameters stay
    within bounds where the likelihood has its maximum at the edge: a part that never happens, or customers who do not
    differ.
    """
    mass, totals = data.weighed(weights), np.sum(data.columns, axis=0)
    if not mass[totals > 0].any():
        return start
    by_count = [_histogram(c, mass) for c in data.columns]
    by_total = _histogram(totals, mass)
    alphas = start.copy()
    for _ in range(steps):
        below = _slope(float(alphas.sum()), by_total)
        new = np.array([a * _slope(float(a), h) / below for a, h in zip(alphas, by_count, strict=True)])
        new = np.maximum(new, _LEAST)
        if new.sum() > _MOST:
            new *= _MOST / new.sum()
        moved = float(np.abs(np.log(new / alphas)).max())
        alphas = new
        if moved < 1e-5:
            break
    return alphas


def _histogram(counts: NDArray[np.int64], mass: Array) -> Array:
    return np.bincount(counts, mass).astype(np.float64, copy=False)


def _slope(alpha: float, weights: Array) -> float:
    values = digamma(alpha + np.arange(len(weights)))
    return float(weights @ (values - values[0]))


def first_guess(data: Distinct) -> Array:
    """Return parameters with everyone's mean shares, and a middling agreement between customers."""
    totals = np.array([c[data.place].sum() for c in data.columns]) + 0.5
    return np.asarray(np.maximum(5.0 * totals / totals.sum(), _LEAST))
