"""Klaviyo's grammar: what it allows is read and written unaltered, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.core.errors import DataError, UsageError
from discovery.export.klaviyo import shapes
from discovery.export.klaviyo.conditions import PostalDistance, Region
from discovery.export.klaviyo.definition import Definition, Group, read_definition
from discovery.export.klaviyo.events import Metric
from discovery.export.klaviyo.filters import Filter, Relative
from discovery.export.klaviyo.payload import Payload, payload, read_payload
from discovery.export.klaviyo.shapes import ABSENT, as_document
from tests.export.klaviyo.examples import INVALID, VALID, definition, places, replaced, spoilt

ALLTIME = {"type": "date", "operator": "alltime"}
ONCE = {"type": "numeric", "operator": "greater-than-or-equal", "value": 1}
RECENT = {"type": "date", "operator": "in-the-last", "unit": "day", "quantity": 30}
ORDERED = {
    **{"type": "profile-metric", "metric_id": "PLCORD", "measurement": "count"},
    **{"measurement_filter": ONCE, "timeframe_filter": ALLTIME},
}
#: Where the fault of each invalid example lies.
PLACES = {
    "n01": "conditions[0].type must be one of",
    "n02": "conditions[0].region_id must not be here. Did you mean 'region'?",
    "n03": 'filters[0].field must be one of "custom_source", "is_double_opt_in"',
    "n04": 'timeframe_filter.unit must be one of "day", "hour", "week", got "month"',
    "n05": 'measurement must be one of "count", "sum", got "average"',
    "n06": "timeframe_filter must be an object, got nothing",
    "n07": "metric_filters[0].filter.type must be one of",
    "n08": "timeframe_filter must not be here",
    "n09": 'filter.operator must be one of "greater-than", "less-than"',
    "n10": 'filter.value must be one of "likely_female", "likely_male", "uncertain", got "female"',
}


def of(*conditions: Any) -> dict[str, Any]:
    return {"condition_groups": [{"conditions": list(conditions)}]}


def allowed(condition: Any) -> bool:
    """Whether a condition is read, and then unaltered."""
    try:
        found = read_definition(of(condition))
    except DataError:
        return False
    assert as_document(found) == of(condition)
    return True


@pytest.mark.parametrize("name", VALID)
def test_valid_examples_are_read_and_written_unaltered(name: str) -> None:
    document = definition(VALID[name])
    found = read_definition(document)
    # As text, since 1, 1.0 and true are equal in Python.
    assert json.dumps(as_document(found), sort_keys=True) == json.dumps(document, sort_keys=True)
    assert read_definition(json.loads(json.dumps(as_document(found)))) == found
    assert as_document(read_payload(VALID[name])) == VALID[name]


@pytest.mark.parametrize("name", INVALID)
def test_invalid_examples_are_refused_at_their_fault(name: str) -> None:
    with pytest.raises(DataError) as refused:
        read_definition(definition(INVALID[name]))
    assert PLACES[name] in str(refused.value)
    assert "condition_groups[0].conditions[0]" in str(refused.value)


@pytest.mark.parametrize("name", VALID)
def test_a_single_fault_anywhere_is_refused(name: str) -> None:
    accepted = []
    for what, document in spoilt(VALID[name]):
        try:
            read_payload(document)
        except DataError:
            continue
        accepted.append(what)
    assert accepted == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["date", "equals"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "value", "x"]), inner),
    max_leaves=6,
)


@given(name=st.sampled_from(list(VALID)), value=JSON, data=st.data())
def test_anything_anywhere_is_refused_or_written_unaltered(name: str, value: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([p for p, _ in places(VALID[name])]))
    document = replaced(VALID[name], place, value)
    try:
        found = read_payload(document)
    except DataError:
        return
    assert as_document(found) == document


def test_every_fault_is_told_at_once() -> None:
    wrong = [{**ORDERED, "measurement": "mean"}, {"type": "profile-region", "in_region": "yes", "area": 1}]
    with pytest.raises(DataError) as refused:
        read_definition({**of(*wrong), "note": ""})
    assert str(refused.value).splitlines()[1:] == [
        "  note must not be here. Known: condition_groups.",
        '  condition_groups[0].conditions[0].measurement must be one of "count", "sum", got "mean".',
        "  condition_groups[0].conditions[1].area must not be here. Known: in_region, region, type.",
        '  condition_groups[0].conditions[1].in_region must be true or false, got "yes".',
        '  condition_groups[0].conditions[1].region must be one of "european_union", "united_states", got nothing.',
    ]


def test_left_out_and_null_are_two_things() -> None:
    assert ABSENT is not None
    for document in (ORDERED, {**ORDERED, "metric_filters": None}, {**ORDERED, "metric_filters": []}):
        assert as_document(read_definition(of(document))) == of(document)


# The tables of filters ------------------------------------------------------------------------------------------------

NUMERIC = ("equals", "not-equals", "greater-than", "greater-than-or-equal", "less-than", "less-than-or-equal")
TEXT = ("equals", "not-equals", "contains", "not-contains", "starts-with", "not-starts-with", "ends-with")
LENGTHS = ("equals", "greater-than", "greater-than-or-equal", "less-than", "less-than-or-equal")
#: Every operator of every type that stands somewhere, with what belongs to it.
EVERY: dict[tuple[str, str], dict[str, Any]] = {
    **{("numeric", o): {"value": 1.5} for o in NUMERIC},
    ("numeric", "between"): {"start": 1, "end": 2},
    **{("string", o): {"value": "x"} for o in (*TEXT, "not-ends-with", "regex", "nregex")},
    **{("string", o): {"value": ["x"]} for o in ("in", "not-in")},
    **{("string", f"phone-country-code-{o}"): {"value": ["US"]} for o in ("in", "not-in")},
    ("boolean", "equals"): {"value": True},
    **{("existence", o): {} for o in ("is-set", "not-set")},
    **{("list", o): {"value": 3} for o in ("contains", "not-contains")},
    **{("list", o): {"value": ["x"]} for o in ("contains-any", "contains-all", "not-contains-any", "not-contains-all")},
    **{("list", o): {"value": "x"} for o in ("contains-substring", "not-contains-substring")},
    **{("list", f"length-{o}"): {"value": 2} for o in LENGTHS},
    ("date", "alltime"): {},
    **{("date", o): {"unit": "week", "quantity": 2} for o in ("in-the-last", "at-least", "in-the-next")},
    **{("date", o): {"unit": "day", "quantity": 2} for o in ("anniversary-last", "anniversary-next")},
    ("date", "between"): {"start": 1, "end": 2, "unit": "hour"},
    **{("date", o): {"date": "2026-01-31T00:00:00Z"} for o in ("before", "after")},
    ("date", "between-static"): {"start": "2026-01-31T00:00:00+00:00", "end": "2026-02-01T00:00:00+00:00"},
    **{("date", o): {} for o in ("anniversary", "anniversary-month")},
    ("date", "calendar-month"): {"value": 8},
}
AGO = {"before", "after", "between-static", "in-the-last", "at-least", "in-the-next", "between"}
AROUND = {"anniversary-last", "anniversary-next"}
YEARLY = AROUND | {"anniversary", "anniversary-month", "calendar-month"}
SIMPLE = {
    *(p for p in EVERY if p[0] in ("string", "boolean", "existence") and "phone" not in p[1]),
    *(("numeric", o) for o in NUMERIC),
}
LENGTH = {p for p in EVERY if p[1].startswith("length-")}


def dates(*operators: str) -> set[tuple[str, str]]:
    return {("date", o) for o in operators}


@pytest.mark.parametrize(
    ("where", "fitting"),
    [
        (
            {"type": "profile-property", "property": "x", "filter": "?"},
            SIMPLE
            | LENGTH
            | dates(*AGO, *YEARLY)
            | {("list", o) for o in ("contains", "not-contains")}
            | {("string", f"phone-country-code-{o}") for o in ("in", "not-in")},
        ),
        (
            {**ORDERED, "metric_filters": [{"property": "x", "filter": "?"}]},
            SIMPLE | LENGTH | {p for p in EVERY if p[0] == "list" and p[1] not in ("contains", "not-contains")},
        ),
        ({**ORDERED, "timeframe_filter": "?"}, dates("alltime", *AGO, *AROUND)),
        ({**ORDERED, "measurement_filter": "?"}, {("numeric", o) for o in NUMERIC}),
        (
            {"type": "profile-group-membership", "is_member": True, "group_ids": ["X"], "timeframe_filter": "?"},
            dates(*AGO),
        ),
        (
            {**{"type": "profile-metric-funnel", "steps": []}, "timeframe_filter": "?"},
            dates("between-static", "between", "in-the-last", "at-least", "in-the-next"),
        ),
        (
            {
                **{"type": "profile-has-custom-object", "object_type_id": "1", "object_type_relationship_id": "1"},
                **{"filter": {**ONCE, "value": 1}, "filters": [{"property_id": 1, "filter": "?"}]},
            },
            SIMPLE | {("numeric", "between")} | dates(*AGO, *AROUND),
        ),
        (
            {
                **{"type": "profile-predictive-analytics", "dimension": "expected_date_of_next_purchase"},
                "filter": "?",
            },
            dates(*AGO, *YEARLY),
        ),
        (
            {"type": "profile-predictive-analytics", "dimension": "churn_probability", "filter": "?"},
            {("numeric", o) for o in NUMERIC},
        ),
    ],
    ids=lambda each: each.get("type", "") if isinstance(each, dict) else "",
)
def test_each_place_takes_its_own_filters_and_no_others(where: Any, fitting: set[tuple[str, str]]) -> None:
    (hole,) = [place for place, value in places(where) if value == "?"]
    found = {
        (kind, operator)
        for (kind, operator), rest in EVERY.items()
        if allowed(replaced(where, hole, {"type": kind, "operator": operator, **rest}))
    }
    assert found == fitting


# Consent --------------------------------------------------------------------------------------------------------------

BOUNCED = {"field": "bounce_date", "filter": {"type": "existence", "operator": "is-set"}}
SINCE = {"field": "status_date", "filter": RECENT}
SPAM = {"field": "method", "method": "spam_complaint"}
BY_FORM = {"field": "method", "method": "form", "filter": {"type": "string", "operator": "in", "value": ["F1"]}}


def shopify(name: str = "shopify") -> dict[str, Any]:
    return {
        **{"field": "method", "method": "integration"},
        "filter": {"type": "string", "operator": "in", "value": [name]},
    }


@pytest.mark.parametrize(
    ("channel", "can", "subscription", "filters", "fits"),
    [
        ("email", True, "any", ABSENT, True),
        ("email", True, "any", [SINCE], False),
        ("email", True, "never_subscribed", ABSENT, True),
        ("email", True, "unsubscribed", ABSENT, False),
        ("email", True, "subscribed", None, True),
        ("email", True, "subscribed", [SINCE, BY_FORM, shopify(), {"field": "method", "method": "sftp"}], True),
        ("email", True, "subscribed", [shopify("constant_contact")], False),
        ("email", True, "subscribed", [SPAM], False),
        ("email", True, "subscribed", [{"field": "method", "method": "integration"}], False),
        ("email", True, "subscribed", [{**SINCE, "field": "custom_source"}], False),
        ("email", False, "any", ABSENT, True),
        ("email", False, "any", [BOUNCED, {**SINCE, "field": "invalid_email_date"}], True),
        ("email", False, "any", [SINCE], False),
        ("email", False, "never_subscribed", ABSENT, False),
        ("email", False, "never_subscribed", [BOUNCED], True),
        ("email", False, "subscribed", ABSENT, False),
        ("email", False, "subscribed", [BOUNCED], True),
        ("email", False, "unsubscribed", ABSENT, True),
        ("email", False, "unsubscribed", [SINCE, SPAM, shopify("constant_contact")], True),
        ("email", False, "unsubscribed", [BOUNCED], True),
        ("email", False, "unsubscribed", [BOUNCED, SPAM], False),
        ("email", False, "unsubscribed", [{**SPAM, "filter": None}], False),
        ("sms", True, "subscribed", [SINCE, BY_FORM, {"field": "method", "method": "checkout"}], True),
        ("sms", True, "any", ABSENT, False),
        ("sms", False, "any", ABSENT, True),
        ("sms", False, "any", None, False),
        ("sms", False, "never_subscribed", ABSENT, True),
        ("sms", False, "unsubscribed", [{"field": "method", "method": "carrier_deactivation"}], True),
        ("sms", False, "unsubscribed", [BOUNCED], False),
        ("push", True, "any", [SINCE], True),
        ("push", True, "subscribed", ABSENT, False),
        ("push", False, "any", ABSENT, True),
        ("push", False, "any", [SINCE], False),
        ("whatsapp", True, "any", ABSENT, False),
    ],
)
def test_consent_has_the_filters_of_its_channel(
    channel: str, can: bool, subscription: str, filters: Any, fits: bool
) -> None:
    status = {"subscription": subscription, **({} if filters is ABSENT else {"filters": filters})}
    consent = {"channel": channel, "can_receive_marketing": can, "consent_status": status}
    assert allowed({"type": "profile-marketing-consent", "consent": consent}) == fits


@pytest.mark.parametrize("reachable", ["reachable", "unreachable"])
def test_only_explicit_reachability_has_filters(reachable: str) -> None:
    same = {"type": "profile-permissions", "channel": "whatsapp_transactional"}
    recent = [{"field": "effective_date", "filter": RECENT}, {"field": "subscribe_method", "method": "api"}]
    for how, without, within in (
        ("explicitly", False, True),
        ("implicitly", True, False),
        ("implicitly_or_explicitly", True, False),
    ):
        status = {"reachable_status": f"{how}_{reachable}"}
        assert allowed({**same, "permission": status}) == without
        assert allowed({**same, "permission": {**status, "filters": recent}}) == within


# What more is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "profile-sample", "percentage": 10},
        {"type": "profile-not-in-flow"},
        {"type": "metric-property", "metric_id": "X", "field": "y", "filter": ONCE},
        {**ORDERED, "timeframe_filter": {"type": "date", "operator": "flow-start"}},
        {**ORDERED, "timeframe_filter": {**RECENT, "quantity": 30.0}},
        {**ORDERED, "timeframe_filter": {**RECENT, "quantity": True}},
        {**ORDERED, "timeframe_filter": {"type": "date", "operator": "before", "date": "2026-01-31"}},
        {**ORDERED, "timeframe_filter": {"type": "date", "operator": "before", "date": "2026-01-31T00:00:00"}},
        {**ORDERED, "timeframe_filter": {"type": "date", "operator": "between", "start": 9, "end": 2, "unit": "day"}},
        {**ORDERED, "measurement_filter": {**ONCE, "value": True}},
        {**ORDERED, "measurement_filter": {**ONCE, "value": float("nan")}},
        {**ORDERED, "metric_filters": [{"property": str(i)} for i in range(11)]},
        {
            "type": "profile-property",
            "property": "x",
            "filter": {"type": "date", "operator": "calendar-month", "value": 13},
        },
        {"type": "profile-group-membership", "is_member": 1, "group_ids": ["X"]},
        {"conditions": [ORDERED]},
        [ORDERED],
        None,
    ],
    ids=str,
)
def test_what_only_looks_right_is_refused(condition: Any) -> None:
    assert not allowed(condition)


def test_a_number_may_be_whole_and_of_any_size() -> None:
    for value in (1, -1.5, 10**400):
        assert allowed({**ORDERED, "measurement_filter": {**ONCE, "value": value}})


def test_a_segment_holds_1_to_100_conditions() -> None:
    region = Region(True, "united_states")
    assert len(read_definition(of(*[ORDERED] * 100)).condition_groups[0].conditions) == 100
    for groups in ((), (Group((region,) * 60), Group((region,) * 41))):
        with pytest.raises(UsageError, match="1 to 100 conditions"):
            Definition(groups)
    with pytest.raises(UsageError, match="at least one condition"):
        Group(())
    for document in ({"condition_groups": []}, of(), of(*[ORDERED] * 101)):
        with pytest.raises(DataError, match="condition"):
            read_definition(document)


def test_a_country_has_three_letters_and_a_name_some() -> None:
    with pytest.raises(UsageError, match="three letters"):
        PostalDistance("US", "02108", "miles", Filter("numeric", "less-than", 30))
    with pytest.raises(UsageError, match="blank"):
        payload(" ", Definition((Group((Region(True, "united_states"),)),)))


def test_what_is_built_is_what_is_read() -> None:
    recent = Relative[Literal["in-the-last", "at-least", "in-the-next"]]("in-the-last", "day", 30)
    built = Metric("PLCORD", "count", Filter("numeric", "greater-than-or-equal", 1), recent)
    assert read_definition(of({**ORDERED, "timeframe_filter": RECENT})) == Definition((Group((built,)),))


def unions(kind: Any, seen: set[Any]) -> Iterator[list[Any]]:
    """Yield the objects of every place where several may stand."""
    if kind in seen:
        return
    seen.add(kind)
    objects = [o for o in shapes._options(kind) if hasattr(get_origin(o) or o, "__dataclass_fields__")]
    if len(objects) > 1:
        yield objects
    for each in objects:
        for hint in shapes._hints(each).values():
            yield from unions(hint, seen)
    for each in shapes._options(kind):
        if get_origin(each) is tuple:
            yield from unions(get_args(each)[0], seen)


def test_shapes_that_may_stand_in_one_place_can_be_told_apart() -> None:
    found = list(unions(Payload, set()))
    assert len(found) > 10
    for objects in found:
        for each in objects:
            tags = {
                name: shapes._options(hint)[0] for name, hint in shapes._hints(each).items() if name in shapes._TAGS
            }
            document = {name: get_args(hint)[0] for name, hint in tags.items() if get_origin(hint) is Literal}
            assert shapes._told_apart(objects, document, "", []) is each
