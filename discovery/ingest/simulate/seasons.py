"""The calendar of the simulated store: when people shop, and when they are asked to wait for a weekend or a peak."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from discovery.core.dataset import MICROSECONDS_PER_DAY, midnight
from discovery.core.holidays import black_friday

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY = MICROSECONDS_PER_DAY
HOUR = DAY // 24
MINUTE = HOUR // 60

FIRST_DAY = date(2024, 1, 1)
END_DAY = date(2026, 1, 1)  # exclusive
CHANGE_DAY = date(2025, 7, 1)  # from here on, some customers behave like another type
START, END, CHANGE = midnight(FIRST_DAY), midnight(END_DAY), midnight(CHANGE_DAY)
DAYS = (END_DAY - FIRST_DAY).days
_YEARS = tuple(range(FIRST_DAY.year, END_DAY.year))

#: How much busier than usual a month is: quiet after New Year, a dip in summer, busy before Christmas.
_MONTH = (0.85, 0.95, 0.95, 1.0, 1.05, 0.95, 0.78, 0.80, 0.95, 1.0, 1.2, 1.35)
#: Shopping by hour of the day in UTC; most customers live in North America.
_HOUR_OF_DAY = np.array([9, 8, 7, 5, 3, 2, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 9, 9, 10, 10], dtype=np.float64)
_BLACK_FRIDAY_FACTOR = 3.0
_AFTER_CHRISTMAS_FACTOR = 0.6


def _day_weight(day: date) -> float:
    weight = _MONTH[day.month - 1]
    if 0 <= (day - black_friday(day.year)).days < 4:
        weight *= _BLACK_FRIDAY_FACTOR
    if (day.month, day.day) >= (12, 23):
        weight *= _AFTER_CHRISTMAS_FACTOR
    return weight


def _exposure_by_hour() -> Floats:
    daily = np.array([_day_weight(FIRST_DAY + timedelta(days=i)) for i in range(DAYS)])
    hourly = np.outer(daily, _HOUR_OF_DAY).ravel()
    passed: Floats = np.concatenate([[0.0], np.cumsum(hourly)]) * (DAYS / hourly.sum())
    return passed


_GRID = (START + HOUR * np.arange(DAYS * 24 + 1)).astype(np.float64)
_EXPOSURE = _exposure_by_hour()
_PEAK_STARTS = np.array([[midnight(black_friday(y)), midnight(date(y, 12, 2))] for y in _YEARS], dtype=np.int64)
_PEAK_DAYS = np.array([4, 19], dtype=np.int64)  # Black Friday to Cyber Monday; December up to the last post
_NEW_YEARS = np.array([midnight(date(y, 1, 1)) for y in _YEARS[1:]], dtype=np.int64)


def exposure(at: Ints) -> Floats:
    """Return the average days of shopping from the first day up to `at`; a busy day counts as several."""
    return np.interp(at.astype(np.float64), _GRID, _EXPOSURE)


def instant(exposed: Floats) -> Ints:
    """Return the instant at which `exposed` average days of shopping have passed: the inverse of `exposure`."""
    return np.minimum(np.interp(exposed, _EXPOSURE, _GRID).astype(np.int64), END - 1)


def between(earliest: Ints, latest: Ints, rng: np.random.Generator) -> Ints:
    """Return one instant between each pair, more likely on busy days and at busy hours."""
    low, high = exposure(earliest), exposure(latest)
    return instant(low + rng.random(low.size) * (high - low))


def into_peak(at: Ints, wanted: Bools, earliest: Ints, latest: Ints, rng: np.random.Generator) -> Ints:
    """Return `at` with the wanted ones moved to a holiday peak of the same year, where it lies within the limits."""
    year = np.searchsorted(_NEW_YEARS, at, side="right")
    peak = (rng.random(at.size) < 0.65).astype(np.int64)
    day = (rng.random(at.size) * _PEAK_DAYS[peak]).astype(np.int64)
    moved = _PEAK_STARTS[year, peak] + day * DAY + at % DAY
    return np.where(wanted & (moved >= earliest) & (moved < latest), moved, at)


def onto_weekend(at: Ints, wanted: Bools, earliest: Ints, latest: Ints, rng: np.random.Generator) -> Ints:
    """Return `at` moved by whole days onto a weekend where wanted, else onto a working day, within the limits."""
    weekday = (at // DAY + 3) % 7  # 1970-01-01 was a Thursday
    to_weekend = 5 - weekday + rng.integers(0, 2, at.size)
    to_workday = 7 - weekday + rng.integers(0, 5, at.size)
    shift = np.where(wanted & (weekday < 5), to_weekend, np.where(~wanted & (weekday >= 5), to_workday, 0))
    moved = at + shift * DAY
    moved = np.where(moved >= latest, moved - 7 * DAY, moved)
    return np.where((moved >= earliest) & (moved < latest), moved, at)


def in_black_friday(at: Ints) -> Bools:
    """Return whether each instant lies between Black Friday and Cyber Monday."""
    return _in_peak(at, 0)


def in_december(at: Ints) -> Bools:
    """Return whether each instant lies in December before the last post."""
    return _in_peak(at, 1)


def _in_peak(at: Ints, peak: int) -> Bools:
    since = at - _PEAK_STARTS[np.searchsorted(_NEW_YEARS, at, side="right"), peak]
    inside: Bools = (since >= 0) & (since < _PEAK_DAYS[peak] * DAY)
    return inside
