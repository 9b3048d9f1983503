"""A date as a caller states it in Python."""

from __future__ import annotations

from datetime import date, datetime

from discovery.core.errors import UsageError


def stated_day(value: object, name: str) -> date:
    """Return `value` if it is a day: no text, and no time of day, of which half would be left out in silence.

    Examples
    --------
    >>> stated_day(date(2026, 1, 1), "as_of")
    datetime.date(2026, 1, 1)
    >>> stated_day("2026-01-01", "as_of")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    discovery.core.errors.UsageError: as_of must be a date such as date(2026, 1, 1), got '2026-01-01'. ...
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    way = "value.date()" if isinstance(value, datetime) else "date.fromisoformat('2026-01-01')"
    raise UsageError(f"{name} must be a date such as date(2026, 1, 1), got {value!r}. Make one by {way}.")
