"""Each segment beside the one most like it: what tells the two apart, in real units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from discovery.core.feature import FeatureTable
from discovery.core.segment import Description, Segment, Segmentation
from discovery.profile.describe import cliffs_delta

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
    near = {s.id: placed[int(apart[i].argmin())] for i, s in enumerate(placed)}
    labels = segmentation.labels.to_numpy()
    numbers = {n: table.values[n].to_numpy(dtype=np.float64) for n in names}

    def against(mine: Segment, other: Segment) -> Mapping[str, Description]:
        of_mine, of_other = labels == mine.id, labels == other.id
        found = {}
        for name, values in numbers.items():
            known = ~np.isnan(values) & (of_mine | of_other)
            ranks = np.full(len(values), np.nan)
            ranks[known] = rankdata(values[known])
            effect = cliffs_delta(ranks, of_mine & known, known)
            found[name] = replace(mine.profile[name], everyone=other.profile[name].median, effect=effect)
        largest = sorted(found, key=lambda n: (-abs(found[n].effect), n))[:_SHOWN]
        return {name: found[name] for name in largest}

    segments = (
        replace(s, nearest=near[s.id].id, versus_nearest=against(s, near[s.id])) if s.id in near else s
        for s in segmentation.segments
    )
    return replace(segmentation, segments=tuple(segments))
