"""Artefacts: segments that are little else than one value, one gap in the data, or one side of one threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.evidence import Evidence, Verdict
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings


@dataclass(frozen=True)
class Likeness:
    """How much of a segment and of the customers of one plain fact is in both (Jaccard index), and the fact."""

    jaccard: float
    words: str


def artefact_evidence(
    segmentation: Segmentation,
    features: Mapping[str, pd.Series],
    labels: Mapping[str, str],
    settings: ValidateSettings,
    seed: int = 0,
) -> list[Evidence]:
    """Return an alarm for every segment that is little else than one value, or one side of a threshold, of one feature.

    Parameters
    ----------
    segmentation : Segmentation
        Whose segments.
    features : mapping of str to Series
        What they may be artefacts of, of its customers in their order; missing as NaN, which is a value too.
    labels : mapping
        What people call each feature.
    settings : ValidateSettings
        From which likeness on, and on how many customers it is measured.
    seed : int
        The only source of chance.

    Notes
    -----
    A segment that one threshold of one feature gives back needs no clustering: it is named for what it is, and may be
    of use all the same.
    """
    if not segmentation.k:
        return []
    placed = np.flatnonzero((segmentation.labels != UNASSIGNED).to_numpy())
    rows = placed[some_rows(len(placed), settings.auc_rows, seed)]
    if not len(rows):
        return []
    codes, ids = pd.factorize(segmentation.labels.iloc[rows])
    values = {name: column.to_numpy(dtype=np.float64)[rows] for name, column in features.items()}
    nothing = [Likeness(0.0, "none")] * len(ids)
    single, side = list(nothing), list(nothing)
    for name, column in values.items():
        words = labels.get(name, name)
        single = _nearer(single, _single_values(column, codes, len(ids), words))
        side = _nearer(side, _sides(column, codes, len(ids), words))
    found = {str(i): (single[n], side[n]) for n, i in enumerate(ids)}
    out = []
    for segment in segmentation.placed:
        for check, like in zip(("single_value", "one_threshold"), found.get(segment.id, nothing[:2]), strict=False):
            alarm = like.jaccard >= settings.artefact_from
            out.append(
                Evidence(
                    segmentation.name,
                    (segment.id,),
                    "artefact",
                    check,
                    like.jaccard,
                    None,
                    None,
                    settings.artefact_from,
                    Verdict.WARN if alarm else Verdict.PASS,
                    f"It is little else than {like.words}."
                    if alarm
                    else f"No {_KINDS[check]} makes it (nearest: {like.words}).",
                    "share",
                    segment.size,
                )
            )
    return out


_KINDS = {"single_value": "single value of a feature", "one_threshold": "threshold of one feature"}


def _nearer(found: list[Likeness], others: list[Likeness]) -> list[Likeness]:
    return [a if a.jaccard >= b.jaccard else b for a, b in zip(found, others, strict=True)]


def _single_values(column: NDArray[np.float64], codes: NDArray[np.int64], k: int, words: str) -> list[Likeness]:
    """Return, for every segment, its likeness to the customers with its commonest value, missing or not."""
    kinds, place = np.unique(column, return_inverse=True)
    table = np.zeros((k, len(kinds)))
    np.add.at(table, (codes, place), 1)
    jaccard = table / (table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table)
    best = jaccard.argmax(axis=1)
    return [
        Likeness(
            float(jaccard[n, i]), f"{words} not known" if np.isnan(kinds[i]) else f"{words} of exactly {kinds[i]:,.10g}"
        )
        for n, i in enumerate(best)
    ]


def _sides(column: NDArray[np.float64], codes: NDArray[np.int64], k: int, words: str) -> list[Likeness]:
    """Return, for every segment, its likeness to the customers on the best side of the best threshold."""
    known = ~np.isnan(column)
    order = np.argsort(column[known], kind="stable")
    ordered, mine = column[known][order], codes[known][order]
    sizes = np.bincount(codes, minlength=k)
    if not len(ordered) or ordered[0] == ordered[-1]:
        return [Likeness(0.0, "none")] * k
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    out = []
    for segment in range(k):
        below = np.cumsum(mine == segment)[last].astype(np.float64)
        n_below = last + 1.0
        low = below / (sizes[segment] + n_below - below)
        above, n_above = below[-1] - below, len(ordered) - n_below
        high = above / (sizes[segment] + n_above - above)
        # Everyone is no side.
        low[-1] = high[-1] = 0.0
        if low.max() >= high.max():
            out.append(Likeness(float(low.max()), f"{words} of at most {_shown(ordered[last[low.argmax()]])}"))
        else:
            out.append(Likeness(float(high.max()), f"{words} of more than {_shown(ordered[last[high.argmax()]])}"))
    return out


def _shown(threshold: float) -> str:
    # Four digits of a large number would be written 1.234e+04.
    return f"{threshold:,.0f}" if abs(threshold) >= 1_000 else f"{threshold:.4g}"
