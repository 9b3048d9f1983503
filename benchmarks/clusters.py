"""Calibration of the structure test, and how near the segmentations come to planted kinds.

``python -m benchmarks.clusters [WITHOUT] [WITH] [CUSTOMERS]``: so many stores of each sort, without kinds and with. A
store without kinds of which it is said that there are kinds is a false discovery. On stores with kinds, the adjusted
Rand index to the truth stands beside the ceiling: boosted trees trained on the truth, on other customers of the store.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_predict
from statsmodels.stats.proportion import proportion_confint

from benchmarks.stores import WITH, WITHOUT, drawn
from discovery.cluster.apart import EMPTY_FROM, Apart, beyond_null, known_well
from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.mixture import choose_kinds, fit_mixture
from discovery.cluster.null import copula_draws, record_draws
from discovery.cluster.shrink import shrink
from discovery.core.records import Records
from discovery.core.settings import ClusterSettings
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.features.records import extract_records
from discovery.ingest.read import ingest
from discovery.ingest.simulate import simulate

#: Of each sort: 120 stores without kinds and 100 with. The limit was set on stores of other seeds.
WITHOUT_KINDS, WITH_KINDS, CUSTOMERS = 20, 25, 4_000
#: Of each sort with kinds, so many are clustered too.
CLUSTERED = 8
AS_OF = date(2025, 10, 1)
SETTINGS = ClusterSettings()
WHEN = (
    f"*Discovered* from {SETTINGS.discovered_from:g} deviations clearer than the null on, where it is {EMPTY_FROM:g} "
    "deviations emptier between groups."
)
Store = Callable[[int, int], tuple[Records, NDArray[np.int64] | None]]


@dataclass(frozen=True)
class Tested:
    """How far customers stand apart beyond the null; where they have no kinds, beyond the copula null too."""

    beyond: Apart
    beyond_copula: Apart | None


@dataclass(frozen=True)
class Followed:
    """How near the segmentations of one store come to its kinds."""

    kinds: int
    chosen: int
    kmeans: float
    mixture: float
    ceiling: float


def simulated(types: bool) -> Store:
    """Return a maker of the product's own simulated stores, with or without types."""

    def make(customers: int, seed: int) -> tuple[Records, NDArray[np.int64] | None]:
        with tempfile.TemporaryDirectory() as place, Engine() as engine:
            folder = simulate(Path(place) / "store", customers, seed, types=types)
            dataset = ingest(engine, CanonicalSource(path=str(folder)), folder, Path(place) / "dataset")
            records = extract_records(engine, dataset, AS_OF)
            truth = pd.read_parquet(folder / "truth.parquet").set_index("customer_id")["type"]
        return records, pd.factorize(truth.reindex(records.customer))[0] if types else None

    return make


def small(name: str) -> Store:
    """Return a maker of one of the small stores."""
    return lambda customers, seed: drawn(name, customers, seed)


def beyond(records: Records, seed: int) -> Apart:
    """Return how far the customers of one store stand apart beyond the record null, as a Run says it."""
    shrinkage = shrink(records, SETTINGS.clip)
    known = records.taken(known_well(records, SETTINGS, seed))
    nulls = (null for _, null in record_draws(known, shrinkage, SETTINGS.null_draws, seed))
    return beyond_null(shrinkage.transform(known), nulls, SETTINGS.discovered_from, seed, shrinkage.names)


def tested(records: Records, seed: int, kinds: bool) -> Tested:
    """Return what is said of one store."""
    if kinds:
        return Tested(beyond(records, seed), None)
    shrinkage = shrink(records, SETTINGS.clip)
    points = shrinkage.transform(records.taken(known_well(records, SETTINGS, seed)))
    by_copula = copula_draws(points, SETTINGS.null_draws, seed)
    copula = beyond_null(points, by_copula, SETTINGS.discovered_from, seed, shrinkage.names)
    return Tested(beyond(records, seed), copula)


