"""Killed at any moment, out of disk, or two at once: the workspace is the old one or the new one, whole."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from discovery import service
from discovery.core.decision import DecisionKind
from discovery.core.errors import WorkspaceError
from discovery.engine.scratch import ScratchFolder
from discovery.store import Workspace, change_entries, own_entries, run_files
from tests.trust.conftest import KILLS
from tests.trust.small import SECOND, THIRD, main_job, write_small_store

AT = datetime(2025, 10, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def small_workspace(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The folder of a small store and, in ``w``, a workspace with one run of it."""

    def make(folder: Path) -> None:
        service.discover(write_small_store(folder), folder / "w")

    return once("small-workspace", make)


@pytest.fixture
def config(small_workspace: Path, tmp_path: Path) -> Path:
    """The config of a copy of store and workspace, to be spoilt."""
    return Path(shutil.copytree(small_workspace, tmp_path / "small")) / "config.yaml"


def whole(folder: Path) -> list[str]:
    """Return the ids of all runs of a workspace, after each was read whole."""
    place = service.open_workspace(folder)
    assert place.unreadable() == {}
    assert place.dataset() is not None
    for each in place.runs():
        run = place.load(each.id)
        assert len(run.table.values) == each.customers
        assert all(len(s.labels) == each.customers for s in run.segmentations)
    return [each.id for each in place.runs()]


def litter(folder: Path) -> list[str]:
    """Return what lies in a workspace and is no part of it."""
    return sorted(p.name for p in folder.glob("**/.*") if p.name not in (".lock", ".rules.lock"))


def begun(place: Path, job: subprocess.Popen[str]) -> None:
    """Wait until a job has begun to write."""
    before = {*place.glob(".staging-*")}
    while job.poll() is None and {*place.glob(".staging-*")} <= before:
        time.sleep(0.01)


def test_killed_at_any_moment_of_the_main_job(config: Path, tmp_path: Path) -> None:
    place, scratch, chance = config.parent / "w", tmp_path / "scratch", random.Random(KILLS)
    scratch.mkdir()
    [first] = whole(place)
    lasts = sum(json.loads((place / "runs" / first / "run.json").read_text())["made"]["timings"].values())
    known = {first}
    for kill in range(KILLS):
        # As if the source had changed: it is read again, and the dataset replaced.
        os.utime(config.with_name("orders.csv"), (kill, kill))
        job = main_job(config, place, SECOND, TMPDIR=scratch)
        begun(place, job)
        time.sleep(chance.uniform(0, 1.2 * lasts))
        job.kill()
        job.wait()
        found = {*whole(place)}
        assert known <= found
        assert len(found) <= 2
        known = found
        assert len(litter(place)) <= 1, "each job sweeps up what the one before left"
        if kill % 2:
            for run in known - {first}:
                shutil.rmtree(place / "runs" / run)
            known = {first}
        for left in scratch.iterdir():
            os.utime(left, (kill, kill))
        assert len([*scratch.iterdir()]) <= 6, "and so does each process of the folders for temporary files"
    last = main_job(config, place, SECOND, TMPDIR=scratch)
    assert last.wait() == 0, last.stderr
    assert len(whole(place)) == 2
    assert litter(place) == []
    assert [*scratch.iterdir()] == []


class Killed(BaseException):
    """The process is no more."""


