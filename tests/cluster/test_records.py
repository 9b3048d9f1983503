"""Records from events: counted by hand, blind to the future, and the same however the rows lie."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery.core.dataset import Dataset
from discovery.core.errors import DataError
from discovery.core.records import OTHER, Records, records_from_frame
from discovery.core.sampling import some_rows
from discovery.engine.duckdb import Engine
from discovery.features.lifetime import extract_history
from discovery.features.records import extract_records
from tests.stores import order, read_store, write_store

AS_OF = date(2025, 3, 1)
EVENTS = [
    order("a", "2024-11-30 10:00", 20.0, order_id="1", discount=2.0),  # Saturday
    order("a", "2025-01-06 10:00", 40.0, order_id="2"),
    order("a", "2025-01-06 18:00", 10.0, order_id="3"),
    order("b", "2025-02-01 10:00", 50.0, order_id="4"),  # Saturday
    order("c", "2025-02-03 10:00", 0.0, order_id="5"),
    {"customer_id": "a", "event": "refunded_order", "at": "2025-01-10 09:00", "value": -10.0, "order_id": "2"},
    {"customer_id": "b", "event": "received_email", "at": "2025-02-02 09:00"},
    {"customer_id": "b", "event": "received_email", "at": "2025-02-05 09:00"},
    {"customer_id": "b", "event": "clicked_email", "at": "2025-02-05 09:00"},
]
LATER = [
    order("a", "2025-03-01 00:00", 99.0, order_id="9"),
    {"customer_id": "b", "event": "clicked_email", "at": "2025-04-01 09:00"},
]


def records_of(folder: Path, events: list[dict[str, object]], as_of: date = AS_OF) -> Records:
    with Engine() as engine:
        return extract_records(engine, read_store(engine, write_store(folder, pd.DataFrame(events))), as_of)


def test_they_are_counted_by_hand(tmp_path: Path) -> None:
    found = records_of(tmp_path / "s", EVENTS)
    assert list(found.customer) == ["a", "b"]
    assert list(found.repeats) == [1, 0]
    assert list(found.recency) == [37, 0]
    assert list(found.age) == [90, 27]
    assert list(found.orders) == [3, 1]
    np.testing.assert_allclose(found.log_total, [np.log(20 * 40 * 10), np.log(50)], atol=2e-4)
    np.testing.assert_allclose(found.log_squares[1], np.log(50) ** 2, atol=1e-3)
    counts = {name: c.tolist() for name, c in found.counts.items()}
    assert counts == {
        "discounted": [[1, 2], [0, 1]],
        "weekend": [[1, 2], [1, 0]],
        "refunded": [[1, 2], [0, 1]],
        "mail opened": [[0, 0], [1, 1]],  # whoever clicked has opened
        "mail clicked": [[0, 0], [1, 0]],
    }


def test_the_end_of_the_year_counts_in_whole_years_of_the_customer(tmp_path: Path) -> None:
    days = ("2022-12-20", "2023-02-10", "2023-12-05", "2024-11-01", "2025-01-02")
    found = records_of(tmp_path / "s", [order("a", f"{d} 10:00", 9.0, order_id=d) for d in days] + EVENTS)
    # Two whole years before 1 March 2025, from 2 March 2023 on, with three of their six orders in November or December.
    assert found.counts["year end"].tolist() == [[3, 3], [0, 0]]
    assert found.parts["year end"] == ("yes", "no")


def test_messages_that_a_machine_opened_are_clicked_unseen(tmp_path: Path) -> None:
    def mails(who: str, received: int, opened: int, machine: int, clicked: int) -> list[dict[str, object]]:
        events = [("received_email", received, None), ("opened_email", opened, False), ("opened_email", machine, True)]
        return [
            {"customer_id": who, "event": event, "at": f"2025-01-{day + 1:02d} 09:00", "machine": by}
            for event, often, by in [*events, ("clicked_email", clicked, False)]
            for day in range(often)
        ]

    orders = [order(who, "2025-01-01 10:00", 9.0, order_id=who) for who in "abcd"]
    events = [*mails("a", 9, 4, 0, 3), *mails("b", 9, 0, 9, 3), *mails("c", 9, 2, 3, 4), *mails("d", 9, 1, 0, 3)]
    found = records_of(tmp_path / "s", [*orders, *events])
    counts = {name: c.tolist() for name, c in found.counts.items() if "mail" in name}
    assert counts == {
        "mail opened": [[4, 5], [0, 0], [2, 4], [3, 6]],
        "mail clicked": [[3, 1], [0, 0], [2, 0], [3, 0]],
        "unseen mail clicked": [[0, 0], [3, 6], [2, 1], [0, 0]],
    }


def test_what_comes_later_and_the_order_of_rows_change_nothing(tmp_path: Path) -> None:
    plain = records_of(tmp_path / "a", EVENTS).as_frame()
    pd.testing.assert_frame_equal(records_of(tmp_path / "b", [*EVENTS, *LATER]).as_frame(), plain)
    pd.testing.assert_frame_equal(records_of(tmp_path / "c", EVENTS[::-1]).as_frame(), plain)


def test_they_are_the_history_of_the_lifetime_models(simulated_store: Path, tmp_path: Path) -> None:
    day = date(2025, 10, 1)
    with Engine() as engine:
        dataset: Dataset = read_simulated(engine, simulated_store, tmp_path)
        records, history = extract_records(engine, dataset, day), extract_history(engine, dataset, day)
        few = extract_records(engine, dataset, day, categories=records.parts["category"][:3])
        some = extract_records(engine, dataset, day, sample=(50, 3))
    wanted = records.taken(some_rows(len(records), 50, 3))
    pd.testing.assert_frame_equal(some.as_frame(), wanted.as_frame())
    assert records.repeats.sum() == history.frequency.sum()
    assert sorted(records.age) == sorted(history.age)
    np.testing.assert_allclose(np.exp(records.log_total / records.orders).mean(), 55, rtol=0.3)
    assert few.parts["category"] == (*records.parts["category"][:3], OTHER)
    np.testing.assert_array_equal(few.counts["category"].sum(axis=1), records.counts["category"].sum(axis=1))
    np.testing.assert_array_equal(few.counts["category"][:, :3], records.counts["category"][:, :3])


def read_simulated(engine: Engine, folder: Path, place: Path) -> Dataset:
    from discovery.core.sources import CanonicalSource
    from discovery.ingest.read import ingest

    return ingest(engine, CanonicalSource(path=str(folder)), folder, place / "dataset")


def test_a_table_of_them_comes_back() -> None:
    frame = pd.DataFrame(
        {
            "repeats": [0.0, 2.0],
            "recency": [0.0, 30.0],
            "age": [9.0, 90.0],
            "orders": [1.0, 3.0],
            "log_total": [3.0, 9.3],
            "log_squares": [9.0, 29.0],
            "weekend:yes": [0.0, 1.0],
            "weekend:no": [1.0, 2.0],
        },
        index=pd.Index(["a", "b"]),
    )
    pd.testing.assert_frame_equal(records_from_frame(frame).as_frame(), frame)
    with pytest.raises(DataError, match="recency is longer"):
        records_from_frame(frame.assign(recency=99.0))
