"""The main job on DuckDB, on Spark in one process, and on a Spark cluster with two workers on loopback.

``python -m benchmarks spark``, or with other numbers of customers ``python -m benchmarks.spark 20000 200000``. The
store is read once; what differs from row to row is what computes features, records and responses. Needs Linux, whose
``/proc`` says what each process of a session took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import cost_of, discovery
from benchmarks.standalone import standalone

ROOT = Path(__file__).parents[1]
CUSTOMERS = (20_000,)
#: What must be the same whatever computed it.
SAME = ("features.parquet", "assignments.parquet", "segments.json", "rules.json", "evidence.json", "merges.json")
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass
class Sessions:
    """CPU seconds and peak memory of all processes of some sessions, looked at five times a second."""

    sessions: tuple[int, ...]
    cpu: dict[int, float] = field(default_factory=dict)
    memory: float = 0.0

    def look(self) -> None:
        """Look once."""
        resident = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
            if int(fields[3]) in self.sessions:
                self.cpu[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
                resident += int(fields[21]) * _PAGE
        self.memory = max(self.memory, resident / 2**20)

    def watch(self, ended: threading.Event) -> None:
        """Look until told."""
        while not ended.wait(0.2):
            self.look()


@dataclass(frozen=True)
class Spent:
    """What a run took: here, on the cluster, at most in memory of both together, and how long."""

    cpu: float
    cluster_cpu: float
    memory: float
    wall: float


def spent_on(command: list[str], cluster: Iterable[int] = ()) -> Spent:
    """Return what a command took with every process it started, and meanwhile the processes of a cluster."""
    start, ended = time.perf_counter(), threading.Event()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True)
        watched = [Sessions((process.pid,)), Sessions(tuple(cluster))]
        for each in watched:
            each.look()
        before = sum(watched[1].cpu.values())
        threads = [threading.Thread(target=each.watch, args=(ended,)) for each in watched]
        for thread in threads:
            thread.start()
        process.wait()
        wall = time.perf_counter() - start
        ended.set()
        for thread in threads:
            thread.join()
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode()}")
    here, there = watched
    return Spent(sum(here.cpu.values()), sum(there.cpu.values()) - before, here.memory + there.memory, wall)


def rows_of(customers: int, folder: Path) -> Iterable[str]:
    """Give the rows of one store."""
    store, work = folder / "store", folder / "work"
    chosen = ["configs/demo.yaml", "-w", str(work), "--set", f"source.path={store}"]
    cost_of(discovery("simulate", str(store), "--customers", str(customers)), ROOT)
    cost_of(discovery("ingest", *chosen), ROOT)
    events = json.loads((work / "dataset" / "dataset.json").read_text(encoding="utf-8"))["events"]
    known: set[Path] = set()
    first: Path | None = None

    def row(label: str, words: list[str], cluster: Iterable[int] = ()) -> str:
        nonlocal first
        spent = spent_on(discovery("run", *chosen, *words), cluster)
        (made,) = set((work / "runs").iterdir()) - known
        known.add(made)
        first = first or made
        same = all((made / name).read_bytes() == (first / name).read_bytes() for name in SAME)
        features = json.loads((made / "run.json").read_text(encoding="utf-8"))["made"]["timings"]["features"]
        return (
            f"| {customers:,} | {events / 1e6:.1f} M | {label} | {spent.cpu:.1f} | {spent.cluster_cpu:.1f} | "
            f"{spent.memory:,.0f} | {features:.0f} | {spent.wall:.0f} | {'yes' if same else 'NO'} |"
        )

    yield row("DuckDB", [])
    yield row("Spark, `local[2]`", ["--engine", "spark"])
    (folder / "cluster").mkdir()
    with standalone(folder / "cluster") as cluster:
        on_it = ["--engine", "spark", "--spark-master", cluster.address]
        yield row("Spark, a master and two workers", on_it, cluster.processes)


def main(sizes: list[int]) -> None:
    """Print the table."""
    print(
        "| customers | events | engine | CPU s here | CPU s of the cluster | peak memory MB, all | "
        "features, wall s | wall s | the same Run |\n|---|---|---|---|---|---|---|---|---|"
    )
    for customers in sizes or CUSTOMERS:
        with tempfile.TemporaryDirectory() as folder:
            for row in rows_of(customers, Path(folder)):
                print(row, flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
