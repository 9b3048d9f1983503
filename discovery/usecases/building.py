"""Segmentations from divisions of the customers: sizes, profiles, names, colours, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.density import NOISE
from discovery.core.candidate import Candidate
from discovery.core.feature import FeatureTable
from discovery.core.records import Records
from discovery.core.segment import UNASSIGNED, Description, Segment, Segmentation, Structure
from discovery.core.settings import ClusterSettings
from discovery.profile.answers import with_told
from discovery.profile.describe import describe
from discovery.profile.leaning import leanings
from discovery.profile.naming import Name, name_segments
from discovery.profile.nearest import with_nearest
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


@dataclass(frozen=True, eq=False)
class Division:
    """Who is in which segment, before anything is known of the segments.

    Parameters
    ----------
    name : str
        Of the segmentation it becomes.
    ids : sequence of str
        Its segments in the order of their rank.
    labels, strength, next_labels : Series
        As in `Segmentation`.
    claim : Claim
        What is said of it.
    names : mapping of segment id to Name, optional
        As people wrote them; without it segments are named after what they look like.
    by_records : bool
        Names also say what segments buy, where records tell it.
    """

    name: str
    ids: Sequence[str]
    labels: pd.Series
    strength: pd.Series
    claim: Claim
    next_labels: pd.Series | None = None
    names: Mapping[str, Name] | None = None
    by_records: bool = False


def clustered(
    name: str,
    table: FeatureTable,
    placed: Placed,
    labels: NDArray[np.int64],
    strength: NDArray[np.float64],
    claim: Claim,
    second: NDArray[np.int64] | None = None,
) -> Division:
    """Return a division into cluster numbers (-1: noise) of the customers who are looked at.

    `second` says in which cluster each of them would be next.
    """
    everyone = np.full(len(table), UNASSIGNED, dtype=object)
    everyone[placed.inside] = [UNASSIGNED if n == NOISE else f"c{n + 1}" for n in labels]
    sure = np.zeros(len(table))
    sure[placed.inside] = strength
    ids = [f"c{n + 1}" for n in range(int(labels.max()) + 1)]
    next_labels = None
    if second is not None and len(ids) > 1:
        following = np.full(len(table), "", dtype=object)
        following[placed.inside] = [f"c{n + 1}" for n in second]
        next_labels = pd.Series(following, index=table.customers, dtype="str")
    return Division(
        name,
        ids,
        pd.Series(everyone, index=table.customers, dtype="str"),
        pd.Series(sure, index=table.customers),
        claim,
        next_labels,
        by_records=True,
    )


def build(
    divisions: Sequence[Division],
    table: FeatureTable,
    records: Records | None,
    settings: ClusterSettings,
    seed: int,
    currency: str = "",
) -> tuple[Segmentation, ...]:
    """Return the segmentations of several divisions of the customers, described in one pass over the table.

    `records` are those of the customers who are looked at, where they have any.
    """
    leaning = iter(leanings(records, [each.labels for each in divisions if each.by_records], settings.leaning_from))
    profiles = describe(table, [each.labels for each in divisions])
    made = []
    for each, found in zip(divisions, profiles, strict=True):
        bought = next(leaning) if each.by_records else None
        names = each.names or name_segments(table, found.segments, bought, currency)
        made.append(with_nearest(_segmentation(each, found.segments, names, seed), found))
    return with_told(made, table)


def _segmentation(
    division: Division, profiles: Mapping[str, Mapping[str, Description]], names: Mapping[str, Name], seed: int
) -> Segmentation:
    labels, claim = division.labels, division.claim
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
        for rank, each in enumerate(division.ids)
    ]
    left = int(sizes.get(UNASSIGNED, 0))
    if left:
        why = f"Left out: {claim.unassigned}"
        profile = profiles.get(UNASSIGNED, {})
        segments.append(Segment(UNASSIGNED, "Unassigned", why, left, left / len(labels), -1, profile))
    return Segmentation(
        name=division.name,
        segments=tuple(segments),
        labels=labels,
        strength=division.strength,
        method=claim.method,
        structure=claim.structure,
        structure_reason=claim.reason,
        unassigned_reason=claim.unassigned if left else "",
        seed=seed,
        model=claim.model,
        candidates=claim.candidates,
        next_labels=division.next_labels,
    )
