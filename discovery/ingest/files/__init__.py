"""Opening files: text, Parquet and XLSX become one view with the file and row each row came from.

Text and workbooks are rewritten, in blocks and only the columns asked for, as Parquet of texts in a scratch folder.
So a file of any size takes little memory, can be read twice, and every kind of file is one kind from here on.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from discovery.core.errors import DataError
from discovery.core.full_disk import is_full_disk
from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import identifier, literal
from discovery.ingest.files.dialect import open_text
from discovery.ingest.files.find import TEXTS, kind_of, unpacked
from discovery.ingest.files.text import text_to_parquet
from discovery.ingest.files.workbook import workbook_to_parquet

FILE, SHEET, ROW = '"@file"', '"@sheet"', '"@row"'
KINDS = (*TEXTS, ".parquet", ".xlsx")
#: Numbers with a fraction: an id that went through one of these lost its form.
FLOATS = ("DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Opened:
    """Rows of one or more files, as a view of the engine.

    Parameters
    ----------
    view : str
        Holds the wanted columns that exist, and ``@file``, ``@sheet``, ``@row``. ``@row`` counts as a person would:
        in a text file or a sheet the header is row 1, in Parquet the first row is 1.
    types : mapping
        Column to DuckDB type.
    known : tuple of str
        Every column of the first file, wanted or not.
    rows : int
        Rows that hold anything in a wanted column, ragged ones included.
    ragged : tuple of (file, row, text)
        Rows of a text file with more or fewer fields than its header: not in the view.
    """

    view: str
    types: Mapping[str, str]
    known: tuple[str, ...]
    rows: int
    ragged: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class _File:
    relation: str
    types: Mapping[str, str]
    known: tuple[str, ...]
    ragged: Sequence[tuple[str, int, str]] = ()


def open_files(
    engine: Engine,
    files: Sequence[Path],
    wanted: Collection[str],
    part: TablePart,
    limits: TableSource,
    scratch: Path,
    view: str,
) -> Opened:
    """Make a view of the wanted columns of all files.

    Raises
    ------
    DataError
        If a file is of an unknown kind, cannot be read as what it says it is, lacks a column another one has, or
        no file holds a row.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    opened = []
    for number, path in enumerate(files):
        # Two files of one name in different folders must stay two in the account of problems.
        same = sum(p.name == path.name for p in files) > 1
        name = f"{path.parent.name}/{path.name}" if same else path.name
        with reading(path.name):
            opened.append(_open(engine, path, name, wanted, part, limits, scratch / f"{number}.parquet"))
    columns = [c for c in opened[0].known if c in wanted]
    for path, each in zip(files, opened, strict=True):
        lost = [c for c in columns if c not in each.types]
        if lost:
            raise DataError(
                f"{path.name} has no column {lost[0]!r}, which {files[0].name} has. Give each file the same columns."
            )
    types = {c: _common({each.types[c] for each in opened}) for c in columns}
    relations = []
    for each in opened:
        cast = [f"{column_as(c, each.types[c], types[c])} AS {identifier(c)}" for c in columns]
        relations.append(f"SELECT {', '.join([*cast, FILE, SHEET, ROW])} FROM {each.relation}")
    anything = " OR ".join(f"nullif(CAST({identifier(c)} AS VARCHAR), '') IS NOT NULL" for c in columns) or "TRUE"
    union = " UNION ALL ".join(relations)
    engine.run(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM ({union}) AS files WHERE {anything}")
    ragged = tuple(r for each in opened for r in each.ragged)
    names = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    with reading(names):
        rows = int(engine.scalar(f"SELECT count(*) FROM {view}")) + len(ragged)
    if not rows:
        raise DataError(f"{names} must hold rows below the header, got none. Export it again.")
    return Opened(view, types, opened[0].known, rows, ragged)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what an engine or a reader says of a broken file into a DataError that names it."""
    try:
        yield
    except Exception as error:
        if is_full_disk(error):
            raise
        library = type(error).__module__.partition(".")[0]
        faulty = library in ("duckdb", "_duckdb", "pyarrow", "python_calamine")
        if faulty or isinstance(error, (OSError, EOFError, UnicodeError, zipfile.BadZipFile)):
            first = (str(error).splitlines() or ["nothing more is known"])[0]
            raise DataError(f"{name} cannot be read: {first}. Export it again.") from error
        raise


def column_as(column: str, kind: str, wanted: str) -> str:
    """Return the SQL of a column in another type; a float that is whole becomes a text without its ".0".

    An id column with gaps turns into floats in many tools: 17850.0 is customer 17850.
    """
    name = identifier(column)
    if kind == wanted:
        return name
    if wanted == "VARCHAR" and kind in FLOATS:
        # Beyond 2^53 a float no longer says which whole number it was.
        whole = f"{name} = floor({name}) AND abs({name}) < 9007199254740992"
        return f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
    return f"CAST({name} AS {wanted})"


def _common(kinds: set[str]) -> str:
    return kinds.pop() if len(kinds) == 1 else "VARCHAR"


def _open(
    engine: Engine,
    path: Path,
    name: str,
    wanted: Collection[str],
    part: TablePart,
    limits: TableSource,
    scratch: Path,
) -> _File:
    plain = unpacked(path, limits, scratch.parent)
    match kind_of(path):
        case ".parquet":
            return _open_parquet(engine, plain, name, limits)
        case ".xlsx":
            known = workbook_to_parquet(plain, name, wanted, part.sheets, limits.largest_ratio, scratch)
            return _File(parquet(scratch), _types(engine, parquet(scratch)), tuple(known))
        case _:
            text = open_text(plain, part, wanted)
            ragged = text_to_parquet(text, text.positions(wanted), name, scratch)
            return _File(parquet(scratch), _types(engine, parquet(scratch)), text.names, ragged)


def _open_parquet(engine: Engine, path: Path, name: str, limits: TableSource) -> _File:
    with pq.ParquetFile(path) as file:
        groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
    if size > limits.largest_ratio * path.stat().st_size:
        raise DataError(
            f"{path.name} would unpack to {size:,} bytes, more than {limits.largest_ratio:g} times its size. "
            "Set source.largest_ratio if it is sound."
        )
    relation = (
        f"(SELECT * EXCLUDE (file_row_number), {literal(name)} AS {FILE}, CAST(NULL AS VARCHAR) AS {SHEET}, "
        f"file_row_number + 1 AS {ROW} FROM read_parquet({literal(str(path))}, file_row_number = true)) AS file"
    )
    types = _types(engine, relation)
    return _File(relation, types, tuple(types))


def _types(engine: Engine, relation: str) -> dict[str, str]:
    return {c: kind for c, kind in engine.columns(relation).items() if not c.startswith("@")}
