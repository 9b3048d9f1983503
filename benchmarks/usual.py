"""What the usual ways of choosing a number of clusters say of stores without kinds, and of stores with.

``python -m benchmarks.usual [STORES] [CUSTOMERS]``: so many stores of each sort, from those of ``benchmarks.clusters``.
The usual ways get what is usually given to them, recency, orders and order value as standardised logarithms; ours gets
the records they come from. Saying "there are groups" of a store without kinds is a false discovery.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from benchmarks.clusters import Store, beyond, simulated, small
from benchmarks.stores import WITH, WITHOUT
from discovery.core.records import Records

STORES, CUSTOMERS = 10, 4_000
MOST, REFERENCES, STARTS = 8, 10, 3
#: From here on Kaufman and Rousseeuw (1990) speak of a reasonable structure.
REASONABLE = 0.5
Points = NDArray[np.float64]


def rfm(records: Records) -> Points:
    """Return recency, orders and order value as standardised logarithms, shape (customers, 3)."""
    orders = np.maximum(records.orders, 1)
    columns = (np.log1p(records.age - records.recency), np.log(orders), records.log_total / orders)
    return np.asarray(StandardScaler().fit_transform(np.column_stack(columns)))


def _kmeans(points: Points, k: int, seed: int) -> KMeans:
    return KMeans(k, n_init=STARTS, random_state=seed).fit(points)


def by_silhouette(points: Points, seed: int) -> int:
    """Return the number with the best silhouette, or 1 if that is no reasonable structure."""
    fits = {k: _kmeans(points, k, seed).labels_ for k in range(2, MOST + 1)}
    score = {k: silhouette_score(points, labels, sample_size=2_000, random_state=seed) for k, labels in fits.items()}
    best = max(score, key=lambda k: score[k])
    return best if score[best] > REASONABLE else 1


def by_gap(points: Points, seed: int) -> int:
    """Return the number by the gap statistic (Tibshirani, Walther and Hastie 2001), its reference drawn along the axes.

    The first k whose gap is within one standard error of the next one's; the last one if none is.
    """
    rng = np.random.default_rng(seed)
    low, high = points.min(axis=0), points.max(axis=0)

    def spread(of: Points) -> Points:
        return np.log([_kmeans(of, k, seed).inertia_ for k in range(1, MOST + 1)])

    drawn = np.array([spread(rng.uniform(low, high, points.shape)) for _ in range(REFERENCES)])
    gap = drawn.mean(axis=0) - spread(points)
    error = drawn.std(axis=0) * np.sqrt(1 + 1 / REFERENCES)
    enough = gap[:-1] >= gap[1:] - error[1:]
    return int(np.argmax(enough)) + 1 if enough.any() else MOST


def by_bic(points: Points, seed: int) -> int:
    """Return the number of components of a Gaussian mixture with the best BIC."""
    fits = [GaussianMixture(k, n_init=STARTS, random_state=seed).fit(points) for k in range(1, MOST + 1)]
    return int(np.argmin([fit.bic(points) for fit in fits])) + 1


def by_density(points: Points, seed: int) -> int:
    """Return the number of groups of HDBSCAN with at least one customer in a hundred each."""
    labels = HDBSCAN(min_cluster_size=len(points) // 100, min_samples=10, copy=True).fit_predict(points)
    return max(1, int(labels.max()) + 1)


WAYS: Mapping[str, Callable[[Points, int], int]] = {
    "KMeans, silhouette above .5": by_silhouette,
    "KMeans, gap statistic": by_gap,
    "Gaussian mixture, BIC": by_bic,
    "HDBSCAN, two groups or more": by_density,
}


@dataclass
class Said:
    """In how many stores groups were found, of how many, and the CPU seconds it took."""

    found: int = 0
    stores: int = 0
    cpu: float = 0.0

    def ask(self, groups: Callable[[], bool]) -> None:
        """Ask one store."""
        start = time.process_time()
        self.found += groups()
        self.cpu += time.process_time() - start
        self.stores += 1


def said_of(stores: Mapping[str, Store], each: int, customers: int) -> dict[str, Said]:
    """Return what every way says of `each` stores of every sort."""
    said = {name: Said() for name in ("**ours: known well, beside the null**", *WAYS)}
    ours = next(iter(said))
    for make in stores.values():
        for seed in range(1, each + 1):
            records, _ = make(customers, seed)
            points = rfm(records)
            said[ours].ask(lambda r=records, s=seed: beyond(r, s).kinds)
            for name, way in WAYS.items():
                said[name].ask(lambda w=way, p=points, s=seed: w(p, s) > 1)
    return said


def table(each: int = STORES, customers: int = CUSTOMERS) -> str:
    """Return the table, as Markdown."""
    none = {"the simulated store without types": simulated(False)} | {n: small(n) for n in WITHOUT}
    some = {"the simulated store, seven types": simulated(True)} | {n: small(n) for n in WITH}
    false, true = said_of(none, each, customers), said_of(some, each, customers)
    rows = [
        "| way | groups found where there are no kinds | found where there are | CPU s a store |",
        "|---|---|---|---|",
    ]
    for name, wrong in false.items():
        right = true[name]
        spent = (wrong.cpu + right.cpu) / (wrong.stores + right.stores)
        rows.append(f"| {name} | {wrong.found} of {wrong.stores} | {right.found} of {right.stores} | {spent:.1f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(*(int(word) for word in sys.argv[1:])))
