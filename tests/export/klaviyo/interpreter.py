"""Who is in a Klaviyo segment: an interpreter of definitions over our canonical tables, for the proof of exports.

It is written from what Klaviyo publishes (its API's schemas, its help centre) and shares no code with our evaluators,
so that both agree only where the export says what the rule says. It reads definitions as plain JSON. Where nothing is
published it either raises `Unpublished` or says beside the code what it takes for granted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from discovery.ingest.klaviyo.metrics import channel_of, event_name
from tests.export.klaviyo.account import (
    DAY,
    Row,
    Store,
    Unpublished,
    event_property,
    instant,
    known,
    moment,
    profile_property,
)

Filter = Mapping[str, Any]

HOUR = 3_600_000_000
EARTH_METRES = 6_371_008.8
METRES = {"miles": 1_609.344, "kilometers": 1_000.0}
EUROPEAN_UNION = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
NUMERIC = {
    **{"equals": eq, "not-equals": ne, "greater-than": gt, "greater-than-or-equal": ge},
    **{"less-than": lt, "less-than-or-equal": le},
}


def members(definition: Mapping[str, Any], store: Store) -> set[str]:
    """Return the customers in the segment: every group holds for them, by at least one of its conditions."""
    inside = set(store.people)
    for group in definition["condition_groups"]:
        inside &= set().union(*(_matching(condition, store) for condition in group["conditions"]))
    return inside


def _matching(condition: Row, store: Store) -> set[str]:
    test = CONDITIONS.get(condition["type"])
    if test is None:
        raise Unpublished(condition["type"])
    return {customer for customer in store.people if test(condition, customer, store)}


# What happened -------------------------------------------------------------------------------------------------------


def _metric(condition: Row, customer: str, store: Store) -> bool:
    """Nobody's count is missing: who never did it did it 0 times, worth 0."""
    counted = [
        row
        for row in _happened(condition["metric_id"], customer, store)
        if _in_time(condition["timeframe_filter"], row["at"], store)
        and all(_event_holds(each, row, store) for each in condition.get("metric_filters") or ())
    ]
    # The sum is always that of the event's value.
    worth = float(sum((Decimal(str(row.get("value") or 0)) for row in counted), Decimal(0)))
    return _holds(condition["measurement_filter"], len(counted) if condition["measurement"] == "count" else worth)


def _happened(metric: str, customer: str, store: Store) -> list[Row]:
    name = store.metric_names[metric]
    rows = store.history[event_name(name)][customer]
    channel = channel_of(name) if event_name(name) in ("subscribed", "unsubscribed") else None
    return [r for r in rows if channel is None or r.get("channel") == channel]


def _event_holds(each: Row, row: Row, store: Store) -> bool:
    if each.get("filter") is None:
        raise Unpublished("an event filter without a filter")
    return _holds(each["filter"], event_property(each["property"], row, store))


# What is known -------------------------------------------------------------------------------------------------------


def _property(condition: Row, customer: str, store: Store) -> bool:
    value = profile_property(condition["property"], store.people[customer])
    if condition["filter"]["type"] == "date":
        at = instant(value)
        return at is not None and _in_time(condition["filter"], at, store)
    return _holds(condition["filter"], value)


def _group(condition: Row, customer: str, store: Store) -> bool:
    if len(condition["group_ids"]) != 1:
        raise Unpublished("several lists in one condition")
    joined = store.lists[condition["group_ids"][0]].get(customer)
    joined = joined if joined is not None and joined < store.now else None
    if not condition["is_member"] or joined is None:
        return not condition["is_member"] and joined is None
    return condition.get("timeframe_filter") is None or _in_time(condition["timeframe_filter"], joined, store)


def _consent(condition: Row, customer: str, store: Store) -> bool:
    consent, person = condition["consent"], store.people[customer]
    channel, asked = consent["channel"], consent["consent_status"]["subscription"]
    if channel not in ("email", "sms"):
        raise Unpublished(f"consent on {channel}")
    state = person.get(f"consent_{channel}")
    # Suppression covers e-mail only, and beats consent; who is not suppressed can be sent e-mail without consent.
    can = (state != "unsubscribed" and not person.get("suppressed")) if channel == "email" else state == "subscribed"
    said = {"any": None, "never_subscribed": "never"}.get(asked, asked)
    if can != consent["can_receive_marketing"] or said not in (None, state):
        return False
    return all(
        _consent_since(each, channel, asked, customer, store) for each in consent["consent_status"].get("filters") or ()
    )


def _consent_since(each: Row, channel: str, asked: str, customer: str, store: Store) -> bool:
    if each["field"] != "status_date" or asked not in ("subscribed", "unsubscribed"):
        raise Unpublished(f"our tables do not hold {each['field']} of {asked}")
    times = [r["at"] for r in store.history[asked][customer] if r.get("channel") in (channel, None)]
    return bool(times) and _in_time(each["filter"], max(times), store)


def _in_region(condition: Row, customer: str, store: Store) -> bool:
    """Who lives nowhere we know of is neither in a region nor outside it, as with `not-equals`."""
    country = store.people[customer].get("country")
    inside = country in EUROPEAN_UNION if condition["region"] == "european_union" else country == "US"
    return country is not None and inside == condition["in_region"]


def _distance(condition: Row, customer: str, store: Store) -> bool:
    """Great-circle distance between the points of two postal codes; who has no point is nowhere."""
    person = store.people[customer]
    if person.get("latitude") is None or person.get("longitude") is None:
        return False
    there = store.places[condition["country_code"], condition["postal_code"]]
    (a, b), (c, d) = (map(math.radians, p) for p in (there, (person["latitude"], person["longitude"])))
    chord = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    metres = 2 * EARTH_METRES * math.asin(math.sqrt(chord))
    return _holds(condition["filter"], metres / METRES[condition["unit"]])


