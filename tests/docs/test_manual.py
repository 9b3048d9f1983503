"""The manual, held against the code: what it names exists, what exists is named, and its examples run."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import discovery
from benchmarks import summary
from discovery import service
from discovery.core.compile import compile_settings
from discovery.core.dataset import EVENT_NAMES
from discovery.core.evidence import Verdict
from discovery.core.filters import FILTER_COLUMNS
from discovery.core.holidays import SEASONS
from discovery.core.review import Action
from discovery.core.stated import EVENT_MEASURES, PROFILE_MEASURES
from discovery.core.strict_yaml import read_yaml
from discovery.rules.faults import Fault

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
every_page = pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda p: p.name)


def text(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


COMMANDS = dict(module(DOCS / "write_commands.py").commands())


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("script", sorted(DOCS.glob("write_*.py")), ids=lambda p: p.stem)
def test_the_written_pages_are_current(script: Path) -> None:
    assert text(script.stem.removeprefix("write_")) == module(script).page(), f"run docs/{script.name}"


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for page in tmp_path.glob("*.html"):
        fetched = re.findall(
            r'<(?:script|img|link)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text(encoding="utf-8")
        )
        assert not fetched, f"{page.name} would fetch {fetched}"


def typed(page: Path) -> Iterator[list[str]]:
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == "discovery":
                yield words


@every_page
def test_its_commands_exist(page: Path) -> None:
    for words in typed(page):
        name = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in COMMANDS), None)
        assert name, f"there is no `{' '.join(words)}`"
        known = {option for p in COMMANDS[name].params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
        assert {w for w in words if w.startswith("-")} <= known, f"`{' '.join(words)}` has no such option"


@every_page
def test_its_configs_compile_and_its_rule_files_parse(page: Path) -> None:
    for block in blocks(page, "yaml"):
        read = read_yaml(block, page.name)
        if isinstance(read, dict) and "source" in read:
            assert compile_settings(read)
        else:
            assert {"name", "where"} <= set(read[0])


@every_page
def test_what_it_names_exists(page: Path) -> None:
    said = page.read_text(encoding="utf-8")
    groups = "cluster|engine|features|lifetime|places|response|review|rules|source|validate"
    settings = set(re.findall(r"^\| `([\w.]+)` \|", text("settings"), flags=re.MULTILINE))
    for name in re.findall(rf"`((?:{groups})\.[a-z_]+)(?:=[^`]*)?`", said):
        assert name in settings or name.startswith("source.parts") or name.endswith((".yaml", ".py", ".json")), name
    for name in re.findall(r"`((?:configs|docs|benchmarks|notebooks|tests|discovery)/[\w./]*)`", said):
        assert (ROOT / name).exists(), f"{page.name} names {name}, which is not there"
    for name in re.findall(r"`discovery\.(\w+)`", said):
        assert name in discovery.__all__ or name == "charts", name


def test_the_notebooks_page_names_every_verb_and_every_notebook() -> None:
    said = text("notebooks")
    for verb in (v for v in discovery.__all__ if v.islower()):
        assert re.search(rf"`(discovery\.)?{verb}`", said), verb
    assert set(re.findall(r"`(\w+\.ipynb)`", said)) == {p.name for p in (ROOT / "notebooks").glob("*.ipynb")}


def test_every_rule_of_the_page_selects_somebody_or_nobody_but_runs(run_workspace: Path, tmp_path: Path) -> None:
    rules = [line for block in blocks(DOCS / "rules.md", "sql") for line in block.splitlines()]
    assert len(rules) >= 18
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump([{"name": f"{n}", "where": r} for n, r in enumerate(rules)]), encoding="utf-8")
    found = service.evaluate_rule_file(path, run_workspace, as_of=date(2025, 10, 1))
    assert not found.absent
    assert [r.name for r in found.rules] == [f"{n}" for n in range(len(rules))]
    assert sum(r.customers > 0 for r in found.rules) >= len(rules) - 2
    used = " ".join(rules)
    for function in (*EVENT_MEASURES, *PROFILE_MEASURES):
        assert f"`{function}(" in text("rules"), f"the rules page does not explain {function}()"
        assert f"{function}(" in used or function in ("has", "items", "days_since_property", "distance_miles",
                                                      "distance_km", "distance_miles_to"), function  # fmt: skip


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("rules", [*FILTER_COLUMNS, *SEASONS]),
        ("files", EVENT_NAMES),
        ("exports", [*service.FORMATS, "klaviyo", "members", *service.MEMBER_FORMS, *service.DIALECTS]),
        ("scorecard", [*Verdict, "kmeans", "hdbscan", "mixture", "rules", "lifecycle"]),
    ],
)
def test_a_page_names_all_there_is(page: str, names: list[str]) -> None:
    assert [n for n in names if f"`{n}`" not in text(page)] == []


def test_the_pages_name_every_verdict_and_fault() -> None:
    assert [a for a in Action if f"**{a}**" not in text("review")] == []
    linter = text("rules").partition("## The linter")[2]
    assert [f for f in Fault if f not in linter] == []


def cells(row: str) -> set[str]:
    return {cell.strip().removesuffix(" MB") for cell in row.split("|")}


def test_the_page_of_scaling_says_what_was_measured() -> None:
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    rows = [cells(row) for row in measured.splitlines() if row.startswith("|")]
    table = re.findall(r"^\| .*\d .*\|$", text("scaling"), flags=re.MULTILINE)
    assert table, "no row of the page was found"
    for row in table:
        numbers = {c for c in cells(row) if re.fullmatch(r"[\d,.]+", c)}
        assert any(numbers <= found for found in rows), f"benchmarks/README.md measured otherwise: {row}"
    for number in re.findall(r"\d+\.\d+|\d,\d{3}", text("scaling").partition("## Memory")[0]):
        assert number in measured, f"benchmarks/README.md has no {number}"


def test_the_summary_of_benchmarks_is_that_of_its_tables() -> None:
    measured = summary.README.read_text(encoding="utf-8")
    assert summary.table(measured) in measured, "run `python -m benchmarks summary`"
