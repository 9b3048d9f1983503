"""Fit a model of who orders again, and ask it what to expect of each customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize.elementwise import find_root

from discovery.core.errors import UsageError, did_you_mean
from discovery.features.lifetime import geometric, pareto
from discovery.features.lifetime.history import Compressed, History
from discovery.features.lifetime.maximise import maximise

Array = NDArray[np.float64]

#: Who orders again with less than this probability has left, as far as rounding can tell.
_NEVER = 1e-9


@dataclass(frozen=True)
class Model:
    """What one model computes, all of (parameters, frequency, recency, age, ...) in one unit of time."""

    names: tuple[str, ...]
    times: tuple[int, ...]
    log_likelihood: Callable[..., tuple[Array, Array]]
    expected: Callable[..., Array]
    no_order: Callable[..., Array]
    alive: Callable[..., Array] | None


def _geometric(at_first: bool) -> Model:
    own: dict[str, Callable[..., Any]] = {
        name: partial(getattr(geometric, name), at_first=at_first)
        for name in ("log_likelihood", "expected", "no_order")
    }
    known_alive = partial(geometric.alive, at_first=True) if at_first else None
    return Model(geometric.NAMES, geometric.TIMES, alive=known_alive, **own)


MODELS: Mapping[str, Model] = {
    "pareto_nbd": Model(
        pareto.NAMES,
        pareto.TIMES,
        pareto.log_likelihood,
        pareto.expected,
        pareto.no_order,
        pareto.alive,
    ),
    "mbg_nbd": _geometric(at_first=True),
    "bg_nbd": _geometric(at_first=False),
}


@dataclass(frozen=True)
class Fitted:
    """A fitted model of repeat orders.

    Parameters
    ----------
    model : str
        ``pareto_nbd``, ``mbg_nbd`` or ``bg_nbd``.
    params : mapping
        Pareto/NBD: ``r, alpha, s, beta``; the others: ``r, alpha, a, b``. ``alpha`` and ``beta`` are times in units
        of `unit_days`; the rest have no unit.
    log_likelihood : float
        Of all customers, at the maximum, with times in units of `unit_days`.
    converged : bool
        Whether a maximum was found inside the range of parameters that data can tell.
    n : int
        Customers.
    orders : int
        Their repeat orders.
    iterations : int
        Steps of the search.
    unit_days : float
        Days in the unit of time of the parameters. Predictions do not depend on it.

    Examples
    --------
    >>> cdnow = Fitted("pareto_nbd", {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9595.0, True, 2357,
    ...     2457, 9, unit_days=7.0)
    >>> two = History([1, 2], [0, 2], [0, 213], [272, 272], [np.nan, 22.35], [29.33, 74.02])
    >>> cdnow.expected_orders(two, days=273).round(3)
    array([0.107, 1.455])
    >>> cdnow.probability_no_order(two, days=90).round(3)
    array([0.967, 0.636])
    """

    model: str
    params: Mapping[str, float]
    log_likelihood: float
    converged: bool
    n: int
    orders: int
    iterations: int
    unit_days: float = 1.0

    def in_units(self, days: float) -> Fitted:
        """Return the same fit with parameters in another unit of time: 7 for weeks, as papers print them.

        alpha and beta are divided by the number of old units in a new one, and the log likelihood of densities of
        time gains that number's logarithm for every repeat order; nothing else changes.
        """
        ratio = days / self.unit_days
        times = {self._model.names[i] for i in self._model.times}
        return replace(
            self,
            params={name: value / ratio if name in times else value for name, value in self.params.items()},
            log_likelihood=self.log_likelihood + self.orders * float(np.log(ratio)),
            unit_days=days,
        )

    def expected_orders(self, history: History, days: float) -> Array:
        """Return the expected number of days with an order in the next `days`, one value per customer."""
        return self._each(self._model.expected, history, days / self.unit_days)

    def probability_no_order(self, history: History, days: float) -> Array:
        """Return P(no order in the next `days`), 0 to 1: the churn risk.

        It is L(x, tx, T + H) / L(x, tx, T): how likely the customer's past and H more silent days are, against the
        past alone. Unlike 1 - P(alive) it can be checked against what happens, and ranks one-time buyers rightly.
        """
        return self._each(self._model.no_order, history, np.float64(days / self.unit_days))

    def probability_alive(self, history: History) -> Array:
        """Return P(has not left for good), 0 to 1.

        Raises
        ------
        UsageError
            For BG/NBD, where it is 1 for everyone who ordered once, whenever that was.
        """
        if self._model.alive is None:
            raise UsageError(
                "P(alive) must not be read from BG/NBD: it is 1 for everyone who ordered once. "
                "Use probability_no_order, or another model."
            )
        return self._each(self._model.alive, history)

    def days_until_order(
        self, history: History, probability: float, limit_days: float = 1_095.0, given_order: bool = False
    ) -> Array:
        """Return after how many days the probability of an order since ``as_of`` passes `probability`.

        Parameters
        ----------
        probability : float, 0 to 1
            Of at least one order. Some customers have left, so for them it never comes near 1.
        limit_days : float
            Later than this is never.
        given_order : bool
            Count only the cases in which an order comes within `limit_days`: then, if it comes, when?

        Returns
        -------
        (customers,) array, days
            NaN where it is never.
        """
        limit = limit_days / self.unit_days

        def short(span: Array, level: Array, x: Array, tx: Array, age: Array) -> Array:
            return self._model.no_order(self._values, x, tx, age, span) - (1 - level)

        def rows(params: Array, x: Array, tx: Array, age: Array) -> Array:
            ever = 1 - self._model.no_order(params, x, tx, age, np.full(len(x), limit))
            level = probability * ever if given_order else np.full(len(x), probability)
            out = np.full(len(x), np.nan)
            found = np.flatnonzero((level <= ever) & (ever > _NEVER))
            if len(found):
                args = tuple(each[found] for each in (level, x, tx, age))
                out[found] = find_root(short, (0.0, limit), args=args).x * self.unit_days
            return out

        return self._each(rows, history)

    def next_order_window(
        self, history: History, probability: float = 0.5, limit_days: float = 1_095.0, given_order: bool = False
    ) -> tuple[Array, Array]:
        """Return first and last day, from now, of the window in which the next order lies with `probability`.

        It is as likely to come before the window as after it: at 0.5, from the day by which an order has come with
        probability 1/4 to that of 3/4. "After it" includes never, unless `given_order`: then the window is that of
        the customers like this one who do order within `limit_days`.

        Returns
        -------
        two (customers,) arrays, days
            NaN where that probability is never reached: the window has no end, or there is none.

        Raises
        ------
        UsageError
            If `probability` does not lie between 0 and 1.
        """
        if not 0 < probability < 1:
            raise UsageError(f"The probability of a window must lie between 0 and 1, got {probability}.")
        low, high = (1 - probability) / 2, (1 + probability) / 2
        return (
            self.days_until_order(history, low, limit_days, given_order),
            self.days_until_order(history, high, limit_days, given_order),
        )

    @property
    def _model(self) -> Model:
        return _known(self.model)

    @property
    def _values(self) -> Array:
        return np.array([self.params[name] for name in self._model.names])

    def _each(self, compute: Callable[..., Array], history: History, *more: Any) -> Array:
        """Compute once per distinct row, then give everyone the value of their row."""
        rows = history.distinct
        unit = self.unit_days
        with np.errstate(under="ignore"):
            each = compute(self._values, rows.frequency, rows.recency / unit, rows.age / unit, *more)
        return each[rows.place]


def fit(history: History | Compressed, model: str = "pareto_nbd") -> Fitted:
    """Return the maximum-likelihood fit of one model, with times in days.

    Parameters
    ----------
    history : History or Compressed
        Everyone with an order; the values of orders play no part.
    model : str
        ``pareto_nbd``, ``mbg_nbd`` or ``bg_nbd``.

    Returns
    -------
    Fitted
        With ``converged`` False where no maximum was found; such a fit predicts nothing.

    Raises
    ------
    UsageError
        If the model is unknown, with the nearest name.

    Notes
    -----
    Customers with the same row are counted together, which is exact. Times are divided by the longest age for the
    search, so the unit they came in changes nothing.
    """
    rows = history.distinct if isinstance(history, History) else history
    own = _known(model)
    unit = max(float(rows.age.max()), 1.0)
    x, tx, age = rows.frequency, rows.recency / unit, rows.age / unit

    def each(params: Array, part: slice) -> tuple[Array, Array]:
        return own.log_likelihood(params, x[part], tx[part], age[part])

    found = maximise(each, rows.weight, np.array([1.0, 0.5, 1.0, 0.5] if 3 in own.times else [1.0, 0.5, 1.0, 2.0]))
    fitted = Fitted(
        model,
        dict(zip(own.names, (float(p) for p in found.params), strict=True)),
        found.log_likelihood,
        found.converged,
        int(rows.weight.sum()),
        int(rows.weight @ x),
        found.iterations,
        unit_days=unit,
    )
    return fitted.in_units(1.0)


def fit_first(history: History, models: tuple[str, ...] = ("pareto_nbd", "mbg_nbd")) -> Fitted:
    """Return the fit of the first model that converges, or of the last one if none does.

    Examples
    --------
    >>> once = History(np.arange(9), np.zeros(9), np.zeros(9), np.full(9, 99), np.full(9, np.nan), np.ones(9))
    >>> fit_first(once).converged
    False
    """
    if not models:
        raise UsageError("At least one lifetime model must be named, got none.")
    for name in models:
        fitted = fit(history, name)
        if fitted.converged:
            break
    return fitted


def _known(name: str) -> Model:
    if name not in MODELS:
        raise UsageError(f"Unknown lifetime model {name!r}. {did_you_mean(name, MODELS)}")
    return MODELS[name]