def test_killed_between_any_two_moves(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = config.parent / "w"
    [first] = whole(place)
    run, dataset = service.open_workspace(place).load(first), service.open_workspace(place).dataset()
    assert dataset is not None
    moves = 0

    def stops(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **more: Any) -> Any:
            nonlocal moves
            moves -= 1
            # A dead process does not tidy up either.
            if moves < 0:
                raise Killed
            return call(*given, **more)

        return counted

    for after in range(40):
        moves = 40
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", stops(Path.rename))
            patched.setattr(shutil, "rmtree", stops(shutil.rmtree))
            try:
                with Workspace(place).writing() as staging:
                    shutil.copytree(dataset.folder, staging.folder / "dataset")
                    moves = after
                    staging.put_dataset(dataset, f"made {after}")
                    staging.put_run(run)
                    done = True
                    moves = max(moves, 0)
            except Killed:
                done = False
        assert whole(place) == [first], f"killed after {after} moves"
        if done:
            break
    assert 6 <= after < 40, "dataset and run are moved, and the old ones removed"
    with Workspace(place).writing():
        pass
    assert litter(place) == []


def test_a_disk_that_is_full_in_the_middle_of_the_main_job(config: Path) -> None:
    place = config.parent / "w"
    before = whole(place)
    os.utime(config.with_name("orders.csv"), (1, 1))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    job = main_job(config, place, SECOND, limited)
    _, said = job.communicate()
    assert job.returncode == 2, said
    assert "full" in said
    assert "Free some space" in said
    assert len(said.splitlines()) == 1
    assert whole(place) == before
    assert litter(place) == []


def test_a_disk_that_is_full_at_any_file_of_a_run(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Workspace(config.parent / "w")
    run = place.load(place.runs()[0].id)
    left = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def writes(*given: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*given, **more)

        return writes

    for name in ("write_document", "write_table", "write_frame"):
        at = f"discovery.store.run_files.{name}"
        monkeypatch.setattr(at, counted(getattr(run_files, name)))
    for room in range(40):
        left = room
        try:
            with place.writing() as staging:
                staging.put_run(run)
        except WorkspaceError as error:
            said = str(error)
        else:
            break
        assert "is full" in said
        assert whole(place.path) == [run.id]
        assert litter(place.path) == []
    assert room > 10, "every file of a run was once the one that did not fit"


def test_a_rule_is_not_lost_where_the_disk_is_full(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Workspace(config.parent / "w")
    change_entries(place, lambda entries: "- {name: Loyal, where: orders >= 3}\n")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceError, match="full"):
        change_entries(place, lambda entries: "- {name: Other, where: orders >= 4}\n")
    assert [e["name"] for e in own_entries(place)] == ["Loyal"]


def test_two_jobs_and_a_person_at_once_lose_nothing(config: Path) -> None:
    place = service.open_workspace(config.parent / "w")
    [first] = whole(place.path)
    jobs = {day: main_job(config, place.path, day) for day in (SECOND, THIRD)}
    run = place.load(first)
    chosen = run.segmentation(run.recommended)
    segment = chosen.segments[0].id
    for number in range(20):
        service.decide(place, first, chosen.name, segment, DecisionKind.NOTE, f"note {number}", "Ana", AT)
    for day, job in jobs.items():
        _, said = job.communicate()
        if job.returncode:
            assert "Another process has been writing" in said
            assert main_job(config, place.path, day).wait() == 0
    assert sorted(r.as_of.isoformat() for r in place.runs()) == ["2025-03-01", SECOND, THIRD]
    assert len(whole(place.path)) == 3
    assert [d.value for d in service.decisions(place)] == [f"note {n}" for n in range(20)]
    assert litter(place.path) == []


_WRITES = """
import sys; from pathlib import Path; from discovery.store import Workspace
print("asks", flush=True)
with Workspace(Path(sys.argv[1])).writing(): print("writes")
"""


def test_who_waits_for_one_that_fails_in_a_new_folder_goes_on(tmp_path: Path) -> None:
    """The one that fails takes the folder away that the other waits for."""
    place = tmp_path / "new"
    with suppress(Killed), Workspace(place).writing():
        waiting = subprocess.Popen([sys.executable, "-c", _WRITES, str(place)], stdout=subprocess.PIPE, text=True)
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "asks\n"
        time.sleep(0.3)
        raise Killed
    assert waiting.stdout.read() == "writes\n"
    assert waiting.wait() == 0


def test_a_folder_for_temporary_files_goes_with_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ScratchFolder() as living:
        left = tmp_path / "segment-discovery-left"
        left.mkdir()
        (left / ".held").touch()
        (tmp_path / "segment-discovery-other").mkdir()
        for each in tmp_path.iterdir():
            os.utime(each, (1, 1))
        with ScratchFolder() as young:
            assert {p.name for p in tmp_path.iterdir()} == {
                Path(living).name,
                Path(young).name,
                "segment-discovery-other",
            }
    assert [p.name for p in tmp_path.iterdir()] == ["segment-discovery-other"]
