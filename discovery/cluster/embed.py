"""Customers laid out in the plane, for seeing and never for proof."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from discovery.cluster.prepare import Matrix
from discovery.core.sampling import some_rows


def embed(
    points: Matrix, method: Literal["pca", "umap"], rows: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], str]:
    """Return the rows shown, their places in the plane, shape (rows, 2), and the method's name.

    PCA is immediate. UMAP shows neighbourhoods better and takes a minute for 10,000 customers the first time; distances
    between its islands mean nothing.
    """
    shown = some_rows(len(points), rows, seed)
    sample = points[shown]
    if method == "umap" and len(sample) > 15:
        return shown, umap_places(sample, 2, seed), "UMAP"
    width = min(2, *sample.shape)
    places = PCA(width, svd_solver="full").fit_transform(sample.astype(np.float64))
    out = np.zeros((len(sample), 2), dtype=np.float32)
    out[:, :width] = places
    return shown, out, "PCA"


def umap_places(points: Matrix, width: int, seed: int, neighbours: int = 15, least_apart: float = 0.1) -> Matrix:
    """Return where UMAP lays out the points, shape (rows, width)."""
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that a seed makes it single-threaded, which is what we want
        model = umap.UMAP(n_neighbors=neighbours, n_components=width, min_dist=least_apart, random_state=seed)
        return np.asarray(model.fit_transform(points), dtype=np.float32)
