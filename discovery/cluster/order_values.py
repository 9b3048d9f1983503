"""Log-normal order values: customers differ, and so do the orders of one customer.

With y the logarithm of an order's value, m_i a customer's own mean::

    m_i ~ Normal(mu, between),  y_ij ~ Normal(m_i, within)
    -2 log L = n log 2 pi + (n-1) log within + log(within + n between)
               + S / within + n (mean - mu)^2 / (within + n between)

with n orders, their mean, and S their squared deviations from it: a normal-normal model (Gelman et al., *Bayesian Data
Analysis*, section 5.4), fitted by EM over the m_i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: A variance below this is a price list, not a spread.
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Values:
    """Orders, sum of their log values and of the squares of those, per customer."""

    orders: Array
    total: Array
    squares: Array


def log_likelihood(params: Array, data: Values) -> Array:
    """Return each customer's log likelihood under mu, between and within; 0 without an order."""
    mu, between, within = params
    n = data.orders
    several = np.maximum(n, 1.0)
    mean = data.total / several
    spread = np.maximum(data.squares - n * mean**2, 0.0)
    both = within + n * between
    twice = (n - 1) * np.log(2 * np.pi * within) + np.log(2 * np.pi * both) + spread / within
    return np.asarray(np.where(n > 0, -0.5 * (twice + n * (mean - mu) ** 2 / both), 0.0))


def posterior_mean(params: Array, data: Values) -> Array:
    """Return the mean log value expected of each customer: their own, drawn to everyone's by what is not known."""
    mu, between, within = params
    return np.asarray((mu * within + between * data.total) / (within + between * data.orders))


def fit(data: Values, weights: Array, start: Array, steps: int) -> Array:
    """Return parameters of higher likelihood than `start`, after so many EM steps."""
    everyone, orders = weights.sum(), weights @ data.orders
    if everyone <= 0 or orders <= 0:
        return start
    params = start
    for _ in range(steps):
        _, between, within = params
        unsure = between * within / (within + between * data.orders)
        own = posterior_mean(params, data)
        mu = weights @ own / everyone
        new_between = weights @ ((own - mu) ** 2 + unsure) / everyone
        apart = data.squares - 2 * own * data.total + data.orders * (own**2 + unsure)
        new = np.array([mu, max(new_between, _LEAST), max(weights @ apart / orders, _LEAST)])
        moved = float(np.abs(new - params).max())
        params = new
        if moved < 1e-5:
            break
    return params


def first_guess(data: Values) -> Array:
    """Return everyone's mean and variance, half of it between customers."""
    orders = max(float(data.orders.sum()), 1.0)
    mu = float(data.total.sum()) / orders
    spread = max(float(data.squares.sum()) / orders - mu**2, 2 * _LEAST)
    return np.array([mu, spread / 2, spread / 2])
