"""Gamma-Gamma: what a customer's order is worth, drawn towards everyone's mean the less they have ordered.

A customer's order values are Gamma(p, n), and n is Gamma(q, v) over customers. For x repeat orders of mean m
(Fader, Hardie and Lee 2005, "RFM and CLV"; Fader and Hardie 2013)::

    L = Gamma(px+q) / (Gamma(px) Gamma(q)) * v^q m^(px-1) x^(px) / (v + x m)^(px+q)

It assumes that value does not go with how often somebody orders; `FittedValue.correlation` says how far it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from discovery.core.errors import DataError
from discovery.features.lifetime.history import History
from discovery.features.lifetime.maximise import maximise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FittedValue:
    """A fitted Gamma-Gamma model.

    Parameters
    ----------
    params : mapping
        ``p`` and ``q`` without unit, ``v`` in money.
    log_likelihood : float
        Of all customers, at the maximum.
    converged : bool
        False where no maximum was found, or where q <= 1: then the mean value of an order is infinite.
    n : int
        Customers with a repeat order of a value above 0.
    iterations : int
        Steps of the search.
    correlation : float
        Pearson's, of mean value and repeat orders; NaN where one of them does not vary.
    """

    params: Mapping[str, float]
    log_likelihood: float
    converged: bool
    n: int
    iterations: int
    correlation: float

    def expected_value(self, history: History) -> Array:
        """Return the expected value of each customer's next order, in money.

        ``p (v + x m) / (p x + q - 1)``: everyone's mean ``p v / (q - 1)`` for somebody without a repeat order, and
        ever nearer to their own mean m the more they ordered. NaN where the fit has not converged.

        Examples
        --------
        >>> cdnow = FittedValue({"p": 6.25, "q": 3.74, "v": 15.44}, -4055.0, True, 946, 9, 0.1)
        >>> two = History([1, 2], [0, 2], [0, 213], [272, 272], [np.nan, 22.35], [29.33, 74.02])
        >>> cdnow.expected_value(two).round(2)
        array([35.22, 24.66])
        """
        if not self.converged:
            return np.full(len(history), np.nan)
        p, q, v = (self.params[name] for name in "pqv")
        x, m = history.frequency, np.nan_to_num(history.mean_value)
        return np.asarray(p * (v + x * m) / (p * x + q - 1))


def fit_value(history: History) -> FittedValue:
    """Return the Gamma-Gamma model of a history's repeat orders.

    Parameters
    ----------
    history : History
        Only customers with a repeat order of a value above 0 are used.

    Raises
    ------
    DataError
        If fewer than two have one.

    Examples
    --------
    >>> chance = np.random.default_rng(7)
    >>> mean = chance.gamma(6.0, 1 / chance.gamma(4.0, 1 / 15.0, 5_000))
    >>> many = History(np.arange(5_000), np.ones(5_000), np.ones(5_000), np.ones(5_000) * 99, mean, 2 * mean)
    >>> fit_value(many).converged
    True
    """
    used = (history.frequency > 0) & (np.nan_to_num(history.mean_value) > 0)
    if used.sum() < 2:
        raise DataError(f"At least two customers must have a repeat order of a value above 0, got {int(used.sum())}.")
    # The same rows in any order must give the same sums.
    order = np.lexsort((history.mean_value[used], history.frequency[used]))
    x, m = history.frequency[used][order], history.mean_value[used][order]
    counts, place = np.unique(x, return_inverse=True)
    scale = float(m.mean())
    m = m / scale
    log_m, log_x = np.log(m), np.log(x)

    def rows(params: Array, part: slice) -> tuple[Array, Array]:
        p, q, v = params
        of, x_, m_ = place[part], x[part], m[part]
        px, log_sum = p * x_, np.log(v + x_ * m_)
        both, alone = digamma(p * counts + q)[of], digamma(p * counts)[of]
        # Gamma functions depend on x alone, which takes few values.
        constants = (gammaln(p * counts + q) - gammaln(p * counts))[of] - gammaln(q) + q * np.log(v)
        value = constants + (px - 1) * log_m[part] + px * log_x[part] - (px + q) * log_sum
        slope = np.stack(
            [
                x_ * (both - alone + log_m[part] + log_x[part] - log_sum),
                both - digamma(q) + np.log(v) - log_sum,
                q / v - (px + q) / (v + x_ * m_),
            ]
        )
        return value, slope

    found = maximise(rows, np.ones(len(x)), np.array([2.0, 3.0, 1.0]))
    p, q, v = (float(each) for each in found.params)
    varies = np.ptp(x) > 0 and np.ptp(m) > 0
    return FittedValue(
        {"p": p, "q": q, "v": v * scale},
        found.log_likelihood - len(x) * float(np.log(scale)),
        found.converged and q > 1,
        len(x),
        found.iterations,
        float(np.corrcoef(x, m)[0, 1]) if varies else float("nan"),
    )
