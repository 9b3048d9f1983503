"""The contract: every row is used or accounted for, and nothing depends on how the rows came."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.core.dataset import Dataset
from discovery.core.errors import DataError
from discovery.core.progress import silent
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.ingest import written
from discovery.ingest.canonical import read_canonical
from discovery.ingest.contract import Arrival, finish, start_problems
from discovery.ingest.read import ingest
from tests.ingest.tables import LINES, events, problems, profiles, read

DAY = 86_400_000_000
AT = 19_000 * DAY

#: What a row may hold, and whether it can be used.
IDS = [("a", True), ("0042", True), ("1e5", True), ("", False), ("  ", False)]
DATES = [("2024-01-05", True), ("2024-03-01 10:30", True), ("2024-02-31", False), ("0001-01-01", False), ("", False)]
AMOUNTS = [
    ("10.50", True),
    ("-3.25", True),
    ("0.01", True),
    ("0", False),
    ("x", False),
    ("inf", False),
    ("1e99", False),
]
QUANTITIES = [("1", True), ("2.5", True), ("0", False), ("-1", False), ("", False)]
PRICES = [("9.99", True), ("0.10", True), ("0", False), ("-5", False), ("NaN", False)]


def tables(*columns: list[tuple[str, bool]]) -> st.SearchStrategy[list[tuple[tuple[str, bool], ...]]]:
    """Small tables of good and bad cells; most rows are good, for a column of bad dates is refused as a whole."""
    good = tuple(c[0] for c in columns)
    rows = st.lists(st.tuples(*(st.sampled_from([*c, c[0], c[0]]) for c in columns)), max_size=8)
    return rows.map(lambda more: [*[good] * (len(more) + 1), *more])


def write(folder: Path, header: str, rows: list[tuple[tuple[str, bool], ...]], order: list[int], files: int) -> Path:
    """Write the rows in an order, dealt out to some files; a number of its own makes each row unlike any other."""
    folder.mkdir()
    for f in range(files):
        mine = [f"{','.join(cell for cell, _ in rows[i])},{i}\n" for i in order[f::files]]
        (folder / f"part{f}.csv").write_text(header + ",line\n" + "".join(mine))
    return folder


@settings(max_examples=15)
@given(rows=tables(IDS, DATES, AMOUNTS), data=st.data())
def test_every_row_of_orders_is_used_or_accounted_for(
    rows: list[tuple[tuple[str, bool], ...]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    files = data.draw(st.integers(1, min(3, len(rows))))
    good = [row for row in rows if all(fine for _, fine in row)]
    with tempfile.TemporaryDirectory() as scratch:
        whole = read(
            write(Path(scratch) / "one", "id,date,amount", rows, list(range(len(rows))), 1), Path(scratch) / "a"
        )
        split = read(write(Path(scratch) / "two", "id,date,amount", rows, order, files), Path(scratch) / "b")
        bad = {(f, r) for f, r, _ in problems(whole)}
        assert bad == {("part0.csv", i + 2) for i, row in enumerate(rows) if not all(fine for _, fine in row)}
        assert whole.events + len(bad) == len(rows)
        assert events(whole)["value"].sum() == pytest.approx(sum(float(row[2][0]) for row in good))
        assert split.fingerprint == whole.fingerprint
        assert split.problems == whole.problems
        assert len({(f, r) for f, r, _ in problems(split)}) == len(bad)


@settings(max_examples=15)
@given(rows=tables(IDS, [("1", True), ("2", True), ("", False)], DATES, QUANTITIES, PRICES), data=st.data())
def test_every_order_line_is_used_or_accounted_for(
    rows: list[tuple[tuple[str, bool], ...]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    good = [row for row in rows if all(fine for _, fine in row)]
    with tempfile.TemporaryDirectory() as scratch:
        header, keys = "id,order,date,qty,price", {"shape": "order_lines", "columns": LINES}
        whole = read(write(Path(scratch) / "one", header, rows, list(range(len(rows))), 1), Path(scratch) / "a", **keys)
        split = read(write(Path(scratch) / "two", header, rows, order, min(2, len(rows))), Path(scratch) / "b", **keys)
        bad = {(f, r) for f, r, _ in problems(whole)}
        assert whole.events_by_name["ordered_product"] + len(bad) == len(rows)
        table = pd.read_parquet(whole.events_path)
        total = sum((Decimal(row[3][0]) * Decimal(row[4][0])).quantize(Decimal("0.0001")) for row in good)
        for event in ("placed_order", "ordered_product"):
            assert table[table["event"] == event]["value"].sum() == total
        assert (table["event"] == "placed_order").sum() == len({(row[0][0], row[1][0]) for row in good})
        assert (split.fingerprint, split.problems) == (whole.fingerprint, whole.problems)


def finished(out: Path, happened: list[dict[str, object]], known: list[dict[str, object]] | None = None) -> Dataset:
    """Return the dataset of events and profiles given as rows."""
    with Engine() as engine:
        return _finish(engine, out, happened, known)


def _finish(
    engine: Engine,
    out: Path,
    happened: list[dict[str, object]],
    known: list[dict[str, object]] | None,
    currency: str = "USD",
) -> Dataset:
    start_problems(engine)
    rows = [
        {"customer_id": "a", "event": "placed_order", "at": AT, "file": "f", "row": i, **e}
        for i, e in enumerate(happened)
    ]
    frame = pd.DataFrame(rows or [{"customer_id": "a", "event": "x", "at": AT, "file": "f", "row": 0}]).iloc[
        : len(rows)
    ]
    engine.load("events_in", frame)
    engine.load("profiles_in", pd.DataFrame(known or [{"customer_id": "a"}]))
    return finish(engine, Arrival(currency, len(happened) + len(known or ())), out, silent)


def test_faults_any_reader_may_leave(tmp_path: Path) -> None:
    found = finished(
        tmp_path,
        [
            {"value": 5.0},
            {"value": 1e20},
            {"value": float("inf")},
            {"customer_id": None, "value": 1.0},
            {"event": "", "value": 1.0},
            {"at": -1, "value": 1.0},
            {"at": AT * 10, "value": 1.0},
        ],
    )
    assert found.events == 1
    assert found.problems == {
        "impossible_date": 2,
        "impossible_number": 2,
        "missing_customer": 1,
        "missing_event_name": 1,
    }


def test_an_event_id_counts_once_whatever_the_order(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"event_id": "1", "value": 5.0, "channel": "web"},
        {"event_id": "1", "value": 5.0, "channel": "sms"},
        {"event_id": "2", "value": 6.0, "channel": None},
        {"event_id": None, "value": 7.0, "channel": None},
        {"event_id": None, "value": 7.0, "channel": None},
    ]
    one, two = finished(tmp_path / "a", rows), finished(tmp_path / "b", rows[::-1])
    assert one.events == 4
    assert one.problems == {"duplicate_event": 1}
    assert one.fingerprint == two.fingerprint


def test_rows_that_differ_in_any_column_do_not_stand_as_they_came(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"channel": c, "device": d, "machine": m} for c in ("web", "sms") for d in ("x", "y") for m in (True, False)
    ]
    prints = {finished(tmp_path / str(i), rows[i:] + rows[:i]).fingerprint for i in range(len(rows))}
    assert len(prints) == 1


@pytest.mark.parametrize("few", [0, 2, 50_000])
def test_words_carried_as_types_are_the_words_that_came(few: int, tmp_path: Path, monkeypatch: Any) -> None:
    words = ["it's", "Zürich", "a", "B", None, ""]
    rows: list[dict[str, object]] = [
        {"event": event, "product": word, "category": "one"} for event in ("viewed_product", "x y") for word in words
    ]
    monkeypatch.setattr(written, "_FEW_WORDS", few)
    found = events(finished(tmp_path, rows))
    assert sorted(found["event"]) == sorted(str(row["event"]) for row in rows)
    # By bytes, what is missing last: an order that no machine's language changes.
    assert found["product"].fillna("missing").tolist() == ["", "B", "Zürich", "a", "it's", "missing"] * 2
    assert set(found["category"]) == {"one"}


def test_a_product_without_an_id_is_known_by_its_name(tmp_path: Path) -> None:
    named = [{"product": "Hat"}, {"product": ""}, {"product": None}]
    assert events(finished(tmp_path / "a", named))["product_id"].dropna().tolist() == ["Hat"]
    both = [{"product": "Hat", "product_id": "7"}, {"product": "Cap", "product_id": None}]
    assert sorted(events(finished(tmp_path / "b", both))["product_id"]) == ["7", "Cap"]


def test_an_order_cancelled_later_says_when(tmp_path: Path) -> None:
    found = finished(
        tmp_path, [{"order_id": "1"}, {"order_id": "2"}, {"order_id": "1", "event": "cancelled_order", "at": AT + DAY}]
    )
    table = events(found)
    assert table["cancelled_at"].dropna().tolist() == [AT + DAY]


def test_profiles_once_and_first_seen(tmp_path: Path) -> None:
    known: list[dict[str, object]] = [
        {"customer_id": "a", "created_at": None, "property.x": "1", "file": "p", "row": 1},
        {"customer_id": "b", "created_at": AT + DAY, "property.x": "1", "file": "p", "row": 2},
        {"customer_id": "b", "created_at": AT + DAY, "property.x": "2", "file": "p", "row": 3},
    ]
    found = finished(tmp_path / "a", [{}], known)
    assert (found.customers, found.problems) == (2, {"duplicate_customer": 1})
    assert profiles(found)["created_at"].tolist() == [AT, AT + DAY]
    assert finished(tmp_path / "b", [{}], known[::-1]).fingerprint == found.fingerprint


def test_a_profile_made_after_its_first_event_was_there_from_that_on(tmp_path: Path) -> None:
    late: list[dict[str, object]] = [{"customer_id": "a", "created_at": AT + DAY}]
    assert profiles(finished(tmp_path / "a", [{}], late))["created_at"].tolist() == [AT]
    early: list[dict[str, object]] = [{"customer_id": "a", "created_at": AT - DAY}]
    assert profiles(finished(tmp_path / "b", [{}], early))["created_at"].tolist() == [AT - DAY]


def test_customers_without_events_and_nobody_at_all(tmp_path: Path) -> None:
    found = finished(tmp_path / "a", [], [{"customer_id": "a", "created_at": AT}])
    assert (found.customers, found.events, found.first_at) == (1, 0, AT)
    with pytest.raises(DataError, match="1 missing_customer"):
        finished(tmp_path / "b", [{"customer_id": " "}], [{"customer_id": " "}])


def test_one_engine_reads_one_source_after_another(tmp_path: Path) -> None:
    with Engine() as engine:
        first = _finish(engine, tmp_path / "a", [{}], None)
        engine.run("DROP TABLE events_in")
        engine.run(f"CREATE VIEW events_in AS SELECT * FROM read_parquet('{tmp_path}/a/events.parquet')")
        assert _finish(engine, tmp_path / "b", [{}], None).fingerprint == first.fingerprint
        with pytest.raises(DataError, match=r"source\.currency"):
            _finish(engine, tmp_path / "c", [{}], None, "usd")


def test_canonical_folder_that_cannot_be_used(tmp_path: Path) -> None:
    source = CanonicalSource(path="x", currency="USD")
    frame = pd.DataFrame({"customer_id": ["a"], "event": ["x"], "at": [AT], "value": ["much"]})
    with Engine() as engine:
        with pytest.raises(DataError, match=r"must hold profiles\.parquet"):
            read_canonical(engine, source, tmp_path, silent)
        pd.DataFrame({"customer_id": ["a"]}).to_parquet(tmp_path / "profiles.parquet")
        frame.to_parquet(tmp_path / "events.parquet")
        with pytest.raises(DataError, match=r"events\.parquet cannot be read.*much"):
            read_canonical(engine, source, tmp_path, silent)
        frame.drop(columns="at").to_parquet(tmp_path / "events.parquet")
        with pytest.raises(DataError, match="missing: at"):
            read_canonical(engine, source, tmp_path, silent)
        (tmp_path / "events.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError, match=r"events\.parquet cannot be read"):
            read_canonical(engine, source, tmp_path, silent)


@pytest.mark.parametrize("stamp", ["int64", "datetime64[us]"])
def test_a_damaged_page_of_a_canonical_table_is_told(stamp: str, tmp_path: Path) -> None:
    customers = [f"c{i * 7919 % 10_007}" for i in range(2_000)]
    at = pd.Series([AT + i for i in range(2_000)]).astype(stamp)
    pd.DataFrame({"customer_id": customers, "event": "placed_order", "at": at, "value": 1.0}).to_parquet(
        tmp_path / "events.parquet", compression="zstd"
    )
    pd.DataFrame({"customer_id": customers[:2]}).to_parquet(tmp_path / "profiles.parquet")
    raw = bytearray((tmp_path / "events.parquet").read_bytes())
    raw[200:400] = bytes(200)
    (tmp_path / "events.parquet").write_bytes(raw)
    with Engine() as engine, pytest.raises(DataError, match=r"cannot be read: .*Export it again"):
        ingest(engine, CanonicalSource(path=str(tmp_path), currency="USD"), tmp_path, tmp_path / "out")
