"""Divisions composed from the stages: labels from a clusterer or from rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from discovery.cluster.choose import Choice, choose_k
from discovery.cluster.density import NOISE, cluster_by_density
from discovery.cluster.kmeans import assign, fit_on_some, second_nearest
from discovery.cluster.mixture import choose_kinds, fit_mixture, halves_agree, most_kinds
from discovery.cluster.prepare import distance_shares
from discovery.cluster.shrink import Shrinkage, shrink
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress
from discovery.core.question import BusinessQuestion
from discovery.core.records import Records
from discovery.core.rule import Rule
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Structure
from discovery.core.settings import ClusterSettings
from discovery.profile.naming import Name
from discovery.rules.evaluate import first_match
from discovery.rules.library import slug
from discovery.usecases.building import Claim, Division, clustered
from discovery.usecases.placing import Placed
from discovery.usecases.steadiness import hdbscan_stability, kmeans_stability, mixture_stability


def kmeans_division(
    table: FeatureTable,
    placed: Placed,
    question: BusinessQuestion,
    settings: ClusterSettings,
    seed: int,
    progress: Progress,
) -> tuple[Division, Choice]:
    """Return the KMeans division, its number of segments chosen beside the null, and that choice."""
    beyond = placed.beyond_null(settings, seed)
    # Without kinds to follow, a cut is worth what it says of what customers do next.
    if beyond is None or not beyond.kinds:
        placed = placed.led(settings, seed)
    choice = choose_k(
        placed.points,
        placed.nulls,
        beyond,
        settings,
        seed,
        lambda done: progress("Choosing the number of segments", done),
        placed.rehearsed,
    )
    centres = fit_on_some(placed.points, choice.k, settings, seed)
    labels, strength = assign(placed.points, centres)
    model = {
        "kind": "kmeans",
        "space": placed.space,
        "preparation": placed.preparation.as_plain(),
        "distance_shares": distance_shares(placed.points, placed.preparation.names),
        "centres": [[float(x) for x in row] for row in centres],
        "stability": kmeans_stability(placed, labels, settings, seed),
    }
    claim = Claim(
        f"KMeans into {choice.k} on {placed.method}, {settings.n_init} starts",
        choice.structure,
        choice.reason,
        question.population_words,
        model,
        choice.candidates,
    )
    second = second_nearest(placed.points, centres)
    return clustered("kmeans", table, placed, labels, strength, claim, second), choice


def mixture_division(
    table: FeatureTable,
    placed: Placed,
    records: Records,
    choice: Choice,
    question: BusinessQuestion,
    settings: ClusterSettings,
    seed: int,
    progress: Progress,
) -> Division:
    """Return the division by the behavioural mixture: each customer's likeliest kind, and how likely it is.

    Whether there are kinds at all is what `choice` found; the mixture says which.
    """
    some = some_rows(len(records), settings.fit_rows, seed)
    known, shrinkage = records.taken(some), placed.preparation
    if isinstance(shrinkage, Shrinkage):
        points = placed.points[some]
    else:
        shrinkage = shrink(known, settings.clip)
        points = shrinkage.transform(known)
    few = some_rows(len(known), settings.choice_rows, seed)
    least, told = settings.min_cluster_share, "Fitting the mixture"
    best, tried = choose_kinds(
        known.taken(few), points[few], settings.band_high, seed, least, lambda done: progress(told, done)
    )
    k = most_kinds(len(few), settings.k) if settings.k else best
    fitted = fit_mixture(known, points, k, seed, settings.n_init, least)
    member = fitted.membership(records)
    labels, strength = member.argmax(axis=1), member.max(axis=1)
    agreement: float | None = None
    if fitted.k > 1:
        agreement = halves_agree(known.taken(few), points[few], fitted.k, seed, least)
        structure = choice.structure
        reason = (
            f"The criterion of Hannan and Quinn prefers {best} of the {len(tried)} numbers of kinds tried; two halves "
            f"of the customers agree on {fitted.k} at {agreement:.2f}, and {(strength > 0.8).mean():.0%} of them "
            f"belong with more than 80%. Whether there are kinds is tested once, for KMeans: {choice.reason}"
        )
    else:
        # Everyone agrees on one kind, for sure: these numbers would only look like evidence.
        structure = Structure.NONE
        reason = "One kind is left: more told no more, or were too small, or are more than so few customers can tell."
    model = {
        **fitted.as_plain(),
        "space": "shrunken",
        "agreement": agreement,
        "stability": mixture_stability(known, points, shrinkage, labels[some], settings, seed),
    }
    method = f"Mixture of {fitted.k} kinds over the records of {len(records):,} customers, {settings.n_init} starts"
    claim = Claim(method, structure, reason, question.population_words, model)
    second = member.argsort(axis=1)[:, -2] if fitted.k > 1 else None
    return clustered("mixture", table, placed, labels, strength, claim, second)


def hdbscan_division(
    table: FeatureTable, placed: Placed, question: BusinessQuestion, settings: ClusterSettings, seed: int
) -> Division:
    """Return the HDBSCAN division: dense groups, or nobody placed and the reason it was refused."""
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
    model = {
        "kind": "hdbscan",
        "space": placed.space,
        "preparation": placed.preparation.as_plain(),
        "distance_shares": distance_shares(placed.points, placed.preparation.names),
        "stability": hdbscan_stability(placed, labels, settings, seed),
    }
    claim = Claim(found.method, structure, reason, unassigned, model)
    return clustered("hdbscan", table, placed, labels, strength, claim)


def rules_division(table: FeatureTable, rules: Sequence[Rule]) -> Division:
    """Return the rule library as a division: the first rule that holds wins, the rest is unassigned."""
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
    return Division("rules", ids, labels, strength, claim, names=names)
