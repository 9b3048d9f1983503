"""One kind of customers: how the records of its members are spread, as a few plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from discovery.cluster import compositions, order_process, order_values
from discovery.cluster.compositions import Tables
from discovery.cluster.distinct import Distinct
from discovery.core.records import Records

Array = NDArray[np.float64]
#: In a row of parameters, those of compositions follow four of the order process and three of order values.
_SHARES_FROM = 7


@dataclass(frozen=True)
class Kind:
    """Parameters of one kind, in which the orders, their values and each composition are independent given the kind.

    Parameters
    ----------
    process : (4,) tuple
        r, alpha (days), a, b of `order_process`.
    value : (3,) tuple
        mu, between, within of `order_values`.
    compositions : mapping of name to (part, parameter) pairs
        Of `compositions`. Parts that no customer had when this was learnt are not in it, and are not looked at.
    """

    process: tuple[float, ...]
    value: tuple[float, ...]
    compositions: Mapping[str, Mapping[str, float]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.process) + len(self.value) + sum(len(c) for c in self.compositions.values())

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The parts of each composition that this kind knows."""
        return {name: tuple(parts) for name, parts in self.compositions.items()}

    def as_plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "process": list(self.process),
            "value": list(self.value),
            "compositions": {name: dict(parts) for name, parts in self.compositions.items()},
        }


@dataclass(frozen=True, eq=False)
class Looked:
    """Records laid out to be looked up by the models: `records` seen through the parts that a kind knows."""

    process: order_process.Orders
    values: order_values.Values
    compositions: Mapping[str, Distinct]
    parts: Mapping[str, tuple[str, ...]]

    @cached_property
    def tables(self) -> Tables:
        """All compositions, laid out to be looked up at once."""
        return compositions.tables(list(self.compositions.values()))

    def __len__(self) -> int:
        return len(self.process.rows.place)


def looked_at(records: Records, parts: Mapping[str, tuple[str, ...]] | None = None) -> Looked:
    """Return records laid out for the models; `parts` are those a stored kind knows, by default those that occur.

    A composition of which only one part ever occurs says nothing, and is left out.
    """
    known = occurring(records) if parts is None else parts
    whole = [np.rint(c).astype(np.int64) for c in (records.repeats, records.recency, records.age)]
    found = {}
    for name, wanted in known.items():
        mine = records.parts.get(name, ())
        columns = [
            records.counts[name][:, mine.index(part)] if part in mine else np.zeros(len(records)) for part in wanted
        ]
        found[name] = compositions.counted(np.column_stack(columns))
    values = order_values.valued(records.orders, records.log_total, records.log_squares)
    return Looked(order_process.ordered(*whole), values, found, known)


def occurring(records: Records) -> dict[str, tuple[str, ...]]:
    """Return the parts that occur, of the compositions of which more than one does."""
    seen = {
        name: tuple(part for part, column in zip(parts, records.counts[name].T, strict=True) if column.any())
        for name, parts in records.parts.items()
    }
    return {name: parts for name, parts in seen.items() if len(parts) > 1}


def row_of(kind: Kind) -> Array:
    """Return the parameters of a kind as one row of numbers: the logarithms of all but mu."""
    between_within = np.log(kind.value[1:])
    shares = [np.log(list(parts.values())) for parts in kind.compositions.values()]
    return np.concatenate([np.log(kind.process), kind.value[:1], between_within, *shares])


def kind_of(row: Array, parts: Mapping[str, tuple[str, ...]]) -> Kind:
    """Return the kind that `row_of` gave the row of."""
    shares, at = {}, _SHARES_FROM
    for name, mine in parts.items():
        shares[name] = dict(zip(mine, map(float, np.exp(row[at : at + len(mine)])), strict=True))
        at += len(mine)
    process, value = np.exp(row[:4]), (row[4], *np.exp(row[5:_SHARES_FROM]))
    return Kind(tuple(map(float, process)), tuple(map(float, value)), shares)


def bounds(parts: Mapping[str, tuple[str, ...]]) -> list[tuple[float, float]]:
    """Return how low and how high each number of a row may go."""
    shares = sum(len(mine) for mine in parts.values())
    return [*[order_process.BOUNDS] * 4, *order_values.BOUNDS, *[compositions.BOUNDS] * shares]


def likelihood(rows: Array, data: Looked) -> tuple[Array, Callable[[Array], Array]]:
    """Return each customer's log likelihood under each kind, and what gives its weighted slope.

    Parameters
    ----------
    rows : array, shape (kinds, numbers)
        Of `row_of`.
    data : Looked

    Returns
    -------
    array, shape (customers, kinds)
    callable
        From weights, of that shape, to the weighted sum's derivatives by `rows`.
    """
    process, one = order_process.likelihood(np.exp(rows[:, :4]), data.process)
    value, two = order_values.likelihood(np.column_stack([rows[:, 4], np.exp(rows[:, 5:_SHARES_FROM])]), data.values)
    out, slopes = process + value, [one, two]
    if data.compositions:
        shares, three = compositions.likelihood(np.exp(rows[:, _SHARES_FROM:]), data.tables)
        out += shares
        slopes.append(three)
    return out, lambda weights: np.hstack([slope(weights) for slope in slopes])


def first_guess(data: Looked) -> Kind:
    """Return a kind to begin with, by everyone's means."""
    shares = {
        name: dict(zip(data.parts[name], map(float, compositions.first_guess(c)), strict=True))
        for name, c in data.compositions.items()
    }
    value = tuple(map(float, order_values.first_guess(data.values)))
    return Kind(tuple(map(float, order_process.FIRST_GUESS)), value, shares)


def kind_from_plain(plain: Mapping[str, object]) -> Kind:
    """Return the kind that `Kind.as_plain` wrote."""
    numbers: dict[str, tuple[float, ...]] = {n: tuple(plain[n]) for n in ("process", "value")}  # type: ignore[arg-type]
    shares: Mapping[str, Mapping[str, float]] = plain["compositions"]  # type: ignore[assignment]
    return Kind(**numbers, compositions={name: dict(parts) for name, parts in shares.items()})
