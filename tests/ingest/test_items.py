"""Lines that a placed order lists as its items, as integrations send them, and lines of their own before those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.ingest.reading import Read, csv_text, read_source, write

CUSTOM = [
    {"ProductID": "P1", "SKU": "S1", "ProductName": "Shirt", "Quantity": 2, "ItemPrice": 20.5, "RowTotal": 41,
     "Categories": ["Tops", "Sale"], "Brand": "Acme"},
    {"ProductID": "P2", "ProductName": "Hat", "Quantity": 1, "ItemPrice": 8, "RowTotal": 8, "Categories": ["Hats"]},
]  # fmt: skip
SHOPIFY = [
    {"id": 9, "product_id": 77, "sku": "S1", "title": "Shirt", "variant_title": "Red", "quantity": 2, "price": "20.50",
     "vendor": "Acme", "product": {"title": "Shirt", "product_type": "Tops", "vendor": "Acme"}},
    {"id": 10, "product_id": 78, "title": "Hat", "quantity": 1, "price": "8.00", "product": {"product_type": "Hats"}},
]  # fmt: skip
WOOCOMMERCE = [
    {"Quantity": 2, "ProductID": 77, "Name": "Shirt", "Price": "20.50", "Categories": ["Tops"], "Brand": "Acme"},
    {"Quantity": 1, "ProductID": 78, "Name": "Hat", "LineTotal": 8, "Categories": ["Hats"]},
]
METRICS = [
    {"type": "metric", "id": i, "attributes": {"name": n}}
    for i, n in (("M1", "Placed Order"), ("M2", "Ordered Product"))
]


def happened(number: int, properties: Mapping[str, Any], metric: str = "M1") -> dict[str, Any]:
    return {
        "type": "event",
        "id": f"{metric}-{number}",
        "attributes": {"datetime": f"2025-03-0{number}T15:00:00Z", "event_properties": properties},
        "relationships": {"metric": {"data": {"id": metric}}, "profile": {"data": {"id": "01P"}}},
    }


def read(folder: Path, *events: dict[str, Any]) -> Read:
    write(folder / "k" / "events.json", json.dumps({"data": events, "included": METRICS}))
    return read_source({"kind": "klaviyo", "path": "k", "currency": "USD"}, folder)


@pytest.mark.parametrize(
    "properties",
    [
        {"Items": CUSTOM, "ItemNames": ["Shirt", "Hat"]},
        {"Items": ["Shirt", "Hat"], "$extra": {"line_items": SHOPIFY}},
        {"Items": ["Shirt", "Hat"], "$extra": {"Items": WOOCOMMERCE}},
        {"Items": json.dumps(CUSTOM)},
        {"Items": [], "items": CUSTOM},
    ],
)
def test_items_become_lines(tmp_path: Path, properties: dict[str, Any]) -> None:
    got = read(tmp_path, happened(1, {"$value": 49, "$event_id": "A1", "Discount Codes": ["SPRING"], **properties}))
    lines = got.named("ordered_product").set_index("product")
    assert lines["value"].to_dict() == {"Shirt": 41.0, "Hat": 8.0}
    assert lines["category"].to_dict() == {"Shirt": "Tops", "Hat": "Hats"}
    assert lines["quantity"].to_dict() == {"Shirt": 2.0, "Hat": 1.0}
    assert lines.loc["Shirt", "brand"] == "Acme"
    assert set(lines["order_id"]) == {"A1"}
    assert lines["product_id"].notna().all()
    assert set(lines["discount_code"]) == {"SPRING"}
    assert lines["at"].tolist() == got.named("placed_order")["at"].tolist() * 2
    assert got.note("order lines are read") == "2 order lines are read from the items that 1 placed orders list."
    assert got.problems.empty


def test_a_cell_of_csv_may_hold_items(tmp_path: Path) -> None:
    order = {"Email": "a@x.com", "Timestamp": "2025-03-01 15:00:00", "$value": "49"}
    rows = [
        {**order, "$event_id": "1", "Items": json.dumps(CUSTOM)},
        {**order, "$event_id": "2", "Items": '["Shirt", "Hat"]'},
        {**order, "$event_id": "3", "Items": "Shirt, Hat"},
        {**order, "$event_id": "4", "Items": "[Shirt"},
    ]
    write(tmp_path / "k" / "Placed Order.csv", csv_text(rows))
    got = read_source({"kind": "klaviyo", "path": "k", "currency": "USD"}, tmp_path)
    lines = got.named("ordered_product")
    assert lines.groupby("order_id")["product"].agg(set).to_dict() == {key: {"Shirt", "Hat"} for key in "12"}
    bare = lines[lines["order_id"] == "2"]
    assert bare[["value", "quantity"]].isna().all(axis=None), "a bare name tells no price"
    assert got.note("no list in JSON") == "Items of 2 placed orders are no list in JSON and were left out."


def test_lines_of_their_own_win_order_by_order(tmp_path: Path) -> None:
    own = {"$event_id": "A1:S1", "$value": 40, "ProductName": "Shirt", "SKU": "S1", "Quantity": 2}
    got = read(
        tmp_path,
        happened(1, {"$value": 49, "$event_id": "A1", "Items": CUSTOM}),
        happened(1, own, "M2"),
        happened(2, {"$value": 49, "$event_id": "A2", "Items": CUSTOM}),
        happened(3, {"$value": 49, "Items": CUSTOM}),
        happened(3, {"$value": 49, "ProductName": "Sock"}, "M2"),
    )
    lines = got.named("ordered_product")
    found = {k: sorted(v) for k, v in lines.groupby(lines["at"].rank(method="dense"))["product"]}
    assert found == {1: ["Shirt"], 2: ["Hat", "Shirt"], 3: ["Sock"]}
    assert (
        got.note("were left") == "The items that 2 placed orders list were left: their lines are events of their own."
    )


def test_items_that_cannot_be_are_problems(tmp_path: Path) -> None:
    items = [{"Quantity": 1}, {"Name": "A", "Quantity": "many"}, {"Name": "B", "Quantity": 0}, 7, None]
    items += [{"Name": "C", "Quantity": 1, "Price": -1}, {"Name": "D", "Price": 5}, {"Name": "E", "Quantity": 1e17}]
    got = read(tmp_path, happened(1, {"$value": 49, "$event_id": "A1", "Items": items}))
    lines = got.named("ordered_product").set_index("product")
    assert list(lines.index) == ["D"]
    assert pd.isna(lines.loc["D", "value"])
    assert got.reasons == {
        **{"item_without_product": 3, "bad_number": 2},
        **{"quantity_not_positive": 1, "impossible_number": 1},
    }
    assert len(got.named("placed_order")) == 1


def test_another_parts_own_lines_win_whichever_comes_first(tmp_path: Path) -> None:
    klaviyo = {"kind": "klaviyo", "path": "k", "currency": "USD"}
    order = {"Name": "#1", "Id": "A1", "Email": "a@x.com", "Created at": "2025-03-01 15:00:00 +0000", "Total": "49"}
    line = {"Currency": "USD", "Lineitem name": "Shirt - Red", "Lineitem quantity": "2", "Lineitem price": "20.5"}
    write(tmp_path / "shop" / "orders.csv", csv_text([{**order, **line}]))
    event = {"Email": "a@x.com", "Timestamp": "2025-03-01 15:00:00", "$value": "49", "$event_id": "A1"}
    other = {**event, "$event_id": "A2", "Timestamp": "2025-03-02 15:00:00"}
    write(tmp_path / "k" / "Placed Order.csv", csv_text([{**e, "Items": json.dumps(CUSTOM)} for e in (event, other)]))
    for parts in ([klaviyo, {"kind": "shopify", "path": "shop"}], [{"kind": "shopify", "path": "shop"}, klaviyo]):
        lines = read_source({"kind": "joined", "parts": parts}, tmp_path).named("ordered_product")
        found = lines.groupby("order_id")["product"].agg(list).to_dict()
        assert {k: sorted(v) for k, v in found.items()} == {"A1": ["Shirt - Red"], "A2": ["Hat", "Shirt"]}
