"""The test for kinds, and the mixture, on stores of another simulator than the product's, read as any table is.

``python -m benchmarks.foreign [WITHOUT] [WITH] [CLUSTERED] [CUSTOMERS]``: so many stores of each sort, and of each sort
with types so many that are clustered too. The stores are files (`benchmarks.foreign_stores`); of them is said what
`benchmarks.clusters` says of its own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from benchmarks.clusters import WHEN, Followed, beyond, followed, told
from benchmarks.foreign_stores import WITH, WITHOUT, write_store
from discovery.cluster.apart import Apart
from discovery.core.records import Records
from discovery.engine.duckdb import Engine
from discovery.features.records import extract_records
from discovery.ingest.read import ingest
from discovery.store import read_config

STORES, CLUSTERED, CUSTOMERS = 3, 2, 4_000
#: Whatever was changed after looking at these stores was changed on those of seeds below.
FIRST_SEED = 11


def read_store(name: str, customers: int, seed: int) -> tuple[Records, NDArray[np.int64] | None]:
    """Return the records of one store at its config's date, and the type of each customer, if there are types."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        types = write_store(name, customers, seed, place / "store")
        config = read_config(place / "store" / "store.yaml")
        day = config.settings.as_of
        assert day != "data_end"
        with Engine(config.settings.engine) as engine:
            dataset = ingest(engine, config.settings.source, config.base, place / "dataset")
            records = extract_records(engine, dataset, day)
    return records, None if types is None else types.reindex(records.customer).to_numpy()


def table(without: int = STORES, planted: int = STORES, clustered: int = CLUSTERED, customers: int = CUSTOMERS) -> str:
    """Return both tables, as Markdown; stores are reported on the error stream as they are done."""
    rows = [
        f"Stores of {customers:,} customers. {WHEN}",
        "",
        "| no types | ordered once | discovered | clearer: median, highest | emptier: median, highest |",
        "|---|---|---|---|---|",
    ]
    every: list[Apart] = []
    for name in WITHOUT:
        found, once = list[Apart](), list[float]()
        for seed in range(FIRST_SEED, FIRST_SEED + without):
            records, _ = read_store(name, customers, seed)
            found.append(beyond(records, seed))
            once.append(float((records.orders == 1).mean()))
            _report(name, seed, found[-1])
        every += found
        rows.append(f"| {name} | {np.mean(once):.0%} | {told(found, max)} |")
    low, high = proportion_confint(sum(b.kinds for b in every), len(every), method="wilson")
    rows += [
        f"| **all** | | {sum(b.kinds for b in every)} of {len(every)} (95 %: {low:.1%} to {high:.1%}) | | |",
        "",
        "| types | discovered | clearer: median, lowest | emptier: median, lowest | clustered: types, chosen "
        "| ARI: KMeans, told it | mixture | ceiling | of it |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in WITH:
        found, near = list[Apart](), list[Followed]()
        for seed in range(FIRST_SEED, FIRST_SEED + planted):
            records, types = read_store(name, customers, seed)
            found.append(beyond(records, seed))
            if types is not None and len(near) < clustered:
                near.append(followed(records, types, seed))
            _report(name, seed, found[-1], *near[-1:])
        chosen = ", ".join(f"{each.kinds}, {each.chosen}" for each in near)
        kmeans, mixture, ceiling = (np.mean([getattr(f, n) for f in near]) for n in ("kmeans", "mixture", "ceiling"))
        rows.append(
            f"| {name} | {told(found, min)} | {chosen} | {kmeans:.2f} | "
            f"{mixture:.2f} | {ceiling:.2f} | {mixture / ceiling:.0%} |"
        )
    return "\n".join(rows)


def _report(name: str, seed: int, found: Apart, near: Followed | None = None) -> None:
    print(name, seed, found, near or "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(table(*(int(word) for word in sys.argv[1:])))
