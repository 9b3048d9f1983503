"""A feature table on disk: written as one Parquet file, read back one column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from discovery.core.column_table import ColumnTable
from discovery.core.errors import DataError, WorkspaceError
from discovery.core.feature import Feature, FeatureTable, Kind
from discovery.engine.shelf import values_of

#: Columns kept once they were read: what one page looks at, not what all of them do.
_KEPT = 8
#: Customers written at once.
_ROWS_AT_ONCE = 1 << 20
_TYPES: dict[Kind, pa.DataType] = {"number": pa.float64(), "text": pa.string(), "boolean": pa.bool_()}


class StoredTable(ColumnTable):
    """A feature table that reads a column when it is asked for; equal to the one written.

    A million customers with all features fill a gigabyte, and a page of the dashboard looks at a few of them.

    Parameters
    ----------
    path : Path
        The file, as `write_table` leaves it. It must stay there while the table is used.
    features, as_of, fingerprint, cutoffs
        As of a `FeatureTable`.

    Raises
    ------
    DataError
        If a feature is missing, or the customers are not in increasing order, each once.
    """

    _path: Path

    def __init__(
        self,
        path: Path,
        features: tuple[Feature, ...],
        as_of: date,
        fingerprint: str,
        cutoffs: Mapping[str, tuple[float, ...]],
    ) -> None:
        missing = sorted({f.name for f in features} - set(pq.read_schema(path).names))
        if missing:
            raise DataError(f"{path.name} must hold every feature of the run, and lacks {', '.join(missing)}.")
        ids = _column(path, "customer_id").combine_chunks()
        if not pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
            raise DataError(f"{path.name} must hold every customer once, in the order of their ids.")
        customers = pd.Index(ids.to_pandas(), name="customer_id")
        super().__init__(customers, _FileColumns(path, features), features, as_of, fingerprint, cutoffs)
        object.__setattr__(self, "_path", path)

    def __reduce__(self) -> tuple[type[StoredTable], tuple[object, ...]]:
        # Copied by its path, as caches and workers do; not with what it has read.
        return StoredTable, (self._path, self.features, self.as_of, self.fingerprint, self.cutoffs)


class _FileColumns(Mapping[str, NDArray[Any]]):
    """The columns of features in a file, the latest of them kept."""

    def __init__(self, path: Path, features: tuple[Feature, ...]) -> None:
        self._path = path
        self._names = tuple(f.name for f in features)
        self._kept = lru_cache(maxsize=_KEPT)(self._read)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._kept(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _read(self, name: str) -> NDArray[Any]:
        try:
            return values_of(_column(self._path, name))
        except FileNotFoundError as error:
            gone = f"Run {self._path.parent.name} was taken away while it was read. Open another."
            raise WorkspaceError(gone) from error
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"{self._path.name} of run {self._path.parent.name} is damaged: {error}. "
                "Make the run again, or restore it from a copy."
            ) from error


def write_table(table: FeatureTable, path: Path) -> None:
    """Write a feature table: customer_id and one column per feature."""
    types = ((f.name, _TYPES.get(f.kind) or _found(table.column(f.name))) for f in table.features)
    schema = pa.schema([("customer_id", pa.string()), *types])

    def some(rows: slice) -> pd.DataFrame:
        # Copied, or every part would hold all of its column.
        columns = {f.name: table.column(f.name).to_numpy()[rows].copy() for f in table.features}
        return pd.DataFrame({"customer_id": table.customers[rows], **columns}, copy=False)

    starts = range(0, max(len(table), 1), _ROWS_AT_ONCE)
    write_frames((some(slice(start, start + _ROWS_AT_ONCE)) for start in starts), path, schema)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table without its index."""
    write_frames([frame], path)


def write_frames(frames: Iterable[pd.DataFrame], path: Path, schema: pa.Schema | None = None) -> None:
    """Write tables of the same columns below each other, without their indexes; no two are held together.

    Parameters
    ----------
    frames : iterable of DataFrame
        At least one.
    path : Path
        The Parquet file.
    schema : Schema, optional
        Types of the columns, where the values of the first table do not tell them.
    """
    with ExitStack() as stack:
        writer = None
        for frame in frames:
            part = pa.Table.from_pandas(frame, schema, preserve_index=False)
            if writer is None:
                schema = part.schema
                writer = stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
            writer.write_table(part)


def _found(dates: pd.Series) -> pa.DataType:
    """Return what dates are: some data hold texts, some instants."""
    return pa.array(dates, from_pandas=True).type


def _column(path: Path, name: str) -> pa.ChunkedArray:
    return pq.read_table(path, columns=[name]).column(0)
