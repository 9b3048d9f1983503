"""The dashboard on a run of a million customers, in a browser: seconds until a page stands, and the server's memory.

``python -m benchmarks dashboard``, or with fewer customers ``python -m benchmarks.dashboard 20000``, or on a workspace
there is ``python -m benchmarks.dashboard FOLDER``. Without one, the runs of a simulated store at two dates are repeated
until they hold that many customers: every file that a page reads is as large as it would be.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.measure import cost_of, discovery
from benchmarks.served import READY, ROOT, served
from discovery.core.feature import FeatureTable
from discovery.core.run import Run
from discovery.core.segment import Segmentation
from discovery.store import Workspace

CUSTOMERS, SIMULATED = 1_000_000, 20_000
DATES = ("2025-07-01", "2025-10-01")
FIRST, CHANGE = "3 s, 1,500 MB", "1.5 s, 1,500 MB"
#: Page, and what shows that its charts are drawn.
PAGES: Mapping[str, str] = {
    "Overview": ".bars .point",
    "Discover": ".scatterlayer .lines",
    "Segments": ".st-key-map .scatterlayer .point",
    "Rules beside clusters": ".heatmaplayer .hm",
    "Validate": ".scatterlayer .point",
    "Merges": ".scatterlayer .lines",
    "Breakdowns": ".choroplethlayer path",
    "Review": ".scatterlayer .point",
    "Export": "",
}
#: The last page's heading is marked, so that the next one is known from it.
_OLD = "document.querySelectorAll('h1').forEach(e => e.dataset.old = 'yes')"
_NEW = "h1:not([data-old])"


@dataclass(frozen=True)
class Visit:
    """Seconds until a page stood, the server's CPU seconds for it, and its memory in MB afterwards."""

    wall: float
    cpu: float
    memory: float


def repeated(run: Run, times: int) -> Run:
    """Return a run of `times` as many customers, each of whom has doubles with other ids."""
    ids = pd.Index(_ids(run.table.customers, times), dtype="str", name="customer_id")

    def rows(values: Any) -> Any:
        return pd.concat([values] * times).set_axis(ids)

    def more(each: Segmentation) -> Segmentation:
        return replace(
            each,
            segments=tuple(replace(s, size=s.size * times) for s in each.segments),
            labels=rows(each.labels),
            strength=rows(each.strength),
            next_labels=None if each.next_labels is None else rows(each.next_labels),
        )

    table = run.table
    return replace(
        run,
        table=FeatureTable(rows(table.values), table.features, table.as_of, table.fingerprint, table.cutoffs),
        segmentations=tuple(more(s) for s in run.segmentations),
        embedding=run.embedding.assign(customer_id=_ids(run.embedding["customer_id"], 1)),
        responses=rows(run.responses),
    )


def make(folder: Path, customers: int) -> Path:
    """Return a workspace with two runs of `customers`, and the review of both."""
    workspace, store = folder / "workspace", folder / "store"
    cost_of(discovery("simulate", str(store), "--customers", str(min(customers, SIMULATED))), ROOT)
    wanted = ["run", "configs/demo.yaml", "-w", str(workspace), "--set", f"source.path={store}"]
    for date in DATES:
        cost_of(discovery(*wanted, "--as-of", date), ROOT)
    now, before = (r.id for r in Workspace(workspace).runs())
    cost_of(discovery("review", before, now, "--workspace", str(workspace)), ROOT)
    repeat(workspace, customers)
    return workspace


def repeat(workspace: Path, customers: int) -> None:
    """Repeat the customers of every run of a workspace, and its profiles, until the last run holds so many."""
    place = Workspace(workspace)
    times = math.ceil(customers / place.runs()[0].customers)
    with place.writing() as staging:
        for known in place.runs():
            staging.put_run(repeated(place.load(known.id), times))
    _repeat_profiles(workspace / "dataset" / "profiles.parquet", times)


def visits(workspace: Path, folder: Path) -> Iterator[tuple[str, Visit]]:
    """Yield the first page on a warm server, and then the visits of all pages in their order, twice."""
    shown = PAGES if Workspace(workspace).reviews() else {**PAGES, "Review": ""}
    with served(workspace, folder / "log.txt") as (address, server), _browser() as browser:
        # The first reader warms the server, and is not counted.
        for _ in range(2):
            _rested(server)
            page, cpu, start = browser.new_page(), _cpu(server), time.perf_counter()
            page.goto(address)
            opened = _stood(page, shown["Overview"], server, cpu, start)
        yield "Overview", opened
        for name in (*list(shown)[1:], "Overview") * 2:
            page.evaluate(_OLD)
            cpu, start = _cpu(server), time.perf_counter()
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
            yield name, _stood(page, shown[name], server, cpu, start)


def table(workspace: Path) -> str:
    """Return the table, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        (_, opened), *changed = visits(workspace, Path(folder))
    rows = [
        f"{Workspace(workspace).runs()[0].customers:,} customers\n",
        "| page | s until drawn | s, again | server's CPU s | CPU s, again | server's memory MB | goal |",
        "|---|---|---|---|---|---|---|",
        f"| first page, second reader | {opened.wall:.1f} | | {opened.cpu:.2f} | | {opened.memory:,.0f} | {FIRST} |",
    ]
    half = len(changed) // 2
    for (name, once), (_, again) in zip(changed[:half], changed[half:], strict=True):
        walls, cpus = f"{once.wall:.1f} | {again.wall:.1f}", f"{once.cpu:.2f} | {again.cpu:.2f}"
        rows.append(f"| {name} | {walls} | {cpus} | {again.memory:,.0f} | {CHANGE} |")
    return "\n".join(rows)


@contextmanager
def _browser() -> Iterator[BrowserContext]:
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("Debian's chromium must be there to look at the pages: apt-get install chromium")
    options = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser.new_context(viewport={"width": 1440, "height": 900})
        browser.close()


def _stood(page: Page, shown: str, server: int, cpu: float, start: float) -> Visit:
    """Wait until a new page and its charts are drawn, and return what that took since `cpu` and `start`."""
    for mark in (_NEW, shown, READY):
        if mark:
            page.wait_for_selector(mark, state="attached", timeout=60_000)
    return Visit(time.perf_counter() - start, _cpu(server) - cpu, _memory(server))


def _rested(process: int) -> None:
    """Wait until a process does next to nothing: what it loads while the first page is looked at is loaded."""
    for _ in range(60):
        before = _cpu(process)
        time.sleep(1)
        if _cpu(process) - before < 0.05:
            return


def _cpu(process: int) -> float:
    """Return the CPU seconds that a process has used."""
    used = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def _ids(customers: pd.Index | pd.Series, times: int) -> list[str]:
    return [f"{n:03}-{customer}" for n in range(times) for customer in customers]


def _repeat_profiles(path: Path, times: int) -> None:
    profiles = pd.read_parquet(path)
    doubled = pd.concat([profiles] * times).assign(customer_id=_ids(profiles["customer_id"], times))
    pq.write_table(pa.Table.from_pandas(doubled, schema=pq.read_schema(path), preserve_index=False), path)


def main(words: list[str]) -> None:
    """Print the table of a workspace that is there, or of one made for so many customers."""
    if words and Path(words[0]).is_dir():
        print(table(Path(words[0])))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(table(make(Path(folder), *map(int, words or [CUSTOMERS]))))


if __name__ == "__main__":
    main(sys.argv[1:])
