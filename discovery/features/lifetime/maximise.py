"""The one way lifetime models are fitted: a mean log likelihood with its gradient, in logarithms of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

#: Parameters and a slice of the rows: each row's log likelihood, and its derivative by each parameter.
LogLikelihood = Callable[[Array, slice], tuple[Array, Array]]

#: Rows that are worked on at once: with sixteen nodes each, what fits a processor's cache.
_CHUNK = 4_096
#: More rows than this are first fitted on every n-th one, so that few passes over all of them are left.
_SAMPLE = 20_000
#: Times are divided by the longest age, so a parameter beyond these has left everything the data can tell.
_LOW, _HIGH = 1e-3, 1e3
#: A slope of the mean log likelihood that moves no parameter's third digit.
_FLAT = 1e-5
#: How far parameters are moved, in logarithms, to see whether the top is round.
_STEP = 1e-4
#: With less information than this about some mix of log parameters, its standard error exceeds 3: a factor of twenty.
_INFORMATION = 0.1


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a likelihood is highest: parameters, the weighted sum there, whether it is a maximum, steps taken."""

    params: Array
    log_likelihood: float
    converged: bool
    iterations: int


def maximise(rows: LogLikelihood, weight: Array, start: Array) -> Maximum:
    """Return the maximum of a weighted log likelihood over positive parameters.

    Parameters
    ----------
    rows : callable
        Given parameters (p,) and a slice, returns the log likelihood (n,) and gradient (p, n) of those rows.
    weight : (rows,) array
        How many customers each row stands for.
    start : (p,) array
        Where to begin.

    Notes
    -----
    L-BFGS-B over ``log(params)``. It has not converged where the slope is not flat, where a parameter ran to the
    edge, or where the top is a ridge (smallest eigenvalue of the information in ``log(params)``): a parameter that
    runs away or can be anything says that this kind of difference between customers is not in the data.
    """

    def objective(theta: Array, every: int) -> tuple[float, Array]:
        params = np.exp(theta)
        chosen = weight[::every]
        value, slope = 0.0, np.zeros_like(theta)
        for at in range(0, len(chosen), _CHUNK):
            part = slice(at * every, min((at + _CHUNK) * every, len(weight)), every)
            log_likelihood, gradient = rows(params, part)
            value += float(log_likelihood @ weight[part])
            slope += gradient @ weight[part]
        total = float(chosen.sum())
        return -value / total, -slope * params / total

    theta, steps = np.log(start), 0
    bounds = [(np.log(_LOW), np.log(_HIGH))] * len(start)
    thin = -(-len(weight) // _SAMPLE)
    for every in (thin, 1) if thin > 1 else (1,):
        options = {"maxiter": 500, "ftol": 1e-15, "gtol": 1e-8 if every == 1 else 1e-5, "maxcor": 20}
        found = minimize(objective, theta, (every,), method="L-BFGS-B", jac=True, bounds=bounds, options=options)
        theta, steps = found.x, steps + int(found.nit)
    inside = bool(np.all((theta > np.log(_LOW) + _STEP) & (theta < np.log(_HIGH) - _STEP)))
    flat = bool(np.all(np.abs(found.jac) < _FLAT))
    around = [(objective(theta + nudge, 1)[1] - found.jac) / _STEP for nudge in np.eye(len(theta)) * _STEP]
    information = float(weight.sum()) * np.linalg.eigvalsh((np.array(around) + np.array(around).T) / 2)
    curved = bool(information[0] > _INFORMATION)
    return Maximum(np.exp(theta), -float(found.fun) * float(weight.sum()), inside and flat and curved, steps)
