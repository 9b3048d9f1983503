"""Structureless data: customers who differ smoothly, in everything they differ in, and as strongly together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv, ndtr, ndtri
from scipy.stats import rankdata

from discovery.cluster.answers import ANSWER
from discovery.cluster.prepare import Matrix
from discovery.cluster.shrink import MIX, PROCESS, Shrinkage
from discovery.core.records import YEAR_END, Records

Square = NDArray[np.float64]
_FITTING_ROUNDS = 5
#: What follows from when somebody ordered: whoever came in October has ordered in the season, kind or no kind.
_AS_ORDERED = (*PROCESS, YEAR_END)


def copula_draws(points: Matrix, draws: int, seed: int) -> Iterator[Matrix]:
    """Yield data sets shaped like `points` from the Gaussian copula that keeps its margins and rank correlations.

    Parameters
    ----------
    points : array, shape (customers, columns)
        What the null imitates.
    draws : int
        How many data sets.
    seed : int
        The only source of chance.

    Notes
    -----
    It cannot see structure that lies in one feature alone, and where features are tied by arithmetic (one order means
    no gap) its margins fit but its joint does not: on raw customer features even a store without types exceeds it. A
    value beyond this null is therefore necessary for a discovery and not sufficient.
    """
    rng = np.random.default_rng(seed)
    ordered = np.sort(points, axis=0)
    root = _fitted_root(points, ordered, np.random.default_rng([seed, 1]))
    for _ in range(draws):
        yield _draw(root, ordered, rng)


def record_draws(records: Records, shrinkage: Shrinkage, draws: int, seed: int) -> Iterator[tuple[Records, Matrix]]:
    """Yield stores without kinds, simulated at the level of records: their records and empirical-Bayes features.

    Everyone keeps when they ordered, in the season or not, how often, and how much is known of them. What they ordered
    is drawn anew: their own mean value, shares and mix come from the one-kind priors, tied to each other and to when
    they ordered by a Gaussian copula; then their orders, messages and lines are drawn from these. The records go
    through the same shrinkage, and each feature is given the values observed, in the order of the drawn ones.

    Notes
    -----
    The copula's correlations are raised until the features show those of the observed ones, as in `copula_draws`. What
    the copula of features cannot know this null does: that whoever is known little stands in the middle of every
    feature at once. It cannot see structure in the order process and the season alone, or in one feature alone.
    """
    points = shrinkage.transform(records)
    ordered = np.sort(points, axis=0)
    fixed = [i for i, name in enumerate(shrinkage.names) if name in _AS_ORDERED]
    # An answer is one of several: its columns stay together.
    told = [i for i, name in enumerate(shrinkage.names) if name.startswith(ANSWER)]
    wanted = _rank_correlations(points)

    def drawn(latent: Square, rng: np.random.Generator) -> tuple[Records, Matrix]:
        normal = _given(latent, points, fixed, rng)
        scores = dict(zip(shrinkage.names, normal.T, strict=True))
        alike = _records_from(scores, records, shrinkage, rng)
        own = shrinkage.transform(alike)
        out = np.take_along_axis(ordered, _places(own, rng), axis=0)
        out[:, told] = own[:, told]
        return alike, out

    fitting = np.random.default_rng([seed, 1])
    latent = wanted.copy()
    for turn in range(3 * _FITTING_ROUNDS):
        # Later steps are smaller, so that the chance of one draw evens out (Robbins and Monro 1951).
        step = min(1.0, _FITTING_ROUNDS / (turn + 1))
        latent = np.clip(latent + step * (wanted - _rank_correlations(drawn(latent, fitting)[1])), -0.999, 0.999)
        np.fill_diagonal(latent, 1.0)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield drawn(latent, rng)


def _given(latent: Square, points: Matrix, fixed: list[int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return normal scores with the correlations `latent`, those of the fixed columns being the observed ones'."""
    root = _root(latent)
    correlations = root @ root.T
    free = [i for i in range(len(latent)) if i not in fixed]
    out = np.empty(points.shape)
    out[:, fixed] = ndtri((_places(points[:, fixed], rng) + 0.5) / len(points))
    back = correlations[np.ix_(free, fixed)] @ np.linalg.pinv(correlations[np.ix_(fixed, fixed)])
    rest = correlations[np.ix_(free, free)] - back @ correlations[np.ix_(fixed, free)]
    values, vectors = np.linalg.eigh(rest)
    noise = rng.standard_normal((len(points), len(free))) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    out[:, free] = out[:, fixed] @ back.T + noise
    return out


