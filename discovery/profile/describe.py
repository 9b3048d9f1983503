"""Segments in real units beside everyone, with effect sizes and never a p-value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.feature import FeatureTable
from discovery.core.segment import UNASSIGNED, Description

#: Bands and predictions are made of what customers did: a description says what they did.
_NOT_MEASURED = ("band", "predicted")


def describe(table: FeatureTable, labels: pd.Series) -> dict[str, dict[str, Description]]:
    """Return, for every segment, a Description of each measured number that differs between placed customers.

    Parameters
    ----------
    table : FeatureTable
        Every customer's features.
    labels : Series of str
        Segment id per customer; ``unassigned`` is described against the others but does not count as everyone.

    Notes
    -----
    The effect is Cliff's delta: the chance that a customer of the segment lies above one of the rest, minus the chance
    that they lie below; -1 to 1, 0 where they are alike. Missing values are left out of it and counted apart.
    """
    placed = (labels != UNASSIGNED).to_numpy()
    codes, ids = pd.factorize(labels, sort=True)
    group = np.where(placed, codes, -1)
    out: dict[str, dict[str, Description]] = {str(i): {} for i in ids}
    if not placed.any():
        return out
    for feature in table.features:
        if feature.kind != "number" or feature.aggregate in _NOT_MEASURED:
            continue
        values = table.column(feature.name).to_numpy(dtype=np.float64)
        known = ~np.isnan(values)
        counts = counts_by_value(values, group, len(ids))
        if len(counts) < 2:
            continue
        everyone, total = float(np.median(values[known & placed])), counts.sum(axis=1)
        for code, segment_id in enumerate(ids):
            members = codes == code
            mine = values[members & known]
            q1, median, q3 = np.quantile(mine, [0.25, 0.5, 0.75]) if len(mine) else (np.nan,) * 3
            out[str(segment_id)][feature.name] = Description(
                median=float(median),
                q1=float(q1),
                q3=float(q3),
                everyone=everyone,
                effect=cliffs_delta(counts[:, code], total - counts[:, code]),
                missing_share=float(1 - known[members].mean()),
            )
    return out


def counts_by_value(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Return how many of each group have each of the distinct values, shape (values, groups), the lowest value first.

    Missing values, and customers of group -1, are of none.

    Examples
    --------
    >>> counts_by_value(np.array([5.0, 1.0, 5.0, np.nan]), np.array([0, 1, 1, 0]), 2).tolist()
    [[0, 1], [1, 1]]
    """
    known = (group >= 0) & ~np.isnan(values)
    distinct, at = np.unique(values[known], return_inverse=True)
    counts = np.bincount(at * groups + group[known], minlength=len(distinct) * groups)
    return np.asarray(counts.reshape(len(distinct), groups), dtype=np.int64)


def cliffs_delta(mine: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    """Return Cliff's delta of some customers against others, from how many have each value; 0 if either are none.

    Examples
    --------
    >>> cliffs_delta(np.array([0, 1, 2]), np.array([3, 1, 0]))
    0.9166666666666666
    """
    pairs = int(mine.sum()) * int(others.sum())
    above = mine @ (2 * others.cumsum() - others - others.sum())
    return float(above / pairs) if pairs else 0.0
