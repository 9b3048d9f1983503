"""Shopify's exports: every header of the years, orders of several lines, money, states, and nothing lost silently."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discovery.core.errors import DataError, SettingError
from tests.ingest import reading
from tests.ingest.reading import Read, Row, csv_text, microseconds, read_source

HEADER = (
    *("Name", "Email", "Financial Status", "Paid at", "Fulfilled at", "Accepts Marketing", "Currency", "Subtotal"),
    *("Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Created at", "Lineitem quantity"),
    *("Lineitem name", "Lineitem price", "Lineitem sku", "Billing City", "Billing Zip", "Billing Province"),
    *("Billing Country", "Shipping City", "Shipping Zip", "Shipping Province", "Shipping Country", "Cancelled at"),
    *("Refunded Amount", "Vendor", "Id", "Lineitem discount", "Phone"),
)
ORDER: Mapping[str, str] = {
    **{"Name": "#1001", "Email": " Ann@Example.com ", "Financial Status": "paid", "Currency": "USD"},
    **{"Paid at": "2025-03-01 10:01:00 -0500", "Accepts Marketing": "yes", "Subtotal": "40.00", "Shipping": "5.00"},
    **{"Taxes": "4.00", "Total": "49.00", "Discount Code": "SPRING", "Discount Amount": "10.00"},
    **{"Created at": "2025-03-01 10:00:00 -0500", "Lineitem quantity": "2", "Lineitem name": "Shirt - Red"},
    **{"Lineitem price": "20.00", "Lineitem sku": "SH-1", "Lineitem discount": "4.00", "Id": "'450001"},
    **{"Billing City": "Albany", "Billing Zip": "'02108", "Billing Province": "NY", "Billing Country": "US"},
    **{"Vendor": "Acme", "Phone": "'+1 212 555 0100"},
}
LINE: Mapping[str, str] = {
    **{"Name": "#1001", "Lineitem quantity": "1", "Lineitem name": "Hat", "Lineitem price": "10.00"},
    **{"Lineitem sku": "HA-1", "Lineitem discount": "0.00", "Vendor": "Acme"},
}


def order(**cells: str) -> Row:
    """An order of one line, with the named cells changed; `created_at` means ``Created at``."""
    return {**ORDER, **{k.replace("_", " "): v for k, v in cells.items()}}


def line(**cells: str) -> Row:
    return {**LINE, **{k.replace("_", " "): v for k, v in cells.items()}}


def write(path: Path, rows: Iterable[Row], header: Sequence[str] = HEADER, delimiter: str = ",") -> Path:
    return reading.write(path, csv_text(rows, header, delimiter))


def read(folder: Path, **source: Any) -> Read:
    return read_source({"kind": "shopify", "path": str(folder), **source}, folder)


# --- orders and their lines -------------------------------------------------------------------------------------


def test_an_order_of_two_lines_is_one_order_and_two_products(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(), line()])
    got = read(tmp_path / "shop")
    placed = got.named("placed_order").iloc[0]
    assert len(got.named("placed_order")) == 1
    assert (placed["value"], placed["order_id"], placed["quantity"]) == (49.0, "450001", 3.0)
    assert placed["customer_id"] == "ann@example.com"
    assert placed["at"] == microseconds("2025-03-01T15:00:00")
    assert (float(placed["discount"]), placed["discount_code"], placed["country"]) == (10.0, "SPRING", "US")
    lines = got.named("ordered_product").set_index("product_id")
    assert lines["value"].to_dict() == {"SH-1": 36.0, "HA-1": 10.0}
    assert set(lines["order_id"]) == {"450001"}
    assert got.dataset.currency == "USD"
    person = got.profiles.iloc[0]
    assert (person["email"], person["phone"], person["consent_email"]) == (
        "ann@example.com",
        "+12125550100",
        "subscribed",
    )
    assert (person["country"], person["region"], person["city"], person["postal_code"]) == (
        "US",
        "US-NY",
        "Albany",
        "02108",
    )
    assert got.problems.empty


def test_the_subtotal_can_be_the_value(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Refunded_Amount="49.00", Financial_Status="refunded")])
    got = read(tmp_path / "shop", order_value="subtotal")
    assert got.named("placed_order")["value"].tolist() == [40.0]
    assert got.named("refunded_order")["value"].tolist() == [-40.0]


@pytest.mark.parametrize("name", ["orders_export.header.csv", "orders_export.documented_header.csv"])
def test_real_headers_of_orders_are_read(tmp_path: Path, shared_data: Path, name: str) -> None:
    real = (shared_data / "shopify" / name).read_text(encoding="utf-8").strip().split(",")
    renamed = {h.lower().replace("canceled", "cancelled"): h for h in real}
    cells = {renamed.get(k.lower(), k): v for k, v in order(Cancelled_at="2025-03-02 09:00:00 -0500").items()}
    more = {renamed.get(k.lower(), k): v for k, v in LINE.items()}
    write(tmp_path / "shop" / "orders.csv", [cells, more], real)
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 2, "cancelled_order": 1}
    assert set(got.named("ordered_product")["product_id"]) == {"SH-1", "HA-1"}
    assert got.named("placed_order")["order_id"].tolist() == ["450001"]


def test_an_old_file_that_stops_early_is_read(tmp_path: Path) -> None:
    header = HEADER[: HEADER.index("Cancelled at") + 1]
    write(tmp_path / "shop" / "orders.csv", [order(), line()], header)
    got = read(tmp_path / "shop")
    assert got.named("placed_order")["order_id"].tolist() == ["#1001"]
    assert sorted(got.named("ordered_product")["value"]) == [10.0, 40.0]


def test_an_order_that_goes_on_in_the_next_file_is_one_order(tmp_path: Path) -> None:
    rows = [order(), line(), line(Lineitem_sku="HA-2"), order(Name="#1002", Id="450002", Email="bo@example.com")]
    write(tmp_path / "one" / "orders.csv", rows)
    write(tmp_path / "two" / "orders_1.csv", rows[:2])
    write(tmp_path / "two" / "orders_2.csv", rows[2:])
    one, two = read(tmp_path / "one"), read(tmp_path / "two")
    assert one.dataset.fingerprint == two.dataset.fingerprint
    assert len(two.named("ordered_product")) == 4
    assert two.problems.empty


def test_overlapping_exports_count_an_order_once_in_its_latest_state(tmp_path: Path) -> None:
    later = order(Refunded_Amount="9.00", Financial_Status="partially_refunded")
    write(tmp_path / "shop" / "a.csv", [later, line(), line()])
    write(tmp_path / "shop" / "b.csv", [order(), line(), line()])
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 3, "refunded_order": 1}
    assert got.named("refunded_order")["value"].tolist() == [-9.0]
    assert got.reasons == {"duplicate_row": 3}
    assert got.rows_read == 6


def test_a_line_that_a_spreadsheet_wrote_anew_is_the_same_line(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "a.csv", [order(**{"Lineitem discount": ""}), line(**{"Lineitem sku": "0012"})])
    saved = order(**{"Lineitem price": "20", "Lineitem discount": "0"})
    write(tmp_path / "shop" / "b.csv", [saved, line(**{"Lineitem price": "10", "Lineitem sku": "12"})])
    assert len(read(tmp_path / "shop").named("ordered_product")) == 2


def test_an_export_pasted_in_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(), line(), order(), line()])
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 2}
    assert got.reasons == {"duplicate_row": 2}


def test_cells_filled_down_by_hand_change_nothing(tmp_path: Path) -> None:
    write(tmp_path / "plain" / "orders.csv", [order(), line()])
    write(tmp_path / "filled" / "orders.csv", [order(), {**ORDER, **LINE}])
    assert read(tmp_path / "plain").dataset.fingerprint == read(tmp_path / "filled").dataset.fingerprint


def test_two_stores_in_one_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "a.csv", [order()])
    write(tmp_path / "shop" / "b.csv", [order(Created_at="2024-01-01 10:00:00 +0100", Email="bo@example.com")])
    with pytest.raises(DataError, match="'#1001' has two creation times"):
        read(tmp_path / "shop")


# --- states -----------------------------------------------------------------------------------------------------


def test_a_refund_stands_at_the_order_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Refunded_Amount="12.50", Financial_Status="partially_refunded")])
    got = read(tmp_path / "shop")
    refund = got.named("refunded_order").iloc[0]
    assert (refund["value"], refund["at"]) == (-12.5, microseconds("2025-03-01T15:00:00"))
    assert any("does not say when an order was refunded" in n and "Created at" in n for n in got.dataset.notes)


def test_a_refunded_order_without_an_amount_was_refunded_whole(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Financial_Status="Refunded")])
    assert read(tmp_path / "shop").named("refunded_order")["value"].tolist() == [-49.0]


def test_a_cancelled_order_is_taken_away_once(tmp_path: Path) -> None:
    cancelled = order(Cancelled_at="2025-03-05 00:30:00 +0900", Refunded_Amount="49.00", Financial_Status="refunded")
    write(tmp_path / "shop" / "orders.csv", [cancelled, line()])
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {
        **{"placed_order": 1, "ordered_product": 2},
        **{"cancelled_order": 1, "refunded_order": 1},
    }
    at = microseconds("2025-03-04T15:30:00")
    assert got.named("cancelled_order")["at"].tolist() == got.named("refunded_order")["at"].tolist() == [at]
    assert not any("stand at Created at" in n for n in got.dataset.notes)
    assert set(got.named("placed_order")["cancelled_at"]) == {at}


@pytest.mark.parametrize("status", ["voided", "expired"])
def test_orders_never_paid_are_no_orders(tmp_path: Path, status: str) -> None:
    write(tmp_path / "shop" / "o.csv", [order(), order(Name="#2", Id="2", Financial_Status=status), line(Name="#2")])
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 1}
    assert got.reasons == {f"{status}_order": 2}
    assert got.problems["row"].tolist() == [3, 4]
    assert got.problems["value"].tolist() == [status, status]


@pytest.mark.parametrize("gateway", ["Bogus Gateway", "(for testing) Bogus Gateway", "bogus"])
def test_orders_of_a_tried_checkout_are_no_orders(tmp_path: Path, gateway: str) -> None:
    tried = order(Name="#2", Id="2", Payment_Method=gateway)
    write(tmp_path / "shop" / "o.csv", [order(Payment_Method="Shopify Payments"), tried], [*HEADER, "Payment Method"])
    got = read(tmp_path / "shop")
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 1}
    assert got.reasons == {"test_order": 1}
    assert got.problems["value"].tolist() == [gateway]


def test_pending_orders_count_and_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Financial_Status="pending")])
    got = read(tmp_path / "shop")
    assert len(got.named("placed_order")) == 1
    assert "Orders not fully paid yet count as orders: pending 1." in got.dataset.notes


def test_a_tip_is_paid_for_and_no_product(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(), line(Lineitem_name="Tip", Lineitem_sku="")])
    got = read(tmp_path / "shop")
    assert got.named("ordered_product")["product_id"].tolist() == ["SH-1"]
    assert any("no product bought: tip 1" in n for n in got.dataset.notes)


# --- problems ---------------------------------------------------------------------------------------------------


def test_every_row_is_used_or_a_problem(tmp_path: Path) -> None:
    rows = [
        order(),
        order(Name="#2", Id="2", Email=""),
        line(Name="#2"),
        order(Name="#3", Id="3", Created_at="yesterday"),
        order(Name="#4", Id="4", Total="free"),
        order(Name="", Id="5"),
        order(Name="#6", Id="6", Email="not an address"),
        line(Name="#7"),
        order(Name="#8", Id="8", Total="-5"),
        line(Lineitem_quantity="many"),
        line(Lineitem_quantity="0"),
        line(Lineitem_price="1e308"),
        {"Name": "#1001"},
        order(Name="#9", Id="9"),
    ]
    write(tmp_path / "shop" / "orders.csv", rows)
    got = read(tmp_path / "shop")
    assert got.reasons == {
        **{"missing_customer": 2, "bad_date": 1, "bad_number": 3, "missing_order": 1, "bad_email": 1},
        **{"order_without_first_line": 1, "impossible_number": 1, "quantity_not_positive": 1, "empty_line": 1},
    }
    used = 2  # the first order and the last
    assert got.rows_read == len(rows) == used + len(got.problems[["file", "row"]].drop_duplicates())
    shown = got.problems.set_index("row")
    assert tuple(shown.loc[5, ["file", "column", "value"]]) == ("orders.csv", "Created at", "yesterday")


def test_more_cells_than_the_header_are_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "shop" / "orders.csv", [order(), order(Name="#2", Id="2")])
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + ",spilled\n", encoding="utf-8")
    got = read(tmp_path / "shop")
    assert got.reasons == {"ragged_row": 1}
    assert got.rows_read == 2


def test_several_currencies_are_refused_unless_one_is_chosen(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(), order(Name="#2", Id="2", Currency="CAD")])
    with pytest.raises(DataError, match=r"got CAD \(1 order\), USD \(1 order\)"):
        read(tmp_path / "shop")
    got = read(tmp_path / "shop", currency="CAD")
    assert got.dataset.currency == "CAD"
    assert got.reasons == {"other_currency": 1}
    with pytest.raises(DataError, match="'EUR', but the orders are in CAD, USD"):
        read(tmp_path / "shop", currency="EUR")


def test_dates_a_spreadsheet_changed_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Created_at="01.03.2025 10:00")])
    with pytest.raises(DataError, match="not dates such as"):
        read(tmp_path / "shop")
    write(tmp_path / "shop" / "orders.csv", [order(), order(Name="#2", Created_at="3/1/2025 10:00")])
    with pytest.raises(DataError, match=r"dates such as '3/1/2025 10:00', of which day and month cannot be told"):
        read(tmp_path / "shop")


def test_an_unreadable_cancellation_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Cancelled_at="last week")])
    got = read(tmp_path / "shop")
    assert got.problems[["column", "value", "reason"]].values.tolist() == [["Cancelled at", "last week", "bad_date"]]
    assert len(got.named("placed_order")) == 1


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order()], [h for h in HEADER if h != "Total"])
    with pytest.raises(DataError, match="missing: Total"):
        read(tmp_path / "shop")


def test_an_unknown_file_says_what_was_expected(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order()])
    (tmp_path / "shop" / "notes.csv").write_text("Day,Weather\n1,rain\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"notes\.csv is no export.*expected Shopify's orders.*Day, Weather"):
        read(tmp_path / "shop")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"Name,Email,Total,Created at,Lineitem name\n", "must hold rows"),
        ("Name,Email,Total,Created at,Lineitem name\n#1,a@b,1,2025-01-01,Caf\xe9\n".encode("latin-1"), "UTF-8"),
        (b'Name,Email,Total,Created at,Lineitem name\n#1,a@b,1,2025-01-01,"Hat\n', "opened and never closed"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "orders.csv").write_bytes(content)
    with pytest.raises(DataError, match=says):
        read(tmp_path / "shop", currency="USD")


def test_a_folder_that_is_not_there_or_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "shop")
    (tmp_path / "shop" / "inner").mkdir(parents=True)
    with pytest.raises(DataError, match="folders inner: name one of them"):
        read(tmp_path / "shop")


def test_an_unknown_time_zone_is_a_setting_error(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order()])
    with pytest.raises(SettingError, match=r"Did you mean 'Europe/Berlin'\?"):
        read(tmp_path / "shop", timezone="Europe/Berlinn")


# --- how files are written --------------------------------------------------------------------------------------


def test_bom_semicolons_quoted_newlines_and_utf_16_are_read(tmp_path: Path) -> None:
    rows = [order(**{"Lineitem name": 'Shirt "best"\nRed'}), line()]
    plain = write(tmp_path / "plain" / "orders.csv", rows)
    text = plain.read_text(encoding="utf-8")
    (tmp_path / "bom").mkdir()
    (tmp_path / "bom" / "orders.csv").write_text(text, encoding="utf-8-sig", newline="")
    (tmp_path / "utf16").mkdir()
    (tmp_path / "utf16" / "orders.csv").write_text(text, encoding="utf-16", newline="")
    european = [{k: v.replace(".", ",") if v.replace(".", "").isdigit() else v for k, v in r.items()} for r in rows]
    write(tmp_path / "semicolon" / "orders.csv", european, delimiter=";")
    fingerprints = {n: read(tmp_path / n).dataset.fingerprint for n in ("plain", "bom", "utf16", "semicolon")}
    assert len(set(fingerprints.values())) == 1, fingerprints
    assert 'Shirt "best"\nRed' in set(read(tmp_path / "bom").named("ordered_product")["product"])


def test_ids_that_a_spreadsheet_rounded_do_not_make_two_orders_one(tmp_path: Path) -> None:
    rounded = {"Id": "5.12346E+12", "Lineitem sku": "4,00638E+12"}
    cancelled = order(**{"Name": "#1002", "Cancelled at": "2025-03-02 10:00:00 -0500"}, **rounded)
    write(tmp_path / "shop" / "orders.csv", [order(**rounded), cancelled])
    placed = read(tmp_path / "shop").named("placed_order")
    assert set(placed["order_id"]) == {"#1001", "#1002"}
    assert placed["cancelled_at"].notna().sum() == 1


def test_times_without_a_zone_are_of_the_shop(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Created_at="2025-07-01 10:00:00")])
    got = read(tmp_path / "shop", timezone="America/New_York")
    assert got.named("placed_order")["at"].tolist() == [microseconds("2025-07-01T14:00:00")]


def test_the_phone_can_be_the_key(tmp_path: Path) -> None:
    rows = [order(Email=""), order(Name="#2", Id="2", Phone="'+1 (212) 555-0100"), order(Name="#3", Id="3", Phone="")]
    write(tmp_path / "shop" / "orders.csv", rows)
    got = read(tmp_path / "shop", customer_key="phone")
    assert got.profiles["customer_id"].tolist() == ["+12125550100"]
    assert got.reasons == {"missing_customer": 1}
    assert "1 order without a phone number is left out; 1 of them has an e-mail address (source.customer_key: email goes by it)." in got.dataset.notes  # fmt: skip  # noqa: E501
    by_mail = read(tmp_path / "shop").dataset.notes
    assert "1 order without an e-mail address is left out; 1 of them has a phone number (source.customer_key: phone goes by it)." in by_mail  # fmt: skip  # noqa: E501


def test_phones_that_a_spreadsheet_rounded_are_nobodys(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "orders.csv", [order(Phone="4.91511E+12"), order(Name="#1002", Phone="+49 151 1234567")])
    got = read(tmp_path / "shop", customer_key="phone")
    assert set(got.named("placed_order")["customer_id"]) == {"+491511234567"}
    assert got.reasons == {"missing_customer": 1}


def test_the_parcels_address_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    moved = order(
        Billing_Country="", Billing_Zip="", Shipping_Country="CA", Shipping_Province="ON", Shipping_City="Paris"
    )
    write(tmp_path / "shop" / "orders.csv", [moved])
    person = read(tmp_path / "shop").profiles.iloc[0]
    assert (person["country"], person["region"], person["city"]) == ("CA", "CA-ON", "Paris")


# --- customers and products -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["customers_export.header.csv", "customers_export.older_header.csv"])
def test_real_headers_of_customers_are_read(tmp_path: Path, shared_data: Path, name: str) -> None:
    header = (shared_data / "shopify" / name).read_text(encoding="utf-8").strip().split(",")
    prefix = "Default Address " if "Default Address City" in header else ""
    bo = {
        **{"Email": "BO@example.com", "Accepts Email Marketing": "no", "Accepts SMS Marketing": "yes"},
        **{f"{prefix}Country Code": "US", f"{prefix}Province Code": "MA", f"{prefix}City": "Boston"},
        **{f"{prefix}Zip": "'02108", "Phone": "'+16175550100", "Tags": "vip, wholesale,vip", "Total Orders": "0"},
    }
    ann = {"Email": "ann@example.com", "Accepts Email Marketing": "yes", "Total Orders": "1"}
    write(tmp_path / "shop" / "customers.csv", [bo, ann, {"First Name": "Nobody"}, bo], header)
    write(tmp_path / "shop" / "orders.csv", [order(Accepts_Marketing="no")])
    got = read(tmp_path / "shop")
    people = got.profiles.set_index("customer_id")
    prospect = people.loc["bo@example.com"]
    assert (prospect["consent_email"], prospect["consent_sms"]) == ("unsubscribed", "subscribed")
    assert (prospect["region"], prospect["postal_code"], prospect["phone"]) == ("US-MA", "02108", "+16175550100")
    assert list(prospect["property.tags"]) == ["vip", "wholesale"]
    assert people.loc["ann@example.com", "consent_email"] == "subscribed"
    assert people.loc["ann@example.com", "city"] == "Albany"
    assert got.reasons == {"missing_customer": 1, "duplicate_customer": 1}
    assert "1 customer of the customers export has no order here: prospects." in got.dataset.notes


def test_metafields_of_customers_are_properties_typed_by_their_values(tmp_path: Path) -> None:
    skin, points = "Hauttyp (customer.metafields.quiz.skin)", "Points (customer.metafields.loyalty.points)"
    twice = [f"Size (customer.metafields.{n}.size)" for n in ("a", "b")]
    ann = {"Email": "ann@example.com", "Total Orders": "1", "Tags": "vip", "Note": "x", skin: "trocken", points: "7"}
    bo = {"Email": "bo@example.com", "Total Orders": "0", points: "8.5", twice[0]: "M", twice[1]: "40"}
    write(
        tmp_path / "shop" / "customers.csv", [bo, ann], ("Email", points, *twice, "Total Orders", "Tags", "Note", skin)
    )
    write(tmp_path / "shop" / "orders.csv", [order()])
    got = read(tmp_path / "shop")
    kinds = {n.removeprefix("property."): kind for n, kind in got.types.items() if n.startswith("property.")}
    sizes = {twice[0]: "string", twice[1]: "double"}
    assert kinds == {"Hauttyp": "string", "Points": "double", "tags": "list<element: string>", **sizes}
    assert got.person("ann@example.com")["property.Hauttyp"] == "trocken"
    assert got.person("bo@example.com")["property.Points"] == 8.5


def test_what_stores_add_to_the_orders_export_does_no_harm(tmp_path: Path) -> None:
    more = {"Größe (order.metafields.custom.size)": "XL", "": "x", "Note Attributes": "a: 1\nb: 2"}
    rows = [{**order(), **more}, line(Lineitem_name="Gift card", Lineitem_sku="", Lineitem_price="50")]
    write(tmp_path / "more" / "orders.csv", rows, [*more, *reversed(HEADER)])
    write(tmp_path / "plain" / "orders.csv", rows)
    assert read(tmp_path / "more").dataset.fingerprint == read(tmp_path / "plain").dataset.fingerprint


@pytest.mark.parametrize("layout", ["old", "new"])
def test_products_give_category_and_brand(tmp_path: Path, layout: str) -> None:
    old = layout == "old"
    names = ("Handle", "Variant SKU", "Product Category") if old else ("URL handle", "SKU", "Product category")
    rows = [
        {names[0]: "shirt", "Title": "Shirt", "Vendor": "Acme", names[2]: "Apparel > Tops > Shirts", names[1]: "'SH-0"},
        {names[0]: "shirt", names[1]: "SH-1"},
        {names[0]: "hat", "Title": "Hat - Sun", "Vendor": "Bees", "Type": "Headwear", names[2]: "Uncategorized"},
    ]
    write(tmp_path / "shop" / "products.csv", rows, [*names, "Title", "Vendor", "Type", "Option1 Name"])
    lines = [line(Lineitem_name="Hat - Sun - Large", Lineitem_sku=""), line(Lineitem_sku="GONE")]
    write(tmp_path / "shop" / "orders.csv", [order(), *lines])
    got = read(tmp_path / "shop")
    bought = got.named("ordered_product").set_index("product_id")
    assert (bought.loc["SH-1", "category"], bought.loc["SH-1", "brand"]) == ("Shirts", "Acme")
    assert (bought.loc["hat", "category"], bought.loc["hat", "brand"]) == ("Headwear", "Bees")
    assert pd.isna(bought.loc["GONE", "category"])
    assert "Order lines joined to products: 1 by SKU, 1 by title, 1 without a product." in got.dataset.notes


# --- laws -------------------------------------------------------------------------------------------------------


def some_store(count: int) -> list[Row]:
    chance = random.Random(5)
    rows: list[Row] = []
    for i in range(count):
        states = ("paid", "refunded", "pending", "voided")
        rows.append(
            order(
                Name=f"#{i}",
                Id=str(9000 + i),
                Email=f"c{i % 4}@example.com" if i % 5 else "",
                Created_at=f"2025-0{1 + i % 8}-11 0{i % 9}:15:00 -0{i % 6}00",
                Total=f"{20 + i}.00",
                Financial_Status=states[chance.randrange(4)],
                Cancelled_at="2025-09-01 00:00:00 +0000" if i % 7 == 3 else "",
                Billing_Country=("US", "CA", "Neverland")[i % 3],
            )
        )
        rows += [line(Name=f"#{i}", Lineitem_sku=f"S{chance.randrange(3)}") for _ in range(chance.randrange(4))]
    return rows


STORE = some_store(14)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("whole") / "shop"
    write(folder / "orders.csv", STORE)
    return read(folder)


@given(shuffled=st.permutations(STORE), cut=st.integers(0, len(STORE)))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_row_order_and_splitting_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, whole: Read, shuffled: list[Row], cut: int
) -> None:
    base = tmp_path_factory.mktemp("law")
    write(base / "split" / "z.csv", shuffled[:cut])
    write(base / "split" / "a.csv", shuffled[cut:])
    split = read(base / "split")
    assert whole.dataset.fingerprint == split.dataset.fingerprint
    assert whole.reasons == split.reasons
