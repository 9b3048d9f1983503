"""Preparation: from features in real units to coordinates a distance means something in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import boxcox
from sklearn.preprocessing import PowerTransformer

from discovery.core.errors import DataError

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Preparation:
    """A learnt Yeo-Johnson transform, standardised and clipped, as plain numbers.

    Parameters
    ----------
    names : tuple of str
        Columns it works on, in order; columns that hold one value only are left out.
    powers, means, scales : tuple of float
        One per column.
    clip : float
        Coordinates beyond this many deviations are drawn in, so that one customer cannot be a cluster.

    Notes
    -----
    Source: Yeo and Johnson (2000), *Biometrika* 87; the half-sample agreement of KMeans on two stores' features was
    highest under it among seven preparations.
    """

    names: tuple[str, ...]
    powers: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    clip: float

    def transform(self, frame: pd.DataFrame) -> Matrix:
        """Return the coordinates of `frame`, shape (customers, columns), between -clip and clip."""
        out = np.empty((len(frame), len(self.names)), dtype=np.float32)
        shapes = zip(self.names, self.powers, self.means, self.scales, strict=True)
        for i, (name, power, mean, scale) in enumerate(shapes):
            shaped = _yeo_johnson(frame[name].to_numpy(dtype=np.float64), power)
            out[:, i] = np.clip((shaped - mean) / scale, -self.clip, self.clip)
        return out

    def as_plain(self) -> Mapping[str, object]:
        """Return it as JSON values."""
        return {
            "transform": "yeo-johnson, standardised, clipped",
            "features": list(self.names),
            "powers": list(self.powers),
            "means": list(self.means),
            "scales": list(self.scales),
            "clip": self.clip,
        }


def preparation_from_plain(plain: Mapping[str, Any]) -> Preparation:
    """Return the Preparation that `Preparation.as_plain` wrote."""
    numbers = {name: tuple(plain[name]) for name in ("powers", "means", "scales")}
    return Preparation(tuple(plain["features"]), **numbers, clip=plain["clip"])


def distance_shares(points: Matrix, names: Sequence[str]) -> dict[str, float]:
    """Return each feature's share of the mean squared distance between two customers, adding up to 1.

    Parameters
    ----------
    points : array, shape (customers, features)
        Coordinates that a distance is taken between.
    names : sequence of str
        What the columns are.

    Notes
    -----
    Shares of nothing are 0: customers who all stand at one point.

    Examples
    --------
    >>> distance_shares(np.array([[0, 0], [1, 2]], dtype=np.float32), ["orders", "revenue"])
    {'orders': 0.2, 'revenue': 0.8}
    """
    spread = points.var(axis=0, dtype=np.float64)
    shares = spread / max(float(spread.sum()), 1e-300)
    return dict(zip(names, map(float, shares), strict=True))


def prepare(frame: pd.DataFrame, clip: float, correlated: float = 1.0) -> Preparation:
    """Return the Preparation learnt from `frame`.

    Parameters
    ----------
    frame : DataFrame, shape (customers, features)
        Numbers without missing values.
    clip : float
        Deviations beyond which coordinates are drawn in.
    correlated : float, 0 to 1
        A column whose prepared values correlate more strongly than this with those of a column before it is left out.

    Raises
    ------
    DataError
        If fewer than two customers or no varying feature is left.

    Examples
    --------
    >>> found = prepare(pd.DataFrame({"a": [1.0, 2.0, 3.0, 90.0], "same": [1.0] * 4}), clip=3.0)
    >>> found.names, found.transform(pd.DataFrame({"a": [2.0], "same": [1.0]})).shape
    (('a',), (1, 1))
    """
    if len(frame) < 2:
        raise DataError(f"At least two customers are needed to cluster, got {len(frame)}. Choose a later as_of.")
    varying = [name for name in frame.columns if frame[name].nunique() > 1]
    if not varying:
        raise DataError(f"No feature differs between customers: {', '.join(frame.columns)}. Choose other features.")
    raw = frame[varying].to_numpy(dtype=np.float64)
    powers = [float(p) for p in PowerTransformer(method="yeo-johnson", standardize=False).fit(raw).lambdas_]
    shaped = np.column_stack([_yeo_johnson(raw[:, i], p) for i, p in enumerate(powers)])
    scales = shaped.std(axis=0)
    kept = _apart(shaped, [i for i in range(len(varying)) if np.isfinite(scales[i]) and scales[i] > 0], correlated)
    return Preparation(
        names=tuple(varying[i] for i in kept),
        powers=tuple(powers[i] for i in kept),
        means=tuple(float(shaped[:, i].mean()) for i in kept),
        scales=tuple(float(scales[i]) for i in kept),
        clip=clip,
    )


def _apart(shaped: NDArray[np.float64], columns: list[int], correlated: float) -> list[int]:
    """Return the columns that are not too alike to one before them."""
    if correlated >= 1:
        return columns
    alike = np.abs(np.atleast_2d(np.corrcoef(shaped[:, columns], rowvar=False))) > correlated
    kept: list[int] = []
    for i in range(len(columns)):
        if not alike[i, kept].any():
            kept.append(i)
    return [columns[i] for i in kept]


def _yeo_johnson(values: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    out = np.empty_like(values)
    above = values >= 0
    out[above] = boxcox(values[above] + 1, power)
    out[~above] = -boxcox(1 - values[~above], 2 - power)
    return out
