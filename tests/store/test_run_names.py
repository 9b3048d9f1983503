"""What people may call a run: its id, the beginning of it or of its digest, or latest."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from discovery import service
from discovery.core.errors import WorkspaceError
from discovery.core.run import Run
from discovery.store import Workspace, run_called


@pytest.fixture
def place(planted_workspace: Path, planted_run: Run, tmp_path: Path) -> Workspace:
    """The planted run under its own id, beside one of an earlier date and one of the same date."""
    runs = shutil.copytree(planted_workspace, tmp_path / "w") / "runs"
    for number, (name, as_of) in enumerate(
        (("2020-01-01-repeat-aaaa1111", "2020-01-01"), (f"{planted_run.as_of}-churn-bbbb2222", f"{planted_run.as_of}"))
    ):
        document = json.loads((shutil.copytree(runs / planted_run.id, runs / name) / "run.json").read_text("utf-8"))
        (runs / name / "run.json").write_text(json.dumps({**document, "as_of": as_of}), encoding="utf-8")
        os.utime(runs / name / "run.json", (10 + number, 10 + number))
    return Workspace(tmp_path / "w")


def test_a_run_is_called_by_its_id_its_beginning_or_its_digest(place: Workspace, planted_run: Run) -> None:
    assert run_called(place, planted_run.id) == planted_run.id
    assert run_called(place, "2020") == run_called(place, "aaaa") == "2020-01-01-repeat-aaaa1111"
    assert service.load_run(place, "bbbb2").as_of == planted_run.as_of


def test_latest_is_of_the_latest_date_and_of_several_the_one_written_last(place: Workspace, planted_run: Run) -> None:
    assert run_called(place, "latest") == planted_run.id
    later = f"{planted_run.as_of}-churn-bbbb2222"
    os.utime(place.run_folder(later) / "run.json")
    os.utime(place.run_folder("2020-01-01-repeat-aaaa1111") / "run.json")
    os.utime(place.run_folder(planted_run.id) / "run.json", (10, 10))
    assert run_called(place, "latest") == later


def test_what_means_several_runs_or_none_is_refused(place: Workspace, planted_run: Run, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=f"begins 2: .*{planted_run.id}"):
        run_called(place, str(planted_run.as_of))
    with pytest.raises(WorkspaceError, match="No run 'zzz'"):
        run_called(place, "zzz")
    with pytest.raises(WorkspaceError, match="It holds no run yet"):
        run_called(Workspace(tmp_path / "empty"), "latest")
