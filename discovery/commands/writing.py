"""What commands write for people, and what is said where it cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from discovery.core.errors import UsageError
from discovery.core.full_disk import is_full_disk


def check_folder(out: Path) -> Path:
    """Return `out` if it is a folder to write to, or can be made one: asked before the work, which may take long."""
    place = out
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise _refused(out, "a folder", f"{str(place)!r} is a file" if place != out else "that is a file")
    if not os.access(place, os.W_OK):
        raise _refused(out, "a folder", f"nothing may be written to {str(place)!r}")
    return out


def write_files(out: Path, files: Mapping[str, str]) -> None:
    """Write texts into a folder by their names, in the place of those of the same name."""
    with telling(check_folder(out), "a folder"):
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", newline="")


@contextmanager
def telling(out: Path, what: str) -> Iterator[None]:
    """Say in one sentence why `out` cannot be written; a full disk has a sentence of its own."""
    try:
        yield
    except OSError as error:
        if is_full_disk(error):
            raise
        raise _refused(out, what, f"{error.strerror} ({error.filename})") from None


def _refused(out: Path, what: str, why: str) -> UsageError:
    return UsageError(f"--out must be {what} that can be written to, got {str(out)!r}: {why}. Choose another.")
