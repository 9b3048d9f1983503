"""Predict the last months from what came before them, and compare with what happened."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from discovery.core.errors import DataError
from discovery.features.lifetime import LifetimeSettings, fit_first, fit_value, gate
from discovery.features.lifetime.fit import Fitted
from discovery.features.lifetime.history import History

Array = NDArray[np.float64]

_TOP = 0.1


@dataclass(frozen=True)
class Accuracy:
    """How near one forecast came; NaN where it says nothing about a measure.

    Parameters
    ----------
    forecast : str
        What it is.
    mae, rmse : float, orders per customer
        Mean absolute error and root of the mean squared error. Most customers do not order, so a forecast that is too
        low can have the smaller MAE: read it with the bias.
    bias : float, relative
        Sum of what was predicted over sum of what happened, minus 1.
    top_capture : float, 0 to 1
        Share of the orders that came from the tenth of customers it ranked highest; ties share their places.
    churn_auc : float, 0 to 1
        Chance that it holds somebody who did not order for a greater risk than somebody who did.
    """

    forecast: str
    mae: float
    rmse: float
    bias: float
    top_capture: float
    churn_auc: float

    def cells(self) -> tuple[str, ...]:
        """Return the line of a table; a dash where there is nothing to say."""
        shown = (f"{self.mae:.3f}", f"{self.rmse:.3f}", f"{self.bias:+.0%}", f"{self.top_capture:.0%}")
        return (self.forecast, *("-" if "nan" in cell else cell for cell in (*shown, f"{self.churn_auc:.3f}")))


@dataclass(frozen=True)
class Backtest:
    """A model fitted at an earlier date, beside simple forecasts and what happened in the days since.

    Parameters
    ----------
    fitted_at : date
        Exclusive: the model saw nothing from this day on.
    horizon_days : int
        Length of the window predicted and compared.
    fitted : Fitted
        The model, as of `fitted_at`.
    model, past_count, silence, best : Accuracy
        The model; the past count repeated; days since the last order as the risk; and the highest capture anything
        could have reached.
    customers : int
        Known at `fitted_at`.
    orders : float
        Days with an order that they had in the window.
    predicted_value, value : float, money
        Predicted and real total value of the window; NaN where no value model converged.
    """

    fitted_at: date
    horizon_days: int
    fitted: Fitted
    model: Accuracy
    past_count: Accuracy
    silence: Accuracy
    best: Accuracy
    customers: int
    orders: float
    predicted_value: float
    value: float

    def __str__(self) -> str:
        rows = [_HEAD, *(each.cells() for each in self._rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
        lines = ["  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
                 for row in rows]  # fmt: skip
        return "\n".join([self._title, *lines, *self._value])

    def _repr_html_(self) -> str:
        def row(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(row(each.cells(), "td") for each in self._rows)
        return (
            f"<p>{html.escape(self._title)}</p><table>{row(_HEAD, 'th')}{body}</table>"
            + "".join(f"<p>{html.escape(line)}</p>" for line in self._value)
        )  # fmt: skip

    @property
    def _rows(self) -> tuple[Accuracy, ...]:
        return self.model, self.past_count, self.silence, self.best

    @property
    def _title(self) -> str:
        return (
            f"{self.fitted.model} fitted at {self.fitted_at}, compared over the next {self.horizon_days} days: "
            f"{self.customers:,} customers, {self.orders:,.0f} days with an order."
        )

    @property
    def _value(self) -> list[str]:
        if not self.value or math.isnan(self.predicted_value):
            return []
        error = self.predicted_value / self.value - 1
        return [f"Value: {self.predicted_value:,.0f} predicted, {self.value:,.0f} came ({error:+.0%})."]


_HEAD = ("forecast", "MAE", "RMSE", "bias", "top 10%", "churn AUC")


def backtest(
    history_at: Callable[[date], History],
    as_of: date,
    horizon_days: int = 365,
    settings: LifetimeSettings | None = None,
) -> Backtest:
    """Return how well orders of the `horizon_days` before `as_of` would have been predicted at their start.

    Parameters
    ----------
    history_at : callable
        Gives the history at a date, exclusive, with the same names of customers each time.
    as_of : date
        End of the window, exclusive.
    horizon_days : int
        Its length; the model is fitted that many days before `as_of`.
    settings : LifetimeSettings or None
        Models and gates.

    Raises
    ------
    DataError
        With every reason, if the earlier history is refused, or the data end well before `as_of`.

    Notes
    -----
    What happened is the difference of the two histories. An order cancelled in between is in neither, so a customer
    may seem to have lost one: that counts as none. The past count is scaled by the window's length over that of the
    whole history, the same for everybody.
    """
    limits = settings or LifetimeSettings()
    fitted_at = as_of - timedelta(days=horizon_days)
    before, after = history_at(fitted_at), history_at(as_of)
    silent = int((after.age - after.recency).min())
    refused = [] if silent <= limits.max_silent_days else [f"The last order was {silent:,} days before {as_of}."]
    refused += gate(before, None, limits)
    if refused:
        raise DataError(f"No back-test at {fitted_at}: " + " ".join(refused))
    fitted = fit_first(before, limits.models)
    if refused := gate(before, fitted, limits):
        raise DataError(f"No back-test at {fitted_at}: " + " ".join(refused))
    actual = _difference(before.frequency, after.frequency, before, after)
    earned = _difference(before.historic_value, after.historic_value, before, after)
    expected = fitted.expected_orders(before, horizon_days)
    repeated = before.frequency * horizon_days / (before.age.max() + 1)
    nothing = np.full(len(before), np.nan)
    value = float("nan")
    if ((before.frequency > 0) & (before.mean_value > 0)).sum() > 1:
        value = float((expected * fit_value(before).expected_value(before)).sum())
    return Backtest(
        fitted_at,
        horizon_days,
        fitted,
        accuracy(fitted.model, actual, expected, fitted.probability_no_order(before, horizon_days)),
        accuracy("past count repeated", actual, repeated, -repeated),
        accuracy("days since last order", actual, nothing, before.age - before.recency),
        Accuracy("best possible", *(float("nan"),) * 3, top_capture(actual, actual), float("nan")),
        len(before),
        float(actual.sum()),
        value,
        float(earned.sum()),
    )


def accuracy(forecast: str, actual: Array, predicted: Array, risk: Array) -> Accuracy:
    """Return how near `predicted` orders, and the `risk` of none, came to the `actual` orders per customer.

    Examples
    --------
    >>> accuracy("x", np.array([0.0, 2.0]), np.array([1.0, 2.0]), np.array([0.9, 0.2])).cells()
    ('x', '0.500', '0.707', '+50%', '20%', '1.000')
    """
    error = predicted - actual
    total = float(actual.sum())
    return Accuracy(
        forecast,
        float(np.abs(error).mean()),
        float(np.sqrt((error**2).mean())),
        float(predicted.sum()) / total - 1 if total else float("nan"),
        top_capture(actual, predicted),
        churn_auc(actual == 0, risk),
    )


def top_capture(actual: Array, predicted: Array) -> float:
    """Return the share of orders made by the tenth of customers with the highest prediction.

    Customers with equal predictions are as likely as each other to be among the tenth, so that the order of rows
    changes nothing. NaN where nobody ordered or nothing is predicted.
    """
    if not actual.sum() or np.isnan(predicted).any():
        return float("nan")
    _, place = np.unique(-predicted, return_inverse=True)
    size, orders = np.bincount(place), np.bincount(place, weights=actual)
    room = np.clip(_TOP * len(actual) - (np.cumsum(size) - size), 0, size)
    return float((orders * room / size).sum() / actual.sum())


def churn_auc(stayed_away: NDArray[np.bool_], risk: Array) -> float:
    """Return the area under the ROC curve of `risk`, ties counted half; NaN where everybody or nobody ordered."""
    away = int(stayed_away.sum())
    back = len(stayed_away) - away
    if not away or not back:
        return float("nan")
    return float((rankdata(risk)[stayed_away].sum() - away * (away + 1) / 2) / (away * back))


def _difference(then: Array, now: Array, before: History, after: History) -> Array:
    """Return how much a column grew for the customers known before."""
    later = pd.Series(now, index=after.customer).reindex(before.customer).fillna(0.0).to_numpy()
    return np.asarray(np.maximum(later - then, 0.0))
