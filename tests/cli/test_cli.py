"""The command line as a person types it: what it answers, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from discovery.core.run import Run
from tests.conftest import ALONE

SETS = [part for name in ALONE for part in ("--set", name)]


def discovery(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "discovery", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def answer(*words: object) -> object:
    done = discovery(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_runs_show_and_export_answer_the_same_in_json(
    planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    [line] = answer("runs", "-w", planted_workspace)
    assert line["id"] == planted_run.id
    assert line["customers"] == len(planted_run.table)
    card = answer("show", planted_run.id, "-w", planted_workspace)
    assert [s["name"] for s in card["segmentations"]] == ["kmeans", "hdbscan", "mixture", "rules"]
    assert sum(s["recommended"] for s in card["segmentations"]) == 1
    for each in card["segmentations"]:
        sizes = {s.id: s.size for s in planted_run.segmentation(each["name"]).placed}
        assert {s["id"]: s["size"] for s in each["segments"]} == sizes
    for form in ("yaml", "sql", "english"):
        out = tmp_path / form
        files = answer("export", planted_run.id, "-w", planted_workspace, "--format", form, "--out", out)["files"]
        assert files
        assert all(Path(f).read_text(encoding="utf-8").strip() for f in files)


def test_the_scorecard_is_readable(planted_workspace: Path, planted_run: Run) -> None:
    done = discovery("show", planted_run.id, "-w", planted_workspace)
    assert done.returncode == 0
    assert "Who orders again" in done.stdout.splitlines()[1]
    for segment in planted_run.segmentation("kmeans").placed:
        assert segment.name in done.stdout


def test_simulate_and_ingest(tmp_path: Path) -> None:
    assert answer("simulate", tmp_path / "store", "--customers", 50, "--seed", 3)["customers"] == 50
    config = tmp_path / "c.yaml"
    config.write_text("source: {kind: canonical, path: store}\nas_of: data_end\n")
    body = answer("ingest", config, "-w", tmp_path / "w")
    assert body["customers"] == 50
    assert body["currency"] == "USD"
    assert discovery("ingest", config, "-w", tmp_path / "w").stdout.startswith("50 customers")


def test_features_and_config_show() -> None:
    names = {f["name"] for f in answer("features")}
    assert {"orders_90d", "days_since_last_order", "net_revenue_365d"} <= names
    assert len(names) >= 20
    assert "average order value" in discovery("features").stdout
    rows = {r["name"]: r for r in answer("config", "show", "configs/demo.yaml", "--set", "cluster.k=6")}
    assert (rows["cluster.k"]["value"], rows["cluster.k"]["origin"]) == (6, "--set")
    assert rows["as_of"]["origin"] == "config"
    assert rows["validate.horizon_days"]["origin"] == "default"
    assert all(r["help"] for r in rows.values())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["runs", "-w", "nowhere"], 2, "A workspace must be a folder"),
        (["show", "x", "-w", "."], 2, "No run 'x'"),
        (["show", "../x", "-w", "."], 2, "A run's name must be"),
        (["run", "missing.yaml", "-w", "w"], 2, "which does not exist"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--as-of", "yesterday"], 2, "--as-of must be a date"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--set", "cluster.q=1"], 2, "Unknown setting cluster.q"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--set", "cluster.k"], 2, "name=value"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--set", "cluster.k=many"], 2, "must be a whole number"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--set", "seed=-1"], 2, "must be at least 0"),
        (["run", "{root}/configs/demo.yaml", "-w", "w", "--set", "source.path=nowhere"], 3, "source.path must exist"),
        (["fly"], 2, "No such command"),
        (["run"], 2, "Missing argument"),
        (["simulate", "s", "--customers", "0"], 2, "greater than or equal to 1"),
    ],
)
def test_wrong_use_is_one_line_with_the_right_code(words: list[str], code: int, says: str, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = discovery(*[w.format(root=root) for w in words], cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def write_orders(folder: Path, rows: list[str], header: str = "id,order,when,value") -> Path:
    (folder / "orders.csv").write_text("\n".join([header, *rows]) + "\n")
    config = folder / "c.yaml"
    config.write_text(
        "source:\n  kind: table\n  path: orders.csv\n  shape: orders\n  currency: EUR\n"
        "  columns: {customer_id: id, order_id: order, at: when, value: value}\n"
        "as_of: 2024-06-01\n"
    )
    return config


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (["a,1,2024-01-01,10"], "id,order,when,amount", "has no column 'value'"),
        ([], "id,order,when,value", "must hold rows below the header"),
        (["a,1,2025-01-01,10", "b,2,2025-01-02,20"], "id,order,when,value", "At least one order must lie before"),
        (["a,1,2024-01-01,10"], "id,order,when,value", "At least two customers"),
        (["a,1,2024-01-01,10", "b,2,2024-01-01,10"], "id,order,when,value", "do not differ"),
        (["a,1,2024-01-01,x", "b,2,2024-01-01,y"], "id,order,when,value", "2 bad_number"),
    ],
    ids=["wrong column", "header only", "none before", "one customer", "all alike", "no number"],
)
def test_bad_data_is_one_line_and_leaves_no_workspace(rows: list[str], header: str, says: str, tmp_path: Path) -> None:
    done = discovery("run", write_orders(tmp_path, rows, header), "-w", tmp_path / "w")
    assert done.returncode == 3, done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "w").exists()


def test_an_empty_file_is_said(tmp_path: Path) -> None:
    config = write_orders(tmp_path, [])
    (tmp_path / "orders.csv").write_bytes(b"")
    done = discovery("run", config, "-w", tmp_path / "w")
    assert (done.returncode, "is empty" in done.stderr) == (3, True)


def test_a_handful_of_customers_get_a_run_without_nan(tmp_path: Path) -> None:
    rows = [f"c{i},{i}-{n},2024-0{1 + n}-1{i % 9},{10 + 7 * i + n}" for i in range(9) for n in range(1 + i % 4)]
    done = discovery("run", write_orders(tmp_path, rows), "-w", tmp_path / "w", *SETS)
    assert done.returncode == 0, done.stderr
    [line] = answer("runs", "-w", tmp_path / "w")
    for path in (tmp_path / "w" / "runs" / line["id"]).glob("*.json"):
        assert "NaN" not in path.read_text()
    sizes = pd.read_parquet(tmp_path / "w" / "runs" / line["id"] / "assignments.parquet").groupby("segmentation").size()
    assert set(sizes) == {9}
