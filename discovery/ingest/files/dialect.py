"""What a text file is written in: its encoding, its delimiter, its header, told from the file or from the config."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from discovery.core.errors import DataError, SettingError
from discovery.core.sources import TablePart

_HEAD = 1 << 18
#: The first bytes of what is often named .csv and is none.
_SIGNATURES = {b"PK\x03\x04": "a workbook or zip archive", b"PAR1": "Parquet", b"\x1f\x8b": "gzip", b"SQLi": "SQLite"}
_DELIMITERS = {"tab": "\t", "space": " "}
_TRIED = (",", ";", "\t", "|", " ")


@dataclass(frozen=True)
class TextFile:
    """A text file and what it is written in.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Of its letters, as Python names it.
    delimiter : str
        What parts its fields; a blank stands for any number of them, and then there are no quotation marks.
    names : tuple of str
        Its columns, by its first line or by the config.
    has_header : bool
        Whether the first line holds them.
    """

    path: Path
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    has_header: bool

    def positions(self, wanted: Collection[str]) -> Mapping[int, str]:
        """Return the wanted columns by position.

        Raises
        ------
        DataError
            If the file has one of them twice.
        """
        for column in wanted:
            if self.names.count(column) > 1:
                raise DataError(
                    f"{self.path.name} has {self.names.count(column)} columns called {column!r}. Rename all but one."
                )
        return {i: name for i, name in enumerate(self.names) if name in wanted}


def open_text(path: Path, part: TablePart, known: Collection[str], spelled: Callable[[str], str] = str) -> TextFile:
    """Return what a text file is written in, as the config states it or as its first bytes and its header tell.

    Parameters
    ----------
    path : Path
        The file.
    part : TablePart
        Its encoding, delimiter and header, each stated or ``auto``.
    known : collection of str
        Columns looked for: the delimiter that finds most of them is the file's.
    spelled : callable
        How a column's name is compared with the known ones.

    Raises
    ------
    SettingError
        If the encoding stated is none.
    DataError
        If it is no text, not in its encoding, or a quotation mark is never closed.
    """
    encoding = encoding_of(path, part.encoding)
    head = _head(path, encoding)
    delimiter = _delimiter(head, part, known, spelled)
    if delimiter != " ":
        _refuse_open_quote(path, encoding, delimiter)
    return TextFile(path, encoding, delimiter, tuple(part.header) or _header_names(head, delimiter), not part.header)


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


def in_utf8(path: Path, scratch: Path) -> Path:
    """Return the file itself if it is UTF-8 without a mark at its start, else a copy in `scratch` that is.

    Raises
    ------
    DataError
        If its first bytes are those of another encoding and the rest is not.
    """
    encoding = encoding_of(path, "auto")
    if encoding == "utf-8":
        return path
    copy = Path(tempfile.mkdtemp(dir=scratch)) / path.name
    try:
        with path.open(encoding=encoding, newline="") as old, copy.open("w", encoding="utf-8", newline="") as new:
            shutil.copyfileobj(old, new)
    except UnicodeError as error:
        raise DataError(f"{path.name} is damaged: it says it is {encoding} and is not. Export it again.") from error
    return copy


def _head(path: Path, encoding: str) -> str:
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


def _header_names(head: str, delimiter: str) -> tuple[str, ...]:
    """Return the names in the first record."""
    if delimiter == " ":
        return tuple(head.split("\n", 1)[0].split())
    try:
        return tuple(n.strip() for n in next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), []))
    except csv.Error as error:
        raise DataError(f"The header line cannot be read: {error}. Set source.delimiter.") from None


def _delimiter(head: str, part: TablePart, known: Collection[str], spelled: Callable[[str], str]) -> str:
    """Return the delimiter under which most known columns are there, then the one that makes most columns."""
    if part.delimiter != "auto":
        return _DELIMITERS.get(part.delimiter, part.delimiter)
    if part.header:
        fits = [d for d in _TRIED if len(_header_names(head, d)) == len(part.header)]
        return fits[0] if fits else ","

    def fit(delimiter: str) -> tuple[int, bool, int]:
        names = _header_names(head, delimiter)
        # Blanks part words too, so they count only where nothing else finds the columns.
        return len({spelled(n) for n in names}.intersection(known)), delimiter != " ", len(names)

    return max(_TRIED, key=fit)


def _refuse_open_quote(path: Path, encoding: str, delimiter: str) -> None:
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
