"""The main job from files to a finished Run, on real orders and on simulated stores.

``python -m benchmarks main-job``; one size alone with ``python -m benchmarks.main_job 5000000 --memory-limit 8GB``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Cost, cost_of, discovery

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "online_retail_ii" / "online_retail_ii.parquet"
CUSTOMERS = (20_000, 200_000, 1_000_000)
GOALS = {1_000_000: "480 s, 6,000 MB", 5_000_000: "8,000 MB"}


def rows(sizes: Sequence[int], memory_limit: str) -> Iterator[str]:
    """Give the rows of the table, as Markdown: real orders first, unless sizes are named."""
    yield "| data | customers | events | CPU s | peak memory MB | wall s | load | goal |"
    yield "|---|---|---|---|---|---|---|---|"
    if SOURCE.is_file() and not sizes:
        with tempfile.TemporaryDirectory() as folder:
            words = ["run", "configs/online_retail_ii.yaml", "-w", folder, "--set", f"source.path={SOURCE}"]
            cost = cost_of(discovery(*words), ROOT)
            yield row("Online Retail II", 5_344, folder, cost, "90 CPU s, 2,000 MB")
    limit = ["--memory-limit", memory_limit] if memory_limit else []
    under = f", `--memory-limit {memory_limit}`" if memory_limit else ""
    for customers in sizes or CUSTOMERS:
        with tempfile.TemporaryDirectory() as folder:
            store, work = f"{folder}/store", f"{folder}/work"
            cost_of(discovery("simulate", store, "--customers", str(customers)), ROOT)
            words = ["run", "configs/demo.yaml", "-w", work, "--set", f"source.path={store}", *limit]
            cost = cost_of(discovery(*words), ROOT)
            yield row(f"a simulated store{under}", customers, work, cost, GOALS.get(customers, ""))


def row(data: str, customers: int, workspace: str, cost: Cost, goal: str) -> str:
    """Return one row; the load is that of the last minute, others' work included."""
    events = json.loads((Path(workspace) / "dataset" / "dataset.json").read_text(encoding="utf-8"))["events"]
    took = f"{cost.cpu:.1f} | {cost.memory:,.0f} | {cost.wall:,.0f} | {os.getloadavg()[0]:.1f}"
    return f"| {data} | {customers:,} | {events / 1e6:.1f} M | {took} | {goal} |"


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("customers", type=int, nargs="*")
    asked.add_argument("--memory-limit", default="")
    chosen = asked.parse_args()
    for line in rows(chosen.customers, chosen.memory_limit):
        print(line, flush=True)
