"""Clustering a million customers on two cores, beside peers on the same rows.

``python -m benchmarks scale``, or with fewer customers ``python -m benchmarks.scale 100000``. Each row of the table is
a process of its own. Counted is the work with the reading of its rows, not the import of what all share or, where numba
compiles, the first call. Peers that would not end on everyone get as many customers as their row says.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

ROOT = Path(__file__).parents[1]
CUSTOMERS, FEATURES, KINDS = 1_000_000, 20, 6
SEED = 7
#: Of the records, that many customers are drawn; the others are these again, in another order.
DRAWN = 50_000
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Spent:
    """What one work took, and how near its labels are to the planted kinds."""

    cpu: float
    memory: float
    wall: float
    ari: float
    told: str


def raw_features(customers: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], Labels]:
    """Return planted kinds in twenty features as stores have them: half bell-shaped, some skewed, some small counts."""
    kind = rng.choice(KINDS, customers, p=rng.dirichlet(np.full(KINDS, 12.0)))
    values = rng.normal(0, 1.2, (KINDS, FEATURES))[kind] + 0.6 * rng.standard_normal((customers, FEATURES))
    values[:, 10:15] = np.exp(values[:, 10:15])
    values[:, 15:] = rng.poisson(np.exp(values[:, 15:] - 0.5))
    return values, kind


def our_preparation(folder: Path, rows: int) -> tuple[Labels, str]:
    """Learn the transform of the features, and transform."""
    from discovery.cluster.prepare import prepare
    from discovery.core.sampling import some_rows
    from discovery.core.settings import ClusterSettings

    frame, settings = _raw(folder, rows), ClusterSettings()
    learnt = prepare(frame.iloc[some_rows(rows, settings.fit_rows, SEED)], settings.clip)
    points = learnt.transform(frame)
    np.save(folder / "points.npy", points)
    return np.zeros(rows, dtype=np.int64), ""


def our_choice(folder: Path, rows: int) -> tuple[Labels, str]:
    """Choose the number of segments beside its null, fit, and assign everyone."""
    from discovery.cluster.choose import choose_k
    from discovery.cluster.null import copula_draws
    from discovery.core.settings import ClusterSettings

    points, settings = _points(folder, rows), ClusterSettings()
    choice = choose_k(points, lambda some, draws, seed: copula_draws(points[some], draws, seed), None, settings, SEED)
    return _our_kmeans(points, choice.k), f"{choice.k} segments"


def our_kmeans(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit and assign, told the number."""
    return _our_kmeans(_points(folder, rows), KINDS), "told the number"


def _our_kmeans(points: NDArray[np.float32], k: int) -> Labels:
    from discovery.cluster.kmeans import assign, fit_centres
    from discovery.core.sampling import some_rows
    from discovery.core.settings import ClusterSettings

    settings = ClusterSettings()
    some = some_rows(len(points), settings.fit_rows, SEED)
    return assign(points, fit_centres(points[some], k, SEED, settings.n_init))[0]


