"""A full disk while something is kept: one sentence with a next step, whoever met it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from discovery.core.errors import WorkspaceError
from discovery.core.full_disk import is_full_disk


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Raise WorkspaceError where the disk of `folder`, or of the folder for temporary files, is full."""
    try:
        yield
    except Exception as error:
        if not is_full_disk(error):
            raise
        raise WorkspaceError(
            f"The disk must have room, and that of {str(folder)!r} or of {tempfile.gettempdir()!r} (temporary files) "
            "is full. What was kept before is as it was. Free some space, or let TMPDIR name a folder on a larger "
            "disk, and do it again."
        ) from error
