"""Pareto/NBD: orders come at random at a customer's own rate, until the customer leaves for good at their own rate.

Order rates are Gamma(r, alpha) over customers, leaving rates Gamma(s, beta). For x repeat orders, the last at tx,
seen until T (Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005, "A note on deriving the Pareto/NBD")::

    L = Gamma(r+x) alpha^r beta^s / Gamma(r)
        * { (alpha+T)^-(r+x) (beta+T)^-s  +  s * integral over t in (tx, T) of (alpha+t)^-(r+x) (beta+t)^-(s+1) }

The first term is "still a customer at T", the second "left at t". The published closed form of the integral is a
difference of two hypergeometric functions: it cancels where many orders came late, and overflows for hundreds of
orders. Here the braces are split into ``(alpha+tx)^-(r+x) (beta+tx)^-s``, taken in logarithms, times `quiet`, a
probability, which Gauss-Legendre gives in a variable that makes the integrand almost constant: to 1e-10 for usual
parameters, to 1e-6 where alpha and beta lie anywhere between half and 300 of the unit that ages up to 1,000 are in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, exprel, gammaln

Array = NDArray[np.float64]

NAMES = ("r", "alpha", "s", "beta")
#: Which parameters are times.
TIMES = (1, 3)

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
#: The integrand has a root-like end where almost nothing is left of it; this power of the variable smooths it.
_POWER = 6
_CHUNK = 4_096


def log_likelihood(params: Array, x: Array, tx: Array, age: Array) -> tuple[Array, Array]:
    """Return each row's log likelihood (n,) and its derivative by r, alpha, s, beta (4, n).

    Parameters
    ----------
    params : (4,) array
        r, alpha, s, beta; alpha and beta in the unit of `tx` and `age`.
    x, tx, age : (n,) arrays
        Repeat orders, time of the last one and time seen, since the first.
    """
    r, alpha, s, beta = params
    k, a, b = r + x, alpha + tx, beta + tx
    log_a, log_b, gone = _left(k, a, s, b, age - tx)
    grow_a, grow_b = np.log((alpha + age) / a), np.log((beta + age) / b)
    stayed = np.exp(-k * grow_a - s * grow_b)
    quiet_here = stayed + gone.sum(axis=0)
    value = (gammaln(k) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) - k * np.log(a) - s * np.log(b)) + np.log(
        quiet_here
    )

    def mean(at_end: Array, on_the_way: Array) -> Array:
        averaged: Array = (stayed * at_end + np.einsum("ij,ij->j", gone, on_the_way)) / quiet_here
        return averaged

    slope = np.stack(
        [
            digamma(k) - digamma(r) + np.log(alpha / a) - mean(grow_a, log_a),
            r / alpha - k * mean(1 / (alpha + age), np.exp(-log_a) / a),
            np.log(beta / b) - mean(grow_b, log_b - 1 / s),
            s / beta - mean(s / (beta + age), (s + 1) * np.exp(-log_b) / b),
        ]
    )
    return value, slope


def quiet(k: Array, a: Array, s: float, b: Array, span: Array) -> Array:
    """Return the probability that a customer does not order for `span`, from a moment at which they still are one.

    Parameters
    ----------
    k, a : (n,) arrays
        Their order rate is Gamma(k, a) then: r + x, and alpha + the time of that moment.
    s, b : float, (n,) array
        Their leaving rate is Gamma(s, b) then: s, and beta + the time of that moment.
    span : (n,) array
        In the unit of `a` and `b`.

    Notes
    -----
    ``(1 + span/a)^-k (1 + span/b)^-s + integral of (1 + t/a)^-k (1 + t/b)^-(s+1) s/b dt``.

    Examples
    --------
    >>> one = np.ones(1)
    >>> quiet(one, one, 1.0, one, one).round(6)  # 1/4 still there, and half of the other 3/4 left before ordering
    array([0.625])
    """
    k, a, b, span = np.broadcast_arrays(k, a, b, span)
    out = np.empty(k.shape)
    for at in range(0, len(k), _CHUNK):
        part = slice(at, at + _CHUNK)
        gone = _left(k[part], a[part], s, b[part], span[part])[2].sum(axis=0)
        stayed = np.exp(-k[part] * np.log1p(span[part] / a[part]) - s * np.log1p(span[part] / b[part]))
        out[part] = np.minimum(stayed + gone, 1.0)
    return out


def alive(params: Array, x: Array, tx: Array, age: Array) -> Array:
    """Return P(still a customer at `age`): the share of the likelihood that its first term has."""
    r, alpha, s, beta = params
    k, a, b, span = r + x, alpha + tx, beta + tx, age - tx
    stayed = np.exp(-k * np.log1p(span / a) - s * np.log1p(span / b))
    return np.asarray(np.minimum(stayed / quiet(k, a, s, b, span), 1.0))


def no_order(params: Array, x: Array, tx: Array, age: Array, span: Array) -> Array:
    """Return P(no order within `span` after `age`) = L(x, tx, age + span) / L(x, tx, age).

    Computed as P(gone) + P(alive) * quiet: the same number, without a quotient of nearly equal ones.
    """
    r, alpha, s, beta = params
    return np.asarray(1 - alive(params, x, tx, age) * (1 - quiet(r + x, alpha + age, s, beta + age, span)))


def expected(params: Array, x: Array, tx: Array, age: Array, span: float) -> Array:
    """Return the expected number of orders within `span` after `age`.

    ``P(alive) (r+x)(beta+T) / ((alpha+T)(s-1)) [1 - ((beta+T)/(beta+T+span))^(s-1)]``, written so that it holds at
    s = 1 too.
    """
    r, alpha, s, beta = params
    growth = np.log1p(span / (beta + age))
    stay = (beta + age) * growth * exprel((1 - s) * growth)
    return np.asarray(alive(params, x, tx, age) * (r + x) / (alpha + age) * stay)


def _left(k: Array, a: Array, s: float, b: Array, span: Array) -> tuple[Array, Array, Array]:
    """Return, at 16 times t within `span`: log(1 + t/a), log(1 + t/b), and the probability of having left there.

    With c = k + s and d the mean of a and b that gives the integrand's slope at 0, let w = (1 + t/d)^-c: the
    integrand over dw starts at 1 and ends at a constant, however many orders there were. Nodes stand in a root of w.
    """
    c = k + s
    d = c / (k / a + s / b)
    lowest = np.exp(-c / _POWER * np.log1p(span / d))
    half = (1 - lowest) / 2
    root = half * _NODES[:, None] + (1 + lowest) / 2
    growth = -_POWER / c * np.log(root)
    t = d * (np.exp(growth) - 1)
    log_a, log_b = np.log(1 + t / a), np.log(1 + t / b)
    flat = np.exp(k * (growth - log_a) + (s + 1) * (growth - log_b))
    share = (s / b) * (d / c) * _POWER * half
    return log_a, log_b, share * _WEIGHTS[:, None] * flat * root ** (_POWER - 1)
