"""How Klaviyo says a measure of what somebody did: how often, worth how much, how many days ago."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from discovery.core.feature import Feature
from discovery.core.feature import Filter as Where
from discovery.core.holidays import season_ranges
from discovery.core.rule import ComparisonSign
from discovery.export.klaviyo.definition import MOST_CONDITIONS
from discovery.export.klaviyo.events import MOST_FILTERS, EventFilter, Metric
from discovery.export.klaviyo.filters import Ago, AllTime, Relative, RelativeRange, by
from discovery.export.klaviyo.groups import FALSE, TRUE, Groups, TooMany, both, either, one
from discovery.export.klaviyo.names import CONSENT_METRICS, LISTED, event_property, metric_name
from discovery.export.klaviyo.said import LAST_DAY, SIGNS, Said, Unsaid, before_day, bounded, from_day, whole

_EVENTS = ("count", "sum", "max", "min", "days_since_last", "days_since_first")
#: An order of no value is none to us. Klaviyo's metric holds it, so every condition on orders asks for a value.
WORTH = EventFilter("$value", by("numeric", "greater-than", 0))


@dataclass(frozen=True)
class _Term:
    """Events of one metric that pass some filters. No event is of two terms, so counts of terms add up."""

    metric: str
    filters: tuple[EventFilter, ...] = ()

    def count(self, sign: ComparisonSign, value: float, time: Ago | AllTime) -> Groups:
        return self._asked("count", sign, value, time)

    def _asked(self, what: Any, sign: ComparisonSign, value: float, time: Ago | AllTime) -> Groups:
        more = {"metric_filters": self.filters} if self.filters else {}
        return one(Metric(self.metric, what, by("numeric", SIGNS[sign], value), time, **more))

    def sum(self, sign: ComparisonSign, value: float, time: Ago | AllTime) -> Groups:
        return self._asked("sum", sign, value, time)

    def worth(self, sign: Any, value: float) -> _Term:
        return _Term(self.metric, (*self.filters, EventFilter("$value", by("numeric", SIGNS[sign], value))))


def happened(feature: Feature, as_of: date, absent: Collection[str] = ()) -> Said | None:
    """Return how comparisons with a measure over events are said, or None where Klaviyo cannot say them.

    Of the metrics in `absent`, which the account does not have, nothing ever happened.
    """
    if feature.aggregate not in _EVENTS or (feature.column and feature.column != "value"):
        return None
    try:
        terms = tuple(term for term in _terms(feature) if term.metric not in absent)
        moving, still = _window(feature, as_of)
    except Unsaid:
        return None
    lost = []
    if "placed_order" in feature.events:
        lost.append("Klaviyo goes on counting cancelled orders, and no condition can leave them out.")
    if any(column == "discount" for column, *_ in feature.where):
        lost.append("Of Shopify's orders Klaviyo holds no discount as a number: it needs DiscountValue.")
    if any(column == "season" for column, *_ in feature.where):
        lost.append("The days of the season are those of this export.")
    match feature.aggregate:
        case "count":
            said = _counted(terms, still or _days(*moving))
        case _ if not terms:
            return None
        case "sum" | "max" | "min" if not all(event_property(e, "value") == "$value" for e in feature.events):
            return None
        case "sum" if len(terms) > 1:
            return None
        case "sum":
            time = still or _days(*moving)
            said = Said(lambda sign, value: terms[0].sum(sign, value, time))
        case "max" | "min":
            said = _extreme(terms, still or _days(*moving), feature.aggregate == "max")
        case _ if still:
            return None
        case _:
            said = _days_since(terms, *moving, last=feature.aggregate == "days_since_last")
    return Said(said.relation, said.known, said.missing, lost=tuple(lost))


def _counted(terms: Sequence[_Term], time: Ago | AllTime) -> Said:
    if not terms:
        return Said(whole(lambda k: TRUE if k <= 0 else FALSE, lambda k: FALSE if k < 0 else TRUE))
    if len(terms) == 1:
        return Said(lambda sign, value: terms[0].count(sign, value, time))

    # The sum of counts is at least k just if, however k - 1 is split among them, one count exceeds its part; and at
    # most k just if, however k + 1 is split, one count falls short of its part.
    def at_least(k: int) -> Groups:
        splits = _splits(k - 1, len(terms))
        return both(*(either(t.count(">=", c + 1, time) for t, c in zip(terms, cs, strict=True)) for cs in splits))

    def at_most(k: int) -> Groups:
        splits = _splits(k + 1, len(terms))
        return both(*(either(t.count("<=", c - 1, time) for t, c in zip(terms, cs, strict=True) if c) for cs in splits))

    return Said(whole(lambda k: TRUE if k <= 0 else at_least(k), lambda k: FALSE if k < 0 else at_most(k)))


def _splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to split a number into whole parts."""
    # Each is a group, and none implies another.
    if math.comb(total + parts - 1, parts - 1) > MOST_CONDITIONS:
        raise TooMany
    for cuts in itertools.combinations(range(total + parts - 1), parts - 1):
        ends = (-1, *cuts, total + parts - 1)
        yield tuple(b - a - 1 for a, b in itertools.pairwise(ends))


def _any(terms: Sequence[_Term], time: Ago | AllTime | None) -> Groups:
    """Return that one of the events happened in a time; never in none."""
    return FALSE if time is None else either(t.count(">=", 1, time) for t in terms)


def _no(terms: Sequence[_Term], time: Ago | AllTime | None) -> Groups:
    return TRUE if time is None else both(*(t.count("=", 0, time) for t in terms))


