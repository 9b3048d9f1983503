"""What is written to a workspace: beside its own files first, then moved in whole."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from discovery.core.dataset import Dataset
from discovery.core.documents import plain
from discovery.core.errors import WorkspaceError
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.store.review_files import write_review
from discovery.store.run_files import write_document, write_run

#: What may name a run, a review or a session.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def check_name(name: str, of: str = "run") -> str:
    """Return `name` if it may name a run, or what else it is `of`; Windows must be able to hold it too.

    Examples
    --------
    >>> check_name("2011-09-10-repeat-1a2b3c4d")
    '2011-09-10-repeat-1a2b3c4d'
    """
    if not NAME.fullmatch(name) or name.split(".")[0].lower() in _DEVICES:
        raise WorkspaceError(
            f"A {of}'s name must be 1 to 64 letters, digits, dots, hyphens or underscores, not beginning with a sign, "
            f"and no name of a device such as con, got {name[:80]!r}."
        )
    return name


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
        target = self.workspace / "reviews" / check_name(review.id, "review")
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
