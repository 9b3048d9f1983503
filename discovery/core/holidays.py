"""Days that stores live by, for any year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November.

    Examples
    --------
    >>> black_friday(2025)
    datetime.date(2025, 11, 28)
    """
    return _nth_weekday(year, 11, 3, 4) + timedelta(days=1)


def mothers_day(year: int) -> date:
    """Return the second Sunday of May, as most countries keep it.

    Examples
    --------
    >>> mothers_day(2025)
    datetime.date(2025, 5, 11)
    """
    return _nth_weekday(year, 5, 6, 2)


def fathers_day(year: int) -> date:
    """Return the third Sunday of June.

    Examples
    --------
    >>> fathers_day(2025)
    datetime.date(2025, 6, 15)
    """
    return _nth_weekday(year, 6, 6, 3)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _before(day: date, days: int) -> tuple[date, date]:
    return day - timedelta(days=days), day + timedelta(days=1)


#: First day, and first day after, of a named season in a year.
SEASONS: Mapping[str, Callable[[int], tuple[date, date]]] = {
    "black_friday": lambda year: (black_friday(year), black_friday(year) + timedelta(days=4)),
    "christmas": lambda year: (date(year, 12, 1), date(year, 12, 26)),
    "november_december": lambda year: (date(year, 11, 1), date(year + 1, 1, 1)),
    "valentines": lambda year: _before(date(year, 2, 14), 14),
    "mothers_day": lambda year: _before(mothers_day(year), 14),
    "fathers_day": lambda year: _before(fathers_day(year), 14),
    "back_to_school": lambda year: (date(year, 8, 1), date(year, 9, 8)),
    "summer": lambda year: (date(year, 6, 1), date(year, 9, 1)),
}

#: Seasons reach this many years back from ``as_of``; older orders belong to none.
YEARS_BACK = 20


def season_ranges(name: str, as_of: date) -> tuple[tuple[date, date], ...]:
    """Return first day and first day after of the season in each of the years up to `as_of`, the oldest first.

    ``last_black_friday`` and so on is only the latest one that had ended by `as_of`.

    Examples
    --------
    >>> season_ranges("last_black_friday", date(2011, 9, 10))
    ((datetime.date(2010, 11, 26), datetime.date(2010, 11, 30)),)
    """
    season = SEASONS[name.removeprefix("last_")]
    ranges = tuple(season(year) for year in range(as_of.year - YEARS_BACK, as_of.year + 1))
    if name.startswith("last_"):
        return tuple(r for r in ranges if r[1] <= as_of)[-1:]
    return ranges
