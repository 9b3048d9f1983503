"""Exports of a platform: found in a folder, told apart by their header, read as texts with the row each came from."""

from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from discovery.core.errors import DataError
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.cells import text
from discovery.ingest.contract import report

_HEAD = 1 << 20
#: Cells beyond the header that a row may carry before the whole file counts as broken.
_SURPLUS = 8


def tidy(name: str) -> str:
    """Return a column's name as exports of all years would write it.

    Examples
    --------
    >>> tidy(" Lineitem compare-at  Price"), tidy("Person//Email")
    ('lineitem compare at price', 'person//email')
    """
    return re.sub(r"[\s_-]+", " ", name.strip().lower())


@dataclass(frozen=True)
class Export:
    """A CSV file by its header.

    Parameters
    ----------
    path : Path
        The file.
    header : tuple of str
        Its column names as written.
    delimiter : str
        The sign between its cells.
    """

    path: Path
    header: tuple[str, ...]
    delimiter: str

    @property
    def names(self) -> Mapping[str, int]:
        """Tidied column names and their positions; of two columns with one name the first counts."""
        return {tidy(n): i for i, n in reversed(list(enumerate(self.header))) if n.strip()}

    def has(self, *names: str) -> bool:
        """Whether the file has one of the columns."""
        return any(n in self.names for n in names)

    def cell(self, *names: str, read: Callable[[str], str] = text) -> str:
        """Return the SQL of the first of the named columns that holds something in a row; NULL without any."""
        found = [read(f"c{self.names[n]}") for n in names if n in self.names]
        return f"coalesce({', '.join(found)})" if found else "CAST(NULL AS VARCHAR)"


def export_files(path: Path, suffixes: Iterable[str]) -> list[Path]:
    """Return the file at `path`, or the files of the folder, in order of their names; hidden ones are left alone.

    Raises
    ------
    DataError
        If there is none, or one is empty or of another kind.
    """
    allowed = tuple(suffixes)
    if not path.exists():
        raise DataError(f"source.path must be a file or a folder, got {str(path)!r}, which does not exist.")
    found = [path] if path.is_file() else sorted(p for p in path.iterdir() if not p.name.startswith("."))
    files = [p for p in found if p.is_file()]
    if not files:
        inside = ", ".join(p.name for p in found)
        hint = f" It holds the folders {inside}: name one of them." if inside else ""
        raise DataError(f"source.path must hold {' or '.join(allowed)} files; {path.name} holds none.{hint}")
    for file in files:
        if file.suffix.lower() not in allowed:
            raise DataError(f"{file.name}: an export must be {' or '.join(allowed)}. Move the file out of {path.name}.")
        if file.stat().st_size == 0:
            raise DataError(f"{file.name} is empty. Export it again.")
    return files


def open_export(path: Path, known: Iterable[str]) -> Export:
    """Return the export at `path`; it is cut by the sign that leaves most of the `known` column names whole.

    Raises
    ------
    DataError
        If it has no header, or a quote is left open.
    """
    with as_utf8(path) as plain, plain.open("rb") as file:
        head = file.read(_HEAD)
        quotes = head.count(b'"')
        while block := file.read(_HEAD):
            quotes += block.count(b'"')
    if quotes % 2:
        raise DataError(f"{path.name} has a quote that is never closed: it was cut off or edited. Export it again.")
    start = head.decode("utf-8", errors="replace")
    wanted = set(known)
    best: tuple[int, int, str, list[str]] = (-1, -1, ",", [])
    for delimiter in ",;\t":
        names = next(csv.reader(io.StringIO(start), delimiter=delimiter), [])
        best = max(best, (len({tidy(n) for n in names} & wanted), len(names), delimiter, names), key=lambda b: b[:2])
    _, _, delimiter, header = best
    if not any(n.strip() for n in header):
        raise DataError(f"{path.name} must start with a header line, got a blank one. Export it again.")
    return Export(path, tuple(n.strip() for n in header), delimiter)


