"""Which segment of now is which segment of before: by members in common and by what they are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from discovery.core.review import Identity
from discovery.core.segment import Description, Segment, Segmentation
from discovery.core.settings_review import ReviewSettings

Scores = NDArray[np.float64]


def match(before: Segmentation, now: Segmentation, settings: ReviewSettings) -> Identity:
    """Return how the segments belong together.

    Rules are written by people and keep their ids; clusters are matched.

    Every pair is scored by the Jaccard index of their members, among customers known both times, and by the likeness of
    their profiles; the assignment with the highest total is taken (Hungarian method; Kuhn 1955), and pairs that score
    too low are given up.

    Notes
    -----
    Likeness is 1 - d / 2, with d the root mean squared difference of Cliff's deltas over the features that describe
    both: it does not depend on units. Without a common feature only members count.
    """
    first, second = before.placed, now.placed
    if before.name == now.name == "rules":
        known, today = [s.id for s in first], [s.id for s in second]
        born, died = (tuple(i for i in a if i not in b) for a, b in ((today, known), (known, today)))
        return Identity({i: i for i in today if i in known}, born, died, {}, {})
    shared = _shared(before, now, first, second)
    sizes, new_sizes = shared.sum(axis=1), shared.sum(axis=0)
    union = sizes[:, None] + new_sizes[None, :] - shared
    jaccard = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    like = np.array([[_likeness(a.profile, b.profile) for b in second] for a in first]).reshape(shared.shape)
    weight = np.where(np.isnan(like), 1.0, settings.overlap_weight)
    score = weight * jaccard + (1 - weight) * np.nan_to_num(like)
    rows, columns = linear_sum_assignment(-score)
    pairs = [(i, j) for i, j in zip(rows, columns, strict=True) if score[i, j] >= settings.match_score]
    same = {second[j].id: first[i].id for i, j in pairs}
    return Identity(
        same,
        tuple(s.id for s in second if s.id not in same),
        tuple(s.id for s in first if s.id not in same.values()),
        _several(shared, sizes[:, None], first, second, settings.part_share),
        _several(shared.T, sizes[None, :].T, second, first, settings.part_share, of_others=True),
    )


def _shared(before: Segmentation, now: Segmentation, first: Sequence[Segment], second: Sequence[Segment]) -> Scores:
    both = before.labels.index.intersection(now.labels.index)
    found = pd.crosstab(before.labels.loc[both].to_numpy(), now.labels.loc[both].to_numpy())
    wide = found.reindex(index=[s.id for s in first], columns=[s.id for s in second], fill_value=0)
    return np.asarray(wide.to_numpy(), dtype=np.float64)


def _likeness(one: Mapping[str, Description], two: Mapping[str, Description]) -> float:
    names = [name for name in one if name in two]
    if not names:
        return float("nan")
    gaps = [one[name].effect - two[name].effect for name in names]
    return float(1 - np.sqrt(np.mean(np.square(gaps))) / 2)


def _several(
    shared: Scores,
    sizes: Scores,
    of: Sequence[Segment],
    among: Sequence[Segment],
    share: float,
    of_others: bool = False,
) -> dict[str, tuple[str, ...]]:
    """Return, for each of the first, those of the others it shares a good part with, where there are several.

    The part is of itself, or (`of_others`) of the other one.
    """
    whole = sizes.T if of_others else sizes
    part = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    found = {a.id: tuple(b.id for j, b in enumerate(among) if part[i, j] >= share) for i, a in enumerate(of)}
    return {segment: others for segment, others in found.items() if len(others) > 1}
