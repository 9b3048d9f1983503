"""Named seasons, as date ranges of every year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

#: Seasons reach this many years back from ``as_of``; older orders belong to none.
YEARS_BACK = 20

#: First day, and first day after, of a season in a year.
SEASONS: Mapping[str, Callable[[int], tuple[date, date]]] = {
    "november_december": lambda year: (date(year, 11, 1), date(year + 1, 1, 1)),
}


def season_ranges(name: str, as_of: date) -> tuple[tuple[date, date], ...]:
    """Return first day and first day after of the season in each of the years up to `as_of`.

    Examples
    --------
    >>> season_ranges("november_december", date(2011, 9, 10))[-2:][0]
    (datetime.date(2010, 11, 1), datetime.date(2011, 1, 1))
    """
    return tuple(SEASONS[name](year) for year in range(as_of.year - YEARS_BACK, as_of.year + 1))
