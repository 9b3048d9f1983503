"""Which files a path names, and what makes one refused before it is read; gzip is unpacked here, and only so far."""

from __future__ import annotations

import glob
import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from discovery.core.errors import DataError
from discovery.core.sources import FileLimits

#: What text files are called.
TEXTS = (".csv", ".tsv", ".txt")
_BLOCK = 1 << 20


def kind_of(path: Path) -> str:
    """Return the suffix that says what a file holds, in small letters and without the one of gzip.

    Examples
    --------
    >>> kind_of(Path("Orders.CSV")), kind_of(Path("events.json.gz"))
    ('.csv', '.json')
    """
    return (path.with_suffix("") if _packed(path) else path).suffix.lower()


def find_files(
    path: Path, kinds: Collection[str], limits: FileLimits, others: Literal["leave", "refuse"] = "refuse"
) -> list[Path]:
    """Return the files that a path, a folder or a pattern names, in the order of their names; hidden ones are left.

    Parameters
    ----------
    path : Path
        A file, a folder or a pattern such as ``2017-*.csv``.
    kinds : collection of str
        Suffixes to read, each also with ``.gz`` behind.
    limits : FileLimits
        How large a file may be.
    others : str
        What becomes of other files in a folder: ``leave`` them alone or ``refuse`` to go on.

    Raises
    ------
    DataError
        If there is none, or one is of another kind, empty or larger than ``source.largest_file``.
    """
    if path.is_dir():
        inside = [p for p in path.iterdir() if p.name[0] not in ".~"]
        found = [p for p in inside if others == "refuse" or kind_of(p) in kinds]
    else:
        found = [path] if path.is_file() else [Path(p) for p in glob.glob(str(path), recursive=True)]
    files = sorted(p for p in found if p.is_file())
    allowed = ", ".join(kinds)
    if not files:
        what = f"which holds none.{_folders(path)}" if path.is_dir() else "which does not exist."
        raise DataError(
            f"source.path must be a file, a folder or a pattern of {allowed} files, got {str(path)!r}, {what}"
        )
    names = [f.name for f in files]
    for file in files:
        if others == "refuse" and names.count(file.name) > 1:
            raise DataError(f"{str(path)!r} names two files called {file.name}. Give each a name of its own.")
        size = file.stat().st_size
        if kind_of(file) not in kinds:
            do = "Unpack it" if kind_of(file) in (".zip", ".gz") else "Export it as one of them"
            raise DataError(
                f"{file.name}: must be one of {allowed} (or packed as .gz), got {kind_of(file)!r}. {do}, or move it "
                f"out of {file.parent.name}."
            )
        if not size:
            raise DataError(f"{file.name} is empty. Export it again.")
        if size > limits.largest_file * 1e9:
            raise DataError(
                f"{file.name} must be at most {limits.largest_file:g} GB, got {size / 1e9:.3g}. "
                "Set source.largest_file if it is sound."
            )
    return files


def unpacked(path: Path, limits: FileLimits, scratch: Path) -> Path:
    """Return the file itself, or of a ``.gz`` what it holds, unpacked into `scratch` under its name without ``.gz``.

    Raises
    ------
    DataError
        If it is no whole gzip, or unpacks to more than ``source.largest_ratio`` times its size or
        ``source.largest_file``; no byte beyond that is unpacked.
    """
    if not _packed(path):
        return path
    most = min(limits.largest_ratio * path.stat().st_size, limits.largest_file * 1e9)
    out = Path(tempfile.mkdtemp(dir=scratch)) / path.stem
    size = 0
    try:
        with gzip.open(path) as packed, out.open("wb") as plain:
            while block := packed.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise DataError(
                        f"{path.name} would unpack to more than {most:,.0f} bytes, too much for its size. Set "
                        "source.largest_ratio (or source.largest_file) if it is sound."
                    )
                plain.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} is not whole as gzip: {error}. Download it again.") from error
    if not size:
        raise DataError(f"{path.name} is empty. Export it again.")
    return out


def refuse_copies(files: Sequence[Path]) -> None:
    """Refuse two files of the same bytes; only those of one size are read for it.

    Raises
    ------
    DataError
        If there are two.
    """
    seen: dict[object, Path] = {}
    sizes = [p.stat().st_size for p in files]
    for path, size in zip(files, sizes, strict=True):
        if sizes.count(size) == 1:
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        if digest in seen:
            raise DataError(
                f"{path.name} holds the same bytes as {seen[digest].name}. Remove one, or set "
                "source.overlapping_extracts: true to count what stands in both once."
            )
        seen[digest] = path


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _folders(path: Path) -> str:
    inside = ", ".join(sorted(p.name for p in path.iterdir() if p.is_dir()))
    return f" It holds the folders {inside}: name one of them." if inside else ""
