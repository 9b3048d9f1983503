"""MBG/NBD: orders come at random at a customer's own rate; after each of them the customer may leave for good.

Rates are Gamma(r, alpha) over customers, the chance to leave after an order Beta(a, b). For x repeat orders, the last
at tx, seen until T, all in days since the first (Batislam, Denizel and Filiztekin 2007)::

    L = B(a, b+x+1) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r)
        * { (alpha+T)^-(r+x)  +  a / (b+x) * (alpha+tx)^-(r+x) }

It is the closed form of this family: the mixture asks for it some thousand times, and here counts and days are whole
numbers, so that logarithms and gamma functions of them are tables that are looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, digamma, expit, gammaln

from discovery.cluster.distinct import Distinct, Whole, distinct

Array = NDArray[np.float64]
#: Logarithms of parameters stay between these.
BOUNDS = (-5.0, 9.0)
FIRST_GUESS = np.array([0.7, 60.0, 1.0, 3.0])


@dataclass(frozen=True, eq=False)
class Orders:
    """Distinct rows of x, tx and T, the distinct counts in them, and their distinct days: all tx, then all T."""

    rows: Distinct
    counts: Distinct
    days: Distinct


def ordered(repeats: Whole, recency: Whole, age: Whole) -> Orders:
    """Return repeat orders, days to the last and days to the date, looked up once for each distinct row."""
    rows = distinct(repeats, recency, age)
    return Orders(rows, distinct(rows.columns[0]), distinct(np.concatenate(rows.columns[1:])))


def likelihood(params: Array, data: Orders) -> tuple[Array, Callable[[Array], Array]]:
    """Return each customer's log likelihood under each kind, and what gives its weighted slope.

    Parameters
    ----------
    params : array, shape (kinds, 4)
        r, alpha (days), a, b.
    data : Orders

    Returns
    -------
    array, shape (customers, kinds)
    callable
        From weights, of that shape, to the weighted sum's derivatives by the logarithms of `params`.
    """
    r, alpha, a, b = params.T
    x, days = data.counts.columns[0][:, None], data.days.columns[0][:, None]
    by_count = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x + 1) - betaln(a, b)
    log_days = np.log(alpha + days)[data.days.place]
    at_last, at_end = np.split(log_days, 2)
    orders = r + data.rows.columns[0][:, None]
    later = at_end - at_last
    odds = np.log(a / (b + x))[data.counts.place] + orders * later
    lesser = np.exp(-np.abs(odds))
    out = by_count[data.counts.place] - orders * at_end + np.maximum(odds, 0.0) + np.log1p(lesser)

    def slope(weights: Array) -> Array:
        mass = data.rows.weighed(weights)
        gone = mass * np.where(odds > 0, 1.0, lesser) / (1.0 + lesser)
        by_x, gone_by_x = data.counts.weighed(mass), data.counts.weighed(gone)
        # Time as a customer ends with the last order of whoever left.
        time = data.days.weighed(np.concatenate([gone, mass - gone]) * np.concatenate([orders, orders]))
        rise = (digamma(r + x) - digamma(r) + np.log(alpha)) * by_x
        chance = (digamma(a + b) - digamma(a + b + x + 1)) * by_x
        return np.column_stack(
            [
                r * (rise.sum(axis=0) - np.einsum("ik,ik->k", mass, at_end) + np.einsum("ik,ik->k", gone, later)),
                r * (np.ones(len(mass)) @ mass) - alpha * (time / (alpha + days)).sum(axis=0),
                a * chance.sum(axis=0) + np.ones(len(gone)) @ gone,
                b * (chance + (digamma(b + x + 1) - digamma(b)) * by_x - gone_by_x / (b + x)).sum(axis=0),
            ]
        )

    return out[data.rows.place], slope


def left(params: Array, data: Orders) -> Array:
    """Return the log odds of having left by the date, for one kind."""
    return _log_odds_left(params, data)[data.rows.place]


def log_rate(params: Array, data: Orders) -> Array:
    """Return the logarithm of the posterior mean rate of orders per day, as a customer: gamma-Poisson."""
    r, alpha = params[:2]
    x, last, age = data.rows.columns
    gone = expit(_log_odds_left(params, data))
    return np.asarray(np.log((r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + last))))[data.rows.place]


def _log_odds_left(params: Array, data: Orders) -> Array:
    r, alpha, a, b = params
    x, last, age = data.rows.columns
    return np.asarray(np.log(a / (b + x)) + (r + x) * (np.log(alpha + age) - np.log(alpha + last)))
