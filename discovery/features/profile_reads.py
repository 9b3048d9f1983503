"""Measures read from the profile: a field, days since one, birthdays, lists, distances, samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from discovery.core.dataset import MICROSECONDS_PER_DAY, midnight
from discovery.core.feature import Feature
from discovery.core.postal import point_of
from discovery.engine.sql import identifier, literal

#: Mean radius of the Earth.
_RADIUS = {"km": 6371.0088, "miles": 3958.7613}
_HASH_VALUES = 16**8


def profile_read(feature: Feature, as_of: date) -> str | None:
    """Return the expression over the profile ``p`` that reads `feature`, or None if it reads no profile."""
    made = READS.get(feature.aggregate)
    return made(feature, as_of) if made else None


def _field(feature: Feature, as_of: date) -> str:
    # A day as text sorts as it should and means the same everywhere.
    return f"CAST({_day(feature)} AS VARCHAR)" if feature.kind == "date" else f"p.{identifier(feature.column)}"


def _day(feature: Feature) -> str:
    return f"CAST(p.{identifier(feature.column)} AS DATE)"


def _days_since_field(feature: Feature, as_of: date) -> str:
    return f"{midnight(as_of) // MICROSECONDS_PER_DAY} - p.{identifier(feature.column)} // {MICROSECONDS_PER_DAY}"


def _days_since_date(feature: Feature, as_of: date) -> str:
    return f"date_diff('day', {_day(feature)}, CAST({literal(str(as_of))} AS DATE))"


def _years_since_date(feature: Feature, as_of: date) -> str:
    day = _day(feature)
    return f"({as_of:%Y%m%d} - (10000 * year({day}) + 100 * month({day}) + day({day}))) // 10000"


def _anniversary(feature: Feature, as_of: date) -> str:
    """Return whether the day comes round from the date on within so many days, whatever the year."""
    day = _day(feature)
    month_day = f"(month({day}) * 100 + day({day}))"
    last = as_of + timedelta(days=int(feature.given[0]))
    start, end = (100 * d.month + d.day for d in (as_of, last))
    # Who was born on 29 February has a birthday on the 28th of other years.
    end = 229 if end == 228 and (last + timedelta(days=1)).month == 3 else end
    between = f"{month_day} >= {start} {'OR' if last.year > as_of.year else 'AND'} {month_day} <= {end}"
    return f"({between})"


def _anniversary_month(feature: Feature, as_of: date) -> str:
    return f"month({_day(feature)}) = {as_of.month}"


def _holds(feature: Feature, as_of: date) -> str:
    column = f"p.{identifier(feature.column)}"
    # A list that is missing holds nothing to some engines; to us it is not known what it would hold.
    return f"CASE WHEN {column} IS NOT NULL THEN list_contains({column}, {literal(feature.given[0])}) END"


def _length(feature: Feature, as_of: date) -> str:
    column = f"p.{identifier(feature.column)}"
    return f"CASE WHEN {column} IS NOT NULL THEN array_length({column}) END"


def _sample(feature: Feature, as_of: date) -> str:
    """Return whether the customer's hash falls under the share; compared as text, which every engine can."""
    percent, seed = float(feature.given[0]), int(feature.given[1])
    if percent >= 100:
        return "TRUE"
    threshold = f"{round(percent / 100 * _HASH_VALUES):08x}"
    return f"left(md5(concat(p.customer_id, {literal(f':{seed}')})), 8) < {literal(threshold)}"


def _distance(feature: Feature, as_of: date) -> str:
    """Return the great-circle distance by the haversine formula, to the metre so that engines agree."""
    first, second, unit = feature.given
    latitude, longitude = point_of(first, str(second)) if isinstance(first, str) else (float(first), float(second))
    north = f"radians(CAST(p.latitude AS DOUBLE) - {literal(latitude)})"
    east = f"radians(CAST(p.longitude AS DOUBLE) - {literal(longitude)})"
    along = f"cos(radians(CAST(p.latitude AS DOUBLE))) * cos(radians({literal(latitude)}))"
    half = f"power(sin({north} / 2), 2) + {along} * power(sin({east} / 2), 2)"
    return f"round({2 * _RADIUS[str(unit)]} * asin(sqrt(least(1.0, {half}))), 3)"


#: How each kind of measure is read from the profile.
READS: Mapping[str, Callable[[Feature, date], str]] = {
    "profile": _field,
    "days_since_field": _days_since_field,
    "days_since_date": _days_since_date,
    "years_since_date": _years_since_date,
    "anniversary": _anniversary,
    "anniversary_month": _anniversary_month,
    "holds": _holds,
    "length": _length,
    "sample": _sample,
    "distance": _distance,
}
