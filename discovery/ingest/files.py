"""Opening files: CSV, Parquet and XLSX become one relation with the row number each row came from."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from discovery.core.errors import DataError, did_you_mean
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import literal

#: A workbook that unpacks to more than this many times its size is refused unread.
LARGEST_RATIO = 200
_ROWS_AT_ONCE = 50_000


def open_table(engine: Engine, path: Path, sheets: tuple[str, ...], scratch: Path) -> None:
    """Make the view ``opened``: the file's columns, and ``source_file``, ``source_sheet``, ``source_row``.

    ``source_row`` counts as a person would: in a CSV or a sheet the header is row 1, in Parquet the first row is 1.

    Raises
    ------
    DataError
        If the file is missing, empty, of an unknown kind, or cannot be read as what it says it is.
    """
    if not path.is_file():
        raise DataError(f"source.path must be a file, got {str(path)!r}, which does not exist. Set source.path.")
    if path.stat().st_size == 0:
        raise DataError(f"{path.name} is empty. Export it again.")
    name = literal(path.name)
    try:
        match path.suffix.lower():
            case ".parquet":
                engine.run(
                    f"CREATE OR REPLACE VIEW opened AS SELECT * EXCLUDE (file_row_number), {name} AS source_file, "
                    "'' AS source_sheet, file_row_number + 1 AS source_row "
                    f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
                )
            case ".csv" | ".txt" | ".tsv":
                engine.run(
                    f"CREATE OR REPLACE TABLE opened AS SELECT *, {name} AS source_file, '' AS source_sheet, "
                    "row_number() OVER () + 1 AS source_row "
                    f"FROM read_csv({literal(str(path))}, all_varchar = true, header = true, null_padding = true)"
                )
            case ".xlsx":
                unpacked = _unpack(path, sheets, scratch)
                engine.run(f"CREATE OR REPLACE VIEW opened AS SELECT * FROM {parquet(unpacked)}")
            case other:
                raise DataError(f"{path.name}: a table must be .csv, .parquet or .xlsx, got {other!r}.")
    except DataError:
        raise
    except Exception as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path.name} cannot be read as {path.suffix[1:]}: {first}") from error


def require_columns(engine: Engine, needed: dict[str, str], path: Path) -> None:
    """Raise with the setting to change if a column that a setting of the source names is not in the file."""
    present = engine.columns("opened")
    for ours, theirs in needed.items():
        if theirs not in present:
            known = [c for c in present if not c.startswith("source_")]
            raise DataError(
                f"{path.name} has no column {theirs!r}, which source.{ours} names. "
                f"{did_you_mean(theirs, known)} Set source.{ours}."
            )


def _unpack(path: Path, sheets: tuple[str, ...], scratch: Path) -> Path:
    """Write the chosen sheets of a workbook as one Parquet of texts; every sheet must have the same header."""
    _refuse_bomb(path)
    book = CalamineWorkbook.from_path(str(path))
    chosen = list(sheets) or book.sheet_names
    for sheet in chosen:
        if sheet not in book.sheet_names:
            raise DataError(f"{path.name} has no sheet {sheet!r}. {did_you_mean(sheet, book.sheet_names)}")
    out = scratch / "workbook.parquet"
    header: list[str] = []
    writer: pq.ParquetWriter | None = None
    try:
        for sheet in chosen:
            rows = iter(book.get_sheet_by_name(sheet).iter_rows())
            names = [str(cell).strip() for cell in next(rows, [])]
            if header and names != header:
                raise DataError(f"{path.name}: sheet {sheet!r} must have the header {header}, got {names}.")
            header = header or names
            for number, block in _blocks(rows):
                table = pa.table(_columns(header, block, path.name, sheet, number))
                writer = writer or pq.ParquetWriter(out, table.schema)
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise DataError(f"{path.name} holds no rows below its header. Export it again.")
    return out


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name} is not a workbook: {error}. Save it again as .xlsx.") from error
    if size > LARGEST_RATIO * path.stat().st_size:
        raise DataError(f"{path.name} would unpack to {size:,} bytes, more than {LARGEST_RATIO} times its size.")


def _blocks(rows: Iterator[Sequence[object]]) -> Iterator[tuple[int, list[Sequence[object]]]]:
    """Yield blocks of rows with the sheet's row number of the first."""
    number = 2
    block: list[Sequence[object]] = []
    for row in rows:
        block.append(row)
        if len(block) == _ROWS_AT_ONCE:
            yield number, block
            number, block = number + len(block), []
    if block:
        yield number, block


def _columns(
    header: list[str], block: list[Sequence[object]], file: str, sheet: str, number: int
) -> dict[str, pa.Array]:
    columns = {
        name: pa.array([_text(row[i]) if i < len(row) else None for row in block], pa.string())
        for i, name in enumerate(header)
        if name
    }
    size = len(block)
    columns["source_file"] = pa.array([file] * size, pa.string())
    columns["source_sheet"] = pa.array([sheet] * size, pa.string())
    columns["source_row"] = pa.array(range(number, number + size), pa.int64())
    return columns


def _text(cell: object) -> str | None:
    """Return a cell as text: whole numbers without the ".0" a workbook gives every number."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (date, datetime)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
