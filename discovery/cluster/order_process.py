"""MBG/NBD: orders come at random at a customer's own rate; after each of them the customer may leave for good.

Rates are Gamma(r, alpha) over customers, the chance to leave after an order Beta(a, b). For x repeat orders, the last
at tx, seen until T, all in days since the first (Batislam, Denizel and Filiztekin 2007)::

    L = B(a, b+x+1) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r)
        * { (alpha+T)^-(r+x)  +  a / (b+x) * (alpha+tx)^-(r+x) }

It is the closed form of this family: the mixture asks for it some thousand times, and here counts and days are whole
numbers, so that logarithms and gamma functions of them are tables that are looked up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

from discovery.cluster.distinct import Distinct

Array = NDArray[np.float64]
#: Logarithms of parameters stay between these.
_BOUNDS = (-5.0, 9.0)
FIRST_GUESS = np.array([0.7, 60.0, 1.0, 3.0])


def log_likelihood(params: Array, data: Distinct) -> Array:
    """Return each customer's log likelihood under r, alpha, a, b; the columns of `data` are x, tx and T."""
    r, alpha, a, b = params
    x, _, age = data.columns
    count, days = _ranges(data)
    by_count = gammaln(r + count) - gammaln(r) + r * np.log(alpha) + betaln(a, b + count + 1) - betaln(a, b)
    log_days = np.log(alpha + days)
    odds = _log_odds_left(params, data, log_days)
    return np.asarray((by_count[x] - (r + x) * log_days[age] + np.logaddexp(0.0, odds))[data.place])


def left(params: Array, data: Distinct) -> Array:
    """Return the log odds of having left by the date."""
    return _log_odds_left(params, data, np.log(params[1] + _ranges(data)[1]))[data.place]


def log_rate(params: Array, data: Distinct) -> Array:
    """Return the logarithm of the posterior mean rate of orders per day, as a customer: gamma-Poisson."""
    r, alpha = params[:2]
    x, tx, age = (c[data.place] for c in data.columns)
    gone = expit(left(params, data))
    return np.asarray(np.log((r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + tx))))


def fit(data: Distinct, weights: Array, start: Array, steps: int) -> Array:
    """Return parameters of higher likelihood than `start`, after at most so many steps of L-BFGS."""
    share = data.weighed(weights)
    if share.sum() <= 0:
        return start
    share /= share.sum()
    x, tx, age = data.columns
    count, days = _ranges(data)
    by_count = np.bincount(x, share, len(count))
    by_age = np.bincount(age, share, len(days))
    orders_by_age = np.bincount(age, share * x, len(days))

    def loss(logs: Array) -> tuple[float, Array]:
        r, alpha, a, b = params = np.exp(logs)
        log_days, inverse = np.log(alpha + days), 1 / (alpha + days)
        odds = _log_odds_left(params, data, log_days)
        gone = share * expit(odds)
        later = log_days[age] - log_days[tx]
        k_gone = gone * (r + x)
        ages = r * by_age + orders_by_age
        value = by_count @ (gammaln(r + count) + betaln(a, b + count + 1))
        value += r * np.log(alpha) - gammaln(r) - betaln(a, b) - ages @ log_days + share @ np.logaddexp(0.0, odds)
        mass = gone.sum()
        at_count = digamma(a + b) - by_count @ digamma(a + b + count + 1)
        slope = np.array(
            [
                by_count @ digamma(r + count) + np.log(alpha) - digamma(r) - by_age @ log_days + gone @ later,
                r / alpha - ages @ inverse + k_gone @ (inverse[age] - inverse[tx]),
                at_count + mass / a,
                at_count + by_count @ digamma(b + count + 1) - digamma(b) - gone @ (1 / (b + count))[x],
            ]
        )
        return -float(value), -slope * params

    found = minimize(loss, np.log(start), jac=True, method="L-BFGS-B", bounds=[_BOUNDS] * 4, options={"maxiter": steps})
    return np.asarray(np.exp(found.x))


def _ranges(data: Distinct) -> tuple[Array, Array]:
    """Return 0 to the largest count, and 0 to the largest age."""
    x, _, age = data.columns
    return np.arange(x.max(initial=0) + 1.0), np.arange(age.max(initial=0) + 1.0)


def _log_odds_left(params: Array, data: Distinct, log_days: Array) -> Array:
    r, _, a, b = params
    x, tx, age = data.columns
    chance = np.log(a / (b + np.arange(x.max(initial=0) + 1.0)))
    return np.asarray(chance[x] + (r + x) * (log_days[age] - log_days[tx]))
