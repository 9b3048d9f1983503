"""The workspace on disk: what it holds, and who may write to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from discovery.core.dataset import Dataset
from discovery.core.errors import WorkspaceError, did_you_mean
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.store.decisions import Ledger
from discovery.store.review_files import ReviewSummary, read_review, read_summary
from discovery.store.room import room_in
from discovery.store.run_files import BROKEN, read_document, read_run, whole_run
from discovery.store.staging import NAME, Staging, check_name

_WAIT_SECONDS = 10.0

T = TypeVar("T")


@dataclass(frozen=True)
class RunSummary:
    """One line of a list of runs."""

    id: str
    as_of: date
    question_asked: str
    customers: int
    recommended: str
    segments: int


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
        found = (summary for _, summary in self._runs() if isinstance(summary, RunSummary))
        return tuple(sorted(found, key=lambda r: (-r.as_of.toordinal(), r.id)))

    def unreadable(self) -> dict[str, str]:
        """Return why a run cannot be read, by its id: another release made it, or its files are broken."""
        return {run_id: str(why) for run_id, why in self._runs() if isinstance(why, WorkspaceError)}

    def _runs(self) -> Iterator[tuple[str, RunSummary | WorkspaceError]]:
        return _listed(self.path / "runs", "run.json", _summary)

    def run_folder(self, run_id: str) -> Path:
        """Return where a run lies, or raise with the nearest id."""
        folder = self.path / "runs" / check_name(run_id)
        if not (folder / "run.json").is_file() or folder.is_symlink():
            known = [r.id for r in self.runs()]
            hint = (
                did_you_mean(run_id, known) if known else "It holds no run yet: make one with `discovery run CONFIG`."
            )
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
        found = (summary for _, summary in self._reviews() if isinstance(summary, ReviewSummary))
        return tuple(sorted(found, key=lambda r: (-r.as_of_now.toordinal(), -r.as_of_before.toordinal(), r.id)))

    def unreadable_reviews(self) -> dict[str, str]:
        """Return why a review cannot be read, by its id."""
        return {review_id: str(why) for review_id, why in self._reviews() if isinstance(why, WorkspaceError)}

    def _reviews(self) -> Iterator[tuple[str, ReviewSummary | WorkspaceError]]:
        return _listed(self.path / "reviews", "review.json", read_summary)

    def review_folder(self, review_id: str) -> Path:
        """Return where a review lies, or raise with the nearest id."""
        folder = self.path / "reviews" / check_name(review_id, "review")
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


def open_workspace(path: str | Path) -> Workspace:
    """Return the workspace at a folder: the dataset, the runs, the reviews and the decisions that it keeps.

    Parameters
    ----------
    path : str or Path
        A folder that `discover` or ``discovery run`` filled.

    Returns
    -------
    Workspace
        ``runs()`` lists the runs, the newest date first; ``load(id)`` reads one; ``reviews()`` and ``review(id)`` do
        the same for reviews.

    Raises
    ------
    WorkspaceError
        If there is no such folder, or a file is in its place.

    Examples
    --------
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> [(str(found.as_of), found.customers) for found in workspace.runs()]
    [('2025-10-01', 257), ('2025-07-01', 232)]
    """
    folder = Path(path)
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise WorkspaceError(
            f"A workspace must be a folder, got {str(path)!r}, which {kind}. "
            "Make one with `discovery run CONFIG --workspace FOLDER`."
        )
    return Workspace(folder)


def _listed(folder: Path, name: str, read: Callable[[Path], T]) -> Iterator[tuple[str, T | WorkspaceError]]:
    """Yield by id what is read of each folder that holds a file of that name, or why it cannot be read."""
    for each in sorted(folder.iterdir()) if folder.is_dir() else []:
        if NAME.fullmatch(each.name) and (each / name).is_file():
            try:
                yield each.name, read(each)
            except WorkspaceError as error:
                yield each.name, error


def _segmentations(folder: Path) -> list[dict[str, Any]]:
    """Return what ``run.json`` says of a run's segmentations."""
    listed: list[dict[str, Any]] = read_document(folder / "run.json")["segmentations"]
    return listed


def _summary(folder: Path) -> RunSummary:
    with whole_run(folder):
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
