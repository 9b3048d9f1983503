"""Humps of a single feature: structure that lies in one feature alone is a threshold, not a cluster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.stats import gaussian_kde

from discovery.core.evidence import Evidence, Verdict
from discovery.core.feature import Feature
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.response import holm

Array = NDArray[np.float64]
#: What is measured on a continuous scale; counts and shares of few orders have a hump at every tie.
_CONTINUOUS = ("days", "money")
_ROWS, _FEWEST = 5_000, 100
#: Root of n times the dip of n uniform numbers, of all distributions with one hump the one that dips furthest, by the
#: chance of more: of 20,000 samples of 2,000. The smallest known chance stands for all beyond it.
_TAIL = {
    0.95: 0.272, 0.5: 0.374, 0.25: 0.433, 0.1: 0.494, 0.05: 0.535, 0.02: 0.588, 0.01: 0.624, 0.005: 0.653,
    0.002: 0.685, 0.001: 0.715, 0.0005: 0.736, 0.0001: 0.782,
}  # fmt: skip
_GRID = 512


def dip(values: Array) -> float:
    """Return Hartigan's dip: the largest distance of the values' distribution to the nearest one with a single hump.

    Parameters
    ----------
    values : array
        At least two different numbers.

    Notes
    -----
    Source: Hartigan and Hartigan (1985), *Annals of Statistics* 13, whose algorithm this is. A distribution function
    with one hump is convex up to its mode and concave after it: the interval that can hold the mode is narrowed to
    where the values' greatest convex minorant and least concave majorant lie furthest apart, and what lies outside must
    be as near to the one or the other.

    Examples
    --------
    >>> round(dip(np.array([0.0, 1.0])), 3), round(dip(np.array([0.0, 0.1, 0.2, 9.0, 9.1, 9.2])), 3)
    (0.25, 0.244)
    """
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    below = above - counts / len(values)
    low, high, furthest = 0, len(x) - 1, 1 / len(values)
    while high > low:
        inside = slice(low, high + 1)
        minorant, of_minorant = _below(x[inside], below[inside])
        majorant, of_majorant = _below(x[inside], -above[inside])
        apart = -majorant - minorant
        first, second = (touching[apart[touching].argmax()] for touching in (of_minorant, of_majorant))
        if apart[first] > apart[second]:
            left, right = first, of_majorant[of_majorant >= first][0]
        else:
            left, right = of_minorant[of_minorant <= second][-1], second
        if max(apart[first], apart[second]) <= furthest:
            break
        outside = (above[inside][: left + 1] - minorant[: left + 1])[:-1], (-majorant - below[inside])[right + 1 :]
        furthest = max(furthest, *(float(each.max(initial=0.0)) for each in outside))
        if right - left == high - low:
            break
        low, high = low + int(left), low + int(right)
    return furthest / 2


def dip_evidence(
    segmentation: Segmentation,
    values: Mapping[str, pd.Series],
    features: Mapping[str, Feature],
    settings: ValidateSettings,
    seed: int,
) -> list[Evidence]:
    """Return, for every feature measured in days or money, whether it has several humps among the customers placed.

    Parameters
    ----------
    segmentation : Segmentation
        Whose customers.
    values : mapping of str to Series
        Features of its customers in their order; those that are counts or shares are not tested.
    features : mapping
        What they are.
    settings : ValidateSettings
        The error rate over all of them together (Holm), and the smallest dip that counts in practice.
    seed : int
        The only source of chance.

    Notes
    -----
    Days are whole only because they are counted so: each is put at a random place within its day, or ties would be
    humps. Amounts and days are compared by their logarithms, as they are clustered.
    """
    placed = np.flatnonzero((segmentation.labels != UNASSIGNED).to_numpy())
    rng = np.random.default_rng(seed)
    found: list[tuple[Feature, Array, float]] = []
    for name in (n for n in values if features[n].unit in _CONTINUOUS):
        feature, column = features[name], values[name].to_numpy(dtype=np.float64)[placed]
        known = column[~np.isnan(column) & (column >= 0)]
        if len(known) < _FEWEST or len(np.unique(known)) < 3:
            continue
        known = known[some_rows(len(known), _ROWS, seed)]
        if feature.unit == "days":
            known = known + rng.random(len(known))
        logs = np.log1p(known)
        found.append((feature, logs, dip(logs)))
    beyond = holm([chance_of(each, len(logs)) for _, logs, each in found], settings.alpha)
    return [
        _evidence(segmentation, feature, logs, value, humps and value >= settings.min_dip, settings)
        for (feature, logs, value), humps in zip(found, beyond, strict=True)
    ]


def _evidence(
    segmentation: Segmentation, feature: Feature, logs: Array, value: float, humps: bool, settings: ValidateSettings
) -> Evidence:
    label = feature.label[0].upper() + feature.label[1:]
    null = (_TAIL[0.95] / np.sqrt(len(logs)), _TAIL[0.05] / np.sqrt(len(logs)))
    if humps:
        at = valley(logs)
        where = "" if at is None else f", with a valley near {np.expm1(at):,.0f}"
        reason = (
            f"{label} alone has several humps{where}: customers either side differ by a threshold of one feature, "
            "which is no cluster."
        )
    elif value < settings.min_dip:
        reason = f"{label} has one hump worth the name: no threshold of it divides the customers."
    else:
        reason = f"{label} shows no more humps than chance does among {len(logs):,} customers."
    return Evidence(
        segmentation.name, (), "artefact", "dip", value, None, null, settings.min_dip,
        Verdict.WARN if humps else Verdict.PASS, reason, "", len(logs),
    )  # fmt: skip


def chance_of(value: float, n: int) -> float:
    """Return the chance that `n` uniform numbers have a larger dip.

    Examples
    --------
    >>> chance_of(0.0, 500), round(chance_of(0.0239, 500), 2), chance_of(0.2, 500)
    (0.95, 0.05, 0.0001)
    """
    return float(np.interp(np.sqrt(n) * value, list(_TAIL.values()), list(_TAIL)))


def valley(values: Array) -> float | None:
    """Return the lowest place between the two highest humps of a smoothed histogram, or None where it has one.

    Examples
    --------
    >>> two = np.concatenate([np.linspace(0, 1, 50), np.linspace(3, 4, 50)])
    >>> 1 < valley(two) < 3
    True
    """
    grid = np.linspace(values.min(), values.max(), _GRID)
    for width in (1.0, 0.7, 0.5, 0.35, 0.25):
        kernel = gaussian_kde(values)
        kernel.set_bandwidth(kernel.factor * width)
        height = kernel(grid)
        humps = np.flatnonzero((height[1:-1] > height[:-2]) & (height[1:-1] >= height[2:])) + 1
        if len(humps) > 1:
            first, last = sorted(sorted(humps, key=lambda i: -height[i])[:2])
            return float(grid[first + int(height[first:last].argmin())])
    return None


def _below(x: Array, y: Array) -> tuple[Array, NDArray[np.int64]]:
    """Return the greatest convex function below the points, at each of them, and which of them it touches."""
    corners = np.array([0, len(x) - 1])
    if len(x) > 2:
        # Two points above the ends close the hull, so that all its other corners are of the lower side.
        points = np.column_stack([(x - x[0]) / (x[-1] - x[0]), y])
        found = ConvexHull(np.vstack([points, [[0.0, y.max() + 1.0], [1.0, y.max() + 1.0]]])).vertices
        corners = np.unique([*corners, *found[found < len(x)]])
    return np.interp(x, x[corners], y[corners]), corners
