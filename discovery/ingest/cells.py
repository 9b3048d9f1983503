"""Cells of an export as SQL: texts become instants, days, amounts, phones and flags, or stay missing.

Every function takes the SQL of a text and returns the SQL of a value. What cannot be read is NULL, so that the
reader can put the row into the problems with the text beside.
"""

from __future__ import annotations

from collections.abc import Sequence

from discovery.core.errors import SettingError, did_you_mean
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal

#: What stands around a cell and means nothing: blanks, tabs, line ends, and the non-breaking blank of web pages.
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_ZONED = r":[0-9]{2}(\.[0-9]+)? *([+-][0-9]{2}(:?[0-9]{2})?|Z|UTC)$"
_LOCAL = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?"
_SLASHES = r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
_SHORT_SLASHES = r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
#: An amount beyond this is a typing error: a decimal with four places could not hold a store's total.
LARGEST = 1e12


def text(cell: str) -> str:
    """Return the SQL of a cell without blanks around it; empty is missing."""
    return f"nullif(trim({cell}, {_BLANKS}), '')"


def bare(cell: str) -> str:
    """Return the SQL of a cell without the apostrophe that keeps a spreadsheet from reading it as a number."""
    return f"nullif(ltrim({text(cell)}, ''' '), '')"


def code(cell: str) -> str:
    """Return the SQL of an id, SKU or phone; one that a spreadsheet rounded, as 5.12346E+12, is missing."""
    plain = bare(cell)
    return f"CASE WHEN NOT regexp_full_match({plain}, '[0-9]([.,][0-9]+)?E[+][0-9]+') THEN {plain} END"


def email(cell: str) -> str:
    """Return the SQL of an e-mail address as a key: no blanks around it, small letters."""
    return f"lower({text(cell)})"


def is_email(key: str) -> str:
    """Return the SQL of whether a key that `email` made could be an address at all."""
    return f"regexp_full_match({key}, '[^@ ]+@[^@ ]+')"


def phone(cell: str) -> str:
    """Return the SQL of a phone number as digits with the plus it may start with; fewer than six digits is none."""
    digits = f"regexp_replace({code(cell)}, '[^0-9+]', '', 'g')"
    return f"CASE WHEN length({digits}) >= 6 THEN {digits} END"


def number(cell: str, delimiter: str = ",") -> str:
    """Return the SQL of an amount as an exact decimal.

    A file cut by semicolons or tabs was saved where the comma is the decimal sign, so ``1.234,56`` can be told;
    in a file cut by commas a comma groups thousands. A currency sign in front is dropped.
    """
    plain = f"ltrim({bare(cell)}, '$€£ ')"
    if delimiter == ",":
        grouped, written = r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", f"replace({plain}, ',', '')"
    else:
        grouped, written = r"-?[0-9]{1,3}(\.?[0-9]{3})*,[0-9]+", f"replace(replace({plain}, '.', ''), ',', '.')"
    return (
        f"CASE WHEN regexp_full_match({plain}, {literal(grouped)}) THEN try_cast({written} AS DECIMAL(18,4)) "
        f"WHEN regexp_full_match({plain}, '-?[0-9]*[.]?[0-9]*(e[+-]?[0-9]+)?', 'i') "
        f"THEN try_cast({plain} AS DECIMAL(18,4)) END"
    )


def instant(cell: str, zone: str) -> str:
    """Return the SQL of an instant in microseconds since the epoch.

    Read are ISO dates and times with or without an offset, Unix seconds or milliseconds, and month-first dates
    with slashes, as Klaviyo documents them. A time without an offset is of `zone`.
    """
    plain = text(cell)
    joined = f"regexp_replace({plain}, ' +([+-][0-9:]+)$', '\\1')"
    slashed = [f"%m/%d/%Y{t}" for t in _TIMES]
    short = [f"%m/%d/%y{t}" for t in _TIMES]
    return (
        f"CASE WHEN regexp_matches({plain}, {literal(_ZONED)}) THEN epoch_us(try_cast({joined} AS TIMESTAMPTZ)) "
        f"WHEN regexp_full_match({plain}, {literal(_LOCAL)}) THEN {_placed(f'try_cast({plain} AS TIMESTAMP)', zone)} "
        f"WHEN regexp_full_match({plain}, '[0-9]{{9,10}}([.][0-9]+)?') "
        f"THEN CAST(round(try_cast({plain} AS DECIMAL(18,6)) * CAST(1000000 AS DECIMAL(20,0))) AS BIGINT) "
        f"WHEN regexp_full_match({plain}, '[0-9]{{13}}') THEN try_cast({plain} AS BIGINT) * 1000 "
        f"WHEN regexp_full_match({plain}, {literal(_SLASHES + '( .*)?')}) "
        f"THEN {_placed(f'try_strptime({plain}, {slashed})', zone)} "
        f"WHEN regexp_full_match({plain}, {literal(_SHORT_SLASHES + '( .*)?')}) "
        f"THEN {_placed(f'try_strptime({plain}, {short})', zone)} END"
    )


def day(cell: str) -> str:
    """Return the SQL of a calendar day: the date a cell starts with, whatever its time says."""
    first = f"split_part(split_part({text(cell)}, ' ', 1), 'T', 1)"
    return (
        f"CASE WHEN regexp_full_match({first}, '[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}') THEN try_cast({first} AS DATE) "
        f"WHEN regexp_full_match({first}, {literal(_SLASHES)}) "
        f"THEN CAST(try_strptime({first}, '%m/%d/%Y') AS DATE) END"
    )


def flag(cell: str) -> str:
    """Return the SQL of yes or no in any of the words exports use."""
    word = f"lower({text(cell)})"
    yes, no = "('true', 'yes', 'y', '1')", "('false', 'no', 'n', '0')"
    return f"CASE WHEN {word} IN {yes} THEN TRUE WHEN {word} IN {no} THEN FALSE END"


def as_list(cell: str) -> str:
    """Return the SQL of a JSON array as a list of texts; anything else is missing."""
    return f"try_cast(CASE WHEN {cell} LIKE '[%]' THEN {cell} END AS VARCHAR[])"


def first_of(cell: str) -> str:
    """Return the SQL of a text, or of the first of a JSON array of them."""
    return f"CASE WHEN {cell} LIKE '[%]' THEN nullif({as_list(cell)}[1], '') ELSE {cell} END"


def pointer(*names: str) -> str:
    """Return the JSON pointer to a nested name.

    Examples
    --------
    >>> pointer("attributes", "a/b")
    '/attributes/a~1b'
    """
    return "".join("/" + n.replace("~", "~0").replace("/", "~1") for n in names)


def extracted(record: str, pointers: Sequence[str]) -> str:
    """Return the SQL of the texts at several places of a JSON value, as one list read in one pass."""
    return f"json_extract_string({record}, [{', '.join(literal(p) for p in pointers)}])"


def check_zone(engine: Engine, zone: str) -> None:
    """Raise if `zone` is no time zone the engine knows."""
    names = [str(r[0]) for r in engine.rows("SELECT name FROM pg_timezone_names()")]
    if zone not in names:
        raise SettingError(
            f"source.timezone must be a zone such as America/New_York, got {zone!r}. {did_you_mean(zone, names)}"
        )


def _placed(timestamp: str, zone: str) -> str:
    return f"epoch_us(timezone({literal(zone)}, {timestamp}))"
