"""Segments in real units beside everyone, with effect sizes and never a p-value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.feature import FeatureTable
from discovery.core.segment import Description
from discovery.profile.ranks import grouped, ranked, standing

#: Bands and predictions are made of what customers did: a description says what they did.
_NOT_MEASURED = ("band", "predicted")


@dataclass(frozen=True, eq=False)
class Profiles:
    """What the segments of one segmentation look like.

    Parameters
    ----------
    segments : mapping of segment id to mapping of feature name to Description
        Each beside everyone placed.
    between : mapping of feature name to array
        Cliff's delta of the segment of the row against that of the column, in the order of `segments` without
        ``unassigned``.
    """

    segments: Mapping[str, Mapping[str, Description]]
    between: Mapping[str, NDArray[np.float64]]


def describe(table: FeatureTable, divided: Sequence[pd.Series]) -> list[Profiles]:
    """Return, for every segment, a Description of each measured number that differs between placed customers.

    Parameters
    ----------
    table : FeatureTable
        Every customer's features; each column is read once.
    divided : sequence of Series of str
        Segment id per customer, of each segmentation; ``unassigned`` has quartiles, and no effect: it does not count
        as everyone.

    Notes
    -----
    The effect is Cliff's delta: the chance that a customer of the segment lies above one of the rest, minus the chance
    that they lie below; -1 to 1, 0 where they are alike. Missing values are left out of it and counted apart.
    """
    among = [grouped(labels) for labels in divided]
    sizes = [np.bincount(groups.of) for groups in among]
    segments: list[dict[str, dict[str, Description]]] = [{i: {} for i in groups.ids} for groups in among]
    between: list[dict[str, NDArray[np.float64]]] = [{} for _ in among]
    for feature in table.features:
        if feature.kind != "number" or feature.aggregate in _NOT_MEASURED:
            continue
        number = ranked(table.column(feature.name).to_numpy(dtype=np.float64))
        for groups, size, described, apart in zip(among, sizes, segments, between, strict=True):
            found = standing(number, groups)
            if found is None:
                continue
            apart[feature.name] = found.between
            for at, segment_id in enumerate(groups.ids):
                q1, median, q3 = found.quartiles[at].tolist()
                described[segment_id][feature.name] = Description(
                    median=median,
                    q1=q1,
                    q3=q3,
                    everyone=found.median,
                    effect=float(found.against_rest[at]) if at < groups.placed else 0.0,
                    missing_share=float(1 - found.known[at] / size[at]),
                )
    return [Profiles(*both) for both in zip(segments, between, strict=True)]
