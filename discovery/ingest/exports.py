"""Exports of a platform: told apart by their header, read as texts with the row each came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.sources import KlaviyoSource, ShopifySource, TablePart
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.scratch import ScratchFolder
from discovery.engine.sql import identifier, literal
from discovery.ingest.cells import text
from discovery.ingest.contract import report_ragged
from discovery.ingest.files import FILE, ROW, reading
from discovery.ingest.files.dialect import TextFile, open_text
from discovery.ingest.files.find import unpacked
from discovery.ingest.files.text import text_to_parquet


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
    name : str
        Of the file, as the folder has it.
    file : TextFile
        The file, unpacked.
    """

    name: str
    file: TextFile

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns as written."""
        return self.file.names

    @property
    def names(self) -> Mapping[str, int]:
        """Tidied column names and their positions; of two columns with one name the first counts."""
        return {tidy(n): i for i, n in reversed(list(enumerate(self.header))) if n}

    def has(self, *names: str) -> bool:
        """Whether the file has one of the columns."""
        return any(n in self.names for n in names)

    def cell(self, *names: str, read: Callable[[str], str] = text) -> str:
        """Return the SQL of the first of the named columns that holds something in a row; NULL without any."""
        found = [read(f"c{self.names[n]}") for n in names if n in self.names]
        return f"coalesce({', '.join(found)})" if found else "CAST(NULL AS VARCHAR)"


def open_export(path: Path, known: Collection[str], source: ShopifySource | KlaviyoSource, scratch: Path) -> Export:
    """Return the export at `path`; it is cut by the sign that leaves most of the `known` column names whole.

    Raises
    ------
    DataError
        If it has no header, or `discovery.ingest.files` refuses it.
    """
    opened = open_text(unpacked(path, source, scratch), TablePart(encoding=source.encoding), known, tidy)
    if not any(opened.names):
        raise DataError(f"{path.name} must start with a header line, got a blank one. Export it again.")
    return Export(path.name, opened)


def load(engine: Engine, table: str, export: Export, columns: Mapping[str, str]) -> int:
    """Add the export's rows to `table` (made if missing) and return how many there are.

    Parameters
    ----------
    engine : Engine
        Holds the table.
    table : str
        Its name; it gets `columns` and ``file`` and ``row`` (the header is row 1). Rows that hold nothing are left
        out; rows with more cells than the header are problems.
    export : Export
        The file.
    columns : mapping
        Our name: SQL over the cells, as `Export.cell` gives it.

    Raises
    ------
    DataError
        If the file cannot be read, with what to do.
    """
    cells = {i: f"c{i}" for i in range(len(export.header))}
    chosen = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    exists = engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table])
    with ScratchFolder() as folder, reading(export.name):
        rows = Path(folder) / "rows.parquet"
        ragged = text_to_parquet(export.file, cells, export.name, rows, pad=True)
        select = (
            f'SELECT {FILE} AS file, {ROW} AS "row", {chosen} FROM {parquet(rows)} '
            f"WHERE concat({', '.join(cells.values())}) <> ''"
        )
        before = engine.scalar(f"SELECT count(*) FROM {table}") if exists else 0
        engine.run(f"INSERT INTO {table} BY NAME {select}" if exists else f"CREATE TABLE {table} AS {select}")
    report_ragged(engine, ragged)
    return int(engine.scalar(f"SELECT count(*) FROM {table}")) - before + len(ragged)


def check_dates(engine: Engine, table: str, column: str, instant: str, shown: str, respelled: str) -> None:
    """Raise if a spreadsheet re-wrote the dates: a text of `column` is as `respelled` (a pattern), or most are no date.

    A date such as 03/04/2025 does not say which number is the day, so where one of a column shows that it is written
    another way than the platform writes it, none of them can be believed.
    """
    total, bad, example, other = engine.rows(
        f"SELECT count({column}), count(*) FILTER (WHERE {instant} IS NULL AND {column} IS NOT NULL), "
        f"min({column}) FILTER (WHERE {instant} IS NULL), "
        f"min({column}) FILTER (WHERE regexp_matches({column}, {literal(respelled)})) FROM {table}"
    )[0]
    do = "Use the export as it was downloaded, not saved again by a spreadsheet."
    if other is not None:
        raise DataError(f"{shown!r} holds dates such as {other!r}, of which day and month cannot be told apart. {do}")
    if total and bad > total / 2:
        raise DataError(
            f"{bad:,} of {total:,} values of {shown!r} are not dates such as 2026-01-31 14:05:00 -0500; "
            f"got for example {example!r}. {do}"
        )
