"""A finite mixture of kinds over each customer's own record, rather than over features made of it.

A customer i is of kind k with probability pi_k; given the kind, what they did is independent::

    log L = sum over i of log sum over k of
            pi_k * P(x_i, tx_i, T_i | r_k, alpha_k, a_k, b_k)             when they order: MBG/NBD
                 * P(y_i1..y_in | mu_k, between_k, within_k)              what orders are worth: log-normal
                 * product over compositions c of P(n_ic | alphas_kc)     shares and mixes: Dirichlet-multinomial

(`order_process`, `order_values`, `compositions`). It is fitted by generalised EM (Dempster, Laird and Rubin 1977): the
posterior of the kinds, then a few steps up the weighted likelihood of each part. The posterior is the membership: a
customer with one order is spread over several kinds, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import adjusted_rand_score

from discovery.cluster.kind import Kind, Looked, fit_kind, fit_one_kind, kind_from_plain, log_likelihood, looked_at
from discovery.cluster.kmeans import Labels, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.core.records import Records, records_from_frame
from discovery.core.sampling import some_rows

Array = NDArray[np.float64]
#: Steps of each part of the model in one round of EM.
_STEPS = 3
#: A start is followed for so many rounds before the best is followed to the end.
_SHORT, _LONG = 25, 200
#: A kind has some thirty parameters; with fewer customers they are anybody's.
_CUSTOMERS_PER_KIND = 25
#: Starts where numbers of kinds are compared.
_QUICK_STARTS = 3
#: Customers that starts are compared on.
_START_ROWS = 5_000
#: Mean gain in log likelihood per customer below which a fit is at its end.
_GAIN = 1e-5
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Mixture:
    """Kinds and their shares, the largest first: a pure function from records to memberships.

    Parameters
    ----------
    shares : tuple of float
        Of customers, adding up to 1.
    kinds : tuple of Kind
        One per share.
    log_likelihood : float
        Of the customers it was learnt from.
    customers : int
        How many those were.
    """

    shares: tuple[float, ...]
    kinds: tuple[Kind, ...]
    log_likelihood: float
    customers: int

    @property
    def k(self) -> int:
        """Number of kinds."""
        return len(self.kinds)

    @property
    def criterion(self) -> float:
        """The information criterion of Hannan and Quinn (1979), lower is better: -2 log L + 2 p log log n.

        Of the customers of a small store each tells little, and the BIC's penalty of p log n lets go of kinds that are
        there. Neither is a test of structure: customers who differ smoothly want several kinds too.
        """
        free = self.k - 1 + sum(kind.size for kind in self.kinds)
        return -2 * self.log_likelihood + 2 * free * float(np.log(max(np.log(self.customers), 1.0)))

    def membership(self, records: Records) -> Array:
        """Return the posterior probability of each kind, shape (customers, kinds); rows add up to 1."""
        out = np.empty((len(records), self.k))
        for start in range(0, len(records), _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(records)))
            out[rows] = _posterior(self, looked_at(records.taken(rows), self.kinds[0].parts))[0]
        return out

    def assign(self, records: Records) -> tuple[Labels, Array]:
        """Return the likeliest kind of each customer, and its posterior probability."""
        found = self.membership(records)
        return found.argmax(axis=1), found.max(axis=1)

    def as_plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "kind": "mixture",
            "shares": list(self.shares),
            "kinds": [kind.as_plain() for kind in self.kinds],
            "log_likelihood": self.log_likelihood,
            "customers": self.customers,
        }


def mixture_from_plain(plain: Mapping[str, object]) -> Mixture:
    """Return the mixture that `Mixture.as_plain` wrote."""
    kinds = tuple(kind_from_plain(each) for each in plain["kinds"])  # type: ignore[attr-defined]
    shares = tuple(float(s) for s in plain["shares"])  # type: ignore[attr-defined]
    return Mixture(shares, kinds, float(plain["log_likelihood"]), int(plain["customers"]))  # type: ignore[arg-type, call-overload]


def assign_frame(model: Mapping[str, object], frame: pd.DataFrame) -> pd.DataFrame:
    """Return the segment and strength of each customer of a table such as `Records.as_frame` gives.

    A pure function of a stored model, in plain values, and some customers: the same for all at once and for any part of
    them, on this machine and on an executor of Spark.
    """
    labels, strength = mixture_from_plain(model).assign(records_from_frame(frame))
    return pd.DataFrame({"segment_id": [f"c{n + 1}" for n in labels], "strength": strength}, index=frame.index)


def fit_mixture(records: Records, points: Matrix, k: int, seed: int, starts: int = 10, least: float = 0.01) -> Mixture:
    """Return the mixture of `k` kinds, or of fewer where some die out.

    Parameters
    ----------
    records : Records
        Of the customers it is learnt from.
    points : array, shape (customers, features)
        Their empirical-Bayes features: each start is a KMeans of them.
    k : int
        Number of kinds to begin with.
    seed : int
        The only source of chance.
    starts : int
        How many starts; the best after a few rounds, on a sample, is followed to the end.
    least : float
        A kind with a smaller share of the customers is let go. Variances, and the agreement of shares, are kept within
        bounds by the parts of the model, so that no kind can shrink onto one customer.
    """
    data = looked_at(records)
    one = fit_one_kind(data)
    if k == 1:
        return Mixture((1.0,), (one,), float(log_likelihood(one, data).sum()), len(data))
    some = some_rows(len(data), _START_ROWS, seed)
    few, near = looked_at(records.taken(some), data.parts), points[some]
    tried = []
    for start in range(starts):
        soft = _soft(near, fit_centres(near, k, seed + start, 1))
        kinds = tuple(fit_kind(few, column, one, _STEPS) for column in soft.T)
        tried.append(_climb(Mixture(_shares(soft), kinds, -np.inf, len(few)), few, least, _SHORT))
    best = max(tried, key=lambda m: m.log_likelihood)
    return _by_size(_climb(best, data, least, _LONG))


def choose_kinds(
    records: Records, points: Matrix, most: int, seed: int, least: float, progress: Callable[[float], None]
) -> tuple[int, dict[int, float]]:
    """Return the number of kinds of lowest criterion, and that of each number tried: it stops after two rises in a row.

    It tells mixtures from each other. Whether there are kinds at all is another question (`choose`).
    """
    tried: dict[int, float] = {}
    for k in range(1, most_kinds(len(records), most) + 1):
        tried[k] = fit_mixture(records, points, k, seed, _QUICK_STARTS, least).criterion
        progress(k / most)
        if k > 2 and tried[k] > tried[k - 1] > tried[k - 2]:
            break
    return min(tried, key=lambda k: tried[k]), tried


def most_kinds(customers: int, wanted: int) -> int:
    """Return the most kinds that so many customers can tell of, at most `wanted`.

    Examples
    --------
    >>> most_kinds(5, 10), most_kinds(100, 10), most_kinds(5_000, 10)
    (1, 4, 10)
    """
    return max(1, min(wanted, customers // _CUSTOMERS_PER_KIND))


def halves_agree(records: Records, points: Matrix, k: int, seed: int, least: float) -> float:
    """Return the adjusted Rand index between what two halves of the customers, fitted apart, say of everyone."""

    order = np.random.default_rng(seed).permutation(len(records))
    halves = np.array_split(order, 2)
    first, second = (
        fit_mixture(records.taken(half), points[half], k, seed, _QUICK_STARTS, least).assign(records)[0]
        for half in halves
    )
    return float(adjusted_rand_score(first, second))


def _climb(mixture: Mixture, data: Looked, least: float, rounds: int) -> Mixture:
    """Return the mixture after at most so many rounds of EM, or where it gains no more."""
    last = -np.inf
    for _ in range(rounds):
        soft, reached = _posterior(mixture, data)
        alive = soft.mean(axis=0) >= least
        if not alive.all():
            soft = soft[:, alive] / np.maximum(soft[:, alive].sum(axis=1, keepdims=True), 1e-300)
            mixture = Mixture(_shares(soft), _kept(mixture.kinds, alive), reached, len(data))
            last = -np.inf
            continue
        if reached - last < _GAIN * len(data):
            break
        last = reached
        kinds = tuple(fit_kind(data, soft[:, i], kind, _STEPS) for i, kind in enumerate(mixture.kinds))
        mixture = Mixture(_shares(soft), kinds, reached, len(data))
    return Mixture(mixture.shares, mixture.kinds, _posterior(mixture, data)[1], len(data))


def _posterior(mixture: Mixture, data: Looked) -> tuple[Array, float]:
    logs = np.column_stack([log_likelihood(kind, data) for kind in mixture.kinds]) + np.log(mixture.shares)
    total = logsumexp(logs, axis=1, keepdims=True)
    return np.exp(logs - total), float(total.sum())


def _soft(points: Matrix, centres: Matrix) -> Array:
    """Return memberships of a KMeans start: mostly the nearest centre, a little of all others."""
    distance = np.column_stack([((points - c) ** 2).sum(axis=1) for c in centres.astype(np.float64)])
    out = np.full(distance.shape, 0.1 / len(centres))
    out[np.arange(len(points)), distance.argmin(axis=1)] += 0.9
    return out


def _shares(soft: Array) -> tuple[float, ...]:
    return tuple(map(float, soft.mean(axis=0)))


def _kept(kinds: tuple[Kind, ...], alive: NDArray[np.bool_]) -> tuple[Kind, ...]:
    return tuple(kind for kind, is_alive in zip(kinds, alive, strict=True) if is_alive)


def _by_size(mixture: Mixture) -> Mixture:
    order = sorted(range(mixture.k), key=lambda i: (-mixture.shares[i], mixture.kinds[i].value))
    shares, kinds = tuple(mixture.shares[i] for i in order), tuple(mixture.kinds[i] for i in order)
    return Mixture(shares, kinds, mixture.log_likelihood, mixture.customers)
