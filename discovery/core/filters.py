"""Filters on events: what an event can be filtered by, and how a filter is written and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from discovery.core.dataset import EVENT_COLUMNS
from discovery.core.errors import UsageError, did_you_mean
from discovery.core.feature import Filter
from discovery.core.holidays import season_ranges
from discovery.core.rule import Scalar

_DERIVED_COLUMNS: Mapping[str, type] = {"weekday": int, "hour": int, "season": str}
_NOT_FILTERED = ("customer_id", "event", "at", "event_id")
#: What an event can be filtered by, and the type of its values.
FILTER_COLUMNS: Mapping[str, type] = {
    **{
        name: {"VARCHAR": str, "BOOLEAN": bool}.get(kind, float)
        for name, kind in EVENT_COLUMNS.items()
        if name not in _NOT_FILTERED
    },
    **_DERIVED_COLUMNS,
}
#: What else a call over events may state: which days count.
WINDOW_OPTIONS = ("days", "skip", "since", "until")


def check_filter(function: str, each: Filter) -> None:
    """Raise UsageError if a filter in a call of `function` names no column, or compares it with what it cannot hold."""
    column, sign, value = each
    if column not in FILTER_COLUMNS:
        known = (*WINDOW_OPTIONS, *FILTER_COLUMNS)
        raise UsageError(f"{function}() has no option or event column {column!r}. {did_you_mean(column, known)}")
    wanted = FILTER_COLUMNS[column]
    for one in value if isinstance(value, tuple) else (value,):
        number = isinstance(one, (int, float)) and not isinstance(one, bool)
        if not (number if wanted in (int, float) else isinstance(one, wanted)):
            words = {str: "a text in single quotes", bool: "TRUE or FALSE"}.get(wanted, "a number")
            raise UsageError(f"{function}(): {column} must be compared with {words}, got {one!r}.")
    if column == "season" and sign != "=":
        raise UsageError(f"{function}(): season is stated as season => 'christmas', got {sign}.")
    if column == "season":
        season_ranges(str(value), date(2000, 1, 1))
    if sign not in ("=", "<>", "IN") and wanted in (str, bool):
        raise UsageError(f"{function}(): {column} is compared with =>, <> or IN, got {sign}.")


def filter_text(each: Filter) -> str:
    """Return a filter as a rule states it.

    Examples
    --------
    >>> filter_text(("category", "=", "tea")), filter_text(("value", ">=", 50))
    ("category => 'tea'", 'value >= 50')
    """
    column, sign, value = each
    if isinstance(value, tuple):
        return f"{column} IN ({', '.join(rule_literal(v) for v in value)})"
    return f"{column} {'=>' if sign == '=' else sign} {rule_literal(value)}"


def filter_words(filters: Sequence[Filter]) -> str:
    """Return filters as they stand after the words of a measure; empty where there are none.

    Examples
    --------
    >>> filter_words([("category", "=", "tea"), ("value", ">=", 50)])
    ' (category tea, value >= 50)'
    """
    words = []
    for column, sign, value in filters:
        shown = " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        name = column.replace("_", " ")
        words.append(f"{name} {shown}" if sign in ("=", "IN") else f"{name} {sign} {shown}")
    return f" ({', '.join(words)})" if words else ""


def rule_literal(value: Scalar) -> str:
    """Return a value as a rule states it.

    Examples
    --------
    >>> rule_literal("O'Neill"), rule_literal(True)
    ("'O''Neill'", 'TRUE')
    """
    if isinstance(value, bool):
        return str(value).upper()
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
