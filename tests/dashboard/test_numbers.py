"""The numbers on the pages are those that the command line gives as JSON, on a simulated store and on a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from discovery import service
from discovery.charts.format import amount, count, difference, rate
from discovery.charts.scorecard import method_name
from discovery.cli import app as command_line
from tests.conftest import QUICK, ROOT
from tests.dashboard.test_pages import text

Open = Callable[..., AppTest]


@dataclass(frozen=True)
class Store:
    """A workspace with one run, what ``show --json`` says of it, and its pages as they are."""

    workspace: Path
    card: dict[str, Any]

    @property
    def run(self) -> str:
        return str(self.card["run"])

    @property
    def recommended(self) -> dict[str, Any]:
        return next(s for s in self.card["segmentations"] if s["recommended"])


def answered(*words: object) -> Any:
    done = CliRunner().invoke(command_line, [*map(str, words), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def retail_workspace(shared_data: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A workspace with one quick run of Online Retail II."""
    [data] = (shared_data / "online_retail_ii").glob("*.parquet")
    quick = (*QUICK, "cluster.fit_rows=2000", f"source.path={data}")
    config = ROOT / "configs" / "online_retail_ii.yaml"
    return once("retail-workspace", lambda folder: service.discover(config, folder, overrides=quick))


@pytest.fixture(scope="module", params=["simulated", "Online Retail II"])
def store(request: pytest.FixtureRequest) -> Store:
    name = "run_workspace" if request.param == "simulated" else "retail_workspace"
    workspace: Path = request.getfixturevalue(name)
    run = service.open_workspace(workspace).runs()[0].id
    return Store(workspace, answered("show", run, "-w", workspace))


def test_sizes_shares_and_revenue(open_on: Open, store: Store) -> None:
    shown = text(open_on(store.workspace, "overview"))
    assert f"from {count(store.card['customers'])} customers" in shown
    for s in store.recommended["segments"]:
        assert f"{count(s['size'])}</td>" in shown
        assert f"{rate(s['share'])}</td>" in shown
        assert f"{s['hidden'] or rate(s['revenue_share'])}</td>" in shown


def test_validation(open_on: Open, store: Store) -> None:
    shown = text(open_on(store.workspace, "validate"))
    found = [s["heldout_auc"] for s in store.recommended["segments"] if s["heldout_auc"]]
    aucs = [auc for auc in found if auc["value"] is not None]
    assert aucs or "Whether the segments differ on what they were not made from was not tested" in shown
    for auc in aucs:
        assert f"{amount(auc['value'], 'auc')}</td>" in shown
        assert f"{amount(auc['low'], 'auc')} to {amount(auc['high'], 'auc')}</td>" in shown
    answers = [r for r in store.recommended["responses"] if not r["campaign"] and r["state"] == "shown"]
    assert answers
    for r in answers:
        unit = "money" if r["outcome"].endswith("revenue") else "share"
        assert f"{amount(r['value'], unit, store.card['currency'])}</td>" in shown


def test_distances(open_on: Open, store: Store) -> None:
    kmeans = next(s for s in store.card["segmentations"] if s["name"] == "kmeans")
    shown = text(open_on(store.workspace, "validate", by=method_name("kmeans")))
    assert sum(d["share"] for d in kmeans["distance_shares"]) == pytest.approx(1)
    for d in kmeans["distance_shares"]:
        assert f"{rate(d['share'])}</td>" in shown
    assert "What the distances are made of" not in text(open_on(store.workspace, "validate", by=method_name("rules")))


def test_what_customers_told(open_on: Open, store: Store) -> None:
    first = store.recommended["segments"][0]
    shown = text(open_on(store.workspace, "segments", segment=first["id"]))
    assert ("What its customers told of themselves" in shown) == bool(first["answers"])
    for a in first["answers"]:
        cells = (a["said"], count(a["customers"]), rate(a["share"]), rate(a["everyone"]))
        assert all(f"{cell}</td>" in shown for cell in cells)
    assert first["answers"] or store.workspace.name != "simulated"


def test_merges_and_the_path(open_on: Open, store: Store) -> None:
    app = open_on(store.workspace, "merges")
    assert not app.exception
    shown = text(app)
    pairs = store.recommended["pairs"]
    main = [p for p in pairs if p["check"] == pairs[0]["check"] and p["state"] == "shown"]
    assert main
    for p in main:
        assert f"{difference(p['value'], p['unit'], store.card['currency'])}</td>" in shown
    steps = store.recommended["merge_path"]
    assert [s["k"] for s in steps] == list(range(store.recommended["k"], 0, -1))
    for step in steps[1:]:
        assert f"{rate(step['cost'])}</td>" in shown
        assert f"{rate(step['response_kept'])}</td>" in shown


def test_breakdowns(open_on: Open, store: Store) -> None:
    shown = text(open_on(store.workspace, "breakdowns", **{"view": "Order value", "measure": "Average order value"}))
    told = answered("breakdown", store.run, "-w", store.workspace, "--by", "aov_band", "--measure", "aov")
    assert told["cells"]
    for cell in told["cells"]:
        said = cell["state"] or amount(cell["value"], told["unit"], told["currency"])
        assert said in shown


def test_every_segmentation_has_its_pages(open_on: Open, store: Store) -> None:
    for each in store.card["segmentations"]:
        for page in ("segments", "merges"):
            app = open_on(store.workspace, page, by=method_name(each["name"]))
            assert not app.exception, (page, each["name"])
            assert "<h1>" in text(app)