def followed(records: Records, truth: NDArray[np.int64], seed: int) -> Followed:
    """Return how near the segmentations come to the kinds."""
    points = shrink(records, SETTINGS.clip).transform(records)
    kinds = len(np.unique(truth))
    k = choose_kinds(records, points, SETTINGS.band_high, seed, SETTINGS.min_cluster_share, lambda done: None)[0]
    mixture = fit_mixture(records, points, k, seed, SETTINGS.n_init)
    by_kmeans = assign(points, fit_centres(points, kinds, seed, SETTINGS.n_init))[0]
    trees = HistGradientBoostingClassifier(max_iter=80, max_depth=4, learning_rate=0.08, random_state=seed)
    best = cross_val_predict(trees, records.as_frame().to_numpy(), truth, cv=5)
    found = (by_kmeans, mixture.assign(records)[0], best)
    return Followed(kinds, mixture.k, *(adjusted_rand_score(truth, labels) for labels in found))


def tried(store: Store, stores: int, customers: int) -> tuple[list[Tested], list[Followed]]:
    """Return what is said of stores of one sort, and how near the first of them are followed, if they have kinds."""
    said, near = [], []
    for seed in range(1, stores + 1):
        records, truth = store(customers, seed)
        said.append(tested(records, seed, truth is not None))
        if truth is not None and seed <= CLUSTERED:
            near.append(followed(records, truth, seed))
    return said, near


def table(without: int = WITHOUT_KINDS, planted: int = WITH_KINDS, customers: int = CUSTOMERS) -> str:
    """Return both tables, as Markdown."""
    none = {"the simulated store without types": simulated(False)} | {n: small(n) for n in WITHOUT}
    some = {"the simulated store, seven types": simulated(True)} | {n: small(n) for n in WITH}
    rows = [
        f"Stores of {customers:,} customers. {WHEN}",
        "",
        "| no kinds | discovered | clearer: median, highest | emptier: median, highest | with a copula null |",
        "|---|---|---|---|---|",
    ]
    said = {name: tried(store, without, customers)[0] for name, store in none.items()}
    for name, stores in said.items():
        copula = sum(t.beyond_copula is not None and t.beyond_copula.kinds for t in stores)
        rows.append(f"| {name} | {told([t.beyond for t in stores], max)} | {copula} of {len(stores)} |")
    rows.append(f"| **all** | {_of_all(said)} | | | |")
    rows += [
        "",
        f"| kinds (from the fifth column on: the first {CLUSTERED} stores) | discovered | clearer: median, lowest "
        "| emptier: median, lowest | k right | ARI: KMeans, told it | mixture | ceiling | of it |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    both = {name: tried(store, planted, customers) for name, store in some.items()}
    for name, (stores, near) in both.items():
        aris = [np.mean([getattr(t, each) for t in near]) for each in ("kmeans", "mixture", "ceiling")]
        right = f"{sum(t.chosen == t.kinds for t in near)} of {len(near)}"
        aris_told = " | ".join(f"{a:.2f}" for a in aris)
        rows.append(
            f"| {name} | {told([t.beyond for t in stores], min)} | {right} | {aris_told} | {aris[1] / aris[2]:.0%} |"
        )
    rows.append(f"| **all** | {_of_all({name: stores for name, (stores, _) in both.items()})} | | | | | | | |")
    return "\n".join(rows)


def told(stores: Sequence[Apart], extreme: Callable[[Sequence[float]], float]) -> str:
    """Return in how many stores kinds were discovered, and what it was told by: three cells of a table."""
    said = sum(each.kinds for each in stores)
    clearer, emptier = ([getattr(each, name) for each in stores] for name in ("clearness", "emptiness"))
    measured = " | ".join(f"{np.median(values):.1f}, {extreme(values):.1f}" for values in (clearer, emptier))
    return f"{said} of {len(stores)} | {measured}"


def _of_all(found: Mapping[str, Sequence[Tested]]) -> str:
    """Return in how many stores kinds were discovered, with a Wilson interval."""
    said = [t.beyond.kinds for stores in found.values() for t in stores]
    low, high = proportion_confint(sum(said), len(said), method="wilson")
    return f"{sum(said)} of {len(said)}: {np.mean(said):.1%} (95 %: {low:.1%} to {high:.1%})"


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(table(*numbers))
