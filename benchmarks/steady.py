"""Which kinds of a mixture come again: on stores with kinds they should, and on stores without they should not.

``python -m benchmarks.steady [CUSTOMERS]``: one store of each sort of ``benchmarks.clusters``, its mixture with the
number of kinds the criterion prefers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.clusters import SETTINGS, Store, simulated, small
from benchmarks.stores import WITH, WITHOUT
from discovery.cluster.mixture import choose_kinds, fit_mixture
from discovery.cluster.shrink import shrink
from discovery.core.candidate import AgainstNull
from discovery.core.settings import ValidateSettings
from discovery.usecases.steadiness import mixture_stability

CUSTOMERS, SEED = 4_000, 5
STABLE = ValidateSettings().stable_from


def rows(customers: int) -> Iterator[str]:
    """Give the rows of the table, as Markdown."""
    yield "| store | kinds there | found again (Jaccard index) | beside it, stores without kinds | both | CPU s |"
    yield "|---|---|---|---|---|---|"
    for name in WITH:
        yield _row(name, small(name), customers)
    yield _row("a simulated store", simulated(types=True), customers)
    for name in WITHOUT:
        yield _row(name, small(name), customers)
    yield _row("a simulated store without types", simulated(types=False), customers)


def _row(name: str, store: Store, customers: int) -> str:
    records, truth = store(customers, SEED)
    shrinkage = shrink(records, SETTINGS.clip)
    points = shrinkage.transform(records)
    least = SETTINGS.min_cluster_share
    k, _ = choose_kinds(records, points, SETTINGS.band_high, SEED, least, lambda done: None)
    labels = fit_mixture(records, points, k, SEED, SETTINGS.n_init, least).assign(records)[0]
    start = time.process_time()
    told = mixture_stability(records, points, shrinkage, labels, SETTINGS, SEED)
    took = time.process_time() - start
    found = [AgainstNull(**each) for each in told.values()]
    values = " ".join(f"{each.value:.2f}".removeprefix("0") for each in found)
    beside = f"{found[0].null_low:.2f} to {found[0].null_high:.2f}" if found else ""
    both = sum(each.value >= STABLE and each.excess > 0 for each in found)
    there = "none" if truth is None else len(set(truth))
    return f"| {name} | {there} | {values} | {beside} | {both} of {len(found)} | {took:.1f} |"


if __name__ == "__main__":
    for line in rows(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS):
        print(line, flush=True)
