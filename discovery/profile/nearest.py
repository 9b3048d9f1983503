"""Each segment beside the one most like it: what tells the two apart, in real units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from discovery.core.feature import FeatureTable
from discovery.core.segment import Description, Segmentation
from discovery.profile.describe import cliffs_delta, counts_by_value

#: Features by which two segments are told apart, at most.
_SHOWN = 12


def with_nearest(segmentation: Segmentation, table: FeatureTable) -> Segmentation:
    """Return the segmentation with the nearest segment of each, and what separates the two most.

    Parameters
    ----------
    segmentation : Segmentation
        With the profiles of its segments.
    table : FeatureTable
        The features they are profiles of.

    Notes
    -----
    Nearest is the segment whose effects against everyone else differ least from the own, over all features that both
    are described by (root mean square). Segments of a single one have none.
    """
    placed = [s for s in segmentation.placed if s.profile]
    if len(placed) < 2:
        return segmentation
    names = [n for n in placed[0].profile if all(n in s.profile for s in placed)]
    effects = np.array([[s.profile[n].effect for n in names] for s in placed])
    apart = np.sqrt(((effects[:, None, :] - effects[None]) ** 2).mean(axis=2))
    np.fill_diagonal(apart, np.inf)
    near = {s.id: int(apart[i].argmin()) for i, s in enumerate(placed)}
    group = pd.Index([s.id for s in placed]).get_indexer(pd.Index(segmentation.labels))
    found: dict[str, dict[str, Description]] = {s.id: {} for s in placed}
    for name in names:
        counts = counts_by_value(table.column(name).to_numpy(dtype=np.float64), group, len(placed))
        for i, s in enumerate(placed):
            other = near[s.id]
            effect = cliffs_delta(counts[:, i], counts[:, other])
            found[s.id][name] = replace(s.profile[name], everyone=placed[other].profile[name].median, effect=effect)
    segments = (
        replace(s, nearest=placed[near[s.id]].id, versus_nearest=_largest(found[s.id])) if s.id in near else s
        for s in segmentation.segments
    )
    return replace(segmentation, segments=tuple(segments))


def _largest(found: Mapping[str, Description]) -> Mapping[str, Description]:
    return {name: found[name] for name in sorted(found, key=lambda n: (-abs(found[n].effect), n))[:_SHOWN]}
