"""Klaviyo's conditions on what is known of somebody as conditions of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pycountry

from discovery.core.postal import point_of
from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Matches, Missing, Not, OneOf
from discovery.core.stated import profile_measure
from discovery.export.klaviyo.conditions import MarketingConsent, PostalDistance, Predicted, Property, Region
from discovery.export.klaviyo.consent import Status
from discovery.export.klaviyo.known import BIRTHDAY, COUNTRY, REGION
from discovery.export.klaviyo.measures import DIMENSIONS
from discovery.export.klaviyo.names import country_codes, region_codes
from discovery.export.klaviyo.said import SIGNS
from discovery.export.klaviyo.shapes import ABSENT

#: Klaviyo's operators in our signs.
OURS: Mapping[str, Any] = {klaviyos: ours for ours, klaviyos in SIGNS.items()}
_PLACES: Mapping[str, Any] = {"contains": "contains", "starts-with": "starts", "ends-with": "ends"}
_EUROPEAN_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
_COLUMNS = {"location['city']": "city", "location['zip']": "postal_code"}
_MEASURES = {klaviyos: ours for ours, klaviyos in DIMENSIONS.items()}


class Inexpressible(Exception):
    """What a condition asks for, we cannot."""


def known_condition(condition: Any) -> Condition:
    """Return a condition that is not on what happened.

    Raises
    ------
    Inexpressible, UsageError
        If we cannot ask for it.
    """
    match condition:
        case Property():
            return _property(condition.property, condition.filter)
        case MarketingConsent():
            return _consent(condition.consent)
        case Region():
            inside = OneOf("country", tuple(_EUROPEAN_UNION if condition.region == "european_union" else ("US",)))
            return inside if condition.in_region else Not(inside)
        case PostalDistance():
            land = pycountry.countries.get(alpha_3=condition.country_code)
            if land is None:
                raise Inexpressible(f"{condition.country_code} is no country")
            # Whether we know the place is told at once, rather than when somebody is counted.
            point_of(land.alpha_2, condition.postal_code)
            function = "distance_miles" if condition.unit == "miles" else "distance_km"
            measure = profile_measure(function, given=(land.alpha_2, condition.postal_code))
            return Compare(measure.name, OURS[condition.filter.operator], condition.filter.value)
        case Predicted() if condition.dimension in _MEASURES:
            return Compare(_MEASURES[condition.dimension], OURS[condition.filter.operator], condition.filter.value)
        case Predicted():
            raise Inexpressible(f"{condition.dimension} is a number of Klaviyo's own that we have none like")
    raise Inexpressible(f"our data do not hold what {condition.type} asks for")


def day_of_instant(text: str, midnight: bool = False) -> date:
    """Return the UTC day of an instant; `midnight`: it must be the day's first."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    if midnight and at.time() != datetime.min.time():
        raise Inexpressible(f"only whole days are told apart, not {text}")
    return at.date()


def _property(name: str, each: Any) -> Condition:
    if name == "created" and each.type == "date":
        return _days_since("days_since_created", each)
    if name == BIRTHDAY and each.type == "date":
        return _birthday(each)
    if name in (COUNTRY, REGION):
        return _place(name, each)
    custom = name.startswith("properties['") and name.endswith("']")
    if not custom and name not in _COLUMNS:
        raise Inexpressible(f"our profiles have no {name} that a rule may ask for")
    plain = name.removeprefix("properties['").removesuffix("']")
    quoted = plain.replace("'", "''")
    column = f"property('{quoted}')" if custom else _COLUMNS[name]
    if each.type == "date":
        return _dated(plain, column, each)
    if each.type == "list":
        return _list(plain, each)
    return _compared(column, each)


def _compared(column: str, each: Any, texts: Callable[[str], tuple[str, ...]] = lambda text: (text,)) -> Condition:
    """Return a comparison of a text, a number, a truth value, or whether there is one."""
    operator: str = each.operator
    value: Any = getattr(each, "value", ABSENT)
    if value is None:
        raise Inexpressible("what equals null, Klaviyo does not say")
    if each.type == "existence":
        return Missing(column) if operator == "not-set" else Not(Missing(column))
    if each.type in ("numeric", "boolean") or (operator in ("equals", "not-equals") and len(texts(value)) == 1):
        value = texts(value)[0] if each.type == "string" else value
        return Compare(column, OURS[operator], value)
    if operator in ("equals", "not-equals", "in", "not-in"):
        values = value if isinstance(value, tuple) else (value,)
        found = OneOf(column, tuple(each for text in values for each in texts(text)))
        return Not(found) if operator.startswith("not-") else found
    place = _PLACES.get(operator.removeprefix("not-"))
    if place is None:
        raise Inexpressible(f"our texts are not searched by {operator}")
    search = Matches(column, place, value)
    return Not(search) if operator.startswith("not-") else search


