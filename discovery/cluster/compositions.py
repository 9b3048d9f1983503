"""Dirichlet-multinomial: how often what happened in which of several ways; with two ways, the beta-binomial.

For counts n_1..n_C of N and parameters a_1..a_C with sum A, the shares being Dirichlet(a) over customers::

    L = Gamma(A) / Gamma(A + N) * product over c of Gamma(a_c + n_c) / Gamma(a_c)

(the order in which things happened counts as seen, so there is no multinomial coefficient). Counts are small whole
numbers, so every function of them is a table that is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from discovery.cluster.distinct import Distinct, distinct

Array = NDArray[np.float64]
#: Bounds of the logarithm of a parameter: a part that nobody ever took, or customers who do not differ.
BOUNDS = (float(np.log(1e-2)), float(np.log(1e3)))


@dataclass(frozen=True, eq=False)
class Counted:
    """Distinct rows of counts, and the distinct numbers in each column of them and in their total."""

    rows: Distinct
    parts: tuple[Distinct, ...]
    total: Distinct


def counted(counts: Array) -> Counted:
    """Return counts of shape (customers, parts), looked up once for each distinct row."""
    rows = distinct(*np.rint(counts).astype(np.int64).T)
    return Counted(rows, tuple(distinct(c) for c in rows.columns), distinct(np.sum(rows.columns, axis=0)))


def likelihood(alphas: Array, data: Counted) -> tuple[Array, Callable[[Array], Array]]:
    """Return each customer's log likelihood under each kind, and what gives its weighted slope.

    Parameters
    ----------
    alphas : array, shape (kinds, parts)
    data : Counted

    Returns
    -------
    array, shape (customers, kinds)
        0 where nothing is known.
    callable
        From weights, of that shape, to the weighted sum's derivatives by the logarithms of `alphas`.
    """
    whole = alphas.sum(axis=1)
    out = -_risen(whole, data.total)
    for alpha, part in zip(alphas.T, data.parts, strict=True):
        out += _risen(alpha, part)

    def slope(weights: Array) -> Array:
        mass = data.rows.weighed(weights)
        below = _risen_slope(whole, data.total, mass)
        return np.column_stack(
            [a * (_risen_slope(a, part, mass) - below) for a, part in zip(alphas.T, data.parts, strict=True)]
        )

    return out[data.rows.place], slope


def _risen(alpha: Array, counts: Distinct) -> Array:
    """Return log Gamma(alpha + n) - log Gamma(alpha), shape (rows, kinds)."""
    return np.asarray((gammaln(alpha + counts.columns[0][:, None]) - gammaln(alpha))[counts.place])


def _risen_slope(alpha: Array, counts: Distinct, mass: Array) -> Array:
    return np.asarray(
        ((digamma(alpha + counts.columns[0][:, None]) - digamma(alpha)) * counts.weighed(mass)).sum(axis=0)
    )


def first_guess(data: Counted) -> Array:
    """Return parameters with everyone's mean shares, and a middling agreement between customers."""
    totals = np.array([c[data.rows.place].sum() for c in data.rows.columns]) + 0.5
    return np.asarray(np.maximum(5.0 * totals / totals.sum(), np.exp(BOUNDS[0])))
