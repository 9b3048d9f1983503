"""From a source to a Dataset."""

from __future__ import annotations

import tempfile
from pathlib import Path

from discovery.core.dataset import Dataset
from discovery.core.progress import Progress, silent
from discovery.core.settings import CanonicalSource, Source, TableSource
from discovery.engine.duckdb import Engine
from discovery.ingest.canonical import read_canonical
from discovery.ingest.contract import finish
from discovery.ingest.table import read_table


def ingest(engine: Engine, source: Source, base: Path, out: Path, progress: Progress = silent) -> Dataset:
    """Return the Dataset made of `source`, written to the folder `out`.

    Parameters
    ----------
    engine : Engine
        Does the work; its tables are scratch.
    source : Source
        Where the data come from; a relative path is looked up in `base`.
    base : Path
        Folder relative paths start from.
    out : Path
        Folder for profiles.parquet, events.parquet and problems.parquet.
    progress : callable
        Told where the work stands.

    Raises
    ------
    DataError
        If the files cannot be used, with what to do.
    """
    path = (base / source.path).resolve()
    match source:
        case CanonicalSource():
            arrival = read_canonical(engine, source, path, progress)
        case TableSource():
            with tempfile.TemporaryDirectory(prefix="segment-discovery-") as scratch:
                arrival = read_table(engine, source, path, Path(scratch), progress)
    return finish(engine, arrival, out, progress)
