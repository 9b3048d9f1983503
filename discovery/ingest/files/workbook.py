"""Workbooks: the chosen sheets become one Parquet of texts, after a look at what they would unpack to."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from discovery.core.errors import DataError, did_you_mean

#: A workbook is held in memory sheet by sheet, so it may not unpack to more than this whatever its ratio.
_LARGEST_UNPACKED = 4_000_000_000
_ROWS_AT_ONCE = 50_000


def workbook_to_parquet(
    path: Path, name: str, wanted: Collection[str], sheets: Sequence[str], ratio: float, out: Path
) -> list[str]:
    """Write the wanted columns of the chosen sheets as Parquet of texts, and return every column's name.

    Raises
    ------
    DataError
        If it is no workbook, would unpack to too much, lacks a sheet, or its sheets differ in their header.
    """
    _refuse_bomb(path, ratio)
    book = CalamineWorkbook.from_path(str(path))
    chosen = list(sheets) or book.sheet_names
    for sheet in chosen:
        if sheet not in book.sheet_names:
            raise DataError(f"{path.name} has no sheet {sheet!r}. {did_you_mean(sheet, book.sheet_names)}")
    header: list[str] = []
    writer: pq.ParquetWriter | None = None
    try:
        for sheet in chosen:
            rows = iter(book.get_sheet_by_name(sheet).iter_rows())
            top, names = _header(rows)
            if header and names != header:
                raise DataError(
                    f"{path.name}: sheet {sheet!r} must have the header {header}, got {names}. Set source.sheets."
                )
            header = header or names
            kept = [(i, n) for i, n in enumerate(header) if n in wanted]
            label = f"{name}#{sheet}" if len(chosen) > 1 else name
            for number, block in blocks(rows, top + 1):
                cells = [[_text(row[i]) if i < len(row) else None for i, _ in kept] for row in block]
                table = pa.table(columns_of([n for _, n in kept], cells, label, sheet, number))
                writer = writer or pq.ParquetWriter(out, table.schema, compression="lz4")
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    for column in wanted:
        if header.count(column) > 1:
            raise DataError(f"{path.name} has {header.count(column)} columns called {column!r}. Rename all but one.")
    if writer is None:
        raise DataError(f"{path.name} must hold rows below the header, got none. Export it again.")
    return header


def blocks(rows: Iterator[Sequence[object]], number: int = 1) -> Iterator[tuple[int, list[Sequence[object]]]]:
    """Yield blocks of rows with the number of the first; the first of all is `number`."""
    block: list[Sequence[object]] = []
    for row in rows:
        block.append(row)
        if len(block) == _ROWS_AT_ONCE:
            yield number, block
            number, block = number + len(block), []
    if block:
        yield number, block


def columns_of(
    names: Sequence[str], block: Sequence[Sequence[object]], file: str, sheet: str, number: int
) -> dict[str, pa.Array]:
    """Return a block as columns of text, with the file, sheet and row each row came from."""
    size = len(block)
    columns = {name: pa.array([row[i] for row in block], pa.string()) for i, name in enumerate(names)}
    return {
        **columns,
        "@file": pa.array([file] * size, pa.string()),
        "@sheet": pa.array([sheet] * size, pa.string()),
        "@row": pa.array(range(number, number + size), pa.int64()),
    }


def _header(rows: Iterator[Sequence[object]]) -> tuple[int, list[str]]:
    """Return the number and the cells of the first row that holds anything; sheets often begin with a blank one."""
    for number, row in enumerate(rows, 1):
        names = [(_text(cell) or "").strip() for cell in row]
        if any(names):
            return number, names
    return 1, []


def _refuse_bomb(path: Path, ratio: float) -> None:
    """Refuse a workbook by what it says it unpacks to, then by what it does: the first can be a lie."""
    most = min(ratio * path.stat().st_size, _LARGEST_UNPACKED)
    try:
        with zipfile.ZipFile(path) as archive:
            said = sum(info.file_size for info in archive.infolist())
            if said > most:
                raise DataError(
                    f"{path.name} would unpack to {said:,} bytes, more than {most:,.0f} allowed for its size. "
                    "Save the table as .csv, or set source.largest_ratio if it is sound."
                )
            for info in archive.infolist():
                with archive.open(info) as member:
                    # Reading stops at the size stated and then compares the checksum, so a lie ends here.
                    while member.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DataError(f"{path.name} is not a workbook: {error}. Save it again as .xlsx.") from error


def _text(cell: object) -> str | None:
    """Return a cell as text: whole numbers without the ".0" a workbook gives every number."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (date, datetime)):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
