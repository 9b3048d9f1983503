"""The review from the command line: by two runs and by quarter, safe to repeat, the same numbers everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discovery import service
from discovery.cli import app
from discovery.core.errors import UsageError
from discovery.core.review_document import whole_document
from tests.cli.test_cli import SETS, answer, discovery
from tests.conftest import ROOT


def test_a_quarter_is_reviewed_once_and_its_report_written(planted_store: Path, tmp_path: Path) -> None:
    here = ("-w", tmp_path / "w")
    quarter = ("review", "--quarter", "2025Q3", "--config", planted_store / "config.yaml", *SETS, *here)
    made = answer(*quarter)
    place = service.open_workspace(tmp_path / "w")
    stored = service.load_review(place, made["id"])
    assert made == json.loads(json.dumps(whole_document(stored)))
    assert [str(r.as_of) for r in place.runs()] == ["2025-10-01", "2025-07-01"]
    assert (made["as_of_before"], made["as_of_now"]) == ("2025-07-01", "2025-10-01")

    again = discovery(*quarter, "--out", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Nothing is new")
    assert made["id"] in again.stdout
    assert all(s["name"] in again.stdout for s in made["segments"])
    assert all(line.split("“")[0] in again.stdout for line in made["summary"])
    assert {"report.html", "report.xlsx", "report.md"} <= {p.name for p in (tmp_path / "out").iterdir()}
    assert len(place.reviews()) == 1

    named = answer("review", made["before"], made["now"], *here, "--segmentation", made["segmentation"])
    assert named == made
    assert [r.id for r in service.reviews(place)] == [made["id"]]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("one",),
        ("one", "two", "--quarter", "2025Q3"),
        ("--quarter", "2025Q3"),
        ("one", "two", "--config", "c.yaml"),
    ],
)
def test_two_runs_or_a_quarter_must_be_named(words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two runs, or --quarter and --config"):
        app(["review", *words, "-w", str(tmp_path)], standalone_mode=False)


@pytest.mark.parametrize("quarter", ["2011Q5", "Q3", "0000Q1", "9999Q4"])
def test_a_quarter_is_one_of_a_year_there_is(quarter: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A quarter must be a year and a number"):
        app(
            ["review", "--quarter", quarter, "--config", str(ROOT / "configs" / "demo.yaml"), "-w", str(tmp_path)],
            standalone_mode=False,
        )
