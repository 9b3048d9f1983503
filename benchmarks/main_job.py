"""The main job from files to a finished Run, on real orders and on the simulated store."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import cost_of, discovery

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "online_retail_ii" / "online_retail_ii.parquet"


def table() -> str:
    """Return the table of the main job, as Markdown."""
    rows = ["| data | customers | CPU s | peak memory MB | wall s | goal |", "|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        if SOURCE.is_file():
            cost = cost_of(
                discovery(
                    "run", "configs/online_retail_ii.yaml", "-w", f"{folder}/a", "--set", f"source.path={SOURCE}"
                ),
                ROOT,
            )
            rows.append(
                f"| Online Retail II, 1.07 M lines | 5,344 | {cost.cpu:.1f} | {cost.memory:,.0f} | {cost.wall:.0f} | "
                "90 CPU s, 2 GB |"
            )
        store = f"{folder}/store"
        cost = cost_of(discovery("simulate", store, "--customers", "20000"), ROOT)
        rows.append(
            f"| simulate a store, 1.2 M events | 20,000 | {cost.cpu:.1f} | {cost.memory:,.0f} | {cost.wall:.0f} | |"
        )
        cost = cost_of(
            discovery("run", "configs/demo.yaml", "-w", f"{folder}/b", "--set", f"source.path={store}"), ROOT
        )
        rows.append(f"| the simulated store | 20,000 | {cost.cpu:.1f} | {cost.memory:,.0f} | {cost.wall:.0f} | |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
