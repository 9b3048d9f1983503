"""Which files a source reads, and when they last changed."""

from __future__ import annotations

from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.sources import JoinedSource, Source, TablePart, TableSource

Stamp = tuple[str, int, int]


def file_stamps(source: Source, base: Path) -> list[Stamp]:
    """Return name, size and time of change of every file `source` reads; changed, it is to be read again.

    Raises
    ------
    DataError
        If a path names nothing.
    """
    return [
        (file.name, file.stat().st_size, file.stat().st_mtime_ns)
        for path in _paths(source, base)
        for file in _files(path.resolve())
    ]


def _paths(source: Source | TablePart, base: Path) -> Iterator[Path]:
    match source:
        case JoinedSource(parts=parts):
            for part in parts:
                yield from _paths(part, base)
        case TableSource(tables=(_, *_)):
            for table in source.tables:
                yield from _paths(table, base / source.path)
        case _:
            yield base / source.path
            if isinstance(source, TablePart) and source.join:
                joined = base / source.path
                yield (joined if joined.is_dir() else joined.parent) / source.join


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    found = [Path(name) for name in sorted(glob(str(path)))] if has_magic(str(path)) else [path]
    if not found or not found[0].exists():
        raise DataError(f"source.path must exist, got {str(path)!r}. Set source.path in the config or with --set.")
    return found
