"""What is broken, old or half finished is told with a next step, on every page, and hides nothing that is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.core.run import Run
from tests.dashboard.test_pages import EVERY, text

Open = Callable[..., AppTest]


def changed(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


@EVERY
def test_a_run_of_another_version_hides_no_other(open_on: Open, place: Path, planted_run: Run, page: str) -> None:
    old = Path(shutil.copytree(place / "runs" / planted_run.id, place / "runs" / "2020-01-01-repeat-0"))
    changed(old / "run.json", lambda d: d.update(schema_version=0))
    app = open_on(place, page)
    assert not app.exception
    assert f"{len(planted_run.table)} customers" in text(app)
    assert "Run 2020-01-01-repeat-0 cannot be read: " in text(app)
    shutil.rmtree(place / "runs" / planted_run.id)
    alone = text(open_on(place, page))
    assert "No run of this workspace can be read." in alone
    assert "Make the run again" in alone


@EVERY
@pytest.mark.parametrize("break_it", ["merges.json", "segments.json", "features.parquet", "evidence.json"])
def test_a_run_cut_short_says_so(open_on: Open, place: Path, planted_run: Run, page: str, break_it: str) -> None:
    (place / "runs" / planted_run.id / break_it).unlink()
    app = open_on(place, page)
    assert not app.exception
    assert "This run cannot be read." in text(app)
    assert "Make it again" in text(app)


def test_a_field_that_another_release_named_otherwise_is_no_crash(open_on: Open, place: Path, planted_run: Run) -> None:
    changed(place / "runs" / planted_run.id / "run.json", lambda d: d.pop("horizon_days"))
    app = open_on(place, "merges")
    assert not app.exception
    assert "another release made it" in text(app)


def test_a_run_before_merge_paths_and_notes_is_shown(open_on: Open, place: Path, planted_run: Run) -> None:
    folder = place / "runs" / planted_run.id
    (folder / "merge_path.json").unlink()

    def forget(document: dict[str, list[dict[str, object]]]) -> None:
        for segment in document["segments"]:
            segment.pop("note")
            segment.pop("retired")

    changed(folder / "segments.json", forget)
    app = open_on(place, "merges", by="KMeans")
    assert not app.exception
    assert "This run holds no merge path" in text(app)


@EVERY
@pytest.mark.parametrize(
    ("status", "title", "under"),
    [
        (service.Status("failed", error="Column X must exist."), "the last one failed.", "Column X must exist."),
        (service.Status("running"), "the first is in progress.", "Watch it on the page Discover."),
    ],
)
def test_where_the_first_run_is_not_there_yet(
    open_on: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, status: service.Status, title: str,
    under: str,
) -> None:  # fmt: skip
    job = service.Job(tmp_path, datetime(2025, 1, 1, tzinfo=UTC), {}, status)
    monkeypatch.setattr("discovery.service.jobs", lambda _: (job,))
    app = open_on(tmp_path, page)
    assert not app.exception
    assert f"This workspace holds no run yet: {title}" in text(app)
    assert under in text(app)
