"""Dates and times: how a column states them is told from its shapes, never guessed.

A shape is a text with every digit written 9, and here every letter a: a column of millions of dates has a handful.
"""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from discovery.core.dataset import midnight
from discovery.core.errors import DataError, SettingError
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.contract import EARLIEST, LATEST

_MICROSECONDS = {
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
    "weeks": 7 * 86_400_000_000,
}
_TIME = r"(?P<time>[ a]99?:99(?P<seconds>:99(?P<part>\.9+)?)?(?P<half> ?aa)?)?"
_ISO = re.compile(r"9999[-/]99?[-/]99?([ a]99?:99(:99(\.9+)?)?)?")
_ZONED = re.compile(r"9999[-/]99?[-/]99?[ a]99?:99(:99(\.9+)?)? ?(a|aaa|[+-]99(:?99)?)")
_SLASHED = re.compile(r"99?(?P<sign>[/.-])99?(?P=sign)9999" + _TIME)
_NAMED = re.compile(r"(?P<day>99?(?P<sign>[ -])a{3,9}(?P=sign)9999|a{3,9} 99?,? 9999)" + _TIME)
_SHORT_YEAR = re.compile(r"99?[/.-]99?[/.-]99" + _TIME)
_MOST_SHAPES = 500


def shape_sql(text: str) -> str:
    """Return the SQL of a text with every digit written 9."""
    return f"translate({text}, '0123456789', '9999999999')"


def is_numeric(kind: str) -> bool:
    """Return whether a DuckDB type holds numbers."""
    return re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(\d+,\d+\)", kind) is not None


