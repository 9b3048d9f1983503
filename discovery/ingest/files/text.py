"""Text files, read in blocks: every field as it stands, every row that does not fit with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from discovery.core.errors import DataError
from discovery.ingest.files.dialect import TextFile, wrong_encoding
from discovery.ingest.files.workbook import blocks, columns_of

#: No header, and no single row, may be longer: a quotation mark that is never closed swallows the rest of a file.
_LONGEST_ROW = 1 << 22
_SHOWN = 200
#: File, row and first letters of a row that has more or fewer fields than its header.
Ragged = tuple[str, int, str]


def text_to_parquet(
    text: TextFile, columns: Mapping[int, str], name: str, out: Path, pad: bool = False
) -> Sequence[Ragged]:
    """Write columns of a text file as Parquet of texts, with file, sheet and row; return the rows that do not fit.

    Nothing is read as a number or as missing here: ``00042``, ``1e5`` and ``NA`` stay what they are. No more than a
    few blocks of the file are held in memory.

    Parameters
    ----------
    text : TextFile
        The file.
    columns : mapping
        Position of a column: its name in the Parquet file.
    name : str
        What the file is called in the account of problems.
    out : Path
        The Parquet file to write.
    pad : bool
        Whether a row with fewer fields than the header only lacks empty ones at its end, as spreadsheets leave them
        out. A row with more never fits.

    Raises
    ------
    DataError
        If it is not in its encoding, or most rows do not fit its header.
    """
    ragged: list[Ragged] = []
    if text.delimiter == " ":
        tables = _spaced(text, columns, name, ragged)
    else:
        tables = _delimited(text, columns, name, ragged, pad)
    writer: pq.ParquetWriter | None = None
    good = 0
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(out, table.schema, compression="lz4")
            writer.write_table(table)
            good += table.num_rows
            _refuse_mostly_ragged(text, ragged, good)
    finally:
        if writer is not None:
            writer.close()
    _refuse_mostly_ragged(text, ragged, good)
    if writer is None:
        pq.write_table(pa.table(columns_of([*columns.values()], [], name, "", 0)), out)
    return ragged


def _delimited(
    text: TextFile, columns: Mapping[int, str], name: str, ragged: list[Ragged], pad: bool
) -> Iterator[pa.Table]:
    skipped: list[int] = []
    short: list[tuple[int, str]] = []

    def unfit(row: pc.InvalidRow) -> str:
        skipped.append(row.number)
        if pad and row.actual_columns < row.expected_columns:
            short.append((row.number, row.text))
        else:
            ragged.append((name, row.number, row.text[:_SHOWN]))
        return "skip"

    # Columns go by position, so that two columns of one name, or none, do no harm.
    inner = [f"c{i}" for i in range(len(text.names))]
    keep = {f"c{i}": ours for i, ours in columns.items()}
    with _told(text), text.path.open(encoding=text.encoding) as file:
        # The parser takes a header without a line end for a row that never ends.
        if text.has_header and (not file.readline() or not file.read(1)):
            return
    with _told(text):
        reader = pc.open_csv(
            text.path,
            # On one thread, because only then a row that does not fit is given its number.
            read_options=pc.ReadOptions(
                use_threads=False,
                block_size=_LONGEST_ROW,
                column_names=inner,
                skip_rows_after_names=int(text.has_header),
                encoding="utf8" if text.encoding.startswith("utf-8") else text.encoding,
            ),
            parse_options=pc.ParseOptions(
                delimiter=text.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=unfit
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(inner, pa.string()), include_columns=list(keep) or inner[:1]
            ),
        )
    number = 1 + int(text.has_header)
    while True:
        with _told(text):
            batch = next(reader, None)
        if short:
            yield _padded(text, columns, name, short)
            short.clear()
        if batch is None:
            return
        # The parser runs ahead: skipped rows may lie before, within or after the rows of this batch.
        span = np.arange(number, number + batch.num_rows + len(skipped))
        rows = span[~np.isin(span, skipped)][: batch.num_rows]
        number = int(rows[-1]) + 1 if len(rows) else number
        skipped[:] = [s for s in skipped if s >= number]
        found = {keep[c]: batch.column(c) for c in batch.schema.names if c in keep}
        yield pa.table({**found, **_origin(name, rows)})


def _padded(text: TextFile, columns: Mapping[int, str], name: str, short: Sequence[tuple[int, str]]) -> pa.Table:
    """Return rows that end early, their last cells empty."""
    numbers, lines = zip(*short, strict=True)
    cells = [next(csv.reader(io.StringIO(line, newline=""), delimiter=text.delimiter), []) for line in lines]
    found = {ours: pa.array([c[i] if i < len(c) else "" for c in cells], pa.string()) for i, ours in columns.items()}
    return pa.table({**found, **_origin(name, numbers)})


@contextmanager
def _told(text: TextFile) -> Iterator[None]:
    """Say of a fault that the parser finds what to do about it."""
    try:
        yield
    except (pa.ArrowInvalid, UnicodeError) as error:
        said = str(error)
        if isinstance(error, UnicodeError) or "UTF8" in said:
            raise wrong_encoding(text.path, text.encoding) from error
        if "straddling" in said:
            raise DataError(
                f"{text.path.name} holds a row of more than {_LONGEST_ROW:,} bytes: a quotation mark is opened and "
                "never closed, or lines do not end. Export it again."
            ) from error
        raise DataError(f"{text.path.name} cannot be read: {said.splitlines()[0]}. Export it again.") from error


def _origin(name: str, rows: Any) -> dict[str, pa.Array]:
    return {
        "@file": pa.array([name] * len(rows), pa.string()),
        "@sheet": pa.nulls(len(rows), pa.string()),
        "@row": pa.array(rows, pa.int64()),
    }


def _spaced(text: TextFile, columns: Mapping[int, str], name: str, ragged: list[Ragged]) -> Iterator[pa.Table]:
    """Yield blocks of a file whose fields are parted by any number of blanks; it knows no quotation marks."""
    with text.path.open(encoding=text.encoding) as file:
        numbers: list[int] = []

        def rows() -> Iterator[Sequence[object]]:
            for number, line in enumerate(file, 1):
                fields = line.split()
                if (text.has_header and number == 1) or not fields:
                    continue
                if len(fields) != len(text.names):
                    ragged.append((name, number, line.strip()[:_SHOWN]))
                    continue
                numbers.append(number)
                yield [fields[i] for i in columns]

        try:
            for _, block in blocks(rows()):
                table = columns_of([*columns.values()], block, name, "", 0)
                # One row more may have been looked at than the block holds.
                yield pa.table({**table, **_origin(name, numbers[: len(block)])})
                del numbers[: len(block)]
        except UnicodeError:
            raise wrong_encoding(text.path, text.encoding) from None


def _refuse_mostly_ragged(text: TextFile, ragged: Sequence[Ragged], good: int) -> None:
    if len(ragged) > max(good, 1):
        raise DataError(
            f"{text.path.name}: most rows must have the header's {len(text.names)} fields parted by "
            f"{text.delimiter!r}; row {ragged[0][1]} is {ragged[0][2][:60]!r}. Export it again; of a table, set "
            "source.delimiter, or source.header if no line is one."
        )
