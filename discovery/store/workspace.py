"""The workspace on disk: plain files, written whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from discovery.core.dataset import Dataset
from discovery.core.documents import plain
from discovery.core.errors import WorkspaceError, did_you_mean
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.store.decisions import Ledger
from discovery.store.review_files import ReviewSummary, read_review, read_summary, write_review
from discovery.store.room import room_in
from discovery.store.run_files import BROKEN, read_document, read_run, whole_run, write_document, write_run

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class RunSummary:
    """One line of a list of runs."""

    id: str
    as_of: date
    question_asked: str
    customers: int
    recommended: str
    segments: int


def check_name(name: str) -> str:
    """Return `name` if it may name a run: letters, digits, dots, hyphens and underscores, at most 64.

    Examples
    --------
    >>> check_name("2011-09-10-repeat-1a2b3c4d")
    '2011-09-10-repeat-1a2b3c4d'
    """
    if not _NAME.fullmatch(name) or name.split(".")[0].lower() in _DEVICES:
        raise WorkspaceError(
            f"A run's name must be 1 to 64 letters, digits, dots, hyphens or underscores, got {name[:80]!r}."
        )
    return name


class Workspace:
    """A folder with a dataset and the runs made of it; opening one puts right what a killed process left.

    Parameters
    ----------
    path : Path
        The folder. It is made when something is first written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        if any(self._set_aside()):
            # Whoever is writing just now puts things right without us; who may only read leaves them.
            with suppress(Timeout, OSError), self._lock(0):
                self._recover()

    def runs(self) -> tuple[RunSummary, ...]:
        """Return the runs that this release can read, the newest ``as_of`` first."""
        found = (summary for _, summary in self._listed() if isinstance(summary, RunSummary))
        return tuple(sorted(found, key=lambda r: (-r.as_of.toordinal(), r.id)))

    def unreadable(self) -> dict[str, str]:
        """Return why a run cannot be read, by its id: another release made it, or its files are broken."""
        return {run_id: str(why) for run_id, why in self._listed() if isinstance(why, WorkspaceError)}

    def _listed(self) -> Iterator[tuple[str, RunSummary | WorkspaceError]]:
        folder = self.path / "runs"
        for each in sorted(folder.iterdir()) if folder.is_dir() else []:
            if _NAME.fullmatch(each.name) and (each / "run.json").is_file():
                try:
                    with whole_run(each):
                        yield each.name, _summary(each)
                except WorkspaceError as error:
                    yield each.name, error

    def run_folder(self, run_id: str) -> Path:
        """Return where a run lies, or raise with the nearest id."""
        folder = self.path / "runs" / check_name(run_id)
        if not (folder / "run.json").is_file() or folder.is_symlink():
            known = [r.id for r in self.runs()]
            hint = did_you_mean(run_id, known) if known else "It holds no run yet: make one with `discovery run`."
            raise WorkspaceError(f"No run {run_id!r} in {str(self.path)!r}. {hint}")
        return folder

    def load(self, run_id: str) -> Run:
        """Return a run read back: equal to the one written."""
        return read_run(self.run_folder(run_id))

    def holds(self, run_id: str) -> bool:
        """Return whether there is a run of that id."""
        return (self.path / "runs" / check_name(run_id) / "run.json").is_file()

    def reviews(self) -> tuple[ReviewSummary, ...]:
        """Return the reviews that this release can read, the newest first."""
        found = (summary for _, summary in self._reviewed() if isinstance(summary, ReviewSummary))
        return tuple(sorted(found, key=lambda r: (-r.as_of_now.toordinal(), -r.as_of_before.toordinal(), r.id)))

    def unreadable_reviews(self) -> dict[str, str]:
        """Return why a review cannot be read, by its id."""
        return {review_id: str(why) for review_id, why in self._reviewed() if isinstance(why, WorkspaceError)}

    def _reviewed(self) -> Iterator[tuple[str, ReviewSummary | WorkspaceError]]:
        folder = self.path / "reviews"
        for each in sorted(folder.iterdir()) if folder.is_dir() else []:
            if _NAME.fullmatch(each.name) and (each / "review.json").is_file():
                try:
                    yield each.name, read_summary(each)
                except WorkspaceError as error:
                    yield each.name, error

    def review_folder(self, review_id: str) -> Path:
        """Return where a review lies, or raise with the nearest id."""
        folder = self.path / "reviews" / check_name(review_id)
        if not (folder / "review.json").is_file() or folder.is_symlink():
            known = [r.id for r in self.reviews()]
            hint = did_you_mean(review_id, known) if known else "It holds none yet: make one with `discovery review`."
            raise WorkspaceError(f"No review {review_id!r} in {str(self.path)!r}. {hint}")
        return folder

    def review(self, review_id: str) -> Review:
        """Return a review read back: equal to the one written."""
        return read_review(self.review_folder(review_id))

    def recommended(self, run_id: str) -> str:
        """Return the recommended segmentation of a run."""
        folder = self.run_folder(run_id)
        with whole_run(folder):
            return str(next(s["name"] for s in _segmentations(folder) if s["recommended"]))

    def segmentations(self, run_id: str) -> tuple[str, ...]:
        """Return the names of a run's segmentations, in its order."""
        folder = self.run_folder(run_id)
        with whole_run(folder):
            return tuple(s["name"] for s in _segmentations(folder))

    def segment_names(self, run_id: str, segmentation: str) -> dict[str, str]:
        """Return the names of a segmentation's segments as the run made them, by id, without reading all of the run."""
        out: dict[str, dict[str, str]] = {}
        folder = self.run_folder(run_id)
        with whole_run(folder):
            for each in read_document(folder / "segments.json")["segments"]:
                out.setdefault(each["segmentation"], {})[each["id"]] = each["name"]
        if segmentation not in out:
            raise WorkspaceError(f"No segmentation {segmentation!r} in run {run_id}. {did_you_mean(segmentation, out)}")
        return out[segmentation]

    @property
    def ledger(self) -> Ledger:
        """What people decided about the runs."""
        return Ledger(self.path / "decisions.sqlite")

    def dataset(self, origin: str = "") -> Dataset | None:
        """Return the workspace's dataset, if it holds one and, where `origin` is stated, one made from that.

        One that another release wrote, or that is damaged, is as good as none: it is read from its source again.
        """
        path = self.path / "dataset" / "dataset.json"
        try:
            document = read_document(path)
            if origin and document["made"]["origin"] != origin:
                return None
            fields = {k: v for k, v in document.items() if k not in ("schema_version", "made")}
            found = Dataset(**{**fields, "folder": path.parent, "notes": tuple(document["notes"])})
            return found if found.profiles_path.is_file() and found.events_path.is_file() else None
        except (WorkspaceError, *BROKEN):
            return None

    def needed_dataset(self) -> Dataset:
        """Return the workspace's dataset, or raise with what to do."""
        found = self.dataset()
        if found is None:
            raise WorkspaceError(
                f"The workspace {str(self.path)!r} must hold a dataset, and holds none that can be read. "
                "Bring one in with `discovery ingest CONFIG --workspace FOLDER`."
            )
        return found

    @contextmanager
    def writing(self) -> Iterator[Staging]:
        """Give a place to write into; what is committed there appears at once, the rest never.

        One process writes at a time. If the block fails, the workspace is as it was before.
        """
        fresh = not self.path.exists()
        with room_in(self.path), ExitStack() as stack:
            lock = self._lock(_WAIT_SECONDS)
            try:
                while not lock.is_locked:
                    # One that fails in a new folder takes it away, also from those who wait for it.
                    self.path.mkdir(parents=True, exist_ok=True)
                    with suppress(FileNotFoundError):
                        lock.acquire()
            except Timeout:
                raise WorkspaceError(
                    f"Another process has been writing to {str(self.path)!r} for {_WAIT_SECONDS:.0f} seconds. "
                    "Wait for it to end, or choose another workspace."
                ) from None
            stack.callback(lock.release)
            try:
                self._recover()
                yield Staging(self.path, Path(tempfile.mkdtemp(prefix=".staging-", dir=self.path)))
            finally:
                self._recover()
                if fresh and not any(p.name != ".lock" for p in self.path.iterdir()):
                    (self.path / ".lock").unlink(missing_ok=True)
                    # Not where somebody who waited is in it by now.
                    with suppress(OSError):
                        self.path.rmdir()

    def _lock(self, seconds: float) -> FileLock:
        return FileLock(str(self.path / ".lock"), timeout=seconds)

    def _set_aside(self) -> Iterator[Path]:
        """Yield the folders that were on their way out of the place of a new one."""
        for folder in (".", "runs", "reviews"):
            yield from (self.path / folder).glob(".old-*")

    def _recover(self) -> None:
        """Undo what did not come to its end: an old folder set aside comes back if no new one took its place."""
        for aside in [*self._set_aside()]:
            target = aside.with_name(aside.name.removeprefix(".old-"))
            if target.exists():
                shutil.rmtree(aside)
            else:
                aside.rename(target)
        for left in self.path.glob(".staging-*"):
            shutil.rmtree(left, ignore_errors=True)


