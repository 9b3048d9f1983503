"""How Klaviyo says a measure of what is known of somebody: properties, places, days, consent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pycountry

from discovery.core.feature import Feature
from discovery.core.rule import ComparisonSign
from discovery.export.klaviyo.conditions import MarketingConsent, PostalDistance, Property
from discovery.export.klaviyo.consent import Consent, Status
from discovery.export.klaviyo.filters import AroundAnniversary, Relative, RelativeRange, by
from discovery.export.klaviyo.groups import TRUE, Groups, both, either, one
from discovery.export.klaviyo.names import country_name, region_codes, region_name
from discovery.export.klaviyo.said import SIGNS, Said, Unsaid, whole, written

COUNTRY, REGION = "location['country']", "location['region']"
BIRTHDAY = "properties['Birthday']"
#: What we read from a profile and Klaviyo holds under another name, as the same text.
_TEXTS = {"city": "location['city']", "postal_code": "location['zip']"}
#: Further ahead than any day.
_FAR = 36_500


def custom(name: str) -> str:
    """Return the full name of a custom property.

    Raises
    ------
    Unsaid
        If it holds a quote: how that is written, Klaviyo does not say.
    """
    if "'" in name:
        raise Unsaid
    return f"properties['{name}']"


def known(feature: Feature) -> Said | None:
    """Return how comparisons with a measure of the profile are said, or None where Klaviyo cannot say them."""
    made = _MADE.get(feature.aggregate)
    try:
        return made(feature) if made else None
    except Unsaid:
        return None


def can_receive(channel: Any, can: Any, subscription: Any) -> Groups:
    """Return the condition on a consent."""
    return one(MarketingConsent(Consent(channel, can, Status(subscription))))  # type: ignore[arg-type]


def _profile(feature: Feature) -> Said | None:
    column = feature.column
    if column.startswith("property."):
        return written(custom(column.removeprefix("property.")), feature.kind)
    if column in _TEXTS:
        return written(_TEXTS[column], "text")
    made: Mapping[str, Callable[[], Said]] = {
        "birthday": lambda: written(BIRTHDAY, "date"),
        "country": _country,
        "region": _region,
        "consent_email": lambda: _consent({"unsubscribed": can_receive("email", False, "unsubscribed")}),
        "consent_sms": lambda: _consent(
            {
                "subscribed": can_receive("sms", True, "subscribed"),
                "unsubscribed": can_receive("sms", False, "unsubscribed"),
                "never": can_receive("sms", False, "never_subscribed"),
            }
        ),
    }
    return made[column]() if column in made else None


def _consent(states: Mapping[Any, Groups]) -> Said:
    def relation(sign: ComparisonSign, value: Any) -> Groups:
        if sign != "=" or value not in states:
            raise Unsaid
        return states[value]

    return Said(relation, None, None)


def _country() -> Said:
    base = written(COUNTRY, "text")

    def one_of(values: tuple[Any, ...], holds: bool) -> Groups:
        assert base.one_of is not None
        return base.one_of(tuple(map(country_name, values)), holds)

    return Said(lambda sign, value: base.relation(sign, country_name(value)), base.known, base.missing, one_of)


def _region() -> Said:
    base, country = written(REGION, "text"), _country()

    def one_of(values: tuple[Any, ...], holds: bool) -> Groups:
        assert base.one_of is not None
        assert country.one_of is not None
        # A name that regions of several countries share is asked for together with the country.
        shared = [v for v in values if len(region_codes().get(region_name(v), ())) > 1]
        alone = tuple(region_name(v) for v in values if v not in shared)
        parts = [base.one_of(alone, holds)] if alone else []
        for land, codes in itertools.groupby(sorted(shared), key=lambda code: code.partition("-")[0]):
            named = tuple(region_name(code) for code in codes)
            join = both if holds else lambda *two: either(two)
            parts.append(join(base.one_of(named, holds), country.one_of((land,), holds)))
        return either(parts) if holds else both(base.known or TRUE, *parts)

    def relation(sign: ComparisonSign, value: Any) -> Groups:
        if len(region_codes().get(region_name(value), ())) > 1:
            return one_of((value,), sign == "=")
        return base.relation(sign, region_name(value))

    return Said(relation, base.known, base.missing, one_of)


def _days_since(name: str, ahead: bool) -> Said:
    """Return how days since a day of the profile are said; `ahead`: it may still come."""

    def ask(filter_: Any) -> Groups:
        return one(Property(name, filter_))

    past = ask(Relative("in-the-last", "day", _FAR))
    future = ask(Relative("in-the-next", "day", _FAR))

    def at_least(days: int) -> Groups:
        if days > 1:
            return ask(Relative("at-least", "day", days - 1))
        if days == 1:
            return ask(RelativeRange(1, _FAR, "day"))
        return either([past, ask(Relative("in-the-next", "day", -days))]) if days else past

    def at_most(days: int) -> Groups:
        if days > 0:
            recent = ask(Relative("in-the-last", "day", days))
            return either([recent, future]) if ahead else recent
        if days == -1 and ahead:
            return future
        raise Unsaid

    base = written(name, "date")
    return Said(whole(at_least, at_most), base.known, base.missing)


def _created(feature: Feature) -> Said | None:
    return _days_since("created", False) if feature.column == "created_at" else None


def _days_since_date(feature: Feature) -> Said:
    return _days_since(custom(feature.column.removeprefix("property.")), True)


def _anniversary(feature: Feature) -> Said:
    today = one(Property(BIRTHDAY, by("date", "anniversary")))
    days = int(feature.given[0])
    # Whether today counts as one that comes next, Klaviyo does not say: so it is asked for as well.
    soon = either([today, one(Property(BIRTHDAY, _coming(days)))]) if days else today
    return _only_if_so(soon)


def _coming(days: int) -> AroundAnniversary:
    return Relative("anniversary-next", "day", days)


def _anniversary_month(feature: Feature) -> Said:
    return _only_if_so(one(Property(BIRTHDAY, by("date", "anniversary-month"))))


def _only_if_so(holds: Groups) -> Said:
    def relation(sign: ComparisonSign, value: Any) -> Groups:
        if (value is True) != (sign == "="):
            raise Unsaid
        return holds

    base = written(BIRTHDAY, "date")
    return Said(relation, base.known, base.missing)


def _holds(feature: Feature) -> Said:
    name = custom(feature.column.removeprefix("property."))

    def relation(sign: ComparisonSign, value: Any) -> Groups:
        is_so = (value is True) == (sign == "=")
        return one(Property(name, by("list", "contains" if is_so else "not-contains", feature.given[0])))

    base = written(name, "text")
    return Said(relation, base.known, base.missing)


def _length(feature: Feature) -> Said:
    name = custom(feature.column.removeprefix("property."))

    def ask(sign: ComparisonSign) -> Callable[[int], Groups]:
        return lambda n: one(Property(name, by("list", f"length-{SIGNS[sign]}", n)))

    base = written(name, "text")
    return Said(whole(ask(">="), ask("<=")), base.known, base.missing)


def _distance(feature: Feature) -> Said | None:
    place, code, unit = feature.given
    found = pycountry.countries.get(alpha_2=place) if isinstance(place, str) else None
    if found is None:
        return None
    words: Any = {"miles": "miles", "km": "kilometers"}[str(unit)]

    def relation(sign: ComparisonSign, value: Any) -> Groups:
        if sign in ("=", "<>"):
            raise Unsaid
        operator: Any = "less-than" if sign in ("<", "<=") else "greater-than"
        return one(PostalDistance(found.alpha_3, str(code), words, by("numeric", operator, value)))

    lost = "Klaviyo knows only nearer and farther: who lives at just that distance may fall on the other side."
    return Said(relation, None, None, lost=(lost,))


_MADE: Mapping[str, Callable[[Feature], Said | None]] = {
    **{"profile": _profile, "days_since_field": _created, "days_since_date": _days_since_date},
    **{"anniversary": _anniversary, "anniversary_month": _anniversary_month},
    **{"holds": _holds, "length": _length, "distance": _distance},
}