@contextmanager
def as_utf8(path: Path) -> Iterator[Path]:
    """Give the file as UTF-8 without a mark at its start: itself, or for the time being a copy.

    Raises
    ------
    DataError
        If it starts with the mark of UTF-16 and is not.
    """
    with path.open("rb") as file:
        start = file.read(3)
    wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if not wide and start != codecs.BOM_UTF8:
        yield path
        return
    encoding, errors = ("utf-16", "strict") if wide else ("utf-8-sig", "surrogateescape")
    with tempfile.TemporaryDirectory(prefix="segment-discovery-") as folder:
        copy = Path(folder) / path.name
        try:
            with (
                path.open(encoding=encoding, errors=errors, newline="") as old,
                copy.open("w", encoding="utf-8", errors=errors, newline="") as new,
            ):
                while block := old.read(_HEAD):
                    new.write(block)
        except UnicodeError as error:
            raise DataError(f"{path.name} is damaged: it says it is UTF-16 and is not. Export it again.") from error
        yield copy


def load(engine: Engine, table: str, export: Export, columns: Mapping[str, str]) -> int:
    """Add the export's rows to `table` (made if missing) and return how many there are.

    Parameters
    ----------
    engine : Engine
        Holds the table.
    table : str
        Its name; it gets `columns` and ``file`` and ``row`` (the header is row 1; lines that hold nothing do not
        count).
    export : Export
        The file.
    columns : mapping
        Our name: SQL over the cells, as `Export.cell` gives it.

    Raises
    ------
    DataError
        If the file cannot be read, with what to do.
    """
    cells = [f"c{i}" for i in range(len(export.header))]
    surplus = [f"c{i}" for i in range(len(cells), len(cells) + _SURPLUS)]
    types = ", ".join(f"'{c}': 'VARCHAR'" for c in cells + surplus)
    chosen = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    exists = engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table])
    with as_utf8(export.path) as plain:
        select = (
            f'SELECT {literal(export.path.name)} AS file, row_number() OVER () + 1 AS "row", {chosen}, '
            f"coalesce({', '.join(text(c) for c in surplus)}) AS surplus "
            f"FROM read_csv({literal(str(plain))}, columns = {{{types}}}, auto_detect = false, header = true, "
            f"delim = {literal(export.delimiter)}, quote = '\"', escape = '\"', null_padding = true, parallel = false) "
            f"WHERE coalesce({', '.join([*cells, *surplus])}) IS NOT NULL"
        )
        try:
            engine.run(f"INSERT INTO {table} BY NAME {select}" if exists else f"CREATE TABLE {table} AS {select}")
        except Exception as error:
            raise DataError(f"{export.path.name} cannot be read as CSV: {_why(str(error))}") from error
    name = literal(export.path.name)
    rows = int(engine.scalar(f"SELECT count(*) FROM {table} WHERE file = {name}"))
    report(engine, table, "surplus", "more_cells_than_the_header", f"file = {name} AND surplus IS NOT NULL")
    engine.run(f"DELETE FROM {table} WHERE file = {name} AND surplus IS NOT NULL")
    return rows


def check_dates(engine: Engine, table: str, column: str, instant: str, shown: str) -> None:
    """Raise if most texts of `column` could not be read as the instant beside it: the file was re-saved."""
    total, bad, example = engine.rows(
        f"SELECT count({column}), count(*) FILTER (WHERE {instant} IS NULL AND {column} IS NOT NULL), "
        f"min({column}) FILTER (WHERE {instant} IS NULL) FROM {table}"
    )[0]
    if total and bad > total / 2:
        raise DataError(
            f"{bad:,} of {total:,} values of {shown!r} are not dates such as 2026-01-31 14:05:00 -0500; "
            f"got for example {example!r}. Use the export as it was downloaded, not saved again by a spreadsheet."
        )


def _why(message: str) -> str:
    """Say what is wrong without showing a line of the file, which may hold an address."""
    if "unicode" in message.lower() or "encoding" in message.lower():
        return "its letters are not UTF-8. Save it as 'CSV UTF-8', or use the export as it was downloaded."
    return f"{message.splitlines()[0]}. Use the export as it was downloaded."
