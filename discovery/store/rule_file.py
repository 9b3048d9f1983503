"""The workspace's own rule file: ``segments.yaml``, which several people may add to at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from discovery.core.errors import WorkspaceError
from discovery.store.config import read_entries
from discovery.store.room import room_in
from discovery.store.workspace import Workspace

#: As configs call it, so that it is found beside one.
RULE_FILE = "segments.yaml"
_WAIT_SECONDS = 10.0


def own_entries(workspace: Workspace) -> Sequence[Any]:
    """Return the entries of the workspace's rule file, typed by nobody yet; none where there is no file."""
    path = workspace.path / RULE_FILE
    return read_entries(path) or () if path.is_file() else ()


def change_entries(workspace: Workspace, change: Callable[[Sequence[Any]], str]) -> None:
    """Write what `change` makes of the entries: whole or not at all, and nobody else writes in between.

    A run holds the workspace's own lock for as long as it takes, so this file has a lock of its own.
    """
    try:
        with room_in(workspace.path), FileLock(str(workspace.path / ".rules.lock"), timeout=_WAIT_SECONDS):
            replace_text(workspace.path / RULE_FILE, change(own_entries(workspace)))
    except Timeout:
        raise WorkspaceError(
            f"Somebody else has been saving rules for {_WAIT_SECONDS:.0f} seconds. Try again in a moment."
        ) from None


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; one writer at a time."""
    fresh = path.with_name(f".new-{path.name}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
