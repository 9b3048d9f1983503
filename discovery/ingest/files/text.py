"""Text files, read in blocks: every field as it stands, every row that does not fit with its number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from discovery.core.errors import DataError
from discovery.core.sources import TablePart
from discovery.ingest.files.dialect import (
    delimiter_of,
    encoding_of,
    head_of,
    header_names,
    refuse_open_quote,
    wrong_encoding,
)
from discovery.ingest.files.workbook import blocks, columns_of

#: No header, and no single row, may be longer: a quotation mark that is never closed swallows the rest of a file.
_LONGEST_ROW = 1 << 22
_SHOWN = 200


@dataclass(frozen=True)
class TextFile:
    """What a text file turned out to be."""

    names: tuple[str, ...]
    ragged: tuple[tuple[str, int, str], ...]


def text_to_parquet(path: Path, name: str, wanted: Collection[str], part: TablePart, out: Path) -> TextFile:
    """Write the wanted columns of a text file as Parquet of texts, with file, sheet and row.

    Nothing is read as a number or as missing here: ``00042``, ``1e5`` and ``NA`` stay what they are.

    Raises
    ------
    DataError
        If it is no text, not in the encoding stated, or most rows do not fit its header.
    """
    encoding = encoding_of(path, part.encoding)
    head = head_of(path, encoding)
    delimiter = delimiter_of(head, part, wanted)
    names = tuple(part.header) or header_names(head, delimiter)
    for column in wanted:
        if names.count(column) > 1:
            raise DataError(f"{path.name} has {names.count(column)} columns called {column!r}. Rename all but one.")
    ragged: list[tuple[str, int, str]] = []
    if delimiter == " ":
        tables = _spaced(path, name, encoding, names, wanted, not part.header, ragged)
    else:
        refuse_open_quote(path, encoding, delimiter)
        tables = _delimited(path, name, encoding, delimiter, names, wanted, not part.header, ragged)
    kept = [n for n in names if n in wanted]
    writer: pq.ParquetWriter | None = None
    good = 0
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(out, table.schema, compression="lz4")
            writer.write_table(table)
            good += table.num_rows
            _refuse_mostly_ragged(path, names, delimiter, ragged, good)
    finally:
        if writer is not None:
            writer.close()
    _refuse_mostly_ragged(path, names, delimiter, ragged, good)
    if writer is None:
        pq.write_table(pa.table(columns_of([*kept], [], name, "", 0)), out)
    return TextFile(names, tuple(ragged))


def _delimited(
    path: Path,
    name: str,
    encoding: str,
    delimiter: str,
    names: Sequence[str],
    wanted: Collection[str],
    has_header: bool,
    ragged: list[tuple[str, int, str]],
) -> Iterator[pa.Table]:
    skipped: list[int] = []

    def unfit(row: pc.InvalidRow) -> str:
        skipped.append(row.number)
        ragged.append((name, row.number, row.text[:_SHOWN]))
        return "skip"

    # Columns go by position, so that two columns of one name, or none, do no harm.
    inner = [f"c{i}" for i in range(len(names))]
    keep = {c: n for c, n in zip(inner, names, strict=True) if n in wanted}
    reader = pc.open_csv(
        path,
        # On one thread, because only then a row that does not fit is given its number.
        read_options=pc.ReadOptions(
            use_threads=False,
            block_size=_LONGEST_ROW,
            column_names=inner,
            skip_rows_after_names=int(has_header),
            encoding="utf8" if encoding.startswith("utf-8") else encoding,
        ),
        parse_options=pc.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=unfit
        ),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(inner, pa.string()), include_columns=list(keep) or inner[:1]
        ),
    )
    number = 1 + int(has_header)
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowInvalid, UnicodeError) as error:
            raise _told(path, encoding, error) from error
        # The parser runs ahead: skipped rows may lie before, within or after the rows of this batch.
        span = np.arange(number, number + batch.num_rows + len(skipped))
        rows = span[~np.isin(span, skipped)][: batch.num_rows]
        number = int(rows[-1]) + 1 if len(rows) else number
        skipped[:] = [s for s in skipped if s >= number]
        columns = {keep[c]: batch.column(c) for c in batch.schema.names if c in keep}
        yield pa.table({**columns, **_origin(name, rows)})


def _told(path: Path, encoding: str, error: Exception) -> DataError:
    text = str(error)
    if isinstance(error, UnicodeError) or "UTF8" in text:
        return wrong_encoding(path, encoding)
    if "straddling" in text:
        return DataError(
            f"{path.name} holds a row of more than {_LONGEST_ROW:,} bytes: a quotation mark is opened and never "
            "closed, or lines do not end. Export it again."
        )
    return DataError(f"{path.name} cannot be read: {text.splitlines()[0]}")


def _origin(name: str, rows: Any) -> dict[str, pa.Array]:
    return {
        "@file": pa.array([name] * len(rows), pa.string()),
        "@sheet": pa.nulls(len(rows), pa.string()),
        "@row": pa.array(rows, pa.int64()),
    }


def _spaced(
    path: Path,
    name: str,
    encoding: str,
    names: Sequence[str],
    wanted: Collection[str],
    has_header: bool,
    ragged: list[tuple[str, int, str]],
) -> Iterator[pa.Table]:
    """Yield blocks of a file whose fields are parted by any number of blanks; it knows no quotation marks."""
    keep = [(i, n) for i, n in enumerate(names) if n in wanted]
    with path.open(encoding=encoding) as file:
        numbers: list[int] = []

        def rows() -> Iterator[Sequence[object]]:
            for number, line in enumerate(file, 1):
                fields = line.split()
                if (has_header and number == 1) or not fields:
                    continue
                if len(fields) != len(names):
                    ragged.append((name, number, line.strip()[:_SHOWN]))
                    continue
                numbers.append(number)
                yield [fields[i] for i, _ in keep]

        try:
            for _, block in blocks(rows()):
                table = columns_of([n for _, n in keep], block, name, "", 0)
                # One row more may have been looked at than the block holds.
                yield pa.table({**table, **_origin(name, numbers[: len(block)])})
                del numbers[: len(block)]
        except UnicodeError:
            raise wrong_encoding(path, encoding) from None


def _refuse_mostly_ragged(
    path: Path, names: Sequence[str], delimiter: str, ragged: Sequence[tuple[str, int, str]], good: int
) -> None:
    if len(ragged) > max(good, 1):
        raise DataError(
            f"{path.name}: most rows must have the header's {len(names)} fields parted by {delimiter!r}; "
            f"row {ragged[0][1]} is {ragged[0][2][:60]!r}. Set source.delimiter, or source.header if no line is one."
        )
