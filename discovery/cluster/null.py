"""Structureless data: each feature's own distribution and the rank correlations, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from discovery.cluster.prepare import Matrix

Square = NDArray[np.float64]
_FITTING_ROUNDS = 5


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
