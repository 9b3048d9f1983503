"""A segmentation from labels: sizes, profiles, names, colours, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.density import NOISE
from discovery.core.feature import FeatureTable
from discovery.core.segment import UNASSIGNED, Candidate, Description, Segment, Segmentation, Structure
from discovery.profile.describe import describe
from discovery.profile.leaning import leanings
from discovery.profile.naming import Name, name_segments
from discovery.usecases.placing import Placed


@dataclass(frozen=True)
class Claim:
    """What is said of a segmentation beside its labels."""

    method: str
    structure: Structure
    reason: str
    unassigned: str
    model: Mapping[str, object]
    candidates: tuple[Candidate, ...] = ()


def clustered(
    name: str,
    table: FeatureTable,
    placed: Placed,
    labels: NDArray[np.int64],
    strength: NDArray[np.float64],
    claim: Claim,
    seed: int,
    second: NDArray[np.int64] | None = None,
) -> Segmentation:
    """Return a segmentation of cluster numbers (-1: noise) for the customers who are looked at.

    `second` says in which cluster each of them would be next.
    """
    everyone = np.full(len(table), UNASSIGNED, dtype=object)
    everyone[placed.inside] = [UNASSIGNED if n == NOISE else f"c{n + 1}" for n in labels]
    sure = np.zeros(len(table))
    sure[placed.inside] = strength
    series = pd.Series(everyone, index=table.values.index, dtype="str")
    ids = [f"c{n + 1}" for n in range(int(labels.max()) + 1)]
    profiles = describe(table, series)
    names = name_segments(table, profiles, leanings(placed.records, series))
    made = build(name, series, pd.Series(sure, index=table.values.index), ids, profiles, names, claim, seed)
    if second is None or len(ids) < 2:
        return made
    following = np.full(len(table), "", dtype=object)
    following[placed.inside] = [f"c{n + 1}" for n in second]
    return replace(made, next_labels=pd.Series(following, index=table.values.index, dtype="str"))


def build(
    name: str,
    labels: pd.Series,
    strength: pd.Series,
    ids: Sequence[str],
    profiles: Mapping[str, Mapping[str, Description]],
    names: Mapping[str, Name],
    claim: Claim,
    seed: int,
) -> Segmentation:
    """Return a segmentation of labels, profiles and names; `ids` are its segments in the order of their rank."""
    sizes = labels.value_counts()
    segments = [
        Segment(
            each,
            names[each].name,
            names[each].why,
            int(sizes.get(each, 0)),
            float(sizes.get(each, 0) / len(labels)),
            rank,
            profiles.get(each, {}),
        )
        for rank, each in enumerate(ids)
    ]
    left = int(sizes.get(UNASSIGNED, 0))
    if left:
        why = f"Left out: {claim.unassigned}"
        profile = profiles.get(UNASSIGNED, {})
        segments.append(Segment(UNASSIGNED, "Unassigned", why, left, left / len(labels), -1, profile))
    return Segmentation(
        name=name,
        segments=tuple(segments),
        labels=labels,
        strength=strength,
        method=claim.method,
        structure=claim.structure,
        structure_reason=claim.reason,
        unassigned_reason=claim.unassigned if left else "",
        seed=seed,
        model=claim.model,
        candidates=claim.candidates,
    )
