"""Empirical-Bayes features: what is known of each customer, drawn to what is known of everyone.

A share of a customer with one order is 0 or 1, and a rate nought, by accident: on plain features these accidents are
points that many customers share, and distances follow them. Each is replaced by its posterior mean under one kind of
customers, the priors learnt by maximum marginal likelihood (Casella 1985, *The American Statistician* 39; Efron and
Morris 1975, *JASA* 70):

==================  ==================================  ===============================================
what                prior                               feature
==================  ==================================  ===============================================
order rate          Gamma(r, alpha), may leave          log E(rate while a customer)
still a customer    Beta(a, b) after each order         log odds
log order value     Normal(mu, between)                 (mu within + between sum) / (within + n between)
a share             Beta(a, b), k of n                  log (a + k) / (b + n - k)
a mix of C parts    Dirichlet(a_1..a_C)                 log (a_c + n_c), minus its mean over c
orders to come      the first two                       log (rate while a customer * P(still one))
==================  ==================================  ===============================================

Answers of customers, where they are asked for by name, are a mix of one; all columns of a question weigh like one.

Whoever is known little stands in the middle, and not in a corner. *Orders to come* leads where customers are cut for
use, and has no part where kinds are looked for: it says again what the first two say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discovery.cluster import order_process, order_values
from discovery.cluster.answers import ANSWER
from discovery.cluster.ascent import fit_one_kind
from discovery.cluster.kind import Kind, Looked, kind_from_plain, looked_at
from discovery.cluster.prepare import Matrix
from discovery.core.errors import DataError
from discovery.core.records import Records

Array = NDArray[np.float64]
#: The features of the order process.
PROCESS = ("order rate", "still a customer")
#: Between the name of a mix and that of its part.
MIX = ": "
_ROWS_AT_ONCE = 50_000
#: Log odds of having left beyond which somebody has.
_GONE = 7.0
#: Below this deviation a feature is the same for everyone.
_LEAST = 1e-6


@dataclass(frozen=True)
class Shrinkage:
    """Learnt priors and scales: a pure function from records to coordinates.

    Parameters
    ----------
    prior : Kind
        The one kind that everyone is taken to be of.
    names : tuple of str
        The features that differ between customers.
    means, scales : tuple of float
        Of each, over the customers it was learnt from.
    clip : float
        Coordinates beyond this many deviations are drawn in.
    """

    prior: Kind
    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    clip: float

    def transform(self, records: Records) -> Matrix:
        """Return the coordinates of customers, shape (customers, features), between -clip and clip."""
        out = np.empty((len(records), len(self.names)), dtype=np.float32)
        for start in range(0, len(records), _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(records)))
            found = _features(self.prior, looked_at(records.taken(rows), self.prior.parts))
            raw = np.column_stack([found[name] for name in self.names])
            out[rows] = np.clip((raw - np.asarray(self.means)) / np.asarray(self.scales), -self.clip, self.clip)
        return out

    def to_come(self, records: Records) -> Array:
        """Return the log rate of orders expected from the date on, shape (customers,)."""
        process, data = np.array(self.prior.process), looked_at(records, self.prior.parts)
        gone = order_process.left(process, data.process)
        return np.asarray(order_process.log_rate(process, data.process) - np.logaddexp(0.0, np.minimum(gone, _GONE)))

    def as_plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "transform": "empirical Bayes, standardised, clipped",
            "prior": self.prior.as_plain(),
            "features": list(self.names),
            "means": list(self.means),
            "scales": list(self.scales),
            "clip": self.clip,
        }


def shrink(records: Records, clip: float) -> Shrinkage:
    """Return the Shrinkage learnt from `records`.

    Raises
    ------
    DataError
        If there are fewer than two customers, or they do not differ.

    Examples
    --------
    >>> from discovery.core.records import records_from_frame
    >>> import pandas as pd
    >>> known = records_from_frame(pd.DataFrame({"repeats": [0, 3, 9], "recency": [0, 40, 80], "age": [9, 90, 99],
    ...     "orders": [1, 4, 10], "log_total": [3.0, 13.0, 33.0], "log_squares": [9.0, 44.0, 110.0]}))
    >>> shrink(known, clip=3.0).names
    ('order rate', 'still a customer', 'order value')
    """
    if len(records) < 2:
        raise DataError(f"At least two customers with an order are needed to cluster, got {len(records)}.")
    data = looked_at(records)
    prior = fit_one_kind(data)
    found = _features(prior, data)
    differ = {name: column for name, column in found.items() if column.std() > _LEAST}
    if not differ:
        raise DataError("The customers' orders do not differ in anything. Choose a later as_of or other features.")
    means = tuple(float(c.mean()) for c in differ.values())
    of = Counter(map(_composition, differ))
    scales = tuple(float(c.std()) * _shared(_composition(name), of) for name, c in differ.items())
    return Shrinkage(prior, tuple(differ), means, scales, clip)


def shrinkage_from_plain(plain: Mapping[str, object]) -> Shrinkage:
    """Return the Shrinkage that `Shrinkage.as_plain` wrote."""
    numbers: dict[str, tuple[float, ...]] = {n: tuple(plain[n]) for n in ("means", "scales")}  # type: ignore[arg-type]
    prior = kind_from_plain(plain["prior"])  # type: ignore[arg-type]
    return Shrinkage(prior, tuple(plain["features"]), clip=float(plain["clip"]), **numbers)  # type: ignore[arg-type]


def _composition(name: str) -> str:
    return name.partition(MIX)[0]


def _shared(composition: str, columns: Mapping[str, int]) -> float:
    """Return what the columns of answers to one question are divided by, so that they weigh like one together."""
    return float(np.sqrt(columns[composition])) if composition.startswith(ANSWER) else 1.0


def _features(prior: Kind, data: Looked) -> dict[str, Array]:
    """Return the posterior means, by name, each on a scale without ends."""
    process = np.array(prior.process)
    out = {
        "order rate": order_process.log_rate(process, data.process),
        "still a customer": -order_process.left(process, data.process),
        "order value": order_values.posterior_mean(np.array(prior.value), data.values),
    }
    for name, rows in data.compositions.items():
        alphas = np.array(list(prior.compositions[name].values()))
        logs = np.log(alphas[:, None] + np.stack(rows.columns))[:, rows.place]
        if len(alphas) == 2:
            out[name] = logs[0] - logs[1]
        else:
            centred = logs - logs.mean(axis=0)
            out |= {f"{name}{MIX}{part}": centred[i] for i, part in enumerate(data.parts[name])}
    return out
