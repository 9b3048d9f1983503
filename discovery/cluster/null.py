"""Structureless data: each feature's own distribution and the rank correlations, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm, rankdata

from discovery.cluster.prepare import Matrix


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
    rows, columns = points.shape
    rng = np.random.default_rng(seed)
    scores = np.column_stack([norm.ppf((rankdata(points[:, i]) - 0.5) / rows) for i in range(columns)])
    correlation = np.atleast_2d(np.corrcoef(scores, rowvar=False))
    values, vectors = np.linalg.eigh(np.nan_to_num(correlation))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    ordered = np.sort(points, axis=0)
    for _ in range(draws):
        latent = rng.standard_normal((rows, columns)) @ root.T
        ranks = latent.argsort(axis=0).argsort(axis=0)
        yield np.take_along_axis(ordered, ranks, axis=0)
