"""Runs, reviews and merges started from a browser: each a process of its own that tells in a file where it stands.

The worker ends when its standard input does: on purpose, when a person cancels, and by itself, when the server ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from filelock import FileLock, Timeout

from discovery.core.compile import compile_settings
from discovery.core.errors import UsageError, WorkspaceError
from discovery.export.yaml import document
from discovery.store import RULE_FILE, Workspace, own_entries, read_entries, replace_text, shipped

State = Literal["starting", "running", "done", "failed", "cancelled"]
Kind = Literal["run", "review", "merge"]
_FINAL = ("done", "failed", "cancelled")
_NAME = "%Y%m%d-%H%M%S-%f"
#: Workers that this process started. What they do is in their files; only their input ends here.
_WORKERS: dict[Path, subprocess.Popen[bytes]] = {}
_SILENT = (
    "The work ended without a word: it was killed, or the machine ran out of memory. Start it again; if it ends "
    "again, use fewer customers."
)


@dataclass(frozen=True)
class Status:
    """Where a job stands.

    Parameters
    ----------
    state : str
        ``starting``, ``running``, ``done``, ``failed`` or ``cancelled``; the last three are final.
    steps : mapping
        Step to the fraction of it done, in the order they began.
    run : str
        Id of the run, or of the review, that it made; a merge makes a run.
    error : str
        Why it failed, and what to do.
    """

    state: State
    steps: Mapping[str, float] = field(default_factory=dict)
    run: str = ""
    error: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self.state in _FINAL


@dataclass(frozen=True)
class Job:
    """What was asked for in the browser: where it is kept, since when, what was asked, and how it stands."""

    folder: Path
    started: datetime
    config: Mapping[str, Any]
    status: Status

    @property
    def kind(self) -> Kind:
        """What is being made."""
        return next((kind for kind in ("review", "merge") if kind in self.config), "run")


def start_job(workspace: Workspace, config: Mapping[str, Any], now: datetime) -> Job:
    """Start a run as a process of its own and return at once.

    Parameters
    ----------
    workspace : Workspace
        Where the run will be kept. The rules saved there join the shipped library.
    config : mapping
        As a YAML config states it; paths are absolute.
    now : datetime
        UTC; names the job.

    Raises
    ------
    SettingError
        If the config is wrong.
    WorkspaceError
        If something else is being made here.
    """
    compile_settings(config)
    folder = _room(workspace, config, now)
    library = [*read_entries(shipped("configs/segments.yaml")), *own_entries(workspace)]
    replace_text(folder / RULE_FILE, document(library, "The shipped library and the rules saved in this workspace."))
    return _started(workspace, folder, "run", str(folder / "config.yaml"))


def start_review(workspace: Workspace, before: str, after: str, segmentation: str, now: datetime) -> Job:
    """Start the review of two runs as a process of its own and return at once.

    Parameters
    ----------
    workspace : Workspace
        That holds the runs, and where the review will be kept.
    before, after, segmentation : str
        As for `review`.
    now : datetime
        UTC; names the job.

    Raises
    ------
    WorkspaceError
        If something else is being made here.
    """
    folder = _room(workspace, {"review": {"before": before, "now": after, "segmentation": segmentation}}, now)
    return _started(workspace, folder, "review", before, after, "--segmentation", segmentation)


def start_merge(
    workspace: Workspace, run_id: str, segmentation: str, segments: Mapping[str, str], who: str, now: datetime
) -> Job:
    """Start making two segments one as a process of its own and return at once.

    Parameters
    ----------
    workspace, run_id, segmentation, who
        As for `merge`.
    segments : mapping
        The two: id to what it is called.
    now : datetime
        UTC; names the job.

    Raises
    ------
    WorkspaceError
        If something else is being made here.
    """
    asked = {"run": run_id, "segmentation": segmentation, "segments": dict(segments), "who": who}
    folder = _room(workspace, {"merge": asked}, now)
    return _started(workspace, folder, "merge", run_id, *segments, "--segmentation", segmentation, "--who", who)


def jobs(workspace: Workspace, kind: Kind = "run") -> tuple[Job, ...]:
    """Return the jobs of one kind in a workspace, the latest first."""
    return tuple(job for job in _all(workspace) if job.kind == kind)


def cancel_job(job: Job) -> None:
    """End a job: its worker leaves the workspace as it was.

    Raises
    ------
    UsageError
        If another server started it.
    """
    worker = _WORKERS.get(job.folder)
    if worker is None or worker.stdin is None:
        raise UsageError("This was started by another server of the dashboard. Cancel it there.")
    worker.stdin.close()


def write_status(path: Path, status: Status) -> None:
    """Write where a job stands, whole or not at all."""
    replace_text(path, json.dumps(asdict(status), ensure_ascii=False))


def holding(path: Path) -> FileLock:
    """Return the lock that a worker with this status file holds while it lives."""
    return FileLock(str(path.with_name("alive.lock")))


def _room(workspace: Workspace, config: Mapping[str, Any], now: datetime) -> Path:
    """Return a folder for a new job, with what was asked in it."""
    if busy := next((job for job in _all(workspace) if not job.status.final), None):
        raise WorkspaceError(
            f"One thing at a time is made in a workspace, and a {busy.kind} is in progress. Wait for it, or cancel it."
        )
    folder = workspace.path / "jobs" / now.strftime(_NAME)
    folder.mkdir(parents=True)
    replace_text(folder / "config.yaml", yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
    write_status(folder / "status.json", Status("starting"))
    return folder


def _started(workspace: Workspace, folder: Path, *words: str) -> Job:
    """Return the job in a folder, its command started."""
    command = [sys.executable, "-m", "discovery", *words, "--quiet", "--workspace", str(workspace.path)]
    command += ["--progress-file", str(folder / "status.json")]
    with (folder / "log.txt").open("wb") as log:
        # In a session of its own, or Ctrl-C would reach it before it can say that it was cancelled.
        _WORKERS[folder] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    return _job(folder)


def _all(workspace: Workspace) -> tuple[Job, ...]:
    found = sorted((workspace.path / "jobs").glob("*/status.json"), reverse=True)
    return tuple(_job(path.parent) for path in found)


def _job(folder: Path) -> Job:
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return Job(folder, datetime.strptime(folder.name, _NAME).replace(tzinfo=UTC), config, _status(folder))


def _status(folder: Path) -> Status:
    """Return what the worker last said, or that it is dead though it said nothing final."""
    said = _read(folder)
    if said.final or _alive(folder):
        return said
    # It may have come to its end between the two looks.
    last = _read(folder)
    return last if last.final else Status("failed", last.steps, error=_SILENT)


def _read(folder: Path) -> Status:
    try:
        return Status(**json.loads((folder / "status.json").read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        return Status("failed", error="What this job said of itself cannot be read: another release started it.")


def _alive(folder: Path) -> bool:
    worker = _WORKERS.get(folder)
    if worker is not None:
        return worker.poll() is None
    try:
        with holding(folder / "status.json").acquire(timeout=0):
            return False
    except Timeout:
        return True
