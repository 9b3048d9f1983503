"""A finite mixture of kinds over each customer's own record, rather than over features made of it.

A customer i is of kind k with probability pi_k; given the kind, what they did is independent::

    log L = sum over i of log sum over k of
            pi_k * P(x_i, tx_i, T_i | r_k, alpha_k, a_k, b_k)             when they order: MBG/NBD
                 * P(y_i1..y_in | mu_k, between_k, within_k)              what orders are worth: log-normal
                 * product over compositions c of P(n_ic | alphas_kc)     shares and mixes: Dirichlet-multinomial

(`order_process`, `order_values`, `compositions`). From KMeans starts it goes straight up this likelihood (`ascent`).
The posterior of the kinds is the membership: a customer with one order is spread over several kinds, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from discovery.cluster.ascent import GAIN, Reached, ascend, ascend_one, posterior
from discovery.cluster.kind import Kind, Looked, kind_from_plain, kind_of, likelihood, looked_at, row_of
from discovery.cluster.kmeans import Labels, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.core.records import Records
from discovery.core.sampling import some_rows

Array = NDArray[np.float64]
#: Steps with memberships held at those of a KMeans start, then until the best start is chosen, then to the end.
_APART, _SHORT, _LONG = 10, 50, 400
#: A step that gains less than this part of the log likelihood is the last where a fit is only compared with another.
_ROUGH = 3e-7
#: A kind has some thirty parameters; with fewer customers they are anybody's.
_CUSTOMERS_PER_KIND = 25
#: Starts where numbers of kinds are compared.
_QUICK_STARTS = 3
#: Customers that starts are compared on.
_START_ROWS = 5_000
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
        known, rows = np.log(self.shares), np.stack([row_of(kind) for kind in self.kinds])
        out = np.empty((len(records), self.k))
        for start in range(0, len(records), _ROWS_AT_ONCE):
            some = np.arange(start, min(start + _ROWS_AT_ONCE, len(records)))
            logs = likelihood(rows, looked_at(records.taken(some), self.kinds[0].parts))[0]
            out[some] = posterior(logs + known)[0]
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
        How many starts; the best after some steps, on a sample, is followed to the end.
    least : float
        A kind with a smaller share of the customers is let go. Variances, and the agreement of shares, are kept within
        bounds by the parts of the model, so that no kind can shrink onto one customer.
    """
    return _fitted(_customers(records, points), k, seed, starts, least)


def refit_labels(records: Records, points: Matrix, k: int, prior: Kind, seed: int, least: float) -> Labels:
    """Return the likeliest kind of customers of whom a mixture is fitted anew, to see whether kinds come again.

    One start, from the one kind that `prior` is of all customers, and a little less near to the top than `fit_mixture`.
    """
    data = looked_at(records, prior.parts)
    mine = _Customers(records, points, data, Reached(np.zeros(1), row_of(prior)[None]))
    return _fitted(mine, k, seed, 1, least, _ROUGH).assign(records)[0]


@dataclass(frozen=True, eq=False)
class _Customers:
    """Those a mixture is fitted on: records, points, what the likelihood looks at, and where one kind leads."""

    records: Records
    points: Matrix
    data: Looked
    one: Reached


def _customers(records: Records, points: Matrix) -> _Customers:
    data = looked_at(records)
    return _Customers(records, points, data, ascend_one(data))


def _fitted(mine: _Customers, k: int, seed: int, starts: int, least: float, gain: float = GAIN) -> Mixture:
    """Return the mixture of `k` kinds."""
    data = mine.data
    if k == 1:
        return _named(mine.one, data)
    some = some_rows(len(data), _START_ROWS, seed)
    few = data if len(some) == len(data) else looked_at(mine.records.taken(some), data.parts)
    near, tried = mine.points[some], []
    for start in range(starts):
        soft = _soft(near, fit_centres(near, k, seed + start, 1))
        apart = ascend(Reached(np.log(soft.mean(axis=0)), np.repeat(mine.one.rows, k, axis=0)), few, _APART, soft)
        tried.append(_climb(apart, few, least, _SHORT, gain))
    best = max(tried, key=lambda m: m.log_likelihood)
    return _by_size(_named(_climb(best, data, least, _LONG, gain), data))


def choose_kinds(
    records: Records, points: Matrix, most: int, seed: int, least: float, progress: Callable[[float], None]
) -> tuple[int, dict[int, float]]:
    """Return the number of kinds of lowest criterion, and that of each number tried, until two in a row are no lower.

    It tells mixtures from each other. Whether there are kinds at all is another question (`choose`).
    """
    tried: dict[int, Mixture] = {}
    mine, best = _customers(records, points), 1
    for k in range(1, most_kinds(len(records), most) + 1):
        tried[k] = _fitted(mine, k, seed, _QUICK_STARTS, least)
        progress(k / most)
        best = min(tried, key=lambda n: tried[n].criterion)
        if k - best >= 2:
            break
    # Some of those it began with may have been let go.
    return tried[best].k, {n: mixture.criterion for n, mixture in tried.items()}


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


def _climb(at: Reached, data: Looked, least: float, steps: int, gain: float) -> Reached:
    """Return where at most so many steps lead; the smallest kind is let go while it is too small, and on it goes."""
    at = ascend(at, data, steps, gain=gain)
    while at.shares.min() < least:
        others = np.arange(len(at.rows)) != at.shares.argmin()
        at = ascend(Reached(at.logits[others], at.rows[others]), data, steps, gain=gain)
    return at


def _named(at: Reached, data: Looked) -> Mixture:
    kinds = tuple(kind_of(row, data.parts) for row in at.rows)
    return Mixture(tuple(map(float, at.shares)), kinds, at.log_likelihood, len(data))


def _soft(points: Matrix, centres: Matrix) -> Array:
    """Return memberships of a KMeans start: mostly the nearest centre, a little of all others."""
    distance = np.column_stack([((points - c) ** 2).sum(axis=1) for c in centres.astype(np.float64)])
    out = np.full(distance.shape, 0.1 / len(centres))
    out[np.arange(len(points)), distance.argmin(axis=1)] += 0.9
    return out


def _by_size(mixture: Mixture) -> Mixture:
    order = sorted(range(mixture.k), key=lambda i: (-mixture.shares[i], mixture.kinds[i].value))
    shares, kinds = tuple(mixture.shares[i] for i in order), tuple(mixture.kinds[i] for i in order)
    return Mixture(shares, kinds, mixture.log_likelihood, mixture.customers)
