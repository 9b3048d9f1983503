"""Lifecycle strata: prospects, one-time and repeat customers clustered apart, then put together as one segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.choose import choose_k
from discovery.cluster.kmeans import assign, fit_on_some
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress
from discovery.core.segment import Structure
from discovery.core.settings import ClusterSettings
from discovery.features.catalogue import default_cluster_features
from discovery.rules.evaluate import select
from discovery.rules.parse import parse
from discovery.usecases.building import Claim, Division
from discovery.usecases.placing import place

_ENGAGEMENT = ("clicks_90d", "emails_received_90d", "product_views_90d", "clicks")


@dataclass(frozen=True)
class Stratum:
    """Customers at one stage of their life with a store, and the features that mean something there."""

    letter: str
    title: str
    where: str
    features: tuple[str, ...]


STRATA = (
    Stratum("p", "Prospects", "orders = 0", _ENGAGEMENT),
    Stratum("o", "One-time buyers", "orders = 1", (*default_cluster_features(), "units_per_order", *_ENGAGEMENT)),
    Stratum("r", "Repeat customers", "orders >= 2", default_cluster_features()),
)


def lifecycle_division(table: FeatureTable, settings: ClusterSettings, seed: int, progress: Progress) -> Division:
    """Return everyone in segments of their stage: KMeans within each, the stages sharing the number a team can use.

    Notes
    -----
    Customers of one order are alike in every feature that needs two; among themselves they are told apart by what is
    known of them. That does not follow planted kinds, which run across the stages, but says more of what customers do
    next than a cut of plain features does (docs/clustering.md has both numbers).
    """
    known = {f.name: f for f in table.features}
    held = [(stratum, select(parse(stratum.where, known), table)) for stratum in STRATA]
    present = [(stratum, inside) for stratum, inside in held if inside.any()]
    labels = pd.Series("", index=table.customers, dtype="str")
    strength = np.ones(len(table))
    ids: list[str] = []
    models: list[dict[str, object]] = []
    told: list[str] = []
    for number, (stratum, inside) in enumerate(present):
        progress("Clustering within stages", number / len(present))
        most = max(1, (settings.band_high - len(ids)) // (len(present) - number))
        cut = _cut(table, inside, stratum, settings, most, seed)
        own = [f"{stratum.letter}{n + 1}" for n in range(cut.k)]
        labels[inside] = np.array(own)[cut.labels]
        strength[inside] = cut.strength
        ids += own
        models.append({"stratum": stratum.letter, "where": stratum.where, **cut.model})
        told.append(f"{stratum.title.lower()} in {cut.k}")
    progress("Clustering within stages", 1.0)
    claim = Claim(
        f"KMeans within each stage: {', '.join(told)}",
        Structure.CONSTRUCTED,
        "The stages are drawn by hand, and plain features within them prove no kinds: useful cuts.",
        "",
        {"kind": "lifecycle", "space": "features", "strata": models},
    )
    return Division("lifecycle", ids, labels, pd.Series(strength, index=labels.index), claim)


@dataclass(frozen=True, eq=False)
class _Cut:
    k: int
    labels: NDArray[np.int64]
    strength: NDArray[np.float64]
    model: dict[str, object]


def _cut(
    table: FeatureTable, inside: NDArray[np.bool_], stratum: Stratum, settings: ClusterSettings, most: int, seed: int
) -> _Cut:
    """Return the groups of one stratum: as many as two halves of its customers agree on best, up to its share."""
    customers = int(inside.sum())
    names = _telling(table, inside, stratum.features)
    if most < 2 or customers < settings.lifecycle_customers or not names:
        return _Cut(1, np.zeros(customers, dtype=np.int64), np.ones(customers), {"k": 1})
    placed = place(table, inside, names, settings)
    within = replace(settings, k=min(settings.k, most), band_low=2, band_high=most, k_high=most)
    choice = choose_k(placed.points, placed.nulls, None, within, seed)
    centres = fit_on_some(placed.points, choice.k, settings, seed)
    labels, strength = assign(placed.points, centres)
    return _Cut(
        choice.k,
        labels,
        strength,
        {"k": choice.k, "preparation": placed.preparation.as_plain(), "centres": centres.astype(float).tolist()},
    )


def _telling(table: FeatureTable, inside: NDArray[np.bool_], names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the features that the table has and that differ within the stratum."""
    mine = [name for name in names if table.holds(name)]
    filled = table.filled(tuple(mine)).loc[inside]
    return tuple(name for name in mine if filled[name].nunique() > 1)
