"""What a lifetime model sees of a customer: how often they came back, when last, and since when they are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from discovery.core.dataset import MICROSECONDS_PER_DAY, Dataset, midnight
from discovery.core.errors import DataError
from discovery.engine.query import QueryEngine
from discovery.features.seen import seen
from discovery.features.vocabulary.terms import ORDERED

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class History:
    """Repeat orders of every customer with an order, at a date. Arrays of one length, read-only.

    Several orders on one day are one order: models of the time between orders need a time between them.

    Parameters
    ----------
    customer : array
        Who, each once.
    frequency : float array, days
        Distinct days with an order, minus the first. This count, not that of order rows, is CDNOW's published one.
    recency : float array, days
        From the first day with an order to the last; 0 where there was one.
    age : float array, days
        From the first day with an order to the last day seen, which is the day before ``as_of``.
    mean_value : float array, money
        Mean total of a repeat day: the first day is left out, as in Fader, Hardie and Lee (2005). NaN where nobody
        came back.
    historic_value : float array, money
        Gross total of all orders.

    Raises
    ------
    DataError
        Naming every fault: unequal lengths, nobody, missing or negative numbers, a recency beyond the age, repeat
        orders without a time between them, a customer twice.

    Examples
    --------
    >>> History(["a"], [2.0], [30.0], [90.0], [25.0], [60.0]).frequency
    array([2.])
    """

    customer: NDArray[Any]
    frequency: Array
    recency: Array
    age: Array
    mean_value: Array
    historic_value: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "customer", _frozen(np.array(self.customer)))
        for name in ("frequency", "recency", "age", "mean_value", "historic_value"):
            object.__setattr__(self, name, _frozen(np.array(getattr(self, name), dtype=np.float64)))
        if faults := self._faults():
            raise DataError(f"A history {'; it '.join(faults)}.")

    def __len__(self) -> int:
        return len(self.frequency)

    @cached_property
    def distinct(self) -> Compressed:
        """The distinct rows: all that a model computes, it computes of those."""
        return compress(self)

    def _faults(self) -> list[str]:
        columns = (self.frequency, self.recency, self.age, self.mean_value, self.historic_value)
        if any(c.shape != (len(self.customer),) for c in columns):
            return [f"must hold arrays of one length, got {[c.shape for c in (self.customer, *columns)]}"]
        if not len(self):
            return ["must hold at least one customer with an order, got none"]
        x, tx, age = columns[:3]
        checks = {
            "must have frequency, recency and age for everyone": ~np.isfinite(x + tx + age),
            "must count whole repeat days, 0 or more": (x < 0) | (x != np.floor(x)),
            "must have 0 <= recency <= age": (tx < 0) | (tx > age),
            "must have a recency above 0 exactly where there are repeat orders": (x > 0) != (tx > 0),
        }
        found = [f"{what}, broken for {int(bad.sum()):,} customers" for what, bad in checks.items() if bad.any()]
        twice = len(self.customer) - len(np.unique(self.customer))
        return [*found, f"must name each customer once, got {twice:,} repeated"] if twice else found


@dataclass(frozen=True, eq=False)
class Compressed:
    """The distinct (frequency, recency, age) rows of a history, in order, each with how many customers share it.

    The likelihood of a customer depends on nothing else, so a weighted sum over distinct rows is exact. ``place``
    says which row each customer has: ``frequency[place]`` are the original values.
    """

    frequency: Array
    recency: Array
    age: Array
    weight: Array
    place: NDArray[np.int64]


def compress(history: History) -> Compressed:
    """Return the distinct rows of a history with their weights; the order of customers changes nothing but `place`.

    Examples
    --------
    >>> compress(History([1, 2, 3], [0, 1, 0], [0, 7, 0], [9, 9, 9], [np.nan, 5, np.nan], [3, 9, 3])).weight
    array([2., 1.])
    """
    columns = np.stack([history.frequency, history.recency, history.age])
    order = np.lexsort(columns[::-1])
    ordered = columns[:, order]
    new = np.concatenate([[True], (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    x, tx, age = ordered[:, new]
    return Compressed(x, tx, age, np.bincount(place).astype(np.float64), place)


def history_from_orders(customer: ArrayLike, day: ArrayLike, value: ArrayLike, as_of: int) -> History:
    """Return the history of everyone with an order before `as_of`, in order of customer.

    Every row given is an order, also one of no value; leave rows out to have them not count.

    Parameters
    ----------
    customer : (orders,) array
        Who ordered.
    day : (orders,) int array
        Whole days since any origin.
    value : (orders,) float array, money
        What was paid.
    as_of : int
        First day not seen, from the same origin.

    Examples
    --------
    >>> known = history_from_orders(["a", "a", "b", "a"], [0, 10, 4, 10], [5.0, 20.0, 8.0, 4.0], as_of=31)
    >>> known.frequency, known.recency, known.age, known.mean_value
    (array([1., 0.]), array([10.,  0.]), array([30., 26.]), array([24., nan]))
    """
    orders = pd.DataFrame({"customer_key": np.asarray(customer), "day": np.asarray(day), "value": np.asarray(value)})
    orders = orders[orders["day"] < as_of]
    days = orders.groupby(["customer_key", "day"], as_index=False)["value"].sum()
    by = days.groupby("customer_key")
    first, last, total = by["day"].min(), by["day"].max(), by["value"].sum()
    repeats = by.size() - 1
    return history_from_frame(
        pd.DataFrame(
            {
                "frequency": repeats,
                "recency": last - first,
                "age": as_of - 1 - first,
                "mean_value": (total - by["value"].first()) / repeats.where(repeats > 0),
                "historic_value": total,
            }
        ).reset_index()
    )


def history_from_frame(frame: pd.DataFrame) -> History:
    """Return the history in a DataFrame with the columns of `history_sql`, one row per customer."""
    columns = ("frequency", "recency", "age", "mean_value", "historic_value")
    return History(frame["customer_key"].to_numpy(), *(frame[c].to_numpy(dtype=np.float64) for c in columns))


def history_sql(as_of: date, events: str, free_orders: bool = False) -> str:
    """Return the query for the history at `as_of` of everyone with an order before it, ordered by customer_key.

    Parameters
    ----------
    as_of : date
        Exclusive: midnight UTC at its start. Orders cancelled before it do not count.
    events : str
        Table expression of the canonical events.
    free_orders : bool
        Whether an order of no value counts. In the vocabulary it does not; in the published CDNOW counts it does.

    Notes
    -----
    Only the narrow subset that `discovery.engine.sql` can translate to every dialect.
    """
    end = midnight(as_of)
    paid = "" if free_orders else " AND value > 0"
    days = (
        f'SELECT customer_key, "at" // {MICROSECONDS_PER_DAY} AS order_day, sum(value) AS day_value FROM {events} '
        f"WHERE {seen(ORDERED, as_of)}{paid} "
        f'GROUP BY customer_key, "at" // {MICROSECONDS_PER_DAY}'
    )
    # Exact: money is a decimal here, so all but the first day is the whole without the first day.
    repeat_value = "sum(day_value) - arg_min(coalesce(day_value, 0), order_day)"
    repeat_days = "count(day_value) - arg_min(CASE WHEN day_value IS NULL THEN 0 ELSE 1 END, order_day)"
    return (
        "SELECT customer_key, count(*) - 1 AS frequency, max(order_day) - min(order_day) AS recency, "
        f"{end // MICROSECONDS_PER_DAY - 1} - min(order_day) AS age, "
        f"CAST({repeat_value} AS DOUBLE) / nullif({repeat_days}, 0) AS mean_value, "
        "CAST(coalesce(sum(day_value), 0) AS DOUBLE) AS historic_value "
        f"FROM ({days}) AS days GROUP BY customer_key ORDER BY customer_key"
    )


def extract_history(engine: QueryEngine, dataset: Dataset, as_of: date) -> History:
    """Return the history of a dataset's customers at `as_of`, keyed by customer_key.

    Raises
    ------
    DataError
        If nobody had ordered before `as_of`.
    """
    return history_from_frame(engine.frame(history_sql(as_of, engine.table(dataset.events_path))))


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
