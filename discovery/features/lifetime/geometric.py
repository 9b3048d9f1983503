"""BG/NBD and MBG/NBD: like Pareto/NBD, but a customer leaves, if at all, right after an order.

Order rates are Gamma(r, alpha) over customers, the probability of leaving after an order Beta(a, b). With n chances
survived (n = x in BG/NBD; n = x + 1 in MBG/NBD, where the first order already is a chance)::

    L = B(a, b+n) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r)
        * { (alpha+T)^-(r+x)  +  a / (b+n-1) * (alpha+tx)^-(r+x) }

In BG/NBD the second term is absent for x = 0: nobody can have left before a second order. So P(alive) is 1 for all
who ordered once, and 1 - P(alive) must not be read as churn risk. Fader, Hardie and Lee (2005), "Counting your
customers the easy way"; Batislam, Denizel and Filiztekin (2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, digamma, expit, gammaln

Array = NDArray[np.float64]

NAMES = ("r", "alpha", "a", "b")
#: Which parameters are times.
TIMES = (1,)

_JACOBI_NODES = 32


def log_likelihood(params: Array, x: Array, tx: Array, age: Array, at_first: bool) -> tuple[Array, Array]:
    """Return each row's log likelihood (n,) and its derivative by r, alpha, a, b (4, n).

    Parameters
    ----------
    params : (4,) array
        r, alpha, a, b; alpha in the unit of `tx` and `age`.
    x, tx, age : (n,) arrays
        Repeat orders, time of the last one and time seen, since the first.
    at_first : bool
        Whether the first order is a chance to leave: MBG/NBD.
    """
    r, alpha, a, b = params
    k, n = r + x, x + at_first
    odds = _log_odds_left(params, x, tx, age, at_first)
    left = expit(odds)
    log_age, log_tx = np.log(alpha + age), np.log(alpha + tx)
    value = (
        gammaln(k) - gammaln(r) + r * np.log(alpha) + betaln(a, b + n) - betaln(a, b) - k * log_age
    ) + np.logaddexp(0, odds)
    both = digamma(a + b) - digamma(a + b + n)
    slope = np.stack(
        [
            digamma(k) - digamma(r) + np.log(alpha) - (1 - left) * log_age - left * log_tx,
            r / alpha - k * ((1 - left) / (alpha + age) + left / (alpha + tx)),
            both + left / a,
            both + digamma(b + n) - digamma(b) - np.where(n > 0, left / np.where(n > 0, b + n - 1, 1), 0),
        ]
    )
    return value, slope


def alive(params: Array, x: Array, tx: Array, age: Array, at_first: bool) -> Array:
    """Return P(has not left by `age`); in BG/NBD it is 1 for x = 0."""
    return np.asarray(expit(-_log_odds_left(params, x, tx, age, at_first)))


def no_order(params: Array, x: Array, tx: Array, age: Array, span: Array, at_first: bool) -> Array:
    """Return P(no order within `span` after `age`) = L(x, tx, age + span) / L(x, tx, age)."""
    r, alpha = params[:2]
    here = alive(params, x, tx, age, at_first)
    return np.asarray(1 + here * np.expm1(-(r + x) * np.log1p(span / (alpha + age))))


def expected(params: Array, x: Array, tx: Array, age: Array, span: float, at_first: bool) -> Array:
    """Return the expected number of orders within `span` after `age`.

    Somebody who orders at rate l and leaves after an order with probability p makes ``(1 - exp(-l p span)) / p`` of
    them; for those still there l is Gamma(r+x, alpha+T) and p is Beta(a, b+n)::

        P(alive) * E over p of [1 - (1 + p span / (alpha+T))^-(r+x)] / p

    The published closed form is a hypergeometric function that overflows for hundreds of orders and is 0/0 at a = 1;
    the expectation over p is smooth, so Gauss-Jacobi gives it with nodes that depend on x alone.
    """
    r, alpha, a, b = params
    out = np.empty(len(x))
    for count in np.unique(x):
        rows = np.flatnonzero(x == count)
        p, weight = _beta_nodes(a, b + count + at_first)
        each = -np.expm1(-(r + count) * np.log1p(p[:, None] * span / (alpha + age[rows]))) / p[:, None]
        out[rows] = weight @ each
    return np.asarray(alive(params, x, tx, age, at_first) * out)


def _log_odds_left(params: Array, x: Array, tx: Array, age: Array, at_first: bool) -> Array:
    """Return log(second term / first term) of the likelihood; minus infinity where nobody can have left."""
    r, alpha, a, b = params
    n = x + at_first
    odds = np.log(a / np.where(n > 0, b + n - 1, 1)) + (r + x) * np.log((alpha + age) / (alpha + tx))
    return np.asarray(np.where(n > 0, odds, -np.inf))


def _beta_nodes(a: float, b: float) -> tuple[Array, Array]:
    """Return nodes and weights whose weighted mean of f is E f(p), p ~ Beta(a, b).

    Golub and Welsch on the recurrence of the Jacobi polynomials: scipy's own overflows beyond b = 1,000.
    """
    i = np.arange(1, _JACOBI_NODES)
    u, v = b - 1, a - 1
    total = 2 * i + u + v
    diagonal = np.concatenate([[(v - u) / (u + v + 2)], (v**2 - u**2) / (total * (total + 2))])
    # At i = 1 a factor (i + u + v) / (total - 1) is 1 by itself, and 0/0 where a + b = 1.
    edge = np.where(i == 1, 1.0, (i + u + v) / np.where(i == 1, 1.0, total - 1))
    squared = 4 * i * (i + u) * (i + v) * edge / (total**2 * (total + 1))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(squared))
    p = np.clip((1 + nodes) / 2, np.finfo(np.float64).tiny, 1.0)
    return p, vectors[0] ** 2