def _extreme(terms: Sequence[_Term], time: Ago | AllTime, largest: bool) -> Said:
    known = _any(terms, time)
    beyond, reached = (">", ">=") if largest else ("<", "<=")

    def reaches(value: float, without: bool) -> Groups:
        return _any([t.worth(beyond if without else reached, value) for t in terms], time)

    def stays(value: float, without: bool) -> Groups:
        return both(known, _no([t.worth(reached if without else beyond, value) for t in terms], time))

    return Said(bounded(reaches, stays) if largest else bounded(stays, reaches), known, _no(terms, time))


def _days_since(terms: Sequence[_Term], low: int, high: int | None, last: bool) -> Said:
    """Return how days since the last or the first event are said, of those `low` to `high` days ago."""
    known = _any(terms, _days(low, high))

    def least(*others: int | None) -> int | None:
        return min((o for o in others if o is not None), default=None)

    def at_least(days: int) -> Groups:
        if last:
            return both(known, _no(terms, _days(low, least(high, days - 1))))
        return _any(terms, _days(max(low, days), high))

    def at_most(days: int) -> Groups:
        if last:
            return _any(terms, _days(low, least(high, days)))
        return both(known, _no(terms, _days(max(low, days + 1), high)))

    return Said(whole(at_least, at_most), known, _no(terms, _days(low, high)))


def _window(feature: Feature, as_of: date) -> tuple[tuple[int, int | None], Ago | None]:
    """Return the first and last day ago that counts, and the days that stand still, where they do."""
    seasons = [str(v) for column, _, v in feature.where if column == "season"]
    moving = feature.skip + 1, feature.window
    still = [(feature.since, feature.until)] if feature.since or feature.until else []
    for season in seasons:
        ranges = season_ranges(season, as_of)
        # Years on years of a season would be as many conditions.
        if not season.startswith("last_") or len(ranges) != 1:
            raise Unsaid
        still.append((str(ranges[0][0]), str(ranges[0][1] - timedelta(days=1))))
    if not still:
        return moving, None
    if len(still) > 1 or moving != (1, None):
        raise Unsaid
    (since, until) = (date.fromisoformat(day) if day else None for day in still[0])
    if since is None and until is not None:
        return moving, before_day(until + timedelta(days=1))
    assert since is not None
    return moving, from_day(since, until or LAST_DAY)


def _days(low: int, high: int | None) -> Any:
    """Return the time from `low` to `high` days ago; None where no day is."""
    if high is not None and high < low:
        return None
    if low <= 1:
        return AllTime("date", "alltime") if high is None else Relative("in-the-last", "day", high)
    return Relative("at-least", "day", low - 1) if high is None else RelativeRange(low, high, "day")


def _terms(feature: Feature) -> Iterator[_Term]:
    """Yield the metrics whose counts add up to the feature's."""
    for event in feature.events:
        where = [each for each in feature.where if each[0] != "season"]
        metrics = [metric_name(event)]
        if event in CONSENT_METRICS:
            asked = [each for each in where if each[0] == "channel"]
            where = [each for each in where if each[0] != "channel"]
            metrics = [m for channel, m in CONSENT_METRICS[event].items() if _channel_asked(channel, asked)]
        always = (WORTH,) if event == "placed_order" else ()
        for metric in metrics:
            for chosen in itertools.product(*(_alternatives(event, each) for each in where)):
                filters = dict.fromkeys((*always, *(f for alternative in chosen for f in alternative)))
                if len(filters) > MOST_FILTERS:
                    raise Unsaid
                yield _Term(metric, tuple(filters))


def _channel_asked(channel: str, filters: Sequence[Where]) -> bool:
    for _, sign, value in filters:
        values = value if isinstance(value, tuple) else (value,)
        if sign == "<>" or not set(values) <= {"email", "sms"}:
            raise Unsaid
        if channel not in values:
            return False
    return True


def _alternatives(event: str, where: Where) -> list[tuple[EventFilter, ...]]:
    """Return the filters that together let pass what ours does, no event by two of them."""
    column, sign, value = where
    name = event_property(event, column)
    if name is None:
        raise Unsaid
    if column == "machine":
        return _by_machine(name, sign, value)
    if isinstance(value, tuple) and not isinstance(value[0], str):
        return [each for v in dict.fromkeys(value) for each in _alternatives(event, (column, "=", v))]
    if column == "bounce_type":
        # Hard and Soft, in Klaviyo's words.
        value = tuple(str(v).title() for v in value) if isinstance(value, tuple) else str(value).title()
    unset = EventFilter(name, by("existence", "not-set"))
    values = value if isinstance(value, tuple) else (value,)
    asked: Any
    if column in LISTED:
        if column == "discount_code" and (sign != "=" or "," in str(value)):
            raise Unsaid
        asked = by("list", "not-contains-any" if sign == "<>" else "contains-any", values)
    elif isinstance(value, str):
        asked = by("string", SIGNS[sign], value)
    elif isinstance(value, tuple):
        asked = by("string", "in", value)
    else:
        asked = by("numeric", SIGNS[sign], value)
    chosen = EventFilter(name, asked)
    if column == "discount_code":
        return [(chosen, EventFilter(name, by("list", "length-equals", 1)))]
    # Ours counts what is not known to be so; Klaviyo's skips what is not there.
    return [(chosen,), (unset,)] if sign == "<>" else [(chosen,)]


def _by_machine(name: str, sign: str, value: Any) -> list[tuple[EventFilter, ...]]:
    if not isinstance(value, bool):
        raise Unsaid
    wanted = EventFilter(name, by("boolean", "equals", value == (sign == "=")))
    if name == "Apple Privacy Open":
        # Klaviyo says it of every open; one we know nothing of is not a machine's.
        if not value:
            raise Unsaid
        return [(wanted,)]
    return [(wanted,)] if sign == "=" else [(wanted,), (EventFilter(name, by("existence", "not-set")),)]
