"""The way up the likelihood of a mixture: L-BFGS over all its parameters at once.

The slope of the log likelihood is the slope of each customer's record under each kind, weighted by the posterior of the
kinds, so a step costs what a round of EM costs (Salakhutdinov, Roweis and Ghahramani 2003, *ICML*). Where kinds
overlap, as those of customers do, EM creeps and this does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from discovery.cluster.kind import Kind, Looked, bounds, first_guess, kind_of, likelihood, row_of
from discovery.cluster.threads import one_thread

Array = NDArray[np.float64]
#: Logarithms of shares, up to a common number, stay between these.
_BOUNDS = (-12.0, 12.0)
#: A climb is at its end where a step gains less than this part of the log likelihood; that of priors.
GAIN, _CLOSE = 1e-7, 1e-11
_PRIOR_STEPS = 500
#: Steps from which L-BFGS learns the curvature.
_REMEMBERED = 20


@dataclass(frozen=True, eq=False)
class Reached:
    """Where a climb stands: logarithms of the shares, up to a common number, and a row of `row_of` for each kind."""

    logits: Array
    rows: Array
    log_likelihood: float = -np.inf

    @property
    def shares(self) -> Array:
        """Shares of the kinds, adding up to 1."""
        return np.asarray(np.exp(self.logits - np.logaddexp.reduce(self.logits)))


def ascend(start: Reached, data: Looked, steps: int, soft: Array | None = None, gain: float = GAIN) -> Reached:
    """Return where at most so many steps lead.

    Parameters
    ----------
    start, data
        Where it begins, and the customers.
    steps : int
        Of L-BFGS.
    soft : array, shape (customers, kinds), optional
        Memberships that are held; without it they are the posterior, anew at each step.
    gain : float
        Part of the log likelihood; a step that gains less is the last.
    """
    kinds, width = start.rows.shape

    def loss(flat: Array) -> tuple[float, Array]:
        logits, rows = flat[:kinds], flat[kinds:].reshape(kinds, width)
        log_shares = logits - np.logaddexp.reduce(logits)
        logs, slope = likelihood(rows, data)
        logs += log_shares
        weights, value = posterior(logs) if soft is None else (soft, float((soft * logs).sum()))
        by_share = np.ones(len(data)) @ weights - len(data) * np.exp(log_shares)
        return -value / len(data), np.append(by_share, slope(weights)) / -len(data)

    with one_thread():
        found = minimize(
            loss,
            np.append(start.logits, start.rows),
            jac=True,
            method="L-BFGS-B",
            bounds=[_BOUNDS] * kinds + bounds(data.parts) * kinds,
            options={"maxiter": steps, "maxcor": _REMEMBERED, "ftol": gain, "gtol": 0.0},
        )
    return Reached(found.x[:kinds], found.x[kinds:].reshape(kinds, width), -float(found.fun) * len(data))


def posterior(logs: Array) -> tuple[Array, float]:
    """Return the posterior of the kinds, and the log likelihood, of joint logarithms of shape (customers, kinds)."""
    # Kinds are few: numpy is slow along them, and fast column by column.
    most = reduce(np.maximum, logs.T)
    weights = np.exp(logs - most[:, None])
    sums = reduce(np.add, weights.T)
    weights /= sums[:, None]
    return weights, float(most.sum() + np.log(sums).sum())


def ascend_one(data: Looked) -> Reached:
    """Return the top for one kind."""
    start = Reached(np.zeros(1), row_of(first_guess(data))[None])
    return ascend(start, data, _PRIOR_STEPS, gain=_CLOSE)


def fit_one_kind(data: Looked) -> Kind:
    """Return the kind everyone would be of, if there were but one: the priors by maximum marginal likelihood."""
    return kind_of(ascend_one(data).rows[0], data.parts)
