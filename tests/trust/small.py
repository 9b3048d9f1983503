"""A store so small that the main job is over in seconds, and the job as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

#: Dates of runs in one workspace.
FIRST, SECOND, THIRD = "2025-03-01", "2025-06-01", "2025-08-01"
_SETTINGS = """
seed: 7
cluster: {k_high: 3, null_draws: 3, choice_rows: 200, n_init: 1, stability_draws: 0, hdbscan_rows: 100}
rules: {library: few.yaml, induce_rows: 100}
validate: {auc_rows: 200}
"""


def write_small_store(folder: Path) -> Path:
    """Write orders of 90 customers, a rule file of two rules and a config; return the config."""
    chance = np.random.default_rng(3)
    rows = ["who,number,day,amount"]
    for customer in range(90):
        for number in range(1 + customer % 5):
            day = np.datetime64("2024-06-01") + int(chance.integers(0, 540))
            rows.append(f"c{customer},{customer}-{number},{day},{chance.integers(5, 40) * (1 + customer % 3)}")
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "few.yaml").write_text(
        "- {name: Loyal, where: orders >= 3}\n- {name: Once, where: orders = 1}\n", encoding="utf-8"
    )
    config = folder / "config.yaml"
    config.write_text(
        "source:\n  {kind: table, shape: orders, path: orders.csv, currency: EUR, columns: {customer_id: who, "
        f"order_id: number, at: day, value: amount}}}}\nas_of: {FIRST}\n{_SETTINGS}",
        encoding="utf-8",
    )
    return config


def main_job(
    config: Path, workspace: Path, as_of: str, first: Callable[[], None] | None = None, **environment: object
) -> subprocess.Popen[str]:
    """Start the main job as a process of its own, which does `first` before anything else."""
    command = [sys.executable, "-m", "discovery", "run", str(config), "-w", str(workspace), "-q", "--as-of", as_of]
    more = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=more, preexec_fn=first
    )