def sklearn_kmeans(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit on everyone."""
    from sklearn.cluster import KMeans

    return KMeans(KINDS, n_init=10, random_state=SEED).fit_predict(_points(folder, rows)), "told the number"


def sklearn_minibatch(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit on batches of everyone."""
    from sklearn.cluster import MiniBatchKMeans

    return MiniBatchKMeans(KINDS, n_init=10, random_state=SEED).fit_predict(_points(folder, rows)), "told the number"


def our_stability(folder: Path, rows: int) -> tuple[Labels, str]:
    """Redraw customers, cluster them anew, and see how much of each segment returns; the same on structureless data."""
    from discovery.cluster.prepare import prepare
    from discovery.core.settings import ClusterSettings
    from discovery.usecases.placing import Placed
    from discovery.usecases.steadiness import kmeans_stability

    points = _points(folder, rows)
    labels = _our_kmeans(points, KINDS)
    placed = Placed(np.ones(rows, dtype=bool), points, prepare(_raw(folder, 1_000), ClusterSettings().clip))
    found = kmeans_stability(placed, labels, ClusterSettings(), SEED)
    return labels, f"{len(found)} segments beside their null"


def sklearn_stability(folder: Path, rows: int) -> tuple[Labels, str]:
    """Do the same by hand: every draw fitted on everyone drawn, Jaccard by segment, no null."""
    from sklearn.cluster import KMeans

    from discovery.core.settings import ClusterSettings

    points, rng = _points(folder, rows), np.random.default_rng(SEED)
    labels = KMeans(KINDS, n_init=10, random_state=SEED).fit_predict(points)
    own = labels[:, None] == np.arange(KINDS)
    returned = []
    for _ in range(ClusterSettings().stability_draws):
        model = KMeans(KINDS, n_init=3, random_state=SEED).fit(points[rng.integers(0, rows, rows)])
        new = model.predict(points)[:, None] == np.arange(KINDS)
        both = own.T.astype(np.float64) @ new
        returned.append((both / (own.sum(axis=0)[:, None] + new.sum(axis=0) - both)).max(axis=1))
    return labels, f"Jaccard {np.mean(returned):.2f}, no null"


def our_hdbscan(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit on a sample, and give the others their neighbours' groups."""
    from discovery.cluster.density import cluster_by_density
    from discovery.core.settings import ClusterSettings

    found = cluster_by_density(_points(folder, rows), ClusterSettings(), SEED)
    return found.labels, _groups(found.labels) + (", refused" if found.refusal else "")


def hdbscan_package(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit with the package hdbscan."""
    import hdbscan

    model = hdbscan.HDBSCAN(
        min_cluster_size=rows // 100, min_samples=10, algorithm="boruvka_kdtree", core_dist_n_jobs=1
    )
    return _of(model.fit_predict(_points(folder, rows).astype(np.float64)))


def sklearn_hdbscan(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit with scikit-learn."""
    from sklearn.cluster import HDBSCAN

    return _of(HDBSCAN(min_cluster_size=rows // 100, min_samples=10, copy=True).fit_predict(_points(folder, rows)))


def fast_hdbscan(folder: Path, rows: int) -> tuple[Labels, str]:
    """Fit with the package fast_hdbscan."""
    from fast_hdbscan import HDBSCAN

    return _of(HDBSCAN(min_cluster_size=rows // 100, min_samples=10).fit_predict(_points(folder, rows)))


def our_mixture(folder: Path, rows: int) -> tuple[Labels, str]:
    """Learn the priors, choose the number of kinds, fit, and assign everyone."""
    from discovery.cluster.mixture import choose_kinds, fit_mixture
    from discovery.cluster.shrink import shrink
    from discovery.core.records import records_from_frame
    from discovery.core.sampling import some_rows
    from discovery.core.settings import ClusterSettings

    settings = ClusterSettings()
    records = records_from_frame(pd.read_parquet(folder / "records.parquet").iloc[:rows])
    some = records.taken(some_rows(rows, settings.fit_rows, SEED))
    few = records.taken(some_rows(rows, settings.choice_rows, SEED))
    shrinkage, least = shrink(some, settings.clip), settings.min_cluster_share
    k = choose_kinds(few, shrinkage.transform(few), settings.k_high, SEED, least, lambda done: None)[0]
    mixture = fit_mixture(some, shrinkage.transform(some), k, SEED, settings.n_init, least)
    return mixture.assign(records)[0], f"{mixture.k} kinds"


def _raw(folder: Path, rows: int) -> pd.DataFrame:
    return pd.DataFrame(np.load(folder / "raw.npy", mmap_mode="r")[:rows], columns=[f"f{i}" for i in range(FEATURES)])


def _points(folder: Path, rows: int) -> NDArray[np.float32]:
    return np.asarray(np.load(folder / "points.npy")[:rows])


def _groups(labels: Labels) -> str:
    return f"{labels.max() + 1} groups, {(labels == -1).mean():.0%} noise"


def _of(labels: Labels) -> tuple[Labels, str]:
    return labels, _groups(labels)


#: Row of the table, its work, the most customers it gets, and the goal.
WORKS: tuple[tuple[str, Callable[[Path, int], tuple[Labels, str]], int, str], ...] = (
    ("preparation of 20 features", our_preparation, CUSTOMERS, ""),
    ("**KMeans with its choice of k**", our_choice, CUSTOMERS, "60 CPU s"),
    ("**KMeans**", our_kmeans, CUSTOMERS, ""),
    ("scikit-learn KMeans", sklearn_kmeans, CUSTOMERS, ""),
    ("scikit-learn MiniBatchKMeans", sklearn_minibatch, CUSTOMERS, ""),
    ("**stability of each segment, beside its null**", our_stability, CUSTOMERS, ""),
    ("**stability**, where peers still end", our_stability, 100_000, ""),
    ("stability by hand with scikit-learn, no null", sklearn_stability, 100_000, ""),
    ("**HDBSCAN**", our_hdbscan, CUSTOMERS, "60 CPU s"),
    ("**HDBSCAN**, where peers still end", our_hdbscan, 20_000, ""),
    ("hdbscan", hdbscan_package, 20_000, ""),
    ("scikit-learn HDBSCAN", sklearn_hdbscan, 20_000, ""),
    ("fast_hdbscan", fast_hdbscan, 20_000, ""),
    ("**mixture with its choice of k**", our_mixture, CUSTOMERS, "300 CPU s"),
)


def make(folder: Path, customers: int) -> None:
    """Write the features, the records and the planted kinds of both."""
    from benchmarks.stores import drawn

    rng = np.random.default_rng(SEED)
    values, kind = raw_features(customers, rng)
    np.save(folder / "raw.npy", values)
    np.save(folder / "kind.npy", kind)
    records, planted = drawn("regular, sales, presents", min(DRAWN, customers), SEED)
    assert planted is not None
    again = rng.integers(0, len(records), customers)
    records.as_frame().iloc[again].reset_index(drop=True).to_parquet(folder / "records.parquet")
    np.save(folder / "planted.npy", planted[again])


def work(name: str, rows: int, folder: Path) -> Spent:
    """Do one work in this process, and measure it."""
    done = next(each for each in WORKS if each[1].__name__ == name)[1]
    if name == "fast_hdbscan":
        done(folder, 2_000)
    wall, cpu = time.perf_counter(), time.process_time()
    labels, told = done(folder, rows)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    truth = np.load(folder / ("planted.npy" if name == "our_mixture" else "kind.npy"))[:rows]
    return Spent(cpu, memory, wall, float(adjusted_rand_score(truth, labels)), told)


def table(customers: int = CUSTOMERS) -> str:
    """Return the table, as Markdown."""
    rows = [
        "| work | customers | CPU s | peak memory MB | wall s | ARI to the planted | found | goal |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as place:
        _apart(make.__name__, customers, place)
        for label, done, most, goal in WORKS:
            spent = Spent(**json.loads(_apart(done.__name__, min(most, customers), place)))
            near = f"{spent.ari:.2f}" if spent.told else ""
            took = f"{spent.cpu:.1f} | {spent.memory:,.0f} | {spent.wall:.0f}"
            rows.append(f"| {label} | {min(most, customers):,} | {took} | {near} | {spent.told} | {goal} |")
            print(rows[-1], file=sys.stderr)
    return "\n".join(rows)


def _apart(name: str, rows: int, folder: str) -> str:
    """Do it in a process of its own: a child's peak of memory begins at its parent's, so this one stays small."""
    here = [sys.executable, "-m", "benchmarks.scale", name, str(rows), folder]
    said = subprocess.run(here, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stderr)
    return said.stdout.strip().rpartition("\n")[2]


def main(words: list[str]) -> None:
    """Print the table; with a work, customers and a folder: make the data or do the work, and print what it took."""
    if len(words) < 3:
        print(table(*map(int, words)))
    elif words[0] == make.__name__:
        make(Path(words[2]), int(words[1]))
    else:
        print(json.dumps(vars(work(words[0], int(words[1]), Path(words[2])))))


if __name__ == "__main__":
    main(sys.argv[1:])
