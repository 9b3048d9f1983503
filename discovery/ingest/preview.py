"""The first rows of a file, so that a person can say which column is what."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine
from discovery.engine.scratch import ScratchFolder
from discovery.engine.sql import identifier
from discovery.ingest.files import open_files
from discovery.ingest.files.find import TEXTS

_HEAD = 1 << 18
_ROWS = 5


def preview(path: Path) -> pd.DataFrame:
    """Return the first rows of a CSV, TSV, text, Parquet or XLSX as texts, every column under its own name.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    with ScratchFolder() as folder, Engine() as engine:
        scratch = Path(folder)
        file = _head(path, scratch) if path.suffix.lower() in TEXTS else path
        part, limits = TablePart(), TableSource()
        known = open_files(engine, [file], (), part, limits, scratch / "names", "names").known
        opened = open_files(engine, [file], known, part, limits, scratch / "rows", "rows_of_file")
        columns = ", ".join(f"CAST({identifier(c)} AS VARCHAR) AS {identifier(c)}" for c in known)
        return engine.frame(f"SELECT {columns} FROM {opened.view} LIMIT {_ROWS}")


def _head(path: Path, scratch: Path) -> Path:
    """Return a copy of the first whole lines of a text file: nobody waits for a long one to be read."""
    with path.open("rb") as file:
        start = file.read(_HEAD)
    whole = start if len(start) < _HEAD else start[: start.rfind(b"\n") + 1] or start
    copy = scratch / path.name
    copy.write_bytes(whole)
    return copy