def _predicted(condition: Row, customer: str, store: Store) -> bool:
    column = condition["dimension"]
    if column == "channel_affinity":
        column = f"{column}.{condition['measurement']}.{condition['predicted_channel']}"
    found = known({"value": store.predictions[column].get(customer)})["value"]
    if condition["filter"]["type"] == "date":
        at = instant(found)
        return at is not None and _in_time(condition["filter"], at, store)
    return _holds(condition["filter"], found)


CONDITIONS: dict[str, Callable[[Row, str, Store], bool]] = {
    "profile-metric": _metric,
    "profile-property": _property,
    "profile-group-membership": _group,
    "profile-marketing-consent": _consent,
    "profile-region": _in_region,
    "profile-postal-code-distance": _distance,
    "profile-predictive-analytics": _predicted,
}


# Comparisons ---------------------------------------------------------------------------------------------------------


def _holds(each: Filter, value: Any) -> bool:
    """Compare a value.

    What is missing matches nothing but `not-set`: published for `not-equals` and `not-contains`, taken for granted of
    the rest. Nor does a value of another type than the filter's.
    """
    kind, sign, asked = each["type"], each["operator"], each.get("value")
    if kind == "existence":
        return (value is not None) == (sign == "is-set")
    if value is None:
        return False
    if asked is None:
        raise Unpublished(f"{sign} null")
    if kind == "numeric":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and NUMERIC[sign](value, asked)
    if kind == "boolean":
        return isinstance(value, bool) and value == asked
    if kind == "string":
        return isinstance(value, str) and _text_holds(sign, value, asked)
    return isinstance(value, list) and _list_holds(sign, value, asked)


def _text_holds(sign: str, value: str, asked: Any) -> bool:
    """Case counts. A sign that starts with ``not-`` or ``n`` is the other's opposite, of texts that are there."""
    if sign.startswith("not-"):
        return not _text_holds(sign.removeprefix("not-"), value, asked)
    match sign:
        case "equals":
            return value == asked
        case "contains":
            return asked in value
        case "starts-with":
            return value.startswith(asked)
        case "ends-with":
            return value.endswith(asked)
        case "in":
            return value in asked
        case "regex":
            return re.search(asked, value) is not None
        case "nregex":
            return re.search(asked, value) is None
    raise Unpublished(f"text {sign}")


def _list_holds(sign: str, value: list[Any], asked: Any) -> bool:
    if sign.startswith("not-"):
        return not _list_holds(sign.removeprefix("not-"), value, asked)
    if sign.startswith("length-"):
        return bool(NUMERIC[sign.removeprefix("length-")](len(value), asked))
    match sign:
        case "contains":
            return asked in value
        case "contains-any":
            return any(each in value for each in asked)
        case "contains-all":
            return all(each in value for each in asked)
        case "contains-substring":
            return any(asked in str(each) for each in value)
    raise Unpublished(f"list {sign}")


def _in_time(each: Filter, at: int, store: Store) -> bool:
    """Whether an instant lies in a time, counted in UTC days from today; hours are counted from now."""
    ago = store.now // DAY - at // DAY
    days = {"day": 1, "week": 7}.get(each.get("unit", "day"))
    match each["operator"]:
        case "alltime":
            return True
        case "before":
            return at < _micros(each["date"])
        case "after":
            # From the next day on, as the app explains its own dates.
            return at >= (_micros(each["date"]) // DAY + 1) * DAY
        case "between-static":
            return _micros(each["start"]) // DAY <= at // DAY <= _micros(each["end"]) // DAY
        case "in-the-last" if days is None:
            return store.now - each["quantity"] * HOUR <= at <= store.now
        case "in-the-last":
            return at <= store.now and ago <= each["quantity"] * days
        case "at-least" if days is None:
            return at < store.now - each["quantity"] * HOUR
        case "at-least":
            return ago > each["quantity"] * days
        case "in-the-next" if days is None:
            return store.now < at <= store.now + each["quantity"] * HOUR
        case "in-the-next":
            # To the end of the last day. A day without a time that is today is not ahead any more.
            return at > store.now and -ago <= each["quantity"] * days
        case "between" if days is not None:
            return at <= store.now and each["start"] * days <= ago <= each["end"] * days
    return _anniversary_in_time(each, at, store.as_of)


def _anniversary_in_time(each: Filter, at: int, today: date) -> bool:
    born = moment(at).date()
    days = {"day": 1, "week": 7}.get(each.get("unit", "day"))
    if days is None:
        raise Unpublished(f"{each['operator']} by the hour")
    this_year = _in_year(born, today.year)
    match each["operator"]:
        case "anniversary":
            return this_year == today
        case "anniversary-month":
            return born.month == today.month
        case "calendar-month":
            return born.month == each["value"]
        case "anniversary-last":
            last = this_year if this_year <= today else _in_year(born, today.year - 1)
            return today - last <= timedelta(each["quantity"] * days)
        case "anniversary-next":
            # Today's is not ahead any more, taken for granted as with `in-the-next`.
            following = this_year if this_year > today else _in_year(born, today.year + 1)
            return following - today <= timedelta(each["quantity"] * days)
    raise Unpublished(each["operator"])


def _in_year(born: date, year: int) -> date:
    """Who was born on 29 February is taken to have the 28th where there is none: nothing is published."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _micros(text: str) -> int:
    at = instant(datetime.fromisoformat(text))
    assert at is not None
    return at
