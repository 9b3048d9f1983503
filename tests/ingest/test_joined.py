"""Several sources of one store: customers matched, fields taken in order, an order counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from discovery.core.compile import compile_settings, setting_rows
from discovery.core.documents import plain
from discovery.core.errors import DataError, SettingError
from discovery.core.sources import JoinedSource
from discovery.store import read_config
from tests.ingest.reading import Read, Row, csv_text, read_source, write

ROOT = Path(__file__).parents[2]
SHOP = {"kind": "shopify", "path": "shop"}
KLAVIYO = {"kind": "klaviyo", "path": "klaviyo"}


def table(path: Path, rows: Sequence[Row]) -> None:
    write(path, csv_text(rows))


def shop(base: Path, *orders: Row, folder: str = "shop") -> None:
    plain = {"Currency": "USD", "Lineitem quantity": "1", "Lineitem name": "Hat", "Lineitem price": "49", "Total": "49"}
    table(base / folder / "orders.csv", [{**plain, "Lineitem sku": "H1", **o} for o in orders])


def placed(base: Path, *rows: Row, name: str = "Placed Order") -> None:
    table(base / "klaviyo" / f"{name}.csv", [{"$event_id": "", "$value": "49", **r} for r in rows])


def read(base: Path, *parts: Mapping[str, Any], **source: Any) -> Read:
    raw = {"kind": "joined", "parts": list(parts) or [SHOP, KLAVIYO], **source}
    return read_source(raw, base)


ANN_ORDER: Row = {"Name": "#1", "Email": "ann@example.com", "Id": "450001", "Created at": "2025-03-01 10:00:10 -0500"}
BO_ORDER: Row = {"Name": "#2", "Email": "bo@example.com", "Id": "450002", "Created at": "2025-03-02 10:00:00 -0500"}
ANN_EVENT: Row = {"Email": "Ann@Example.com ", "Timestamp": "2025-03-01 15:00:50", "$event_id": "450001"}
CY_EVENT: Row = {"Email": "cy@example.com", "Timestamp": "2025-03-03 15:00:00", "$event_id": "450003"}


def test_customers_are_matched_and_an_order_counts_once(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER, BO_ORDER)
    placed(tmp_path, ANN_EVENT, CY_EVENT)
    table(tmp_path / "klaviyo" / "Opened Email.csv", [{"Email": "ann@example.com", "Timestamp": "2025-03-05 09:00:00"}])
    people = [{"Email": "ANN@example.com", "Klaviyo ID": "01ANN", "Skin Type": "dry", "City": "Troy", "Country": "US"}]
    table(tmp_path / "klaviyo" / "people.csv", people)
    got = read(tmp_path)
    assert sorted(got.profiles["customer_id"]) == ["ann@example.com", "bo@example.com", "cy@example.com"]
    assert dict(got.dataset.events_by_name) == {"opened_email": 1, "ordered_product": 2, "placed_order": 3}
    assert set(got.named("opened_email")["customer_id"]) == {"ann@example.com"}
    assert got.person("ann@example.com")["property.Skin Type"] == "dry"
    assert got.person("ann@example.com")["city"] == "Troy"
    assert got.note("Customers") == (
        "Customers joined by email: 1 in more than one part, 1 only in shopify, 1 only in klaviyo."
    )
    assert got.note("Orders:") == (
        "Orders: 1 of klaviyo stand in shopify too and count once. Counted are 2 from shopify, 1 from klaviyo."
    )
    assert got.problems[["file", "row", "reason"]].values.tolist() == [
        ["klaviyo/Placed Order.csv", 2, "told_by_an_earlier_part"]
    ]
    assert got.dataset.currency == "USD"


def test_without_the_same_id_customer_value_and_minute_tell_an_order(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER, {**ANN_ORDER, "Name": "#3", "Id": "450009"}, BO_ORDER)
    other = {**ANN_EVENT, "$event_id": "x"}
    later = {**ANN_EVENT, "$event_id": "w", "Timestamp": "2025-03-01 15:01:00"}
    dearer = {**ANN_EVENT, "$event_id": "v", "$value": "50"}
    placed(tmp_path, other, {**other, "$event_id": "y"}, {**other, "$event_id": "z"}, later, dearer)
    got = read(tmp_path)
    # Two of the three equal ones are Shopify's two; the third, the later and the dearer are orders of their own.
    assert len(got.named("placed_order")) == 3 + 3
    assert dict(got.dataset.problems) == {"told_by_an_earlier_part": 2}


def test_the_same_id_and_minute_tell_an_order_of_somebody_with_two_addresses(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER)
    later = {**ANN_EVENT, "Email": "ann@work.example.com", "Timestamp": "2026-03-01 15:00:50"}
    placed(tmp_path, {**ANN_EVENT, "Email": "ann@home.example.com"}, later)
    got = read(tmp_path)
    assert sorted(got.named("placed_order")["customer_id"]) == ["ann@example.com", "ann@work.example.com"]


def test_lines_belong_to_their_order_and_new_kinds_of_events_are_added(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER)
    placed(tmp_path, {**ANN_EVENT, "$event_id": "own-7"})
    line = {**ANN_EVENT, "$event_id": "own-7:1", "$value": "49", "Name": "Hat"}
    placed(tmp_path, line, name="Ordered Product")
    placed(tmp_path, {**ANN_EVENT, "$event_id": "own-7", "Timestamp": "2025-03-04 10:00:00"}, name="Cancelled Order")
    got = read(tmp_path)
    assert dict(got.dataset.events_by_name) == {"placed_order": 1, "ordered_product": 1, "cancelled_order": 1}
    assert set(got.events["order_id"]) == {"450001"}
    assert got.named("placed_order")["cancelled_at"].notna().all()


@pytest.mark.parametrize("parts", [(SHOP, KLAVIYO), (KLAVIYO, SHOP)], ids=["shopify first", "klaviyo first"])
@pytest.mark.parametrize("why", [{"Financial Status": "voided"}, {"Payment Method": "Bogus Gateway"}], ids=str)
def test_what_one_part_knows_to_be_no_order_counts_from_none(
    tmp_path: Path, parts: tuple[Mapping[str, Any], ...], why: Row
) -> None:
    kinds: Row = {"Financial Status": "paid", "Payment Method": "visa"}
    cy_order: Row = {"Name": "#3", "Email": "cy@example.com", "Id": "", "Created at": "2025-03-03 10:00:10 -0500"}
    shop(tmp_path, {**kinds, **ANN_ORDER}, {**kinds, **BO_ORDER, **why}, {**kinds, **cy_order, **why})
    bo_event = {"Email": "bo@example.com", "Timestamp": "2025-03-02 15:00:50", "$event_id": "450002"}
    # Cy's is known by customer, value and minute; a second of Cy's a minute later is an order.
    again = {**CY_EVENT, "Timestamp": "2025-03-03 15:01:00", "$event_id": "450004"}
    placed(tmp_path, ANN_EVENT, bo_event, CY_EVENT, again)
    placed(tmp_path, {**bo_event, "$event_id": "450002:1", "OrderId": "450002", "Name": "Hat"}, name="Ordered Product")
    table(tmp_path / "klaviyo" / "people.csv", [{"Email": e["Email"]} for e in (ANN_EVENT, bo_event, CY_EVENT)])
    got = read(tmp_path, *parts)
    assert sorted(got.named("placed_order")["customer_id"]) == ["ann@example.com", "cy@example.com"]
    assert dict(got.dataset.events_by_name) == {"placed_order": 2, "ordered_product": 1}
    assert got.dataset.problems["undone_in_another_part"] == 3
    assert got.note("2 orders of klaviyo") == ("2 orders of klaviyo do not count: shopify says never paid, or tests.")
    assert got.note("Customers").startswith("Customers joined by email: 1 in more than one part")


def test_the_first_part_that_states_a_field_wins(tmp_path: Path) -> None:
    shop(tmp_path, {**ANN_ORDER, "Billing Country": "CA", "Billing City": "Paris", "Accepts Marketing": "no"})
    person = {"Email": "ann@example.com", "Klaviyo ID": "01ANN", "Email Marketing Consent": "UNSUBSCRIBED"}
    table(tmp_path / "klaviyo" / "p.csv", [{**person, "Country": "US", "City": "Troy", "Phone Number": "+12125550100"}])
    placed(tmp_path, CY_EVENT)
    got = read(tmp_path).person("ann@example.com")
    assert (got["country"], got["city"], got["phone"], got["consent_email"]) == (
        "CA",
        "Paris",
        "+12125550100",
        "unsubscribed",
    )
    turned = read(tmp_path, KLAVIYO, SHOP).person("01ANN")
    assert (turned["country"], turned["city"], turned["phone"]) == ("US", "Troy", "+12125550100")


def test_ids_match_only_where_asked(tmp_path: Path) -> None:
    rows = [{"who": "17", "when": "2025-03-01 10:00:00", "paid": "5", "mail": "a@x.com"}]
    table(tmp_path / "a.csv", rows)
    table(tmp_path / "b.csv", [{**rows[0], "mail": "b@x.com", "when": "2025-04-01 10:00:00"}])
    columns = {"customer_id": "who", "at": "when", "value": "paid", "email": "mail"}
    parts = [
        {"kind": "table", "path": f"{n}.csv", "shape": "orders", "columns": columns, "currency": "USD"} for n in "ab"
    ]
    by_id = read(tmp_path, *parts, key="id")
    assert by_id.profiles["customer_id"].tolist() == ["17"]
    by_mail = read(tmp_path, *parts)
    assert by_mail.profiles["customer_id"].tolist() == ["17", "table 2:17"]
    assert by_mail.note("Customers").startswith("Customers joined by email: 0 in more than one part, 1 only in table 1")


def test_two_profiles_of_one_address_become_one(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER)
    people = [{"Email": "ann@example.com", "Klaviyo ID": i, "Last Active": ""} for i in ("01A", "01B")]
    table(tmp_path / "klaviyo" / "p.csv", people)
    got = read(tmp_path)
    assert got.profiles["customer_id"].tolist() == ["ann@example.com"]
    assert got.note("1 customer shares the e-mail")


def test_a_property_that_two_parts_type_differently_becomes_text(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER)
    for part, points in (("klaviyo", "5"), ("other", "many")):
        table(tmp_path / part / "p.csv", [{"Email": f"{part}@example.com", "Points": points}])
    got = read(tmp_path, SHOP, KLAVIYO, {"kind": "klaviyo", "path": "other"})
    assert got.person("other@example.com")["property.Points"] == "many"
    assert got.person("klaviyo@example.com")["property.Points"] == "5.0"
    assert any(n.startswith("Customers joined by email: 0") and "klaviyo 2" in n for n in got.dataset.notes)


def test_rows_of_all_parts_are_accounted_for(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER, {**BO_ORDER, "Email": ""})
    placed(tmp_path, ANN_EVENT, {**CY_EVENT, "Timestamp": "?"}, {**CY_EVENT, "$event_id": "8"}, CY_EVENT)
    got = read(tmp_path)
    assert dict(got.dataset.problems) == {"missing_customer": 1, "bad_date": 1, "told_by_an_earlier_part": 1}
    assert got.note("6 rows read, 3 of them not usable")


def test_currencies_must_agree(tmp_path: Path) -> None:
    shop(tmp_path, ANN_ORDER)
    placed(tmp_path, CY_EVENT)
    with pytest.raises(DataError, match="got shopify in USD, klaviyo in EUR"):
        read(tmp_path, SHOP, {**KLAVIYO, "currency": "EUR"})


def test_one_part_must_state_the_currency(tmp_path: Path) -> None:
    placed(tmp_path, CY_EVENT)
    table(tmp_path / "other" / "p.csv", [{"Email": "a@x.com"}])
    with pytest.raises(DataError, match="got none from klaviyo 1, klaviyo 2"):
        read(tmp_path, KLAVIYO, {"kind": "klaviyo", "path": "other"})


def test_the_order_of_files_and_rows_changes_nothing(tmp_path: Path) -> None:
    for name, turn in (("a", 1), ("b", -1)):
        shop(tmp_path / name, *[ANN_ORDER, BO_ORDER, {**ANN_ORDER, "Name": "#5", "Id": "5"}][::turn])
        events = [ANN_EVENT, CY_EVENT, {**ANN_EVENT, "$event_id": "p"}, {**ANN_EVENT, "$event_id": "q"}]
        placed(tmp_path / name, *events[::turn])
    assert read(tmp_path / "a").dataset.fingerprint == read(tmp_path / "b").dataset.fingerprint


# --- settings ---------------------------------------------------------------------------------------------------


def compiled(*parts: Mapping[str, Any], **source: Any) -> JoinedSource:
    raw = {"kind": "joined", "parts": list(parts), **source}
    found = compile_settings({"source": raw, "as_of": "data_end"}).source
    assert isinstance(found, JoinedSource)
    return found


@pytest.mark.parametrize(
    ("parts", "source", "says"),
    [
        (
            [SHOP, {"kind": "klavio", "path": "k"}],
            {},
            r"source\.parts\[1\]\.kind must be one of.*Did you mean 'klaviyo'",
        ),
        (
            [SHOP, {**KLAVIYO, "metrik_names": {}}],
            {},
            r"Unknown setting source\.parts\[1\]\.metrik_names\. Did you mean",
        ),
        (
            [SHOP, {**SHOP, "order_value": "net"}],
            {},
            r"source\.parts\[1\]\.order_value must be one of 'total', 'subtotal'",
        ),
        ([SHOP, {"kind": "klaviyo"}], {}, r"source\.parts\[1\]\.path must name"),
        ([SHOP, {"kind": "joined", "parts": []}], {}, r"source\.parts\[1\]\.kind must be one of"),
        ([SHOP], {}, "two or more sources, got 1"),
        ([SHOP, KLAVIYO], {"key": "mail"}, r"source\.key must be one of 'email', 'id'"),
        ([SHOP, {**KLAVIYO, "path": "/k"}], {}, "all relative to the config, or all absolute"),
    ],
)
def test_faults_in_parts_are_named_with_their_place(parts: list[Any], source: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingError, match=says):
        compiled(*parts, **source)


@pytest.mark.parametrize(
    ("paths", "shared"),
    [
        (("exports/shop", "exports/klaviyo"), "exports"),
        (("shop", "klaviyo"), "."),
        (("../a", "../b"), ".."),
        (("../a/x", "../../b"), "../.."),
        (("a/x", "../b"), ".."),
        (("/x/a", "/x/b"), "/x"),
    ],
)
def test_the_path_holds_the_files_of_all_parts(paths: tuple[str, str], shared: str) -> None:
    source = compiled(*({"kind": "shopify", "path": p} for p in paths))
    assert source.path == shared


@pytest.mark.parametrize("name", ["klaviyo.yaml", "shopify.yaml", "shopify_and_klaviyo.yaml"])
def test_the_example_configs_compile_and_show(name: str) -> None:
    config = read_config(ROOT / "configs" / name)
    shown = {row.name: row.value for row in setting_rows(config.settings, config.origins)}
    assert plain(config.settings.source)["kind"] == shown["source.kind"] == config.settings.source.kind
