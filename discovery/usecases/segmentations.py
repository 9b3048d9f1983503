"""Segmentations composed from the stages: labels from a clusterer or from rules, profiles, names, colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.choose import Choice, choose_k
from discovery.cluster.density import NOISE, cluster_by_density
from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.mixture import choose_kinds, fit_mixture, halves_agree, most_kinds
from discovery.cluster.null import copula_draws, record_draws
from discovery.cluster.prepare import Matrix, Preparation, prepare
from discovery.cluster.shrink import Shrinkage, shrink
from discovery.core.errors import DataError
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion
from discovery.core.records import Records
from discovery.core.rule import Rule
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Candidate, Segment, Segmentation, Structure
from discovery.core.settings import ClusterSettings
from discovery.profile.describe import describe
from discovery.profile.naming import Name, name_segments
from discovery.rules.evaluate import first_match
from discovery.rules.library import slug

#: Nulls that a cut is shown beside where nothing is to be tested.
_FEW_DRAWS = 8


@dataclass(frozen=True, eq=False)
class Placed:
    """The customers who are looked at, as points a distance means something between.

    ``inside`` marks them among all customers of the table; ``points`` has one row for each of them, and so have
    ``records``, where everyone looked at has ordered. Where ``lead`` is not 0, the last column of ``points`` is orders
    to come, so many times as heavy as another.
    """

    inside: NDArray[np.bool_]
    points: Matrix
    preparation: Preparation | Shrinkage
    records: Records | None = None
    lead: float = 0.0

    @property
    def method(self) -> str:
        """How the points were made, in words."""
        if isinstance(self.preparation, Shrinkage):
            led = ", led by the orders to come" if self.lead else ""
            return f"{len(self.preparation.names)} empirical-Bayes features{led}"
        return f"{len(self.preparation.names)} features, Yeo-Johnson"

    @property
    def space(self) -> str:
        """What the points are made of, as the setting ``cluster.space`` names it."""
        return "shrunken" if isinstance(self.preparation, Shrinkage) else "features"

    def nulls(self, rows: NDArray[np.int64], draws: int, seed: int) -> Iterator[Matrix]:
        """Give structureless data sets like some of the customers."""
        if isinstance(self.preparation, Shrinkage) and self.records is not None:
            drawn = record_draws(self.records.taken(rows), self.preparation, draws, seed)
            # The null keeps when everyone ordered, and so what is to come.
            return (np.hstack([null, self.points[rows, -1:]]) for null in drawn) if self.lead else drawn
        return copula_draws(self.points[rows], draws, seed)


@dataclass(frozen=True)
class Claim:
    """What is said of a segmentation beside its labels."""

    method: str
    structure: Structure
    reason: str
    unassigned: str
    model: Mapping[str, object]
    candidates: tuple[Candidate, ...] = ()


def place(
    table: FeatureTable,
    inside: NDArray[np.bool_],
    names: tuple[str, ...],
    settings: ClusterSettings,
    records: Records | None = None,
    shrunken: bool = False,
    seed: int = 0,
) -> Placed:
    """Return the customers who are looked at as points.

    Parameters
    ----------
    table, inside
        Everyone, and who is looked at.
    names : tuple of str
        Features that the points are made of, unless they are `shrunken`.
    settings : ClusterSettings
        Where coordinates are drawn in, and how many customers priors are learnt from.
    records : Records, optional
        Of everyone with an order; without it, or where somebody looked at has none, points are made of features.
    shrunken : bool
        Whether points are empirical-Bayes features of the records.
    seed : int
        The only source of chance.

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
    if records is not None:
        at = records.customer.get_indexer(table.values.index[inside])
        records = records.taken(at) if (at >= 0).all() else None
    if shrunken and records is not None:
        shrinkage = shrink(records.taken(some_rows(len(records), settings.fit_rows, seed)), settings.clip)
        return Placed(inside, shrinkage.transform(records), shrinkage, records)
    frame = table.filled(names).loc[inside]
    preparation = prepare(frame, settings.clip)
    return Placed(inside, preparation.transform(frame), preparation, records)


