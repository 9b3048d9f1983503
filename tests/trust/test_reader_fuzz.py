"""Whatever a file holds, a reader gives a dataset that accounts for every row, or an error that says what to do."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.core.errors import DataError, UsageError
from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine
from discovery.ingest import read
from discovery.ingest.contract import EARLIEST, LATEST, Arrival, finish
from tests.trust.conftest import cases

Row = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A file that a reader reads, the events a good row of it becomes, and the bytes such files begin with."""

    source: Mapping[str, Any]
    file: str
    header: Row
    good: Row
    events: Sequence[str]
    magic: bytes = b""


MAPPED = {"customer_id": "id", "at": "date", "value": "amount", "country": "land", "property.age": "age"}
ORDERS = Kind(
    {"kind": "table", "shape": "orders", "columns": MAPPED},
    "orders.csv",
    ("id", "date", "amount", "land", "age"),
    ("c{}", "2024-01-{:02}", "1{}.50", "NA", "3{}"),
    ("placed_order", "refunded_order"),
    b"id,date,amount,land,age\n",
)
PARQUET = replace(ORDERS, file="orders.parquet", magic=b"PAR1")
WORKBOOK = replace(ORDERS, file="orders.xlsx", magic=b"PK\3\4")
SHOPIFY = Kind(
    {"kind": "shopify"},
    "orders.csv",
    ("Name", "Email", "Created at", "Total", "Lineitem quantity", "Lineitem name", "Lineitem price", "Cancelled at"),
    ("#{}", "c{}@example.com", "2025-03-{:02} 10:00:00 -0500", "49.00", "2", "Hat", "10.00", ""),
    ("ordered_product",),
    b"Name,Email,Created at,Total,Lineitem quantity,Lineitem name,Lineitem price\n",
)
KLAVIYO = Kind(
    {"kind": "klaviyo"},
    "Placed Order.csv",
    ("Email", "Person//ID", "Timestamp", "$event_id", "$value", "Quantity", "Country"),
    ("c{}@example.com", "0{}", "2025-03-{:02} 15:00:00", "45{}", "49.00", "1", "US"),
    ("placed_order",),
    b"Email,Timestamp,$value\n",
)
RECORDS = replace(KLAVIYO, file="events.json", magic=b'[{"type": "event", "attributes": {}}')
CANONICAL = Kind({"kind": "canonical"}, "events.parquet", (), (), ())
KINDS = (ORDERS, PARQUET, WORKBOOK, SHOPIFY, KLAVIYO, RECORDS)
NAMES = ["table", "shopify", "klaviyo"]