def _segmentations(folder: Path) -> list[dict[str, Any]]:
    """Return what ``run.json`` says of a run's segmentations."""
    listed: list[dict[str, Any]] = read_document(folder / "run.json")["segmentations"]
    return listed


def _summary(folder: Path) -> RunSummary:
    document = read_document(folder / "run.json")
    chosen = next(s for s in document["segmentations"] if s["recommended"])
    return RunSummary(
        folder.name,
        date.fromisoformat(document["as_of"]),
        document["question_asked"],
        document["customers"],
        chosen["name"],
        chosen["k"],
    )


@dataclass(frozen=True)
class Staging:
    """A folder beside the workspace's own, whose content is moved in when it is whole."""

    workspace: Path
    folder: Path

    def put_dataset(self, dataset: Dataset, origin: str) -> Dataset:
        """Make the dataset written to ``folder / "dataset"`` the workspace's own, and return it from there."""
        body = {k: v for k, v in plain(replace(dataset, folder=Path("."))).items() if k != "folder"}
        write_document(self.folder / "dataset" / "dataset.json", {**body, "made": {"origin": origin}})
        _swap(self.folder / "dataset", self.workspace / "dataset")
        return replace(dataset, folder=self.workspace / "dataset")

    def put_run(self, run: Run) -> Path:
        """Write a run and move it in; a run of the same id, which is the same work, is replaced. Returns its folder."""
        folder = self.folder / "run"
        folder.mkdir()
        write_run(run, folder)
        target = self.workspace / "runs" / check_name(run.id)
        target.parent.mkdir(exist_ok=True)
        _swap(folder, target)
        return target

    def put_review(self, review: Review, inputs: str) -> Path:
        """Write a review and move it in, in the place of one of the same id. Returns its folder."""
        folder = self.folder / "review"
        folder.mkdir()
        write_review(review, inputs, folder)
        target = self.workspace / "reviews" / check_name(review.id)
        target.parent.mkdir(exist_ok=True)
        _swap(folder, target)
        return target

    def set_aside(self, run_id: str) -> None:
        """Take a run off the list; its files stay beside the others, under a name no run can have."""
        folder = self.workspace / "runs" / check_name(run_id)
        if folder.is_dir():
            aside = folder.with_name(f".undone-{run_id}")
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)


def _swap(new: Path, target: Path) -> None:
    """Put `new` in the place of `target`. A process killed in between is undone at the next writing."""
    aside = target.with_name(f".old-{target.name}")
    if target.exists():
        target.rename(aside)
    new.rename(target)
    shutil.rmtree(aside, ignore_errors=True)
