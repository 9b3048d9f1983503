"""From a source to a Dataset."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from discovery.core.dataset import Dataset
from discovery.core.progress import Progress, silent
from discovery.core.sources import (
    CanonicalSource,
    JoinedSource,
    KlaviyoSource,
    PartSource,
    ShopifySource,
    Source,
    TableSource,
)
from discovery.engine.duckdb import Engine
from discovery.engine.scratch import ScratchFolder
from discovery.ingest.canonical import read_canonical
from discovery.ingest.contract import Arrival, finish
from discovery.ingest.files import reading
from discovery.ingest.joined import read_joined
from discovery.ingest.klaviyo import read_klaviyo
from discovery.ingest.shopify import read_shopify
from discovery.ingest.table import read_table


def ingest(
    engine: Engine,
    source: Source,
    base: Path,
    out: Path,
    progress: Progress = silent,
    postal_points: bool = False,
) -> Dataset:
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
    postal_points : bool
        Whether customers without a point get that of their postal code (extra ``geo``).

    Raises
    ------
    DataError
        If the files cannot be used, with what to do.
    """
    with ScratchFolder() as scratch:
        if isinstance(source, JoinedSource):
            parts = count()  # each part has its own scratch folder, since the engine may still read what lies there

            def read(part: PartSource, path: Path) -> Arrival:
                folder = Path(scratch) / str(next(parts))
                folder.mkdir()
                return _read(engine, part, path, folder, progress)

            arrival = read_joined(engine, source, base, read, progress)
        else:
            arrival = _read(engine, source, (base / source.path).resolve(), Path(scratch), progress)
        # Tables that are canonical already are read where they lie, so that a damaged page shows only now.
        with reading("The source"):
            return finish(engine, arrival, out, progress, postal_points)


def _read(engine: Engine, source: PartSource, path: Path, scratch: Path, progress: Progress) -> Arrival:
    """Leave one source's tables in the engine and say what was left."""
    match source:
        case CanonicalSource():
            return read_canonical(engine, source, path, progress)
        case TableSource():
            return read_table(engine, source, path, scratch, progress)
        case ShopifySource():
            return read_shopify(engine, source, path, scratch, progress)
        case KlaviyoSource():
            return read_klaviyo(engine, source, path, scratch, progress)