#: Cells that are told and left empty, while the rest of their row counts.
SOFT = ("Cancelled at",)
HOSTILE = [
    *("", " ", "\t", "\u00a0", "NaN", "-nan", "inf", "-Infinity", "1e308", "-1e308", "1e-308", "1e5", "00042", "0x1F"),
    *("1_000", "1,234.50", "1.234,56", "(12.00)", "$5", "5 €", "\u22125", "--5", "5-", "\u0663\u0664", "\uff11\uff12"),
    *(".", ",", "-", "+", "5e", "e5", "1e400"),
    *("=1+1", "@SUM(A1)", "\x00", "a\x00b", "a\nb", "a\r\nb", "a\rb", '"', '""', "'", "'; DROP TABLE events_in; --"),
    *("\\", "{}", "[]", '["a"', "[1, null]", "null", "NULL", "true", "😀", "é", "\ufeff", "\u202e", "x" * 9_000),
    *("2024-02-31", "0001-01-01", "9999-12-31", "31/12/2024", "12/31/2024", "1704450615", "1704450615000", "9" * 20),
    *("2024-01-05T10:30:00+99:99", "2024-01-05 25:61", "infinity", "epoch", "today", "now", "5 Jan 2024", "20240105"),
    *("Neverland", "a@x.io", "@", "-1", "0", "1e999", "999999999999999", "0.00001", "c1", "c1@example.com"),
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
BYTES = st.one_of(
    st.sampled_from(b'\x00"\n\r,;\t\x80\xff').map(lambda byte: bytes([byte])),
    st.sampled_from([b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04"]),
    st.binary(min_size=1, max_size=6),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp037"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all cases: a case must leave nothing behind that the next one stumbles over."""
    with Engine(EngineSettings(memory_limit="1GB", threads=1)) as made:
        yield made


@st.composite
def tables(draw: st.DrawFn, kind: Kind) -> list[Row]:
    """Some rows of which most are good, the cells of the others anything."""
    rows = [tuple(cell.format(n) for cell in kind.good) for n in range(1, draw(st.integers(2, 9)))]
    for _ in range(draw(st.integers(0, 5))):
        row, column = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(kind.header) - 1))
        rows[row] = (*rows[row][:column], draw(TEXTS), *rows[row][column + 1 :])
    for _ in range(draw(st.integers(0, 1))):
        rows.append(rows[draw(st.integers(0, len(rows) - 1))])
    return rows


def csv_of(rows: Sequence[Row], delimiter: str = ",", end: str = "\n", quoting: Literal[0, 1] = csv.QUOTE_ALL) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


@st.composite
def broken_texts(draw: st.DrawFn, kind: Kind) -> bytes:
    """A table as text that somebody spoilt: its lines, its signs, its letters, its bytes."""
    header = [*kind.header]
    for _ in range(draw(st.integers(0, 1))):
        header[draw(st.integers(0, len(header) - 1))] = draw(st.one_of(TEXTS, st.sampled_from(header)))
    delimiter, end = draw(st.sampled_from([",", ",", ";", "\t", "|", " "])), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = csv_of([tuple(header), *draw(tables(kind))], delimiter, end, csv.QUOTE_MINIMAL).split(end)
    for at in draw(st.lists(st.integers(0, len(lines) - 1), max_size=3)):
        line = lines[at]
        cut = draw(st.integers(0, len(line)))
        lines[at] = draw(st.sampled_from(["", end + line, line[:cut], line[:cut] + end + line[cut:], line + delimiter]))
    return draw(edited(end.join(lines).encode(draw(ENCODINGS), errors="replace")))


@st.composite
def edited(draw: st.DrawFn, raw: bytes) -> bytes:
    """The same bytes, cut off, or with a few of them replaced by others."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(BYTES) + raw[at + draw(st.integers(0, 9)) :]
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) and draw(st.booleans()) else raw


@dataclass(frozen=True)
class Told:
    """What is left of a file: rows read, rows that are problems, events, customers."""

    rows: int
    bad: int
    events: list[str]
    customers: int


def answer(engine: Engine, kind: Kind, raw: bytes, files: Mapping[str, bytes] | None = None) -> Told | None:
    """Return what a reader made of a file, or None where it refused it in words; anything else is a failure."""
    arrived: list[Arrival] = []

    def seen(engine: Engine, arrival: Arrival, *rest: Any) -> Dataset:
        arrived.append(arrival)
        return finish(engine, arrival, *rest)

    with tempfile.TemporaryDirectory() as scratch, patch.object(read, "finish", seen):
        base = Path(scratch)
        (base / "in").mkdir()
        for name, content in (files or {kind.file: raw}).items():
            (base / "in" / name).write_bytes(content)
        compiled = compile_settings({"source": {"currency": "USD", "path": "in", **kind.source}, "as_of": "data_end"})
        try:
            dataset = read.ingest(engine, compiled.source, base, base / "out")
        except (DataError, UsageError) as refused:
            if len(str(refused)) < 20:
                raise AssertionError("an error must say what to do") from refused
            return None
        check(dataset)
        events, problems = (pq.read_table(base / "out" / f"{n}.parquet") for n in ("events", "problems"))
        bad = {(p["file"], p["row"]) for p in problems.to_pylist() if p["column"] not in SOFT}
        return Told(arrived[0].rows_read, len(bad), events["event"].to_pylist(), dataset.customers)


def check(dataset: Dataset) -> None:
    """Assert what holds of every dataset, whatever it was read from."""
    events, profiles = pq.read_table(dataset.events_path), pq.read_table(dataset.profiles_path)
    assert (len(events), len(profiles)) == (dataset.events, dataset.customers)
    for table in (events, profiles):
        for column in table.columns:
            if pa.types.is_floating(column.type):
                assert np.isfinite(column.drop_null().to_numpy()).all(), "never NaN silently"
    assert all(EARLIEST <= at < LATEST for at in events["at"].to_pylist())
    assert pc.all(pc.less_equal(events["customer_key"], dataset.customers - 1), min_count=0).as_py()
    ids = profiles["customer_id"].to_pylist()
    assert all(who.strip(" \t\r\n") for who in ids)
    assert len(set(ids)) == len(ids)


def rows_used(kind: Kind, told: Told) -> int:
    """Return how many rows became what a good row becomes."""
    return sum(e in kind.events for e in told.events)


@pytest.mark.parametrize(("kind", "share"), [(ORDERS, 0.08), (SHOPIFY, 0.03), (KLAVIYO, 0.02)], ids=NAMES)
def test_every_row_of_hostile_cells_is_used_or_a_problem(engine: Engine, kind: Kind, share: float) -> None:
    @cases(share)
    @given(rows=tables(kind))
    def law(rows: list[Row]) -> None:
        told = answer(engine, kind, csv_of([kind.header, *rows]).encode())
        if told is not None:
            assert told.rows == sum(any(row) for row in rows)
            assert rows_used(kind, told) + told.bad == told.rows

    law()


@pytest.mark.parametrize(("kind", "share"), [(ORDERS, 0.16), (SHOPIFY, 0.08), (KLAVIYO, 0.04)], ids=NAMES)
def test_a_spoilt_text_loses_no_row_in_silence(engine: Engine, kind: Kind, share: float) -> None:
    @cases(share)
    @given(raw=broken_texts(kind))
    def law(raw: bytes) -> None:
        told = answer(engine, kind, raw)
        if told is not None:
            # Of a header that was spoilt too, a row may be another thing: a profile, a line without a product.
            assert rows_used(kind, told) + told.bad + told.customers >= told.rows

    law()


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Events as Klaviyo's API gives them, a few of their values replaced by anything, then their bytes."""
    listed: list[Any] = [{"type": "metric", "id": "M", "attributes": {"name": "Placed Order"}}]
    for n in range(draw(st.integers(1, 4))):
        properties = {"$value": 5, "$event_id": str(n), "Items": [{"ProductID": "p", "Quantity": 1, "ItemPrice": 5}]}
        listed.append(
            {
                "type": "event",
                "id": f"E{n}",
                "attributes": {"datetime": f"2025-03-0{n + 1}T15:00:00+00:00", "event_properties": properties},
                "relationships": {"metric": {"data": {"id": "M"}}, "profile": {"data": {"id": f"p{n}"}}},
            }
        )
    for _ in range(draw(st.integers(0, 3))):
        inside: Any = listed
        while True:
            key = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
            if not (isinstance(inside[key], dict | list) and inside[key] and draw(st.integers(0, 4))):
                inside[key] = draw(JSONS)
                break
            inside = inside[key]
    text = json.dumps(listed) if draw(st.booleans()) else "\n".join(map(json.dumps, listed))
    return draw(edited(text.encode()))


@cases(0.02)
@given(raw=records())
def test_a_spoilt_answer_of_an_api_loses_no_record_in_silence(engine: Engine, raw: bytes) -> None:
    told = answer(engine, RECORDS, raw)
    assert told is None or rows_used(RECORDS, told) + told.bad + told.customers >= told.rows


INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
TYPES: Sequence[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), TEXTS),
    (pa.string(), st.sampled_from(["2024-01-05", "5"])),
    (pa.float64(), st.floats()),
    (pa.float32(), st.floats(width=32)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.int8(), st.integers(-128, 127)),
    (pa.bool_(), st.booleans()),
    (pa.timestamp("us"), INSTANTS.map(lambda at: at.replace(tzinfo=None))),
    (pa.timestamp("us", "UTC"), INSTANTS),
    (pa.timestamp("s"), st.integers(-(2**40), 2**40)),
    (pa.date32(), st.dates()),
    (pa.time64("us"), st.times()),
    (pa.duration("us"), st.timedeltas(timedelta(-9), timedelta(9))),
    (pa.decimal128(38, 4), st.decimals(-(10**30), 10**30, places=4)),
    (pa.binary(), st.binary(max_size=4)),
    (pa.list_(pa.string()), st.lists(TEXTS, max_size=2)),
    (pa.struct([("a", pa.int64())]), st.fixed_dictionaries({"a": st.integers(0, 9)})),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "2024-01-05", "7"])),
    (pa.null(), st.none()),
]