def _records_from(
    scores: dict[str, NDArray[np.float64]], records: Records, shrinkage: Shrinkage, rng: np.random.Generator
) -> Records:
    """Return records like those given, in which what was ordered is drawn from the prior at the given normal scores."""
    mu, between, within = shrinkage.prior.value
    nobody = np.zeros(len(records))
    own = mu + np.sqrt(between) * scores.get("order value", nobody)
    total = records.orders * own + np.sqrt(records.orders * within) * rng.standard_normal(len(records))
    counts = {}
    for name, parts in shrinkage.prior.compositions.items():
        mine = [records.parts[name].index(part) for part in parts]
        if name in _AS_ORDERED:
            counts[name] = records.counts[name][:, mine]
            continue
        alphas = np.array(list(parts.values()))
        if len(parts) == 2:
            yes = _quantiles(scores.get(name, nobody), partial(betaincinv, *alphas))
            shares = np.column_stack([yes, 1 - yes])
        else:
            drawn = [
                _quantiles(scores.get(f"{name}{MIX}{part}", nobody), partial(gammaincinv, alpha))
                for part, alpha in parts.items()
            ]
            shares = np.maximum(np.column_stack(drawn), 1e-12)
            shares /= shares.sum(axis=1, keepdims=True)
        often = np.rint(records.counts[name][:, mine].sum(axis=1)).astype(np.int64)
        counts[name] = rng.multinomial(often, shares).astype(np.float64)
    # A generator of its own: what it draws was added later, and the others' draws stay what they were.
    spread = 2 * within * rng.spawn(1)[0].standard_gamma(np.maximum(records.orders - 1, 0) / 2)
    squares = total**2 / np.maximum(records.orders, 1.0) + spread
    return Records(
        records.customer,
        records.repeats,
        records.recency,
        records.age,
        records.orders,
        total,
        squares,
        counts,
        shrinkage.prior.parts,
    )


def _quantiles(
    scores: NDArray[np.float64], quantile: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the quantiles at normal scores, from a table: the functions are slow."""
    grid = np.linspace(-4.5, 4.5, 361)
    return np.interp(scores, grid, quantile(ndtr(grid)))


def _places(points: Matrix | NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return each value's place in its column; equal values in any order."""
    anyhow = rng.permutation(len(points))
    out = np.empty(points.shape, dtype=np.int64)
    out[anyhow] = points[anyhow].argsort(axis=0, kind="stable").argsort(axis=0)
    return out


def _draw(root: Square, ordered: Matrix, rng: np.random.Generator) -> Matrix:
    """Return one data set: normal scores with the given correlations, each column replaced by its own values."""
    latent = rng.standard_normal(ordered.shape) @ root.T
    return np.take_along_axis(ordered, latent.argsort(axis=0).argsort(axis=0), axis=0)


def _fitted_root(points: Matrix, ordered: Matrix, rng: np.random.Generator) -> Square:
    """Return a root of the latent correlations whose draws have the rank correlations of `points`.

    Ties weaken what a latent correlation leaves in the ranks, so it is raised until a draw shows the wanted ones
    (NORTA; Cario and Nelson 1997).
    """
    wanted = _rank_correlations(points)
    latent = wanted.copy()
    for _ in range(_FITTING_ROUNDS):
        shown = _rank_correlations(_draw(_root(latent), ordered, rng))
        latent = np.clip(latent + wanted - shown, -0.999, 0.999)
        np.fill_diagonal(latent, 1.0)
    return _root(latent)


def _root(correlations: Square) -> Square:
    """Return a matrix whose square is the nearest correlation matrix to `correlations`."""
    values, vectors = np.linalg.eigh(correlations)
    root = vectors * np.sqrt(np.maximum(values, 1e-9))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))


def _rank_correlations(points: Matrix) -> Square:
    ranks = np.column_stack([rankdata(points[:, i]) for i in range(points.shape[1])])
    with np.errstate(invalid="ignore", divide="ignore"):  # a column of one value has no correlation
        found = np.atleast_2d(np.corrcoef(ranks, rowvar=False))
    return np.asarray(np.nan_to_num(found), dtype=np.float64)
