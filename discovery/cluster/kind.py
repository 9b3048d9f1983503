"""One kind of customers: how the records of its members are spread, as a few plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discovery.cluster import compositions, order_process, order_values
from discovery.cluster.distinct import Distinct, distinct
from discovery.core.records import Records

Array = NDArray[np.float64]
#: Steps towards the maximum where it is looked for at once, and not within an EM that comes back.
_TO_THE_END = 2_000


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

    process: Distinct
    values: order_values.Values
    compositions: Mapping[str, Distinct]
    parts: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.process.place)


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
    values = order_values.Values(records.orders, records.log_total, records.log_squares)
    return Looked(distinct(*whole), values, found, known)


def occurring(records: Records) -> dict[str, tuple[str, ...]]:
    """Return the parts that occur, of the compositions of which more than one does."""
    seen = {
        name: tuple(part for part, column in zip(parts, records.counts[name].T, strict=True) if column.any())
        for name, parts in records.parts.items()
    }
    return {name: parts for name, parts in seen.items() if len(parts) > 1}


def log_likelihood(kind: Kind, data: Looked) -> Array:
    """Return the log likelihood of each customer's record under one kind."""
    out = order_process.log_likelihood(np.array(kind.process), data.process)
    out += order_values.log_likelihood(np.array(kind.value), data.values)
    for name, counted in data.compositions.items():
        out += compositions.log_likelihood(np.array(list(kind.compositions[name].values())), counted)
    return out


def fit_kind(data: Looked, weights: Array, start: Kind, steps: int) -> Kind:
    """Return a kind of higher weighted likelihood than `start`: so many steps of each part of the model."""
    process = order_process.fit(data.process, weights, np.array(start.process), steps)
    value = order_values.fit(data.values, weights, np.array(start.value), steps)
    shares = {}
    for name, counted in data.compositions.items():
        alphas = compositions.fit(counted, weights, np.array(list(start.compositions[name].values())), steps)
        shares[name] = dict(zip(data.parts[name], map(float, alphas), strict=True))
    return Kind(tuple(map(float, process)), tuple(map(float, value)), shares)


def fit_one_kind(data: Looked) -> Kind:
    """Return the kind everyone would be of, if there were but one: the priors by maximum marginal likelihood."""
    guess = {
        name: dict(zip(data.parts[name], map(float, compositions.first_guess(c)), strict=True))
        for name, c in data.compositions.items()
    }
    value = tuple(map(float, order_values.first_guess(data.values)))
    start = Kind(tuple(map(float, order_process.FIRST_GUESS)), value, guess)
    return fit_kind(data, np.ones(len(data)), start, _TO_THE_END)


def kind_from_plain(plain: Mapping[str, object]) -> Kind:
    """Return the kind that `Kind.as_plain` wrote."""
    numbers: dict[str, tuple[float, ...]] = {n: tuple(plain[n]) for n in ("process", "value")}  # type: ignore[arg-type]
    shares: Mapping[str, Mapping[str, float]] = plain["compositions"]  # type: ignore[assignment]
    return Kind(**numbers, compositions={name: dict(parts) for name, parts in shares.items()})
