"""The interpreter, condition by condition, on customers made by hand. Today is Tuesday 1 July 2025."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from discovery.core.dataset import MICROSECONDS_PER_DAY, midnight
from tests.export.klaviyo.account import Store, Unpublished
from tests.export.klaviyo.interpreter import members

TODAY = date(2025, 7, 1)
NAMES = {"ORD": "Placed Order", "LIN": "Ordered Product", "OPN": "Opened Email", "SUB": "Subscribed to SMS Marketing"}
ONCE = {"type": "numeric", "operator": "greater-than-or-equal", "value": 1}


def ago(days: float) -> int:
    return midnight(TODAY) - round(days * MICROSECONDS_PER_DAY)


def event(customer: str, name: str, at: int, value: str | None = None, **rest: Any) -> dict[str, Any]:
    worth = None if value is None else Decimal(value)
    return {"customer_id": customer, "event": name, "at": at, "value": worth, **rest}


def order(customer: str, at: int, value: str = "10", **rest: Any) -> dict[str, Any]:
    return event(customer, "placed_order", at, value, **rest)


def store(*events: dict[str, Any], profiles: dict[str, dict[str, Any]] | None = None, **rest: Any) -> Store:
    """Return an account of whoever has a profile or did something."""
    people = {**{e["customer_id"]: {} for e in events}, **(profiles or {})}
    table = pd.DataFrame([{"customer_id": c, **row} for c, row in people.items()])
    happened = pd.DataFrame(list(events), columns=None if events else ["customer_id", "event", "at"])
    return Store(table, happened, TODAY, NAMES, **rest)


def inside(condition: dict[str, Any], of: Store) -> str:
    """Return who matches one condition, one letter each."""
    return "".join(sorted(members({"condition_groups": [{"conditions": [condition]}]}, of)))


def days(operator: str, quantity: int, unit: str = "day") -> dict[str, Any]:
    return {"type": "date", "operator": operator, "unit": unit, "quantity": quantity}


def metric(time: dict[str, Any], by: dict[str, Any] = ONCE, measure: str = "count", **rest: Any) -> dict[str, Any]:
    return {
        **{"type": "profile-metric", "metric_id": "ORD", "measurement": measure, "measurement_filter": by},
        **{"timeframe_filter": time, **rest},
    }


def asked(name: str, kind: str, operator: str, *value: Any) -> dict[str, Any]:
    each = {"type": kind, "operator": operator, **({"value": value[0]} if value else {})}
    return {"type": "profile-property", "property": name, "filter": each}


ALLTIME = {"type": "date", "operator": "alltime"}
MINUTE = 1 / 1440
#: Just before and just after the midnights that part the days: the letter says how many days ago, in UTC.
CLOCK = store(
    order("a", ago(MINUTE)),  # yesterday
    order("b", ago(1)),
    order("c", ago(1 + MINUTE)),
    order("d", ago(7)),
    order("e", ago(7 + MINUTE)),
    order("f", ago(30)),
    order("g", ago(0)),  # today: not seen
    profiles={c: {} for c in "abcdefg"},
)


@pytest.mark.parametrize(
    ("time", "who"),
    [
        (days("in-the-last", 1), "ab"),
        (days("in-the-last", 2), "abc"),
        (days("in-the-last", 7), "abcd"),
        (days("in-the-last", 1, "week"), "abcd"),
        (days("at-least", 7), "ef"),
        (days("at-least", 1), "cdef"),
        ({"type": "date", "operator": "between", "start": 2, "end": 8, "unit": "day"}, "cde"),
        ({"type": "date", "operator": "between", "start": 1, "end": 2, "unit": "week"}, "de"),
        (days("in-the-last", 24, "hour"), "ab"),
        (days("at-least", 24, "hour"), "cdef"),
        ({"type": "date", "operator": "before", "date": "2025-06-24T00:00:00+00:00"}, "ef"),
        ({"type": "date", "operator": "after", "date": "2025-06-29T00:00:00+00:00"}, "ab"),
        (
            {
                **{"type": "date", "operator": "between-static"},
                **{"start": "2025-06-23T00:00:00+00:00", "end": "2025-06-29T00:00:00+00:00"},
            },
            "cde",
        ),
        (ALLTIME, "abcdef"),
    ],
    ids=str,
)
def test_days_are_utc_and_their_bounds_are_klaviyos(time: dict[str, Any], who: str) -> None:
    assert inside(metric(time), CLOCK) == who


@pytest.mark.parametrize("number", [0, 1, 7, 30])
def test_at_least_is_the_complement_of_in_the_last(number: int) -> None:
    recent, old = (set(inside(metric(days(o, number)), CLOCK)) for o in ("in-the-last", "at-least"))
    assert recent | old == set("abcdef")
    assert not recent & old


def test_a_count_of_nothing_is_zero_and_so_is_its_worth() -> None:
    found = store(order("a", ago(3), "20.10"), order("a", ago(3), "79.90"), order("b", ago(300)), profiles={"c": {}})
    zero = {"type": "numeric", "operator": "equals", "value": 0}
    assert inside(metric(days("in-the-last", 90), zero), found) == "bc"
    hundred = {"type": "numeric", "operator": "greater-than-or-equal", "value": 100}
    assert inside(metric(ALLTIME, hundred, "sum"), found) == "a"
    assert inside(metric(ALLTIME, {**hundred, "operator": "less-than"}, "sum"), found) == "bc"


def test_a_cancelled_order_and_one_of_no_value_are_no_orders() -> None:
    found = store(
        order("a", ago(3), cancelled_at=ago(2)),
        order("b", ago(3), cancelled_at=ago(-2)),  # later: not seen yet
        order("c", ago(3), "0"),
    )
    assert inside(metric(ALLTIME), found) == "b"


def test_groups_are_anded_and_their_conditions_ored() -> None:
    found = store(profiles={c: {"property.x": "one" if c in "ab" else "two", "city": c} for c in "abcd"})
    one = asked("properties['x']", "string", "equals", "one")
    city = [asked("location['city']", "string", "equals", c) for c in "bcd"]
    groups = [{"conditions": [one, city[1]]}, {"conditions": [city[0], city[1]]}]
    assert members({"condition_groups": groups}, found) == {"b", "c"}


def test_who_is_not_there_yet_is_in_no_segment() -> None:
    found = store(profiles={"a": {"created_at": ago(1)}, "b": {"created_at": ago(-1)}, "c": {"created_at": None}})
    zero = {"type": "numeric", "operator": "equals", "value": 0}
    assert inside(metric(ALLTIME, zero), found) == "ac"


TEXTS = store(profiles={"a": {"property.x": "Blue suede"}, "b": {"property.x": "blue"}, "c": {"property.x": None}})
NUMBERS = store(profiles={"a": {"property.x": 5.0}, "b": {"property.x": 7.5}, "c": {"property.x": None}})
FLAGS = store(profiles={"a": {"property.x": True}, "b": {"property.x": False}, "c": {"property.x": None}})
LISTS = store(profiles={"a": {"property.x": ["red", "blue"]}, "b": {"property.x": ["red"]}, "c": {"property.x": None}})


@pytest.mark.parametrize(
    ("of", "kind", "operator", "value", "who"),
    [
        (TEXTS, "string", "equals", "blue", "b"),
        (TEXTS, "string", "not-equals", "blue", "a"),
        (TEXTS, "string", "contains", "suede", "a"),
        (TEXTS, "string", "not-contains", "suede", "b"),
        (TEXTS, "string", "starts-with", "bl", "b"),
        (TEXTS, "string", "not-starts-with", "bl", "a"),
        (TEXTS, "string", "ends-with", "ue", "b"),
        (TEXTS, "string", "not-ends-with", "ue", "a"),
        (TEXTS, "string", "in", ["blue", "green"], "b"),
        (TEXTS, "string", "not-in", ["blue", "green"], "a"),
        (TEXTS, "string", "regex", "(?i)^BLUE", "ab"),
        (TEXTS, "string", "nregex", " ", "b"),
        (TEXTS, "numeric", "less-than", 10, ""),
        (NUMBERS, "numeric", "equals", 5, "a"),
        (NUMBERS, "numeric", "not-equals", 5, "b"),
        (NUMBERS, "numeric", "greater-than", 5, "b"),
        (NUMBERS, "numeric", "greater-than-or-equal", 5, "ab"),
        (NUMBERS, "numeric", "less-than", 7.5, "a"),
        (NUMBERS, "numeric", "less-than-or-equal", 7.5, "ab"),
        (NUMBERS, "string", "equals", "5", ""),
        (FLAGS, "boolean", "equals", True, "a"),
        (FLAGS, "boolean", "equals", False, "b"),
        (FLAGS, "numeric", "equals", 1, ""),
        (LISTS, "list", "contains", "blue", "a"),
        (LISTS, "list", "not-contains", "blue", "b"),
        (LISTS, "list", "length-equals", 1, "b"),
        (LISTS, "list", "length-greater-than", 1, "a"),
        (LISTS, "list", "length-less-than-or-equal", 2, "ab"),
        (TEXTS, "list", "contains", "blue", ""),
    ],
)
def test_a_property_is_compared_by_its_type_and_a_missing_one_never_matches(
    of: Store, kind: str, operator: str, value: Any, who: str
) -> None:
    assert inside(asked("properties['x']", kind, operator, value), of) == who


@pytest.mark.parametrize("of", [TEXTS, NUMBERS, FLAGS, LISTS])
def test_only_existence_sees_what_is_missing(of: Store) -> None:
    assert inside(asked("properties['x']", "existence", "is-set"), of) == "ab"
    assert inside(asked("properties['x']", "existence", "not-set"), of) == "c"


def test_places_are_held_by_name() -> None:
    found = store(profiles={"a": {"country": "US", "region": "US-MA"}, "b": {"country": "GB"}, "c": {"country": None}})
    assert inside(asked("location['country']", "string", "equals", "United States"), found) == "a"
    assert inside(asked("location['country']", "string", "not-equals", "United States"), found) == "b"
    assert inside(asked("location['region']", "string", "in", ["Maine", "Massachusetts"]), found) == "a"


BORN = store(
    profiles={
        "a": {"birthday": date(1990, 7, 1)},
        "b": {"birthday": date(1985, 7, 31)},
        "c": {"birthday": date(2001, 8, 1)},
        "d": {"birthday": date(1970, 6, 24)},
        "e": {"birthday": date(1970, 12, 31)},
        "f": {"birthday": None},
    }
)


@pytest.mark.parametrize(
    ("each", "who"),
    [
        ({"operator": "anniversary"}, "a"),
        ({"operator": "anniversary-month"}, "ab"),
        ({"operator": "calendar-month", "value": 8}, "c"),
        (days("anniversary-next", 30), "b"),
        (days("anniversary-next", 31), "bc"),
        (days("anniversary-next", 183), "bce"),
        (days("anniversary-last", 0), "a"),
        (days("anniversary-last", 7), "ad"),
        (days("anniversary-last", 1, "week"), "ad"),
        # The whole date is compared: the guides' "in the next 30 days" finds nobody's birthday.
        (days("in-the-next", 30), ""),
    ],
    ids=str,
)
def test_anniversaries_ignore_the_year(each: dict[str, Any], who: str) -> None:
    condition = {"type": "profile-property", "property": "properties['Birthday']", "filter": {"type": "date", **each}}
    assert inside(condition, BORN) == who


def test_a_birthday_on_the_29th_of_february_is_kept_every_year() -> None:
    people = pd.DataFrame([{"customer_id": "a", "birthday": date(2000, 2, 29)}])
    empty = pd.DataFrame(columns=["customer_id", "event", "at"])
    same = {"type": "profile-property", "property": "properties['Birthday']"}
    for today, found in ((date(2024, 2, 29), {"a"}), (date(2025, 2, 28), {"a"}), (date(2024, 2, 28), set())):
        condition = {**same, "filter": {"type": "date", "operator": "anniversary"}}
        assert members({"condition_groups": [{"conditions": [condition]}]}, Store(people, empty, today, {})) == found


def test_a_day_ahead_counts_to_its_end_and_today_without_a_time_is_no_more() -> None:
    due = {
        "a": date(2025, 7, 1),
        "b": datetime(2025, 7, 1, 9),
        "c": datetime(2025, 7, 15, 23, 59),
        "d": date(2025, 7, 16),
    }
    found = store(profiles={c: {"property.due": day} for c, day in due.items()})
    condition = {"type": "profile-property", "property": "properties['due']", "filter": days("in-the-next", 14)}
    assert inside(condition, found) == "bc"


def test_event_filters_read_what_the_event_holds() -> None:
    found = store(
        order("a", ago(2), "150", order_id="1", discount_code="SALE,VIP"),
        event("a", "ordered_product", ago(2), "150", order_id="1", product="Linen Shorts", category="Summer shorts"),
        order("b", ago(2), "50", order_id="2"),
        event("b", "ordered_product", ago(2), "50", order_id="2", product="Tank", category="Tops, all"),
        order("c", ago(2), "100", order_id="3", discount_code="SALE"),
    )

    def who(name: str, kind: str, operator: str, *value: Any, of: str = "ORD") -> str:
        each = {"property": name, "filter": asked("", kind, operator, *value)["filter"]}
        return inside({**metric(ALLTIME), "metric_id": of, "metric_filters": [each]}, found)

    assert who("$value", "numeric", "greater-than", 100) == "a"
    assert who("Items", "list", "contains-any", ["Linen Shorts", "Hat"]) == "a"
    assert who("Items", "list", "not-contains-any", ["Linen Shorts", "Hat"]) == "b"
    assert who("Collections", "list", "contains-substring", "Summer") == "a"
    assert who("Collections", "list", "contains-all", ["Tops, all"], of="LIN") == "b"
    assert who("Discount Codes", "list", "contains-all", ["SALE", "VIP"]) == "a"
    assert who("Discount Codes", "list", "length-greater-than-or-equal", 1) == "ac"
    assert who("Discount Codes", "existence", "not-set") == "b"
    assert who("Name", "string", "regex", "(?i)shorts", of="LIN") == "a"
    two = [
        {"property": "$value", "filter": {"type": "numeric", "operator": "less-than", "value": 120}},
        {"property": "Discount Codes", "filter": {"type": "existence", "operator": "is-set"}},
    ]
    assert inside(metric(ALLTIME, metric_filters=two), found) == "c"


def test_an_open_not_known_to_be_a_machines_is_a_persons() -> None:
    found = store(
        *(event(c, "opened_email", ago(2), machine=m) for c, m in zip("abc", (True, False, None), strict=True))
    )
    human = {"property": "Apple Privacy Open", "filter": {"type": "boolean", "operator": "equals", "value": False}}
    assert inside({**metric(ALLTIME), "metric_id": "OPN", "metric_filters": [human]}, found) == "bc"


def test_a_list_has_members_since_a_day() -> None:
    found = store(profiles={c: {} for c in "abc"}, lists={"NEWS": {"a": ago(5), "b": ago(50)}})
    same = {"type": "profile-group-membership", "group_ids": ["NEWS"]}
    assert inside({**same, "is_member": True}, found) == "ab"
    assert inside({**same, "is_member": True, "timeframe_filter": days("in-the-last", 10)}, found) == "a"
    assert inside({**same, "is_member": False}, found) == "c"


MAIL = store(
    event("a", "subscribed", ago(3), channel="email"),
    event("b", "subscribed", ago(30), channel="email"),
    event("b", "subscribed", ago(2), channel="sms"),
    profiles={
        "a": {"consent_email": "subscribed", "suppressed": False, "consent_sms": "never"},
        "b": {"consent_email": "subscribed", "suppressed": False, "consent_sms": "subscribed"},
        "c": {"consent_email": "subscribed", "suppressed": True, "consent_sms": "unsubscribed"},
        "d": {"consent_email": "unsubscribed", "suppressed": False, "consent_sms": None},
        "e": {"consent_email": "never", "suppressed": False, "consent_sms": None},
    },
)


@pytest.mark.parametrize(
    ("channel", "can", "subscription", "who"),
    [
        ("email", True, "any", "abe"),
        ("email", True, "subscribed", "ab"),
        ("email", True, "never_subscribed", "e"),
        ("email", False, "any", "cd"),
        ("email", False, "unsubscribed", "d"),
        ("sms", True, "subscribed", "b"),
        ("sms", False, "any", "acde"),
        ("sms", False, "unsubscribed", "c"),
        ("sms", False, "never_subscribed", "a"),
    ],
)
def test_consent_is_by_channel_and_suppression_beats_it(channel: str, can: bool, subscription: str, who: str) -> None:
    said = {"channel": channel, "can_receive_marketing": can, "consent_status": {"subscription": subscription}}
    assert inside({"type": "profile-marketing-consent", "consent": said}, MAIL) == who


def test_consent_has_a_date() -> None:
    recent = [{"field": "status_date", "filter": days("in-the-last", 15)}]
    said = {"channel": "email", "can_receive_marketing": True}
    condition = {**said, "consent_status": {"subscription": "subscribed", "filters": recent}}
    assert inside({"type": "profile-marketing-consent", "consent": condition}, MAIL) == "a"
    assert inside({**metric(days("in-the-last", 15)), "metric_id": "SUB"}, MAIL) == "b"


def test_regions_hold_only_those_whose_country_is_known() -> None:
    found = store(
        profiles={"a": {"country": "FR"}, "b": {"country": "US"}, "c": {"country": "GB"}, "d": {"country": None}}
    )
    for region, within, without in (("european_union", "a", "bc"), ("united_states", "b", "ac")):
        same = {"type": "profile-region", "region": region}
        assert inside({**same, "in_region": True}, found) == within
        assert inside({**same, "in_region": False}, found) == without


def test_distance_is_along_the_globe() -> None:
    boston, cambridge, new_york = (42.3601, -71.0589), (42.3736, -71.1097), (40.7128, -74.0060)
    points = {"a": cambridge, "b": new_york, "c": (None, None)}
    found = store(
        profiles={c: {"latitude": p[0], "longitude": p[1]} for c, p in points.items()},
        places={("USA", "02108"): boston},
    )
    # Boston and New York lie 190 miles, or 306 kilometres, apart.
    for unit, operator, value, who in (
        ("miles", "less-than", 30, "a"),
        ("miles", "greater-than", 30, "b"),
        ("miles", "less-than", 191, "ab"),
        ("kilometers", "less-than", 191, "a"),
        ("kilometers", "less-than", 307, "ab"),
    ):
        condition = {
            **{"type": "profile-postal-code-distance", "country_code": "USA", "postal_code": "02108", "unit": unit},
            "filter": {"type": "numeric", "operator": operator, "value": value},
        }
        assert inside(condition, found) == who


def test_predictions_are_read_and_not_made() -> None:
    known = pd.DataFrame(
        {
            "churn_probability": [0.9, 0.1],
            "expected_date_of_next_purchase": [date(2025, 7, 10), date(2025, 9, 1)],
            "predicted_gender": ["uncertain", "likely_female"],
            "channel_affinity.rank.sms": ["high", None],
        },
        index=["a", "b"],
    )
    found = store(profiles={c: {} for c in "abc"}, predictions=known)

    def who(dimension: str, each: dict[str, Any], **rest: str) -> str:
        same = {"type": "profile-predictive-analytics", "dimension": dimension, "filter": each}
        return inside({**same, **rest}, found)

    assert who("churn_probability", {"type": "numeric", "operator": "less-than", "value": 0.5}) == "b"
    assert who("expected_date_of_next_purchase", days("in-the-next", 14)) == "a"
    assert who("predicted_gender", {"type": "string", "operator": "not-equals", "value": "likely_female"}) == "a"
    rank = {"type": "string", "operator": "equals", "value": "high"}
    assert who("channel_affinity", rank, measurement="rank", predicted_channel="sms") == "a"


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "profile-metric-funnel", "steps": []},
        asked("first_name", "string", "equals", "Ann"),
        asked("properties['x']", "string", "equals", None),
        {
            "type": "profile-marketing-consent",
            "consent": {"channel": "push", "consent_status": {"subscription": "any"}},
        },
    ],
    ids=str,
)
def test_what_nobody_published_is_not_guessed(condition: dict[str, Any]) -> None:
    with pytest.raises(Unpublished):
        inside(condition, TEXTS)
