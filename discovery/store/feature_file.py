"""A feature table on disk: written as one Parquet file, read back one column at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from discovery.core.errors import DataError, WorkspaceError
from discovery.core.feature import Feature, FeatureTable

#: Columns kept once they were read: what one page looks at, not what all of them do.
_KEPT = 8


class StoredTable(FeatureTable):
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
    _customers: pd.Index
    _kept: Callable[[str], pd.Series]

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
        ids = _column(path, "customer_id")
        if not pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
            raise DataError(f"{path.name} must hold every customer once, in the order of their ids.")
        stated = {"features": features, "as_of": as_of, "fingerprint": fingerprint, "cutoffs": cutoffs}
        customers = pd.Index(ids.to_pandas(), name="customer_id")
        kept = lru_cache(maxsize=_KEPT)(self._read)
        # The class is frozen, so that its fields are set the way a dataclass sets them.
        for name, value in {**stated, "_path": path, "_customers": customers, "_kept": kept}.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type[StoredTable], tuple[object, ...]]:
        # Copied by its path, as caches and workers do; not with what it has read.
        return StoredTable, (self._path, self.features, self.as_of, self.fingerprint, self.cutoffs)

    @property
    def values(self) -> pd.DataFrame:
        """Every column, read anew."""
        return pd.DataFrame({f.name: self._read(f.name) for f in self.features}, index=self.customers)

    @property
    def customers(self) -> pd.Index:
        """Every customer's id, in increasing order."""
        return self._customers

    def column(self, name: str) -> pd.Series:
        """Return the values of one feature, missing as NaN or None."""
        return self._kept(name)

    def _read(self, name: str) -> pd.Series:
        try:
            read = _column(self._path, name)
        except FileNotFoundError as error:
            gone = f"Run {self._path.parent.name} was taken away while it was read. Open another."
            raise WorkspaceError(gone) from error
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"{self._path.name} of run {self._path.parent.name} is damaged: {error}. "
                "Make the run again, or restore it from a copy."
            ) from error
        values = read.to_numpy(zero_copy_only=False) if self.feature(name).kind == "number" else _objects(read)
        return pd.Series(values, self.customers, values.dtype, name)


def write_table(table: FeatureTable, path: Path) -> None:
    """Write a feature table: customer_id and one column per feature."""
    write_frame(pd.concat([table.customers.to_frame(), table.values], axis=1), path)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table without its index."""
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, compression="zstd")


def _column(path: Path, name: str) -> pa.Array:
    return pq.read_table(path, columns=[name]).column(0).combine_chunks()


def _objects(read: pa.Array) -> NDArray[np.object_]:
    """Return text or yes-and-no as objects, equal ones the same object, None where missing."""
    coded = read.dictionary_encode()
    known = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    return np.asarray(known[coded.indices.fill_null(len(known) - 1).to_numpy()])