@st.composite
def typed_tables(draw: st.DrawFn, good: pa.Table) -> pa.Table:
    """A table of which columns became anything of any type."""
    for _ in range(draw(st.integers(0, 2))):
        column = draw(st.integers(0, good.num_columns - 1))
        kind, values = draw(st.sampled_from(TYPES))
        cells = draw(st.lists(values | st.none(), min_size=len(good), max_size=len(good)))
        good = good.set_column(column, good.column_names[column], pa.array(cells, kind))
    return good


def parquet_of(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


GOOD = pa.table(
    {
        "id": ["a", "b", "c", "d"],
        "date": pa.array([datetime(2024, 1, n, 10) for n in range(1, 5)], pa.timestamp("us")),
        "amount": [10.0, 20.5, -3.0, 7.25],
        "land": ["NA", "GB", None, "US"],
        "age": [1.0, 2.0, 3.0, None],
    }
)


@cases(0.2)
@given(table=typed_tables(GOOD), data=st.data())
def test_a_typed_table_of_anything(engine: Engine, table: pa.Table, data: st.DataObject) -> None:
    whole = parquet_of(table)
    raw = data.draw(edited(whole))
    told = answer(engine, PARQUET, raw)
    if told is not None and raw == whole:
        wanted = [_cells(table[c]) for c in ORDERS.header]
        assert told.rows == sum(any(cell not in (None, "") for cell in row) for row in zip(*wanted, strict=True))
        assert rows_used(PARQUET, told) + told.bad == told.rows


def _cells(column: pa.ChunkedArray) -> list[object]:
    """Return its values; instants as texts, for some are before the first year that Python knows."""
    return list((column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column).to_pylist())


EVENTS = GOOD.rename_columns(["customer_id", "at", "value", "country", "quantity"]).append_column(
    "event", pa.array(["placed_order"] * 4)
)


@cases(0.12)
@given(events=typed_tables(EVENTS), data=st.data())
def test_canonical_tables_of_anything(engine: Engine, events: pa.Table, data: st.DataObject) -> None:
    people = pa.table({"customer_id": ["a", "e"], "latitude": [1.5, None], "email": ["x", None]})
    profiles = data.draw(typed_tables(people))
    files = {"profiles.parquet": parquet_of(profiles), "events.parquet": parquet_of(events)}
    told = answer(engine, CANONICAL, b"", files)
    assert told is None or len(told.events) + told.bad >= len(events)


CELLS = st.one_of(TEXTS, st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.dates(date(1900, 1, 1)))


@cases(0.1)
@given(rows=tables(ORDERS), strange=CELLS, column=st.integers(0, 4), data=st.data())
def test_a_workbook_of_anything(
    engine: Engine, rows: list[Row], strange: object, column: int, data: st.DataObject
) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    # Else its bytes would tell when it was made.
    book.set_properties({"created": datetime(2026, 1, 1)})
    sheet = book.add_worksheet()
    for number, row in enumerate([ORDERS.header, *rows]):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell)
    sheet.write(len(rows), column, strange)
    book.close()
    whole = out.getvalue()
    raw = data.draw(edited(whole))
    told = answer(engine, WORKBOOK, raw)
    if told is not None and raw == whole:
        assert rows_used(WORKBOOK, told) + told.bad == told.rows


@cases(0.15)
@given(raw=st.binary(max_size=300), kind=st.sampled_from(KINDS), like=st.sampled_from(KINDS))
def test_random_bytes(engine: Engine, raw: bytes, kind: Kind, like: Kind) -> None:
    answer(engine, kind, raw)
    answer(engine, kind, like.magic + raw)
