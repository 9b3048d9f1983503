"""Klaviyo's files: each shape read, properties typed, machines told from people, and nothing lost silently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discovery.core.errors import DataError, SettingError
from discovery.ingest.klaviyo.metrics import event_name
from tests.ingest.reading import Read, Row, csv_text, microseconds, read_source, write

PROFILES = (
    *("Email", "Klaviyo ID", "First Name", "Phone Number", "City", "State / Region", "Country", "Zip Code", "Latitude"),
    *("Longitude", "Profile Created On", "Last Active", "Email Marketing Consent", "Email Suppressions", "Consent"),
    *("SMS Consent Timestamp", "Birthday", "Churn Risk Prediction", "Skin Type", "Points", "Member", "Joined", "Likes"),
)
ANN: Row = {
    **{"Email": " Ann@Example.com", "Klaviyo ID": "01ANN", "First Name": "Ann", "Phone Number": "+12125550100"},
    **{"City": "Albany", "State / Region": "New York", "Country": "United States", "Zip Code": "'02108"},
    **{"Latitude": "42.65", "Longitude": "-73.75", "Profile Created On": "2024-01-02 03:04:05"},
    **{"Email Marketing Consent": "SUBSCRIBED", "Consent": '["email", "sms"]', "Birthday": "1990-05-17"},
    **{"Churn Risk Prediction": "0.2", "Skin Type": "dry", "Points": "12.5", "Member": "true", "Joined": "2024-02-03"},
    **{"Likes": '["hats, caps", "shoes"]'},
}
BO: Row = {
    **{"Email": "bo@example.com", "Klaviyo ID": "01BO", "Country": "Neverland", "Points": "3", "Member": "False"},
    **{"Email Marketing Consent": "NEVER_SUBSCRIBED", "Email Suppressions": '["HARD_BOUNCE"]', "Likes": "[]"},
}
ORDERS = ("Email", "Person//ID", "Timestamp", "$event_id", "$value", "Discount Codes", "Items")
PLACED: Row = {
    **{"Email": "ann@example.com", "Timestamp": "2025-03-01 15:00:00", "$event_id": "450001", "$value": "49.00"},
    "Discount Codes": '["SPRING", "VIP"]',
}


def table(path: Path, rows: Iterable[Row], header: Sequence[str], delimiter: str = ",") -> Path:
    return write(path, csv_text(rows, header, delimiter))


def read(folder: Path, **source: Any) -> Read:
    return read_source({"kind": "klaviyo", "path": str(folder), "currency": "USD", **source}, folder)


def profile(number: int = 1, **attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "id": f"01P{number}", "attributes": {"email": f"p{number}@example.com", **attributes}}


def event(number: int = 1, metric: str = "M1", **properties: Any) -> dict[str, Any]:
    return {
        "type": "event",
        "id": f"E{number}",
        "attributes": {"datetime": "2025-03-01T15:00:00+00:00", "event_properties": properties},
        "relationships": {
            "metric": {"data": {"type": "metric", "id": metric}},
            "profile": {"data": {"type": "profile", "id": "01P1"}},
        },
    }


METRICS = [
    {"type": "metric", "id": "M1", "attributes": {"name": "Placed Order", "integration": {"name": "Shopify"}}},
    {"type": "metric", "id": "M2", "attributes": {"name": "Opened Email"}},
]


# --- profiles ---------------------------------------------------------------------------------------------------


def test_a_profile_export_becomes_canonical(tmp_path: Path) -> None:
    table(tmp_path / "k" / "profiles.csv", [ANN, BO], PROFILES)
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    ann, bo = got.person("01ANN"), got.person("01BO")
    assert (ann["email"], ann["phone"], ann["postal_code"]) == ("ann@example.com", "+12125550100", "02108")
    assert (ann["country"], ann["region"], ann["city"]) == ("US", "US-NY", "Albany")
    assert (ann["latitude"], ann["longitude"], ann["birthday"]) == (42.65, -73.75, date(1990, 5, 17))
    assert ann["created_at"] == microseconds("2024-01-02T03:04:05")
    assert (ann["consent_email"], ann["consent_sms"], ann["suppressed"]) == ("subscribed", "subscribed", False)
    assert (bo["consent_email"], bo["consent_sms"], bo["suppressed"]) == ("never", "unknown", True)
    assert pd.isna(bo["country"])
    assert "Country unknown, left missing: Neverland (1 row)." in got.dataset.notes
    assert sorted(c for c in got.types if c.startswith("property.")) == [
        f"property.{n}" for n in ("Joined", "Likes", "Member", "Points", "Skin Type")
    ]
    assert got.named("placed_order")["customer_id"].tolist() == ["01ANN"]


ANSWERS: Mapping[str, tuple[tuple[str, ...], str, list[Any]]] = {
    "number": (("1", "2.5", "-3e2"), "double", [1.0, 2.5, -300.0]),
    "flag": (("true", "False", "TRUE"), "bool", [True, False, True]),
    "day": (
        *(("2024-01-02", "2024-01-03 10:00:00", "2024-01-04T23:59:59Z"), "date32[day]"),
        [date(2024, 1, d) for d in (2, 3, 4)],
    ),
    "list": (('["a", "b"]', "[]", "['c']"), "list<element: string>", [["a", "b"], [], ["c"]]),
    "leading zero": (("02108", "10001", "90210"), "string", ["02108", "10001", "90210"]),
    "long id": (("12345678901234567", "1", "2"), "string", ["12345678901234567", "1", "2"]),
    "mixed": (("1", "two", "3"), "string", ["1", "two", "3"]),
    "words": (("yes", "no", "yes"), "string", ["yes", "no", "yes"]),
    "no such day": (("2024-02-31", "2024-01-01", "x"), "string", ["2024-02-31", "2024-01-01", "x"]),
    "gaps": (("", "5", ""), "double", [None, 5.0, None]),
    "empty": (("", "", ""), "string", [None, None, None]),
}


def test_a_property_is_typed_by_its_values(tmp_path: Path) -> None:
    rows = [{"Klaviyo ID": f"0{i}", **{n: a[0][i] for n, a in ANSWERS.items()}} for i in range(3)]
    table(tmp_path / "k" / "profiles.csv", rows, ("Klaviyo ID", *ANSWERS))
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    people = got.profiles[got.profiles["customer_id"].str.startswith("0")].sort_values("customer_id")
    for name, (_, kind, seen) in ANSWERS.items():
        assert got.types[f"property.{name}"] == kind, name
        found = people[f"property.{name}"].tolist()
        assert [list(f) if name == "list" else None if pd.isna(f) else f for f in found] == seen, name


def test_json_says_itself_what_is_a_text(tmp_path: Path) -> None:
    answers = {"size": "5", "points": 5, "member": True, "likes": ["a", "b"], "since": "2024-01-02", "note": None}
    people = [profile(1, properties=answers), profile(2, properties={"size": "7", "points": 7.5, "other/name~": "x"})]
    write(tmp_path / "k" / "profiles.json", json.dumps(people))
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    kinds = {n.removeprefix("property."): k for n, k in got.types.items() if n.startswith("property.")}
    assert kinds == {
        **{"size": "string", "points": "double", "member": "bool", "likes": "list<element: string>"},
        **{"since": "date32[day]", "note": "string", "other/name~": "string"},
    }
    assert (got.person("01P1")["property.size"], got.person("01P2")["property.other/name~"]) == ("5", "x")


def test_every_column_of_a_profile_may_be_missing(tmp_path: Path) -> None:
    table(tmp_path / "k" / "a.csv", [{"email": "ann@example.com"}], ("email",))
    table(tmp_path / "k" / "b.csv", [{"PHONE NUMBER": "+12125550100"}, {"PHONE NUMBER": ""}], ("PHONE NUMBER", "X"))
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    assert set(got.profiles["customer_id"]) == {"ann@example.com", "+12125550100"}
    assert got.person("ann@example.com")["consent_email"] == "unknown"
    assert pd.isna(got.person("ann@example.com")["suppressed"])


def test_consent_in_every_form(tmp_path: Path) -> None:
    forms: list[tuple[Row, str, str]] = [
        ({"Email Marketing Consent": "Subscribed"}, "subscribed", "unknown"),
        ({"Email Marketing Consent": "UNSUBSCRIBED", "Consent": '["email"]'}, "unsubscribed", "unknown"),
        ({"Email Marketing Consent": "never subscribed"}, "never", "unknown"),
        ({"Consent": "sms"}, "unknown", "subscribed"),
        ({"Consent": '["email","sms"]'}, "subscribed", "subscribed"),
        ({"SMS Consent Timestamp": "2024-01-01 00:00:00"}, "unknown", "subscribed"),
        ({"Email Suppressions": '["UNSUBSCRIBE"]'}, "unsubscribed", "unknown"),
        ({"Email Marketing Consent": "what?"}, "unknown", "unknown"),
        ({}, "unknown", "unknown"),
    ]
    rows = [{"Klaviyo ID": f"0{i}", **cells} for i, (cells, _, _) in enumerate(forms)]
    table(tmp_path / "k" / "profiles.csv", rows, PROFILES)
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    for i, (cells, email, sms) in enumerate(forms):
        assert tuple(got.person(f"0{i}")[["consent_email", "consent_sms"]]) == (email, sms), cells


def test_consent_and_suppression_of_the_api(tmp_path: Path) -> None:
    states = [("SUBSCRIBED", []), ("UNSUBSCRIBED", [{"reason": "UNSUBSCRIBE"}]), ("NEVER_SUBSCRIBED", [])]
    people = [
        profile(
            i,
            subscriptions={
                "email": {"marketing": {"consent": consent, "suppression": suppressed}},
                "sms": {"marketing": {"consent": "SUBSCRIBED"}},
            },
            location={"country": "US", "region": "MA", "zip": "02108", "latitude": 42.3, "longitude": -71.0},
            created="2024-01-01T00:00:00+00:00",
        )
        for i, (consent, suppressed) in enumerate(states)
    ]
    write(tmp_path / "k" / "people.jsonl", "\n".join(json.dumps(p) for p in people))
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    found = got.profiles[got.profiles["customer_id"].str.startswith("01P")]
    assert found["consent_email"].tolist() == ["subscribed", "unsubscribed", "never"]
    assert found["suppressed"].tolist() == [False, True, False]
    assert set(found["consent_sms"]) == {"subscribed"}
    assert set(found["region"]) == {"US-MA"}


def test_a_profile_in_two_exports_is_one_with_the_newest_first(tmp_path: Path) -> None:
    old = {**ANN, "Last Active": "2024-05-01 00:00:00", "Skin Type": "oily", "Points": "1"}
    new = {**ANN, "Last Active": "2025-05-01 00:00:00", "Skin Type": "", "Points": "2", "City": "Troy"}
    table(tmp_path / "k" / "a.csv", [old], PROFILES)
    table(tmp_path / "k" / "b.csv", [new], PROFILES)
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    ann = got.person("01ANN")
    assert (ann["property.Points"], ann["city"], ann["property.Skin Type"]) == (2.0, "Troy", "oily")
    assert dict(got.dataset.problems) == {"duplicate_customer": 1}
    assert got.problems["file"].tolist() == ["a.csv"]


def test_names_that_differ_in_capitals_are_one_property(tmp_path: Path) -> None:
    table(
        tmp_path / "k" / "a.csv", [{"Klaviyo ID": "01", "Color": "", "color": "red"}], ("Klaviyo ID", "Color", "color")
    )
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    assert got.person("01")["property.Color"] == "red"
    assert "Properties that differ only in capitals were taken as one: 'Color' and 'color'." in got.dataset.notes


def test_an_order_before_the_profile_moves_its_beginning(tmp_path: Path) -> None:
    table(tmp_path / "k" / "p.csv", [{**ANN, "Profile Created On": "2025-06-01 00:00:00"}], PROFILES)
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    assert read(tmp_path / "k").person("01ANN")["created_at"] == microseconds("2025-03-01T15:00:00")


# --- events in CSV ----------------------------------------------------------------------------------------------


def test_an_order_of_a_historical_events_file(tmp_path: Path) -> None:
    table(tmp_path / "k" / "placed_order_2025-01.csv", [PLACED], ORDERS)
    lines = [
        {**PLACED, "$event_id": "450001:1", "$value": "20", "Name": "Shirt", "SKU": "S1", "Quantity": "2",
         "Categories": '["Tops", "Sale"]', "Vendor": "Acme"},
        {**PLACED, "$event_id": "x", "$value": "10", "Name": "Hat", "SKU": "H1", "Quantity": "1", "Categories": "Hats"},
    ]  # fmt: skip
    header = ("Email", "Timestamp", "$event_id", "$value", "Name", "SKU", "Quantity", "Categories", "Vendor")
    table(tmp_path / "k" / "lines.csv", lines, header)
    refund = {**PLACED, "$event_id": "450001:r", "$value": "9"}
    table(tmp_path / "k" / "Refunded Order.csv", [refund], ORDERS)
    got = read(tmp_path / "k", metrics={"lines.csv": "Ordered Product"})
    placed = got.named("placed_order").iloc[0]
    assert (placed["value"], placed["order_id"], placed["discount_code"]) == (49.0, "450001", "SPRING,VIP")
    assert (placed["at"], placed["customer_id"]) == (microseconds("2025-03-01T15:00:00"), "ann@example.com")
    bought = got.named("ordered_product").set_index("product_id")
    assert bought["category"].to_dict() == {"S1": "Tops", "H1": "Hats"}
    assert bought["product"].to_dict() == {"S1": "Shirt", "H1": "Hat"}
    assert (bought.loc["S1", "brand"], bought.loc["S1", "quantity"]) == ("Acme", 2.0)
    assert set(bought["order_id"]) == {"450001"}
    assert got.named("refunded_order")[["value", "order_id"]].values.tolist() == [[-9.0, "450001"]]


def test_machines_are_told_from_people(tmp_path: Path) -> None:
    forms: list[tuple[Row, bool | None]] = [
        ({"Apple Privacy Open": "True"}, True),
        ({"Apple Privacy Open": "False"}, False),
        ({"machine_open": "true"}, True),
        ({"Bot Click": "true"}, True),
        ({"Bot Click": "false", "Apple Privacy Open": "true"}, True),
        ({}, None),
    ]
    opened = {"Email": "ann@example.com", "$message": "MSG1"}
    rows = [{**opened, **cells, "Timestamp": f"2025-03-0{i + 1} 15:00:00"} for i, (cells, _) in enumerate(forms)]
    header = ("Email", "Timestamp", "$message", "Apple Privacy Open", "machine_open", "Bot Click")
    table(tmp_path / "k" / "Opened Email.csv", rows, header)
    got = read(tmp_path / "k").named("opened_email").sort_values("at")
    assert [None if pd.isna(m) else bool(m) for m in got["machine"]] == [m for _, m in forms]
    assert set(got["campaign_id"]) == {"MSG1"}
    assert set(got["channel"]) == {"email"}


def test_bounces_campaign_names_and_channels(tmp_path: Path) -> None:
    rows = [
        {"Email": "a@x.com", "Timestamp": f"2025-03-0{i} 15:00:00", "Bounce Type": b}
        for i, b in ((1, "Hard"), (2, "?"))
    ]
    rows[0]["Campaign Name"] = "Spring"
    table(tmp_path / "k" / "Bounced Email.csv", rows, ("Email", "Timestamp", "Bounce Type", "Campaign Name"))
    table(tmp_path / "k" / "Viewed Product.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    assert got.named("bounced_email")["bounce_type"].tolist()[0] == "hard"
    assert pd.isna(got.named("bounced_email")["bounce_type"].tolist()[1])
    assert got.named("bounced_email")["campaign_id"].tolist()[0] == "Spring"
    assert got.named("viewed_product")["channel"].tolist() == ["web"]


def test_metrics_have_our_names_and_unknown_ones_keep_theirs(tmp_path: Path) -> None:
    known = {
        **{"Checkout Started": "started_checkout", "Started Checkout": "started_checkout"},
        **{"Fulfilled Partial Order": "fulfilled_order", "Canceled Order": "cancelled_order"},
        **{"Marked Email as Spam": "marked_spam", "Subscribed to List": "subscribed", "Clicked SMS": "clicked_sms"},
        **{"Unsubscribed from Email Marketing": "unsubscribed", "Viewed Collection": "viewed_collection"},
    }
    assert {n: event_name(n) for n in known} == known
    table(tmp_path / "k" / "Wishlist: Added.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    assert dict(got.dataset.events_by_name) == {"wishlist_added": 1}
    assert any("'wishlist_added' is kept and counted" in n for n in got.dataset.notes)


def test_a_column_may_name_the_metric_of_each_row(tmp_path: Path) -> None:
    rows = [{**PLACED, "Metric": m, "$value": v} for m, v in (("Placed Order", "49"), ("Opened Email", ""))]
    table(tmp_path / "k" / "export.csv", rows, (*ORDERS, "Metric"))
    assert dict(read(tmp_path / "k").dataset.events_by_name) == {"placed_order": 1, "opened_email": 1}


def test_one_event_per_metric_person_and_id(tmp_path: Path) -> None:
    other = {**PLACED, "Email": "bo@example.com"}
    table(tmp_path / "k" / "Placed Order.csv", [PLACED, PLACED, other], ORDERS)
    table(tmp_path / "k" / "Fulfilled Order.csv", [PLACED], ORDERS)
    got = read(tmp_path / "k")
    assert dict(got.dataset.events_by_name) == {"placed_order": 2, "fulfilled_order": 1}
    assert got.problems[["reason", "value"]].values.tolist() == [["duplicate_event", "450001"]]


def test_ids_that_a_spreadsheet_rounded_do_not_make_two_orders_one(tmp_path: Path) -> None:
    rounded = {**PLACED, "$event_id": "5.12346E+12"}
    table(tmp_path / "k" / "Placed Order.csv", [rounded, {**rounded, "$value": "7.00"}], ORDERS)
    got = read(tmp_path / "k")
    assert sorted(got.named("placed_order")["value"]) == [7.0, 49.0]
    assert got.problems.empty


@pytest.mark.parametrize("with_profile", [False, True])
def test_an_address_that_only_events_state_is_the_customers(tmp_path: Path, with_profile: bool) -> None:
    table(tmp_path / "k" / "Placed Order.csv", [{**PLACED, "Person//ID": "01ANN"}], ORDERS)
    if with_profile:
        table(tmp_path / "k" / "profiles.csv", [{**ANN, "Email": ""}], PROFILES)
    known = read(tmp_path / "k").profiles
    assert known[["customer_id", "email"]].to_numpy().tolist() == [["01ANN", "ann@example.com"]]


def test_without_ids_only_equal_rows_are_one(tmp_path: Path) -> None:
    rows = [{**PLACED, "$event_id": "", "Items": i} for i in ("a", "a", "b")]
    table(tmp_path / "k" / "Viewed Product.csv", rows, ORDERS)
    got = read(tmp_path / "k")
    assert len(got.events) == 2
    assert dict(got.dataset.problems) == {"duplicate_event": 1}


def test_every_row_is_used_or_a_problem(tmp_path: Path) -> None:
    rows = [
        PLACED,
        {**PLACED, "Email": "", "$event_id": "2"},
        {**PLACED, "Timestamp": "soon", "$event_id": "3"},
        {**PLACED, "$value": "dear", "$event_id": "4"},
        {**PLACED, "$value": "", "$event_id": "5"},
        {**PLACED, "$value": "-1", "$event_id": "6"},
        {**PLACED, "Timestamp": "1889-01-01 00:00:00", "$event_id": "7"},
        PLACED,
    ]
    table(tmp_path / "k" / "Placed Order.csv", rows, ORDERS)
    got = read(tmp_path / "k")
    assert dict(got.dataset.problems) == dict.fromkeys(
        (
            *("missing_customer", "bad_date", "bad_number", "missing_value", "impossible_number", "impossible_date"),
            "duplicate_event",
        ),
        1,
    )
    assert got.rows_read == len(rows) == len(got.events) + len(got.problems[["file", "row"]].drop_duplicates())
    assert set(got.problems["row"]) == set(range(3, 10))


def test_times_in_every_form_klaviyo_takes(tmp_path: Path) -> None:
    written = (
        "2025-03-01 15:00:00",
        "2025-03-01T16:00:00+01:00",
        "03/01/2025 15:00",
        "1740841200",
        "2025-03-01T15:00:00Z",
    )
    rows = [{**PLACED, "Timestamp": t, "$event_id": str(i)} for i, t in enumerate(written)]
    table(tmp_path / "k" / "Placed Order.csv", rows, ORDERS)
    assert read(tmp_path / "k").events["at"].tolist() == [microseconds("2025-03-01T15:00:00")] * len(written)


def test_person_id_and_email_are_one_customer(tmp_path: Path) -> None:
    rows = [
        {**PLACED, "Person//ID": "01ANN", "Email": "", "$event_id": "1"},
        {**PLACED, "$event_id": "2"},
        {**PLACED, "Email": "cy@example.com", "Person//ID": "01CY", "$event_id": "3"},
        {**PLACED, "Email": "Cy@Example.com ", "$event_id": "4"},
    ]
    table(tmp_path / "k" / "Placed Order.csv", rows, ORDERS)
    table(tmp_path / "k" / "people.csv", [ANN], PROFILES)
    assert sorted(read(tmp_path / "k").events["customer_id"]) == ["01ANN", "01ANN", "01CY", "01CY"]
    by_mail = read(tmp_path / "k", customer_key="email").events["customer_id"]
    assert sorted(by_mail) == ["ann@example.com"] * 2 + ["cy@example.com"] * 2


def test_semicolons_bom_and_quoted_newlines(tmp_path: Path) -> None:
    rows = [{**PLACED, "Items": 'one\n"two"'}, {**PLACED, "$event_id": "2", "$value": "1234.50"}]
    table(tmp_path / "a" / "Placed Order.csv", rows, ORDERS)
    european = [{**r, "$value": v} for r, v in zip(rows, ("49,00", "1.234,50"), strict=True)]
    table(tmp_path / "b" / "Placed Order.csv", european, ORDERS, delimiter=";")
    text = (tmp_path / "a" / "Placed Order.csv").read_text(encoding="utf-8")
    write(tmp_path / "c" / "Placed Order.csv", "\ufeff" + text)
    assert len({read(tmp_path / n).dataset.fingerprint for n in "abc"}) == 1


# --- events in JSON ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["array", "pages", "one page", "lines"])
def test_each_json_shape_is_read(tmp_path: Path, shape: str) -> None:
    events = [event(1, **{"$value": 49, "$event_id": "450001"}), event(2, "M2", **{"Apple Privacy Open": True})]
    people = [profile(1)]
    if shape == "array":
        write(tmp_path / "k" / "events.json", json.dumps(events))
        write(tmp_path / "k" / "metrics.json", json.dumps({"data": METRICS}))
        write(tmp_path / "k" / "profiles.json", json.dumps(people))
    elif shape == "one page":
        write(tmp_path / "k" / "events.json", json.dumps({"data": events, "included": METRICS + people}, indent=1))
    elif shape == "pages":
        pages = [{"data": [e], "included": METRICS + people, "links": {"next": None}} for e in events]
        write(tmp_path / "k" / "events.json", json.dumps(pages))
    else:
        write(tmp_path / "k" / "all.jsonl", "\n".join(json.dumps(r) for r in [*events, *METRICS, *people]))
    got = read(tmp_path / "k")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "opened_email": 1}
    assert set(got.events["customer_id"]) == {"01P1"}
    assert got.named("placed_order")[["value", "order_id"]].values.tolist() == [[49.0, "450001"]]
    assert got.named("opened_email")["machine"].tolist() == [True]
    assert got.profiles["email"].tolist() == ["p1@example.com"]
    assert got.problems.empty


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_json_and_csv_of_other_encodings(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "k").mkdir()
    sent = mark + json.dumps({"data": [event(1, **{"$value": 1, "Name": "Füße"})], "included": METRICS})
    (tmp_path / "k" / "events.json").write_text(sent, encoding=encoding)
    people = mark + "Klaviyo ID,Größe\n01P1,XL\n"
    (tmp_path / "k" / "people.csv").write_text(people, encoding=encoding)
    got = read(tmp_path / "k")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1}
    assert got.person("01P1")["property.Größe"] == "XL"


def test_events_without_any_id_are_told_apart_by_content(tmp_path: Path) -> None:
    events = [{**event(1, **{"$value": v}), "id": None} for v in (1, 2, 2)]
    write(tmp_path / "k" / "events.json", json.dumps({"data": events, "included": METRICS}))
    got = read(tmp_path / "k")
    assert sorted(got.events["value"]) == [1.0, 2.0]
    assert dict(got.dataset.problems) == {"duplicate_event": 1}


def test_errors_show_no_address(tmp_path: Path) -> None:
    write(
        tmp_path / "k" / "events.json", '[{"type": "event", "who": "secret@example.com"}, {"x" "secret@example.com"}]'
    )
    with pytest.raises(DataError, match="malformed at byte") as error:
        read(tmp_path / "k")
    assert "secret" not in str(error.value)


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    table(tmp_path / "k" / "profiles.csv", [ANN], PROFILES)
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    notes = read(tmp_path / "k").dataset.notes
    assert "Columns of the profiles that are not used: Churn Risk Prediction, First Name." in notes


def test_events_as_they_are_sent_to_the_api(tmp_path: Path) -> None:
    attributes = {
        **{"time": "2025-03-01T15:00:00Z", "value": 49.5, "value_currency": "EUR", "unique_id": "u1"},
        "metric": {"data": {"type": "metric", "attributes": {"name": "Placed Order"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "Ann@Example.com"}}},
        "properties": {"OrderId": "A7", "Discount Code": "X"},
    }
    write(tmp_path / "k" / "sent.json", json.dumps({"data": {"type": "event", "attributes": attributes}}))
    got = read(tmp_path / "k", currency="")
    assert got.dataset.currency == "EUR"
    row = got.events.iloc[0]
    assert (row["customer_id"], row["value"], row["order_id"], row["discount_code"]) == (
        "ann@example.com",
        49.5,
        "A7",
        "X",
    )
    with pytest.raises(DataError, match="'USD', but the events are in EUR"):
        read(tmp_path / "k")


def test_metric_ids_without_a_name(tmp_path: Path) -> None:
    write(tmp_path / "k" / "events.json", json.dumps([event(1, **{"$value": 1}), event(2, "M9")]))
    with pytest.raises(DataError, match=r"metric ids M1 \(1 event\), M9 \(1 event\).*source\.metric_names"):
        read(tmp_path / "k")
    got = read(tmp_path / "k", metric_names={"M1": "Placed Order"})
    assert dict(got.dataset.events_by_name) == {"placed_order": 1}
    assert got.problems[["reason", "value", "row"]].values.tolist() == [["unknown_metric", "M9", 2]]


def test_several_currencies_are_refused(tmp_path: Path) -> None:
    events = [event(i, **{"$value": 1, "$value_currency": c}) for i, c in enumerate(("USD", "CAD"))]
    write(tmp_path / "k" / "events.json", json.dumps({"data": events, "included": METRICS}))
    with pytest.raises(DataError, match=r"got CAD \(1 event\), USD \(1 event\)"):
        read(tmp_path / "k")


def test_records_of_another_kind_are_problems(tmp_path: Path) -> None:
    records = [event(1, **{"$value": 1}), *METRICS, {"type": "list", "id": "L"}, {"id": "?"}]
    write(tmp_path / "k" / "events.json", json.dumps(records))
    got = read(tmp_path / "k")
    assert dict(got.dataset.problems) == {"unknown_record": 2}
    assert got.rows_read == 3


# --- what is refused --------------------------------------------------------------------------------------------


def test_unrecognised_files_say_what_was_expected(tmp_path: Path) -> None:
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ORDERS)
    write(tmp_path / "k" / "weather.csv", "Day,Rain\n1,2\n")
    with pytest.raises(DataError, match=r"weather\.csv.*expected a profile export.*got the columns Day, Rain"):
        read(tmp_path / "k")
    (tmp_path / "k" / "weather.csv").unlink()
    write(tmp_path / "k" / "weather.json", '[{"day": 1}]')
    with pytest.raises(DataError, match=r"weather\.json.*expected profiles, events or metrics"):
        read(tmp_path / "k")
    write(tmp_path / "k" / "weather.json", '{"day": 1')
    with pytest.raises(DataError, match=r"weather\.json cannot be read as JSON"):
        read(tmp_path / "k")


def test_settings_that_name_nothing_are_refused(tmp_path: Path) -> None:
    table(tmp_path / "k" / "orders.csv", [PLACED], ORDERS)
    with pytest.raises(SettingError, match=r"'order\.csv', which is not there. Did you mean 'orders\.csv'"):
        read(tmp_path / "k", metrics={"order.csv": "Placed Order"})
    with pytest.raises(SettingError, match="zone"):
        read(tmp_path / "k", timezone="Mars")


def test_mostly_unreadable_times_are_refused(tmp_path: Path) -> None:
    table(tmp_path / "k" / "Placed Order.csv", [{**PLACED, "Timestamp": "13.01.2025"}], ORDERS)
    with pytest.raises(DataError, match="not dates such as"):
        read(tmp_path / "k")


def test_days_first_are_refused_even_where_few(tmp_path: Path) -> None:
    rows = [{**PLACED, "Timestamp": f"{d}/03/2025 15:00", "$event_id": d} for d in ("01", "02", "03", "25")]
    table(tmp_path / "k" / "Placed Order.csv", rows, ORDERS)
    with pytest.raises(DataError, match=r"dates such as '25/03/2025 15:00', of which day and month"):
        read(tmp_path / "k")


def test_events_that_lack_their_time_or_their_amount_are_refused(tmp_path: Path) -> None:
    table(
        tmp_path / "k" / "Placed Order.csv", [{"Email": "a@x.com", "Date": "2025-03-01"}], ("Email", "Date", "$value")
    )
    with pytest.raises(DataError, match=r"must have the columns Timestamp.*got Email, Date, \$value"):
        read(tmp_path / "k")
    table(tmp_path / "k" / "Placed Order.csv", [PLACED], ("Email", "Timestamp"))
    with pytest.raises(DataError, match=r"Placed Order must have the column \$value.*got the columns Email, Timestamp"):
        read(tmp_path / "k")
    write(tmp_path / "k" / "Placed Order.csv", ",".join(ORDERS))
    with pytest.raises(DataError, match="must hold rows"):
        read(tmp_path / "k")


# --- laws -------------------------------------------------------------------------------------------------------

PEOPLE = [
    {**(ANN if i % 2 else BO), "Klaviyo ID": f"01{i % 5}", "Email": f"c{i % 5}@x.com", "Points": str(i)}
    for i in range(9)
]
EVENTS = [
    {
        **PLACED,
        **{"Email": f"c{i % 6}@x.com" if i % 7 else "", "$event_id": str(i % 11), "$value": str(i)},
        **{"Timestamp": f"2025-03-{1 + i % 9:02d} 15:00:00"},
    }
    for i in range(22)
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("whole") / "k"
    table(folder / "people.csv", PEOPLE, PROFILES)
    table(folder / "Placed Order.csv", EVENTS, ORDERS)
    return read(folder)


@given(people=st.permutations(PEOPLE), events=st.permutations(EVENTS), cut=st.integers(0, 9))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_row_order_and_splitting_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, whole: Read, people: list[Row], events: list[Row], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("law") / "k"
    table(folder / "b.csv", people[:cut], PROFILES)
    table(folder / "a.csv", people[cut:], PROFILES)
    table(folder / "Placed Order 2.csv", events[:cut], ORDERS)
    table(folder / "Placed Order.csv", events[cut:], ORDERS)
    split = read(folder)
    assert split.dataset.fingerprint == whole.dataset.fingerprint
    assert split.dataset.problems == whole.dataset.problems