def _place(name: str, each: Any) -> Condition:
    codes = country_codes() if name == COUNTRY else region_codes()
    kind = "country" if name == COUNTRY else "region"

    def texts(text: str) -> tuple[str, ...]:
        if text not in codes:
            raise Inexpressible(f"{text!r} is no {kind} we know by that name")
        return codes[text]

    if each.type not in ("string", "existence") or each.operator.removeprefix("not-") in ("contains", "starts-with"):
        raise Inexpressible(f"we hold the code of a {kind}, not its name")
    return _compared(kind, each, texts)


def _dated(plain: str, column: str, each: Any) -> Condition:
    match each.operator:
        case "before":
            return Compare(column, "<", str(day_of_instant(each.date, midnight=True)))
        case "after":
            return Compare(column, ">", str(day_of_instant(each.date)))
        case "between-static":
            return Between(column, str(day_of_instant(each.start)), str(day_of_instant(each.end)))
    return _days_since(profile_measure("days_since_property", f"property.{plain}").name, each)


def _days_since(measure: str, each: Any) -> Condition:
    days = {"day": 1, "week": 7}.get(getattr(each, "unit", ""))
    if days is None:
        raise Inexpressible(f"we count whole days since a date; {each.operator} is none")
    past = measure == "days_since_created"
    match each.operator:
        case "in-the-last" if past:
            return Compare(measure, "<=", each.quantity * days)
        case "in-the-last":
            return Between(measure, 0, each.quantity * days)
        case "at-least":
            return Compare(measure, ">=", each.quantity * days + 1)
        case "in-the-next":
            return Between(measure, -each.quantity * days, -1)
        case "between":
            return Between(measure, each.start * days, each.end * days)
    raise Inexpressible(f"of a date that is no birthday we cannot ask for {each.operator}")


def _birthday(each: Any) -> Condition:
    days = {"day": 1, "week": 7}.get(getattr(each, "unit", "day"))

    def within(n: int) -> Condition:
        return Compare(profile_measure("birthday_within", given=(n,)).name, "=", True)

    match each.operator:
        case "anniversary":
            return within(0)
        case "anniversary-month":
            return Compare(profile_measure("birthday_this_month").name, "=", True)
        case "anniversary-next" if days:
            # Klaviyo's next birthday is not today's.
            return All((within(each.quantity * days), Not(within(0))))
    raise Inexpressible(f"of a birthday we cannot ask for {each.operator}")


def _list(plain: str, each: Any) -> Condition:
    operator = each.operator
    if operator.startswith("length-"):
        measure = profile_measure("items", f"property.{plain}")
        return Compare(measure.name, OURS[operator.removeprefix("length-")], each.value)
    if not isinstance(each.value, str):
        raise Inexpressible("our lists hold texts")
    held = Compare(profile_measure("has", f"property.{plain}", (each.value,)).name, "=", True)
    return Not(held) if operator.startswith("not-") else held


def _consent(consent: Any) -> Condition:
    status: Status[Any, Any] = consent.consent_status
    if isinstance(status.filters, tuple) and status.filters:
        raise Inexpressible("since when, or how, consent was given or taken is not among our consents")
    asked = (consent.channel, consent.can_receive_marketing, status.subscription)
    open_to, shut = Compare("suppressed", "=", False), Compare("suppressed", "=", True)

    def state(sign: Any, value: str) -> Compare:
        return Compare(f"consent_{consent.channel}", sign, value)

    known: Mapping[Any, Condition] = {
        ("email", True, "any"): All((state("<>", "unsubscribed"), open_to)),
        ("email", True, "subscribed"): All((state("=", "subscribed"), open_to)),
        ("email", True, "never_subscribed"): All((state("=", "never"), open_to)),
        ("email", False, "any"): AnyOf((state("=", "unsubscribed"), shut)),
        ("email", False, "unsubscribed"): state("=", "unsubscribed"),
        ("sms", True, "subscribed"): state("=", "subscribed"),
        ("sms", False, "any"): state("<>", "subscribed"),
        ("sms", False, "unsubscribed"): state("=", "unsubscribed"),
        ("sms", False, "never_subscribed"): state("=", "never"),
    }
    if asked not in known:
        raise Inexpressible(f"our data do not hold consent on {consent.channel}")
    return known[asked]
