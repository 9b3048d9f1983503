"""Each segment beside the one most like it: what tells the two apart, in real units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from discovery.core.segment import Description, Segment, Segmentation
from discovery.profile.describe import Profiles

#: Features by which two segments are told apart, at most.
_SHOWN = 12


def with_nearest(segmentation: Segmentation, profiles: Profiles) -> Segmentation:
    """Return the segmentation with the nearest segment of each, and what separates the two most.

    Parameters
    ----------
    segmentation : Segmentation
        With the profiles of its segments.
    profiles : Profiles
        Of its labels.

    Notes
    -----
    Nearest is the segment whose effects against everyone else differ least from the own, over all features that they
    are described by (root mean square). Segments of a single one have none.
    """
    placed = [s for s in segmentation.placed if s.profile]
    if len(placed) < 2:
        return segmentation
    effects = np.array([[found.effect for found in s.profile.values()] for s in placed])
    apart = np.sqrt(((effects[:, None, :] - effects[None]) ** 2).mean(axis=2))
    np.fill_diagonal(apart, np.inf)
    at = {segment_id: n for n, segment_id in enumerate(profiles.segments)}
    near = {s.id: placed[int(to.argmin())] for s, to in zip(placed, apart, strict=True)}

    def beside(segment: Segment) -> Segment:
        other = near[segment.id]
        found = {
            name: replace(
                mine,
                everyone=other.profile[name].median,
                effect=float(profiles.between[name][at[segment.id], at[other.id]]),
            )
            for name, mine in segment.profile.items()
        }
        return replace(segment, nearest=other.id, versus_nearest=_largest(found))

    segments = (beside(s) if s.id in near else s for s in segmentation.segments)
    return replace(segmentation, segments=tuple(segments))


def _largest(found: Mapping[str, Description]) -> Mapping[str, Description]:
    return {name: found[name] for name in sorted(found, key=lambda n: (-abs(found[n].effect), n))[:_SHOWN]}