def kmeans_segmentation(
    table: FeatureTable,
    placed: Placed,
    question: BusinessQuestion,
    settings: ClusterSettings,
    seed: int,
    progress: Progress,
) -> tuple[Segmentation, Choice]:
    """Return the KMeans segmentation, its number of segments chosen beside the null, and that choice."""
    proves = placed.space == "shrunken"
    choice = choose_k(
        placed.points,
        placed.nulls,
        proves,
        settings,
        seed,
        lambda done: progress("Choosing the number of segments", done),
    )
    if proves and settings.lead and choice.beyond < settings.discovered_from:
        placed, choice = _cut_for_use(placed, choice, settings, seed)
    centres = fit_centres(
        placed.points[some_rows(len(placed.points), settings.fit_rows, seed)], choice.k, seed, settings.n_init
    )
    labels, strength = assign(placed.points, centres)
    model = {
        "kind": "kmeans",
        "space": placed.space,
        "lead": placed.lead,
        "preparation": placed.preparation.as_plain(),
        "centres": [[float(x) for x in row] for row in centres],
    }
    claim = Claim(
        f"KMeans into {choice.k} on {placed.method}, {settings.n_init} starts",
        choice.structure,
        choice.reason,
        question.population_words,
        model,
        choice.candidates,
    )
    return _clustered("kmeans", table, placed, labels, strength, claim, seed), choice


def _cut_for_use(placed: Placed, choice: Choice, settings: ClusterSettings, seed: int) -> tuple[Placed, Choice]:
    """Return the points led by what is to come, and the choice of a cut through them: no kinds were found to follow."""
    assert isinstance(placed.preparation, Shrinkage)
    assert placed.records is not None
    coming = settings.lead * placed.preparation.to_come(placed.records)
    led = replace(placed, points=np.hstack([placed.points, coming]), lead=settings.lead)
    fewer = replace(settings, null_draws=min(settings.null_draws, _FEW_DRAWS))
    found = choose_k(led.points, led.nulls, False, fewer, seed)
    reason = (
        f"The customers differ smoothly: they lie {choice.beyond:.1f} deviations beyond customers without kinds "
        f"({settings.discovered_from:g} count), so they are cut by the orders to come. {found.reason}"
    )
    return led, replace(found, reason=reason, beyond=choice.beyond, supported=choice.supported)


def mixture_segmentation(
    table: FeatureTable,
    placed: Placed,
    records: Records,
    choice: Choice,
    question: BusinessQuestion,
    settings: ClusterSettings,
    seed: int,
    progress: Progress,
) -> Segmentation:
    """Return the segmentation by the behavioural mixture: each customer's likeliest kind, and how likely it is.

    Whether there are kinds at all is what `choice` found; the mixture says which.
    """
    some = records.taken(some_rows(len(records), settings.fit_rows, seed))
    shrinkage = placed.preparation if isinstance(placed.preparation, Shrinkage) else shrink(some, settings.clip)
    few = records.taken(some_rows(len(records), settings.choice_rows, seed))
    least, told = settings.min_cluster_share, "Fitting the mixture"
    best, tried = choose_kinds(
        few, shrinkage.transform(few), settings.k_high, seed, least, lambda done: progress(told, done)
    )
    k = most_kinds(len(few), settings.k) if settings.k else min(best, settings.band_high)
    fitted = fit_mixture(some, shrinkage.transform(some), k, seed, settings.n_init, least)
    labels, strength = fitted.assign(records)
    agreement = halves_agree(few, shrinkage.transform(few), fitted.k, seed, least)
    reason = (
        f"{choice.reason} Of mixtures, the criterion of Hannan and Quinn prefers {best} kinds of the {len(tried)} "
        f"numbers tried; two halves of the customers agree on {fitted.k} at {agreement:.2f}, and "
        f"{(strength > 0.8).mean():.0%} of them belong with more than 80%."
    )
    structure = choice.structure if fitted.k > 1 else Structure.NONE
    model = {**fitted.as_plain(), "space": "shrunken", "agreement": agreement}
    method = f"Mixture of {fitted.k} kinds over the records of {len(records):,} customers, {settings.n_init} starts"
    claim = Claim(method, structure, reason, question.population_words, model)
    return _clustered("mixture", table, placed, labels, strength, claim, seed)


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
            f"Density places {(labels != NOISE).mean():.0%} of the customers in {labels.max() + 1} groups. Density "
            "also follows counts and ties of customers' numbers, so this proves no separate kinds."
        )
        unassigned = f"in no dense group, or {question.population_words}"
    model = {"kind": "hdbscan", "space": placed.space, "preparation": placed.preparation.as_plain()}
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
