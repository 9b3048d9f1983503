"""Segments in real units beside everyone, with effect sizes and never a p-value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

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
    out: dict[str, dict[str, Description]] = {str(i): {} for i in ids}
    if not placed.any():
        return out
    for feature in table.features:
        if feature.kind != "number" or feature.aggregate in _NOT_MEASURED:
            continue
        values = table.values[feature.name].to_numpy(dtype=np.float64)
        known = ~np.isnan(values)
        reference = known & placed
        if len(np.unique(values[reference])) < 2:
            continue
        everyone = float(np.median(values[reference]))
        ranks = np.full(len(values), np.nan)
        ranks[reference] = rankdata(values[reference])
        for code, segment_id in enumerate(ids):
            members = codes == code
            mine = values[members & known]
            q1, median, q3 = np.quantile(mine, [0.25, 0.5, 0.75]) if len(mine) else (np.nan,) * 3
            out[str(segment_id)][feature.name] = Description(
                median=float(median),
                q1=float(q1),
                q3=float(q3),
                everyone=everyone,
                effect=cliffs_delta(ranks, members & reference, reference) if segment_id != UNASSIGNED else 0.0,
                missing_share=float(1 - known[members].mean()),
            )
    return out


def cliffs_delta(ranks: NDArray[np.float64], members: NDArray[np.bool_], everyone: NDArray[np.bool_]) -> float:
    """Return Cliff's delta of `members` against the rest of `everyone`, from their joint ranks; 0 if either is empty.

    Examples
    --------
    >>> ranks = np.array([1.0, 2.0, 3.0, 4.0])
    >>> cliffs_delta(ranks, np.array([False, False, True, True]), np.ones(4, dtype=bool))
    1.0
    """
    n = int(members.sum())
    m = int(everyone.sum()) - n
    if n == 0 or m == 0:
        return 0.0
    above = float(ranks[members].sum()) - n * (n + 1) / 2
    return 2 * above / (n * m) - 1


def largest_effects(profile: Mapping[str, Description]) -> list[tuple[str, float]]:
    """Return features by the size of their effect, the largest first; equal ones by name."""
    return sorted(((name, d.effect) for name, d in profile.items()), key=lambda item: (-abs(item[1]), item[0]))
