"""Segmentations composed from the stages: labels from a clusterer or from rules, profiles, names, colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.choose import choose_k
from discovery.cluster.density import NOISE, cluster_by_density
from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.prepare import Matrix, Preparation, prepare
from discovery.core.errors import DataError
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion
from discovery.core.rule import Rule
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Candidate, Segment, Segmentation, Structure
from discovery.core.settings import ClusterSettings
from discovery.profile.describe import describe
from discovery.profile.naming import Name, name_segments
from discovery.rules.evaluate import first_match
from discovery.rules.library import slug


@dataclass(frozen=True, eq=False)
class Placed:
    """The customers who are looked at, as points a distance means something between.

    ``inside`` marks them among all customers of the table; ``points`` has one row for each of them.
    """

    inside: NDArray[np.bool_]
    points: Matrix
    preparation: Preparation


@dataclass(frozen=True)
class Claim:
    """What is said of a segmentation beside its labels."""

    method: str
    structure: Structure
    reason: str
    unassigned: str
    model: Mapping[str, object]
    candidates: tuple[Candidate, ...] = ()


def place(table: FeatureTable, inside: NDArray[np.bool_], names: tuple[str, ...], clip: float) -> Placed:
    """Return the customers who are looked at as points.

    Raises
    ------
    DataError
        If fewer than two are, or they do not differ.
    """
    if inside.sum() < 2:
        raise DataError(
            f"At least two customers must be in the question's population at {table.as_of}, got {int(inside.sum())}. "
            "Choose a later as_of or another question."
        )
    frame = table.filled(names).loc[inside]
    preparation = prepare(frame, clip)
    return Placed(inside, preparation.transform(frame), preparation)


def kmeans_segmentation(
    table: FeatureTable,
    placed: Placed,
    question: BusinessQuestion,
    settings: ClusterSettings,
    seed: int,
    progress: Progress,
) -> Segmentation:
    """Return the KMeans segmentation, its number of segments chosen beside the null."""
    choice = choose_k(placed.points, settings, seed, lambda done: progress("Choosing the number of segments", done))
    centres = fit_centres(
        placed.points[some_rows(len(placed.points), settings.fit_rows, seed)], choice.k, seed, settings.n_init
    )
    labels, strength = assign(placed.points, centres)
    model = {
        "kind": "kmeans",
        "preparation": placed.preparation.as_plain(),
        "centres": [[float(x) for x in row] for row in centres],
    }
    claim = Claim(
        f"KMeans into {choice.k} on {len(placed.preparation.names)} features, Yeo-Johnson, {settings.n_init} starts",
        choice.structure,
        choice.reason,
        question.population_words,
        model,
        choice.candidates,
    )
    return _clustered("kmeans", table, placed, labels, strength, claim, seed)


def hdbscan_segmentation(
    table: FeatureTable, placed: Placed, question: BusinessQuestion, settings: ClusterSettings, seed: int
) -> Segmentation:
    """Return the HDBSCAN segmentation: dense groups, or nobody placed and the reason it was refused."""
    found = cluster_by_density(placed.points, settings, seed)
    labels, strength = found.labels, found.strength
    if found.refusal:
        labels, strength = np.full_like(labels, NOISE), np.zeros_like(strength)
        structure, unassigned = Structure.NONE, f"refused: {found.refusal}"
        reason = f"{found.refusal} The answer was refused; the customers are not forced into groups."
    else:
        structure = Structure.CONSTRUCTED
        reason = (
            f"Density places {(labels != NOISE).mean():.0%} of the customers in {labels.max() + 1} groups. On raw "
            "customer features density also follows counts and ties, so this proves no separate kinds."
        )
        unassigned = f"in no dense group, or {question.population_words}"
    model = {"kind": "hdbscan", "preparation": placed.preparation.as_plain()}
    claim = Claim(found.method, structure, reason, unassigned, model)
    return _clustered("hdbscan", table, placed, labels, strength, claim, seed)


def rules_segmentation(table: FeatureTable, rules: Sequence[Rule], seed: int) -> Segmentation:
    """Return the rule library as a segmentation: the first rule that holds wins, the rest is unassigned."""
    ids = [slug(rule.name) for rule in rules]
    labels = first_match(rules, table, ids)
    names = {i: Name(rule.name, rule.why or "Written by hand.") for i, rule in zip(ids, rules, strict=True)}
    claim = Claim(
        f"{len(rules)} rules of the library in their order, the first that holds wins",
        Structure.CONSTRUCTED,
        "The rules were written by people: they say what is useful, not what is there.",
        "no rule of the library selects them",
        {"kind": "rules"},
    )
    strength = pd.Series((labels != UNASSIGNED).astype("float64"), index=labels.index)
    return _build("rules", table, labels, strength, ids, names, claim, seed)


def _clustered(
    name: str,
    table: FeatureTable,
    placed: Placed,
    labels: NDArray[np.int64],
    strength: NDArray[np.float64],
    claim: Claim,
    seed: int,
) -> Segmentation:
    """Return a segmentation of cluster numbers (-1: noise) for the placed customers."""
    everyone = np.full(len(table), UNASSIGNED, dtype=object)
    everyone[placed.inside] = [UNASSIGNED if n == NOISE else f"c{n + 1}" for n in labels]
    sure = np.zeros(len(table))
    sure[placed.inside] = strength
    series = pd.Series(everyone, index=table.values.index, dtype="str")
    ids = [f"c{n + 1}" for n in range(int(labels.max()) + 1)]
    return _build(name, table, series, pd.Series(sure, index=table.values.index), ids, None, claim, seed)


def _build(
    name: str,
    table: FeatureTable,
    labels: pd.Series,
    strength: pd.Series,
    ids: Sequence[str],
    names: Mapping[str, Name] | None,
    claim: Claim,
    seed: int,
) -> Segmentation:
    profiles = describe(table, labels)
    called = name_segments(table, profiles) if names is None else names
    sizes = labels.value_counts()
    segments = [
        Segment(
            each,
            called[each].name,
            called[each].why,
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
