"""What a text file is written in: its encoding, its delimiter, its header, told from the file or from the config."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection
from pathlib import Path

from discovery.core.errors import DataError, SettingError
from discovery.core.sources import TablePart

_HEAD = 1 << 18
#: The first bytes of what is often named .csv and is none.
_SIGNATURES = {b"PK\x03\x04": "a workbook or zip archive", b"PAR1": "Parquet", b"\x1f\x8b": "gzip", b"SQLi": "SQLite"}
_DELIMITERS = {"tab": "\t", "space": " "}


def encoding_of(path: Path, stated: str) -> str:
    """Return the encoding the config states, or the one the first bytes show: UTF-8 unless they tell otherwise.

    Raises
    ------
    DataError
        If the first bytes are those of another kind of file.
    """
    with path.open("rb") as file:
        start = file.read(_HEAD)
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise DataError(f"{path.name} is {what}, not text. Give it its right name, or unpack it.")
    if stated != "auto":
        try:
            return codecs.lookup(stated).name
        except LookupError:
            raise SettingError(
                f"source.encoding must name an encoding such as utf-8 or cp1252, got {stated!r}."
            ) from None
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark, UTF-16 of mostly Latin letters shows as a zero in every other byte.
    for half, name in ((start[1::2], "utf-16-le"), (start[0::2], "utf-16-be")):
        if half.count(0) > len(half) * 0.4:
            return name
    return "utf-8"


def head_of(path: Path, encoding: str) -> str:
    """Return the first characters of a file."""
    with path.open("rb") as file:
        start = file.read(_HEAD)
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeError:
        raise wrong_encoding(path, encoding) from None


def wrong_encoding(path: Path, encoding: str) -> DataError:
    """Return the error that names the setting."""
    return DataError(
        f"{path.name} must be {encoding} text, got other bytes. Set source.encoding, for example cp1252 (Windows, "
        "western Europe), or save it as UTF-8."
    )


def header_names(head: str, delimiter: str) -> tuple[str, ...]:
    """Return the names in the first record."""
    if delimiter == " ":
        return tuple(head.split("\n", 1)[0].split())
    try:
        return tuple(n.strip() for n in next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), []))
    except csv.Error as error:
        raise DataError(f"The header line cannot be read: {error}. Set source.delimiter.") from None


def delimiter_of(head: str, part: TablePart, wanted: Collection[str]) -> str:
    """Return the delimiter under which most wanted columns are there, then the one that makes most columns."""
    if part.delimiter != "auto":
        return _DELIMITERS.get(part.delimiter, part.delimiter)
    if part.header:
        fits = [d for d in (",", ";", "\t", "|", " ") if len(header_names(head, d)) == len(part.header)]
        return fits[0] if fits else ","

    def fit(delimiter: str) -> tuple[int, bool, int]:
        names = header_names(head, delimiter)
        # Blanks part words too, so they count only where nothing else finds the columns.
        return len(set(names) & set(wanted)), delimiter != " ", len(names)

    return max((",", ";", "\t", "|", " "), key=fit)


def refuse_open_quote(path: Path, encoding: str, delimiter: str) -> None:
    """Refuse a file whose last quotation mark is never closed: it would swallow every row that follows it.

    Marks come in pairs, so an even number of them needs no closer look. UTF-16 has that byte in other letters too.
    """
    with path.open("rb") as file:
        marks = sum(block.count(b'"') for block in iter(lambda: file.read(1 << 22), b""))
    if marks % 2 == 0 and not encoding.startswith("utf-16"):
        return
    try:
        with path.open(encoding=encoding, newline="") as text:
            for _ in csv.reader(text, delimiter=delimiter, strict=True):
                pass
    except UnicodeError:
        raise wrong_encoding(path, encoding) from None
    except csv.Error as error:
        # Strict reading also minds marks within a field, which stand for themselves.
        if "unexpected end" in str(error) or "field larger" in str(error):
            raise DataError(
                f"{path.name}: a quotation mark is opened and never closed, so where rows end cannot be told. "
                "Export it again."
            ) from None
