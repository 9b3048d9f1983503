"""Records: what each customer's own events say, as counts and sums that lose nothing a model of them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from discovery.core.errors import DataError

Floats = NDArray[np.float64]
#: What is counted of all customers, beside their categories. A stored model asks for it by name: whoever changes what a
#: name counts gives it another.
YEAR_END = "year end"
COUNTED = (
    "discounted", "weekend", YEAR_END, "refunded", "mail opened", "mail clicked", "unseen mail clicked",
)  # fmt: skip
CATEGORY = "category"
#: The part of all categories that are not counted on their own.
OTHER = "other"
_NUMBERS = ("repeats", "recency", "age", "orders", "log_total", "log_squares")
#: Stands between the name of a composition and that of its part in a column's name.
_OF = ":"


@dataclass(frozen=True, eq=False)
class Records:
    """Sufficient statistics of every customer with an order, at a date. Arrays of one length.

    Parameters
    ----------
    customer : Index
        Who, each once.
    repeats, recency, age : float arrays, days
        Distinct days with an order minus the first; from the first to the last; from the first to the date.
    orders : float array
        Orders with a value.
    log_total, log_squares : float arrays
        Sum of the natural logarithms of their values, and of the squares of those.
    counts : mapping of name to array, shape (customers, parts)
        How often what happened in which of several ways. A share is a composition of two parts, ``yes`` and ``no``;
        a row of zeros is a customer about whom nothing is known.
    parts : mapping of name to tuple of str
        What the columns of `counts` are.

    Raises
    ------
    DataError
        If the arrays do not fit each other.

    Examples
    --------
    >>> two = records_from_frame(pd.DataFrame({
    ...     "repeats": [0, 2], "recency": [0, 30], "age": [9, 90], "orders": [1, 3], "log_total": [3.0, 9.3],
    ...     "log_squares": [9.0, 29.0], "weekend:yes": [0, 1], "weekend:no": [1, 2]}, index=["a", "b"]))
    >>> two.parts, two.taken([1]).counts["weekend"]
    ({'weekend': ('yes', 'no')}, array([[1., 2.]]))
    """

    customer: pd.Index
    repeats: Floats
    recency: Floats
    age: Floats
    orders: Floats
    log_total: Floats
    log_squares: Floats
    counts: Mapping[str, Floats]
    parts: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        rows = len(self.customer)
        wrong = [n for n in _NUMBERS if getattr(self, n).shape != (rows,)]
        wrong += [n for n, c in self.counts.items() if c.shape != (rows, len(self.parts[n]))]
        if wrong:
            raise DataError(f"Records must hold one row for each of {rows:,} customers, broken by {', '.join(wrong)}.")
        if rows and not (self.recency <= self.age).all():
            raise DataError("Records must have no order after the date: a recency is longer than the age.")

    def __len__(self) -> int:
        return len(self.customer)

    def taken(self, rows: ArrayLike) -> Records:
        """Return the records at the given places, in their order."""
        at = np.asarray(rows)
        if at.dtype.kind == "i" and np.array_equal(at, np.arange(len(self))):
            return self  # of everyone, nothing is held twice
        numbers = {n: getattr(self, n)[at] for n in _NUMBERS}
        return Records(
            self.customer[at], **numbers, counts={n: c[at] for n, c in self.counts.items()}, parts=self.parts
        )

    def as_frame(self) -> pd.DataFrame:
        """Return them as a table with one column per number, ``composition:part`` for counts."""
        columns = {n: getattr(self, n) for n in _NUMBERS}
        for name, parts in self.parts.items():
            columns |= {f"{name}{_OF}{part}": self.counts[name][:, i] for i, part in enumerate(parts)}
        return pd.DataFrame(columns, index=self.customer)


def records_from_frame(frame: pd.DataFrame) -> Records:
    """Return the records in a table such as `Records.as_frame` gives, with the customers as its index."""
    parts: dict[str, list[str]] = {}
    for column in frame.columns:
        name, found, part = str(column).partition(_OF)
        if found:
            parts.setdefault(name, []).append(part)

    def floats(columns: Sequence[str] | str) -> Floats:
        return np.ascontiguousarray(frame[columns].to_numpy(dtype=np.float64))

    return Records(
        frame.index,
        **{n: floats(n) for n in _NUMBERS},
        counts={name: floats([f"{name}{_OF}{part}" for part in found]) for name, found in parts.items()},
        parts={name: tuple(found) for name, found in parts.items()},
    )
