"""Days that stores live by, for any year."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from discovery.core.errors import SettingError, did_you_mean
from discovery.core.feature import Filter

#: First day, and first day after, of a season in a year.
Season = Callable[[int], tuple[date, date]]


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


def month_days(text: str) -> Season:
    """Return the season from one day of the year to another, both included; it may run over New Year.

    29 February begins on 1 March, and ends on 28 February, in years without it.

    Raises
    ------
    SettingError
        If `text` is neither two days of the year nor, for the sake of the message, a season's name.

    Examples
    --------
    >>> month_days("12-27 to 01-06")(2025)
    (datetime.date(2025, 12, 27), datetime.date(2026, 1, 7))
    """
    found = re.fullmatch(r"(\d\d)-(\d\d) to (\d\d)-(\d\d)", text)
    try:
        month, day, last_month, last_day = (int(part) for part in found.groups()) if found else (0, 0, 0, 0)
        # A leap year, so that every day of a year is allowed.
        first, last = date(2000, month, day), date(2000, last_month, last_day)
    except ValueError:
        raise SettingError(
            "A season must be two days of the year, such as 11-11 to 11-11 (month-day), or a built-in one, got "
            f"{text!r}. {did_you_mean(text, SEASONS)}"
        ) from None
    after = last + timedelta(days=1)

    def season(year: int) -> tuple[date, date]:
        return _in_year(first, year), _in_year(after, year + (last < first) + (after.year - last.year))

    return season


def _in_year(day: date, year: int) -> date:
    leaps = day.month == 2 and day.day == 29 and date(year, 3, 1) - date(year, 2, 1) == timedelta(days=28)
    return date(year, 3, 1) if leaps else day.replace(year=year)


#: The seasons with a name.
SEASONS: Mapping[str, Season] = {
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

    A season is one of `SEASONS`, or two days of the year, as `month_days` reads them. ``last_black_friday`` and so on
    is only the latest one that had ended by `as_of`.

    Examples
    --------
    >>> season_ranges("last_black_friday", date(2011, 9, 10))
    ((datetime.date(2010, 11, 26), datetime.date(2010, 11, 30)),)
    """
    plain = name.removeprefix("last_")
    season = SEASONS.get(plain) or month_days(plain)
    ranges = tuple(season(year) for year in range(as_of.year - YEARS_BACK, as_of.year + 1))
    if name.startswith("last_"):
        return tuple(r for r in ranges if r[1] <= as_of)[-1:]
    return ranges


def on_days_of(where: Iterable[Filter], seasons: Mapping[str, str]) -> tuple[Filter, ...]:
    """Return filters in which the seasons of a config stand as their days.

    Examples
    --------
    >>> on_days_of([("season", "=", "last_singles_day")], {"singles_day": "11-11 to 11-11"})
    (('season', '=', 'last_11-11 to 11-11'),)
    """
    days = {**seasons, **{f"last_{name}": f"last_{text}" for name, text in seasons.items()}}
    return tuple(
        (c, sign, days.get(str(value), value)) if c == "season" else (c, sign, value) for c, sign, value in where
    )
