"""A shelf of columns: in memory as long as there is room for them, then on disk."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


class Shelf(MutableMapping[str, NDArray[Any]]):
    """Columns by name. One there is no room for is written to a file, and read anew whenever it is asked for.

    Parameters
    ----------
    folder : Path
        Where files are put; whoever made it takes it away.
    room : int
        Bytes that columns may take in memory.
    """

    def __init__(self, folder: Path, room: int) -> None:
        self._folder = folder
        self._room = room
        self._held: dict[str, NDArray[Any]] = {}
        # Its names are no names of files: some are the text of a rule.
        self._files: dict[str, Path] = {}
        self._number = count()

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in self._held:
            return self._held[name]
        return values_of(pq.read_table(self._files[name]).column(0))

    def __setitem__(self, name: str, values: NDArray[Any]) -> None:
        if name in self:
            del self[name]
        if values.nbytes <= self._room:
            self._room -= values.nbytes
            self._held[name] = values
            return
        path = self._folder / f"{next(self._number)}.parquet"
        column = pa.array(values, from_pandas=values.dtype == object)
        pq.write_table(pa.table({"values": column}), path, compression="lz4", write_statistics=False)
        self._files[name] = path

    def __delitem__(self, name: str) -> None:
        if name in self._held:
            self._room += self._held.pop(name).nbytes
        else:
            self._files.pop(name).unlink()

    def __iter__(self) -> Iterator[str]:
        yield from (*self._held, *self._files)

    def __len__(self) -> int:
        return len(self._held) + len(self._files)


def values_of(read: pa.ChunkedArray) -> NDArray[Any]:
    """Return numbers as floats with NaN where missing, all else as objects with None, equal ones the same object.

    Examples
    --------
    >>> values_of(pa.chunked_array([["GB", None], ["GB"]])).tolist()
    ['GB', None, 'GB']
    """
    if pa.types.is_floating(read.type):
        numbers: NDArray[np.float64] = read.to_numpy()
        return numbers
    coded = read.combine_chunks().dictionary_encode()
    known = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    return np.asarray(known[coded.indices.fill_null(len(known) - 1).to_numpy()])
