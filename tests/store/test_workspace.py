"""The workspace: whole or not at all, equal when read back, the same bytes for the same work."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from discovery import service
from discovery.core.errors import DataError, WorkspaceError
from discovery.core.run import Run
from discovery.store import Workspace, check_name
from discovery.store.run_files import write_run
from tests.conftest import PLANTED, QUICK


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


def test_a_run_holds_every_file_of_the_contract(planted_workspace: Path, planted_run: Run) -> None:
    names = {p.name for p in (planted_workspace / "runs" / planted_run.id).iterdir()}
    assert names == {
        "run.json",
        "features.parquet",
        "assignments.parquet",
        "segments.json",
        "evidence.json",
        "merges.json",
        "merge_path.json",
        "rules.json",
        "overlap.parquet",
        "responses.parquet",
        "library.json",
        "embedding.parquet",
    }
    assert {p.name for p in (planted_workspace / "dataset").iterdir()} == {
        "profiles.parquet",
        "events.parquet",
        "problems.parquet",
        "dataset.json",
    }


def test_a_run_read_back_equals_the_run_written(planted_store: Path, tmp_path: Path) -> None:
    written = service.discover(planted_store / "config.yaml", tmp_path / "w", overrides=PLANTED)
    read = service.open_workspace(tmp_path / "w").load(written.id)
    assert_frame_equal(read.table.values, written.table.values)
    assert read.table.features == written.table.features
    assert (read.evidence, read.merges, read.rules) == (written.evidence, written.merges, written.rules)
    assert_frame_equal(read.overlap, written.overlap)
    assert_frame_equal(read.embedding, written.embedding)
    assert_frame_equal(read.responses, written.responses)
    assert set(read.responses) == {"responded", "revenue_after"}
    for a, b in zip(read.segmentations, written.segmentations, strict=True):
        assert_series_equal(a.labels, b.labels, check_names=False)
        assert_series_equal(a.strength, b.strength, check_names=False)
        assert a.candidates == b.candidates
        assert [s.id for s in a.segments] == [s.id for s in b.segments]
    for name in ("as_of", "question_asked", "settings", "recommended", "recommended_reason", "problems", "notes"):
        assert getattr(read, name) == getattr(written, name)
    # Writing what was read gives the same files, made-block included.
    again = tmp_path / "again"
    again.mkdir()
    write_run(read, again)
    assert files_of(again) == files_of(tmp_path / "w" / "runs" / written.id)


def test_the_same_work_gives_the_same_bytes(planted_store: Path, planted_workspace: Path, tmp_path: Path) -> None:
    run = service.discover(planted_store / "config.yaml", tmp_path / "w", overrides=PLANTED)
    first, second = planted_workspace / "runs" / run.id, tmp_path / "w" / "runs" / run.id
    one, two = files_of(first), files_of(second)
    assert {n for n in one if one[n] != two[n]} <= {"run.json"}
    bodies = [json.loads((f / "run.json").read_text()) for f in (first, second)]
    for body in bodies:
        del body["made"]
    assert bodies[0] == bodies[1]
    for name in ("profiles.parquet", "events.parquet", "problems.parquet"):
        assert (planted_workspace / "dataset" / name).read_bytes() == (tmp_path / "w" / "dataset" / name).read_bytes()


def test_making_a_run_again_replaces_it(planted_store: Path, place: Path) -> None:
    service.discover(planted_store / "config.yaml", place, overrides=PLANTED)
    assert len(service.open_workspace(place).runs()) == 1
    assert sorted(p.name for p in place.iterdir()) == [".lock", "dataset", "runs"]


def test_a_failed_run_leaves_the_workspace_as_it_was(planted_store: Path, place: Path, tmp_path: Path) -> None:
    early = ("as_of=2001-01-01", *QUICK)
    with pytest.raises(DataError, match="At least one order must lie before"):
        service.discover(planted_store / "config.yaml", tmp_path / "new", overrides=early)
    assert not (tmp_path / "new").exists()
    before = files_of(place)
    with pytest.raises(DataError):
        service.discover(planted_store / "config.yaml", place, overrides=early)
    assert files_of(place) == before


def test_a_folder_set_aside_by_a_killed_process_comes_back(planted_run: Run, place: Path) -> None:
    folder = place / "runs" / planted_run.id
    folder.rename(folder.with_name(f".old-{planted_run.id}"))
    with Workspace(place).writing():
        pass
    assert service.open_workspace(place).load(planted_run.id).id == planted_run.id


def test_a_second_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("discovery.store.workspace._WAIT_SECONDS", 0.2)
    with (
        Workspace(tmp_path / "w").writing(),
        pytest.raises(WorkspaceError, match="Another process has been writing"),
        Workspace(tmp_path / "w").writing(),
    ):
        pass


@pytest.mark.parametrize(
    "name", ["../x", "/etc", "a/b", ".", "..", "", "a\0b", "CON", "nul.txt", "x" * 65, "a b", "-x", "é"]
)
def test_names_that_could_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(WorkspaceError, match="A run's name must be 1 to 64 letters"):
        check_name(name)
    with pytest.raises(WorkspaceError, match="A review's name must be"):
        check_name(name, "review")


def test_a_run_that_is_a_link_is_refused(planted_workspace: Path, planted_run: Run, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    os.symlink(planted_workspace / "runs" / planted_run.id, tmp_path / "runs" / "link")
    with pytest.raises(WorkspaceError, match="No run 'link'"):
        Workspace(tmp_path).load("link")


def test_an_unknown_run_names_the_nearest(planted_workspace: Path, planted_run: Run) -> None:
    with pytest.raises(WorkspaceError, match=f"Did you mean '{planted_run.id}'"):
        service.open_workspace(planted_workspace).load(planted_run.id[:-1])


def test_another_schema_is_named(planted_run: Run, place: Path) -> None:
    path = place / "runs" / planted_run.id / "run.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99', 1))
    with pytest.raises(WorkspaceError, match="schema_version 1, got 99"):
        service.open_workspace(place).load(planted_run.id)


def test_nothing_personal_stands_in_json(run_workspace: Path) -> None:
    for path in run_workspace.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert "@example.com" not in text
        assert "+1555" not in text
