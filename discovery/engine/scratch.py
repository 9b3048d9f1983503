"""A folder for what does not fit in memory."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "segment-discovery-"
#: Locked for as long as its owner lives.
_HELD = ".held"
#: A folder may be this young and not yet held.
_YOUNG_SECONDS = 60.0


class ScratchFolder(tempfile.TemporaryDirectory[str]):
    """A temporary folder that goes with its owner; if that was killed, the next one to need a folder removes it."""

    def __init__(self) -> None:
        super().__init__(prefix=_PREFIX, ignore_cleanup_errors=True)
        self._lock = FileLock(str(Path(self.name) / _HELD))
        self._lock.acquire()
        _sweep(Path(self.name))

    def cleanup(self) -> None:
        """Remove it."""
        self._lock.release()
        super().cleanup()


def _sweep(own: Path) -> None:
    now = own.stat().st_mtime
    for left in own.parent.glob(f"{_PREFIX}*"):
        with suppress(OSError, Timeout):
            if (left / _HELD).is_file() and now - left.stat().st_mtime > _YOUNG_SECONDS:
                with FileLock(str(left / _HELD), timeout=0):
                    shutil.rmtree(left)