def check_zone(zone: str) -> None:
    """Raise if `zone` is no time zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise SettingError(f"source.timezone must be a zone such as Europe/London, got {zone!r}.") from None


def instant(
    engine: Engine,
    view: str,
    column: str,
    kind: str,
    zone: str,
    date_format: str = "",
    epoch: str = "",
    time_unit: str = "hours",
    missing: str = "FALSE",
) -> str:
    """Return the SQL of a column as microseconds since the epoch, UTC; missing where a value is no date.

    Parameters
    ----------
    engine, view, column, kind
        Where the column is, and its type. Texts are looked at; other types need no look.
    zone : str
        Of times that carry none. A day without a time is that day in UTC, where days are counted.
    date_format : str
        strptime format; empty: ISO dates, 20110912, seconds (or thousandths, or millionths) since 1970, dates with
        the month's name, and dates of numbers where day and month can be told apart.
    epoch, time_unit : str
        A number counts these units since this day.
    missing : str
        SQL condition of the values that mean unknown.

    Raises
    ------
    DataError
        If day and month cannot be told apart, or the column can hold no date.
    SettingError
        If a setting is no format, day or zone.
    """
    name = identifier(column)
    if epoch:
        try:
            start = midnight(date.fromisoformat(epoch))
        except ValueError:
            raise SettingError(f"source.epoch must be a day such as 2018-07-26, got {epoch!r}.") from None
        return f"{start} + CAST(round(try_cast({name} AS DOUBLE) * {_MICROSECONDS[time_unit]}) AS BIGINT)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({name})"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return _local(f"CAST({name} AS TIMESTAMP)", "UTC" if kind == "DATE" else zone)
    if is_numeric(kind):
        # 2007-01-31 may stand as 20070131, a moment as seconds since 1970: no number can be both.
        whole = f"try_cast({name} AS BIGINT)"
        compact = _local(f"try_strptime(CAST({whole} AS VARCHAR), '%Y%m%d')", "UTC")
        return f"CASE WHEN {whole} BETWEEN 10000000 AND 99999999 THEN {compact} ELSE {_since_1970(whole)} END"
    if kind != "VARCHAR":
        raise DataError(
            f"{column!r} must hold dates, times, numbers or text, got a column of type {kind}. Map another column."
        )
    text = f"trim({name})"
    if date_format:
        return _stated(engine, text, date_format, zone)
    forms = _forms(engine, view, column, text, f"{name} IS NOT NULL AND {text} <> '' AND NOT ({missing})")
    return f"coalesce({', '.join(_form(f, text, zone) for f in forms)})" if forms else "CAST(NULL AS BIGINT)"


def _local(moment: str, zone: str) -> str:
    return f"epoch_us({moment})" if zone == "UTC" else f"epoch_us(timezone({literal(zone)}, {moment}))"


def _stated(engine: Engine, text: str, date_format: str, zone: str) -> str:
    parsed = f"try_strptime({text}, {literal(date_format)})"
    try:
        engine.rows(f"SELECT epoch_us(try_strptime('x', {literal(date_format)}))")
    except Exception as error:
        raise SettingError(
            f"source.date_format must be a strptime format such as %d/%m/%Y %H:%M, got {date_format!r}: "
            f"{str(error).splitlines()[0]}"
        ) from error
    return (
        f"epoch_us({parsed})"
        if "%z" in date_format or "%Z" in date_format
        else _local(parsed, _zone_of(date_format, zone))
    )


def _since_1970(whole: str) -> str:
    """Return microseconds: only one of the three readings of a number lies between 1990 and 2100."""
    cases = " ".join(
        f"WHEN {whole} BETWEEN {EARLIEST // size} AND {LATEST // size} THEN {whole} * {size}"
        for size in (1_000_000, 1_000, 1)
    )
    return f"CASE {cases} END"


def _forms(engine: Engine, view: str, column: str, text: str, present: str) -> list[str]:
    """Return the forms that occur: ``day``, ``iso``, ``zoned``, ``number``, or a strptime format."""
    found = engine.rows(
        f"SELECT {shape_sql(text)} AS shape, count(*), min({text}) FROM {view} WHERE {present} "
        f"GROUP BY shape ORDER BY count(*) DESC, shape LIMIT {_MOST_SHAPES}"
    )
    forms: dict[str, None] = {}
    slashed: list[tuple[str, str]] = []
    strange, example, total = 0, "", sum(n for _, n, _ in found)
    for raw, n, first in found:
        shape = re.sub("[a-z]", "a", raw.lower())
        if _ISO.fullmatch(shape):
            forms["day" if len(shape) <= 10 else "iso"] = None
        elif _ZONED.fullmatch(shape):
            forms["zoned"] = None
        elif re.fullmatch(r"9{8,16}", shape):
            forms["number"] = None
        elif match := _NAMED.fullmatch(shape):
            for month in ("%b", "%B"):
                forms[_named(match, month) + _clock(match)] = None
        elif match := _SLASHED.fullmatch(shape):
            slashed.append((match["sign"], _clock(match)))
        else:
            strange, example = strange + n, example or first
    if strange > total / 2:
        short = _SHORT_YEAR.fullmatch(re.sub("[a-z]", "a", found[0][0].lower()))
        why = "must have years of four digits to be told" if short else "must hold dates"
        raise DataError(
            f"{column!r} {why}; {strange:,} of {total:,} values are none, for example {example!r}. "
            "Set source.date_format, for example '%d/%m/%Y %H:%M'."
        )
    if slashed:
        order = _order(engine, view, column, text, present)
        for sign, clock in slashed:
            forms[sign.join(order) + clock] = None
    # A time with a zone is also readable without; its zone must be looked at first.
    return sorted(forms, key=lambda form: form != "zoned")


def _named(match: re.Match[str], month: str) -> str:
    sign = match["sign"]
    if sign:
        return sign.join(("%d", month, "%Y"))
    return f"{month} %d, %Y" if "," in match["day"] else f"{month} %d %Y"


def _clock(match: re.Match[str]) -> str:
    if not match["time"]:
        return ""
    hour = "%I" if match["half"] else "%H"
    clock = f"{match['time'][0].replace('a', 'T')}{hour}:%M"
    clock += ":%S" if match["seconds"] else ""
    clock += ".%f" if match["part"] else ""
    return clock + (match["half"].replace("aa", "%p") if match["half"] else "")


def _order(engine: Engine, view: str, column: str, text: str, present: str) -> tuple[str, str, str]:
    """Return the order of day and month in dates such as 03/04/2011: only a number above 12 tells it."""
    pattern = literal(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}")
    fields = [f"CAST(regexp_extract({text}, {pattern}, {i}) AS INTEGER)" for i in (1, 2)]
    chosen = (
        f"SELECT {text} AS value, {fields[0]} AS a, {fields[1]} AS b FROM {view} "
        f"WHERE {present} AND regexp_matches({text}, {pattern})"
    )
    day_first, month_first, any_value, day_example, month_example = engine.rows(
        "SELECT count(*) FILTER (WHERE a > 12 AND b <= 12), count(*) FILTER (WHERE b > 12 AND a <= 12), min(value), "
        f"min(value) FILTER (WHERE a > 12), min(value) FILTER (WHERE b > 12) FROM ({chosen}) AS dates"
    )[0]
    both = "Set source.date_format to '%d/%m/%Y' (day first) or '%m/%d/%Y' (month first), with its own signs and time."
    if day_first and month_first:
        raise DataError(
            f"{column!r} must have one order of day and month, got {day_example!r} and {month_example!r}. {both}"
        )
    if not day_first and not month_first:
        raise DataError(
            f"{column!r}: day and month cannot be told apart, for no value has a day above 12; got for example "
            f"{any_value!r}. {both}"
        )
    return ("%d", "%m", "%Y") if day_first else ("%m", "%d", "%Y")


def _form(form: str, text: str, zone: str) -> str:
    match form:
        case "day" | "iso":
            days = (
                f"({text} LIKE '____-%' OR {text} LIKE '____/%') AND length({text}) {'<=' if form == 'day' else '>'} 10"
            )
            return _local(f"CASE WHEN {days} THEN try_cast({text} AS TIMESTAMP) END", _zone_of(form, zone))
        case "zoned":
            # DuckDB wants +02:00; exports also write Z, UTC and +0200.
            ended = rf"regexp_replace({text}, '(?i) ?(z|utc|gmt)$', '+00:00')"
            ended = rf"regexp_replace({ended}, ' ?([+-]\d\d):?(\d\d)$', '\1:\2')"
            zoned = rf"regexp_matches({text}, '(?i):\d\d(\.\d+)? ?(z|utc|gmt|[+-]\d\d(:?\d\d)?)$')"
            return f"CASE WHEN {zoned} THEN epoch_us(try_cast({ended} AS TIMESTAMPTZ)) END"
        case "number":
            compact = _local(f"try_strptime({text}, '%Y%m%d')", "UTC")
            return f"CASE WHEN length({text}) = 8 THEN {compact} ELSE {_since_1970(f'try_cast({text} AS BIGINT)')} END"
        case _:
            return _local(f"try_strptime({text}, {literal(form)})", _zone_of(form, zone))


def _zone_of(form: str, zone: str) -> str:
    """Return the zone of a form: a day without a time is that day, wherever; days are counted in UTC."""
    return zone if form == "iso" or any(hour in form for hour in ("%H", "%I", "%T", "%X", "%c")) else "UTC"
