"""The notebooks run from first to last cell, and leave the command line's numbers and the files of the manual."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from discovery.cli import app
from tests.docs.conftest import NOTEBOOKS
from tests.docs.test_manual import text

books = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def asked(*words: object) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def code(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [c.source for c in cells if c.cell_type == "code" and not c.source.startswith("%%")]


def test_there_are_four() -> None:
    assert len(NOTEBOOKS) == 4


@books
def test_is_stored_without_outputs(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert cell.cell_type != "code" or (not cell.outputs and cell.execution_count is None)
    assert path.stat().st_size < 12_000


@books
def test_uses_the_public_door_only(path: Path) -> None:
    allowed = {"discovery", "pandas", "pathlib", "datetime"}
    for source in code(path):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                assert {a.name for a in node.names} <= allowed
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed or node.module.startswith("discovery.charts.")


@books
def test_shows_something_wherever_it_looks(path: Path, executed: Path) -> None:
    for cell in nbformat.read(executed / path.name, as_version=4).cells[:-1]:
        shown = [o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", ())]
        assert not any("Empty DataFrame" in text or text in ("[]", "{}", "()") for text in shown), cell.source


def test_segments_are_those_of_show(answers: dict[str, Any], executed: Path) -> None:
    found = answers["1_orders_to_segments"]
    assert found == asked("show", found["run"], "--workspace", executed / "work")
    assert found["customers"] > 1_200


def test_a_merge_is_made_and_taken_back(answers: dict[str, Any], executed: Path) -> None:
    found, run = answers["2_validate_and_merge"], answers["1_orders_to_segments"]["run"]
    assert found["joined"] != run
    assert found["back"] == [run]
    (decision,) = asked("decisions", "list", "--workspace", executed / "work")
    assert decision["undone_by"] == "notebook"
    assert decision["segments"] == found["decision"]["segments"]


def test_rules_and_files_are_those_of_the_command_line(answers: dict[str, Any], executed: Path) -> None:
    found, run = answers["3_rules_and_export"], answers["1_orders_to_segments"]
    rules = (executed / "my_rules.yaml", "--workspace", executed / "work")
    told = asked("rules", "evaluate", *rules, "--as-of", run["as_of"])
    assert found["rules"] == told["rules"]
    assert [r["customers"] > 0 for r in found["rules"]] == [True, True, False]
    assert found["findings"] == asked("rules", "lint", *rules, "--target", "klaviyo")["findings"]
    assert "Nobody" in {f["rule"] for f in found["findings"]}
    export = ("export", run["run"], "--workspace", executed / "work", "--segmentation", run["recommended"])
    for form in (("english",), ("sql", "--dialect", "bigquery")):
        for file in asked(*export, "--out", executed / "told", "--format", *form)["files"]:
            assert Path(file).read_text(encoding="utf-8") == found["files"][Path(file).name]
    assert found["lists"] == asked(*export, "--out", executed / "told", "--format", "members")["segments"]


def test_the_review_is_that_of_the_command_line(answers: dict[str, Any], executed: Path) -> None:
    found = answers["4_quarterly_review"]
    assert found == asked("review", found["before"], found["now"], "--workspace", executed / "work")
    quarter = ("--quarter", "2025Q3", "--config", executed / "shop.yaml", "--workspace", executed / "work")
    assert found == asked("review", *quarter), "the quarter's own command must compare the same two runs"
    assert sum(found["movement"][name] for name in ("moved", "redrawn", "both", "stayed")) > 1_000


def documented() -> dict[str, set[str]]:
    """What each section of the page of files lists, by the file's place."""
    out = {}
    for section in text("files").split("\n## ")[1:]:
        cells = re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
        out[section.partition("\n")[0]] = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    return out


def fields_of(document: dict[str, Any]) -> set[str]:
    out = set()
    for key, value in document.items():
        inner = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None
        out |= {f"{key}[].{name}" for name in inner} if inner else {key}
    return out


def test_the_page_of_files_is_what_a_workspace_holds(executed: Path) -> None:
    work, told = executed / "work", documented()
    seen = set()
    for path in sorted(p for p in work.rglob("*") if p.is_file() and p.name != ".lock"):
        steps = path.relative_to(work).parts
        if any(step.startswith(".undone-") for step in steps) or path.suffix in (".sqlite-wal", ".sqlite-shm"):
            continue
        place = f"{steps[0]}/{steps[-1]}" if len(steps) > 1 else steps[0]
        assert place in told, f"the page of files does not tell of {place}"
        seen.add(place)
        if path.suffix == ".json":
            found = fields_of(json.loads(path.read_text(encoding="utf-8")))
        elif path.suffix == ".parquet":
            found = {re.sub(r"^property\..*", "property.*", n) for n in pq.read_schema(path).names}
        else:
            with sqlite3.connect(path) as connection:
                found = {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}
        if place == "runs/features.parquet":
            assert "customer_id" in found
        else:
            assert told[place] == found, f"the page of files tells otherwise of {place}"
    assert seen == set(told)
