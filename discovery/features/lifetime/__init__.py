"""Predicted orders and value of every customer, from their past orders alone; refused where the past is too thin.

::

    history = extract_history(engine, dataset, as_of)
    fitted = fit_first(history)
    refused = gate(history, fitted)
    if not refused:
        table = predict(history, fitted, fit_value(history))

Models: Pareto/NBD, MBG/NBD where it does not converge, BG/NBD to check against what is published; Gamma-Gamma for
value. Each stands, with its likelihood, in a module of its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from discovery.core.errors import DataError
from discovery.core.settings import LifetimeSettings
from discovery.features.lifetime.fit import Fitted, fit, fit_first
from discovery.features.lifetime.history import (
    History,
    extract_history,
    history_from_frame,
    history_from_orders,
    history_sql,
)
from discovery.features.lifetime.value import FittedValue, fit_value

__all__ = [
    "Fitted",
    "FittedValue",
    "History",
    "LifetimeSettings",
    "extract_history",
    "fit",
    "fit_first",
    "fit_value",
    "gate",
    "history_from_frame",
    "history_from_orders",
    "history_sql",
    "predict",
]


def gate(history: History, fitted: Fitted | None = None, settings: LifetimeSettings | None = None) -> list[str]:
    """Return why nothing should be predicted, one sentence per reason; an empty list where nothing stands against it.

    Parameters
    ----------
    history : History
        At the date predictions are made for.
    fitted : Fitted or None
        Checked for convergence where given.
    settings : LifetimeSettings or None
        The thresholds, with their reasons.

    Examples
    --------
    >>> few = History([1, 2], [0, 2], [0, 213], [272, 272], [np.nan, 22.35], [29.33, 74.02])
    >>> gate(few)[0]
    'At least 500 customers with an order are needed, got 2: too few to tell one store from another.'
    """
    limits = settings or LifetimeSettings()
    # The first day counts, and so does the last.
    days = int(history.age.max()) + 1
    silent = int((history.age - history.recency).min())
    most = int(history.frequency.max()) + 1
    refused = []
    if len(history) < limits.min_customers:
        refused.append(
            f"At least {limits.min_customers:,} customers with an order are needed, got {len(history):,}: "
            "too few to tell one store from another."
        )
    if days < limits.min_history_days:
        refused.append(
            f"At least {limits.min_history_days:,} days of history are needed, got {days:,}: "
            "who left cannot be told from who has not come back yet."
        )
    if silent > limits.max_silent_days:
        refused.append(
            f"There must be an order within the last {limits.max_silent_days:,} days, the last one was {silent:,} days "
            "ago: the data seem to end before the date. Choose an earlier as_of."
        )
    if most < limits.min_orders:
        refused.append(
            f"Somebody must have ordered on {limits.min_orders:,} or more days, the most is {most:,}: "
            "how regularly people order cannot be seen."
        )
    if fitted is not None and not fitted.converged:
        refused.append(
            f"The {fitted.model} model did not converge: these orders do not tell how customers differ in ordering "
            "and leaving."
        )
    return refused


def predict(
    history: History,
    fitted: Fitted,
    fitted_value: FittedValue | None = None,
    horizon_days: int = 365,
    churn_days: int = 90,
    settings: LifetimeSettings | None = None,
) -> pd.DataFrame:
    """Return what to expect of each customer, one row each, indexed by customer.

    Parameters
    ----------
    history : History
        At the date predictions are made for.
    fitted : Fitted
        Converged, and fitted on this history or an earlier one of the same store.
    fitted_value : FittedValue or None
        Without one, or where it has not converged, values are missing.
    horizon_days, churn_days : int, days
        How far orders and value, and how far churn risk, are predicted; the columns carry them in their names.
    settings : LifetimeSettings or None
        For the window of the next order.

    Returns
    -------
    DataFrame
        ``predicted_orders_<horizon>d`` (days with an order), ``predicted_value_<horizon>d`` (money),
        ``historic_value`` (money, gross), ``total_value`` (their sum), ``probability_no_order_<churn>d`` (0 to 1),
        ``next_order_from_days`` and ``next_order_to_days`` (from now; missing: never, as far as can be told) and
        ``mean_days_between_orders`` (missing where there was one order).

    Raises
    ------
    DataError
        If the fit has not converged.

    Notes
    -----
    A sum of predicted value over a segment is the revenue of the customers known today within the horizon. New
    customers come on top: it is not next year's revenue, and it is not discounted.
    """
    if not fitted.converged:
        raise DataError(f"A fit must have converged to predict from, {fitted.model} has not. See gate().")
    limits = settings or LifetimeSettings()
    orders = fitted.expected_orders(history, horizon_days)
    each = fitted_value.expected_value(history) if fitted_value is not None else np.full(len(history), np.nan)
    low, high = fitted.next_order_window(
        history, limits.window_probability, limits.window_limit_days, limits.window_given_order
    )
    repeats = np.where(history.frequency > 0, history.frequency, np.nan)
    return pd.DataFrame(
        {
            f"predicted_orders_{horizon_days}d": orders,
            f"predicted_value_{horizon_days}d": orders * each,
            "historic_value": history.historic_value,
            "total_value": history.historic_value + orders * each,
            f"probability_no_order_{churn_days}d": fitted.probability_no_order(history, churn_days),
            "next_order_from_days": low,
            "next_order_to_days": high,
            "mean_days_between_orders": history.recency / repeats,
        },
        index=pd.Index(history.customer, name="customer"),
    )
