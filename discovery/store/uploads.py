"""Files that people bring in through the browser: copied at once, kept apart by session, never for long."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from discovery.core.errors import DataError
from discovery.store.room import room_in
from discovery.store.staging import check_name
from discovery.store.workspace import Workspace

#: What one session may bring in; more is better read where it lies, by the command line.
LARGEST_SESSION = 2_000_000_000
#: What a session left behind is removed so long after.
_KEPT = timedelta(days=7)


def keep_upload(workspace: Workspace, session: str, name: str, content: bytes) -> Path:
    """Return where a file of a session was copied to; one of the same name is replaced.

    Raises
    ------
    DataError
        If the session has brought in too much.
    """
    folder = upload_folder(workspace, session)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name).name).strip("._-") or "upload")
    there = sum(p.stat().st_size for p in folder.iterdir() if p != target)
    if there + len(content) > LARGEST_SESSION:
        raise DataError(
            f"Uploads of one session must not exceed {LARGEST_SESSION / 1e9:g} GB. "
            "Read larger files where they lie: discovery run CONFIG --workspace W."
        )
    with room_in(folder):
        try:
            target.write_bytes(content)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    return target


def drop_uploads(workspace: Workspace, session: str) -> None:
    """Remove the files of a session."""
    shutil.rmtree(upload_folder(workspace, session), ignore_errors=True)


def drop_source(workspace: Workspace, path: Path) -> None:
    """Remove the upload that a source's path names, a folder or a file in one; anything else is left alone."""
    for folder in (path, path.parent):
        if folder.parent == workspace.path / "uploads":
            shutil.rmtree(folder, ignore_errors=True)


def drop_old_uploads(workspace: Workspace, now: datetime) -> None:
    """Remove what sessions left behind long ago."""
    for folder in (workspace.path / "uploads").glob("*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, tz=now.tzinfo) < now - _KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def upload_folder(workspace: Workspace, session: str) -> Path:
    """Return where the files of a session lie."""
    return workspace.path / "uploads" / check_name(session, "session")
