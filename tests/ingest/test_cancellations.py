"""An order that is refunded and cancelled: what it is worth before and after, by every reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from discovery.engine.duckdb import Engine
from discovery.features.catalogue import BY_NAME
from discovery.features.extract import extract
from tests.ingest.reading import Read, csv_text, read_source, write

SHOPIFY = {"kind": "shopify", "path": "shop"}
KLAVIYO = {"kind": "klaviyo", "path": "klaviyo", "currency": "USD"}


def shop(base: Path, cancelled: bool = True) -> None:
    """A kept order of 10, and one of 49 on 1 March that was refunded and, by Shopify, cancelled on 5 March."""
    order = {"Email": "ann@example.com", "Currency": "USD", "Lineitem quantity": "1", "Lineitem price": "5"}
    kept = {**order, "Name": "#1", "Total": "10", "Created at": "2025-01-01 10:00:00 +0000"}
    gone = {**order, "Name": "#2", "Total": "49", "Created at": "2025-03-01 10:00:00 +0000", "Id": "450002"}
    ending = {"Cancelled at": "2025-03-05 10:00:00 +0000", "Refunded Amount": "49", "Financial Status": "refunded"}
    rows = [{**kept, "Lineitem name": "Hat"}, {**gone, "Lineitem name": "Hat", **(ending if cancelled else {})}]
    write(base / "shop" / "orders.csv", csv_text(rows))


def klaviyo(base: Path) -> None:
    """The same two orders; half of the second was refunded on 3 March, the rest with the cancellation."""
    happened = {
        "Placed Order": [("1", "2025-01-01", "10"), ("450002", "2025-03-01", "49")],
        "Refunded Order": [("450002:a", "2025-03-03", "20"), ("450002:b", "2025-03-05", "29")],
        "Cancelled Order": [("450002", "2025-03-05", "49")],
    }
    for metric, events in happened.items():
        rows = [
            {"Email": "ann@example.com", "Timestamp": f"{day} 10:00:00", "$event_id": key, "$value": value}
            for key, day, value in events
        ]
        write(base / "klaviyo" / f"{metric}.csv", csv_text(rows))


def from_shopify(base: Path) -> Read:
    shop(base)
    return read_source(SHOPIFY, base)


def from_klaviyo(base: Path) -> Read:
    klaviyo(base)
    return read_source(KLAVIYO, base)


def from_both(base: Path) -> Read:
    shop(base, cancelled=False)
    klaviyo(base)
    return read_source({"kind": "joined", "parts": [SHOPIFY, KLAVIYO]}, base)


@pytest.mark.parametrize(
    ("read", "worth"),
    [
        (from_shopify, {"03-01": 10, "03-02": 59, "03-05": 59, "03-06": 10}),
        (from_klaviyo, {"03-01": 10, "03-02": 59, "03-04": 39, "03-05": 39, "03-06": 10}),
        (from_both, {"03-01": 10, "03-02": 59, "03-04": 39, "03-05": 39, "03-06": 10}),
    ],
)
def test_net_revenue_before_and_after_a_cancellation(
    tmp_path: Path, read: Callable[[Path], Read], worth: dict[str, float]
) -> None:
    dataset = read(tmp_path).dataset
    assert set(dataset.problems) <= {"told_by_an_earlier_part"}
    for day, expected in worth.items():
        with Engine() as engine:
            at = extract(engine, dataset, (BY_NAME["net_revenue"],), date.fromisoformat(f"2025-{day}"))
        assert at.values["net_revenue"].tolist() == [expected], day
