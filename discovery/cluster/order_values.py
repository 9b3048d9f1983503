"""Log-normal order values: customers differ, and so do the orders of one customer.

With y the logarithm of an order's value, m_i a customer's own mean::

    m_i ~ Normal(mu, between),  y_ij ~ Normal(m_i, within)
    -2 log L = n log 2 pi + (n-1) log within + log(within + n between)
               + S / within + n (mean - mu)^2 / (within + n between)

with n orders, their mean, and S their squared deviations from it: a normal-normal model (Gelman et al., *Bayesian Data
Analysis*, section 5.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discovery.cluster.distinct import Distinct, distinct

Array = NDArray[np.float64]
#: A variance of log values below this is a price list, not a spread: kinds that bought one thing at one price.
_LEAST = 1e-2
#: Bounds of mu, and of the logarithms of between and within.
BOUNDS = ((-20.0, 40.0), (float(np.log(_LEAST)), 9.0), (float(np.log(_LEAST)), 9.0))


@dataclass(frozen=True, eq=False)
class Values:
    """Per customer: orders, sum of log values, squared deviations of those from their mean; and the distinct orders."""

    orders: Array
    total: Array
    spread: Array
    counts: Distinct


def valued(orders: Array, total: Array, squares: Array) -> Values:
    """Return orders, the sum of their log values and of the squares of those, laid out for the model."""
    spread = np.maximum(squares - total**2 / np.maximum(orders, 1.0), 0.0)
    return Values(orders, total, spread, distinct(np.rint(orders).astype(np.int64)))


def likelihood(params: Array, data: Values) -> tuple[Array, Callable[[Array], Array]]:
    """Return each customer's log likelihood under each kind, and what gives its weighted slope.

    Parameters
    ----------
    params : array, shape (kinds, 3)
        mu, between and within.
    data : Values

    Returns
    -------
    array, shape (customers, kinds)
        0 without an order.
    callable
        From weights, of that shape, to the weighted sum's derivatives by mu and the logarithms of between and within.
    """
    mu, between, within = params.T
    n = data.counts.columns[0][:, None].astype(np.float64)
    both = within + n * between
    known = np.where(n > 0, n * np.log(2 * np.pi) + (n - 1) * np.log(within) + np.log(both), 0.0)
    place, several = data.counts.place, np.maximum(data.orders, 1.0)
    far = data.total[:, None] - data.orders[:, None] * mu  # n (mean - mu)
    pull = far / both[place]
    out = -0.5 * (known[place] + data.spread[:, None] / within + far * pull / several[:, None])

    def slope(weights: Array) -> Array:
        mass = data.counts.weighed(weights)
        bent = data.counts.weighed(weights * pull**2) / np.maximum(n, 1.0)
        by_both = 0.5 * np.where(n > 0, bent - mass / both, 0.0)  # derivative by within + n between
        by_within = by_both.sum(axis=0) + 0.5 * (
            (data.spread @ weights) / within**2 - (np.maximum(n - 1, 0.0) * mass).sum(axis=0) / within
        )
        return np.column_stack(
            [np.einsum("ik,ik->k", weights, pull), between * (n * by_both).sum(axis=0), within * by_within]
        )

    return out, slope


def posterior_mean(params: Array, data: Values) -> Array:
    """Return the mean log value expected of each customer: their own, drawn to everyone's by what is not known."""
    mu, between, within = params
    return np.asarray((mu * within + between * data.total) / (within + between * data.orders))


def first_guess(data: Values) -> Array:
    """Return everyone's mean and variance, half of it between customers."""
    orders = max(float(data.orders.sum()), 1.0)
    mu = float(data.total.sum()) / orders
    far = (data.total - data.orders * mu) ** 2 / np.maximum(data.orders, 1.0)
    spread = max(float(data.spread.sum() + far.sum()) / orders, 2 * _LEAST)
    return np.array([mu, spread / 2, spread / 2])
