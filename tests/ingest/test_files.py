"""How files are written and packed: what holds of one reader holds of all that read text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from discovery.core.errors import DataError, SettingError
from discovery.core.sources import TablePart
from discovery.ingest.files.dialect import open_text
from discovery.ingest.files.text import text_to_parquet
from tests.ingest.reading import Read, csv_text, read_source, write


@dataclass(frozen=True)
class Reader:
    """A reader, and the names of a small file of orders that it reads."""

    kind: str
    file: str
    who: str
    when: str
    money: str
    note: str
    plain: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)

    def text(self, customers: Sequence[str] = "ab", delimiter: str = ",", note: str = "Hat") -> str:
        """Return orders of 12.50, one a customer."""
        rows = []
        for day, who in enumerate(customers):
            row = {self.who: f"{who}@x.com", self.when: f"2025-03-{day % 28 + 1:02d} 10:00:00", self.money: "12.50"}
            numbered = {n: v.format(day) for n, v in self.plain.items()}
            rows.append({**row, **numbered, self.note: note})
        return csv_text(rows, delimiter=delimiter)

    def read(self, folder: Path, content: str | bytes, suffix: str = "", **more: Any) -> Read:
        write(folder / "in" / (self.file + suffix), content)
        return read_source({"kind": self.kind, "path": "in", "currency": "USD", **self.keys, **more}, folder)

    def refused(self, folder: Path, content: str | bytes, match: str, suffix: str = "", **more: Any) -> None:
        with pytest.raises(DataError, match=match):
            self.read(folder, content, suffix, **more)


READERS = [
    Reader(
        *("table", "orders.csv", "id", "date", "amount", "note"),
        keys={"shape": "orders", "columns": {"customer_id": "id", "at": "date", "value": "amount"}},
    ),
    Reader(
        *("shopify", "orders.csv", "Email", "Created at", "Total", "Lineitem name"),
        {"Name": "#{}", "Lineitem quantity": "1", "Lineitem price": "10"},
    ),
    Reader("klaviyo", "Placed Order.csv", "Email", "Timestamp", "$value", "Name", {"$event_id": "{}"}),
]
every_reader = pytest.mark.parametrize("reader", READERS, ids=lambda r: r.kind)


def customers(got: Read) -> list[str]:
    return [c.removesuffix("@x.com") for c in sorted(got.named("placed_order")["customer_id"])]


@every_reader
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_told(tmp_path: Path, reader: Reader, encoding: str, delimiter: str) -> None:
    text = reader.text(["zoë😀", *"bcdefghij"], delimiter)
    text = text.replace("12.50", "12,50") if delimiter == ";" else text
    got = reader.read(tmp_path, text.encode(encoding))
    assert customers(got) == [*"bcdefghij", "zoë😀"]
    assert set(got.named("placed_order")["value"]) == {12.5}


@every_reader
def test_latin_1_is_refused_until_named(tmp_path: Path, reader: Reader) -> None:
    raw = reader.text(["zoë"]).encode("cp1252")
    reader.refused(tmp_path, raw, r"source\.encoding, for example cp1252")
    late = reader.text(["a"] * 60_000).encode() + reader.text(["zoë"]).split("\n", 1)[1].encode("cp1252")
    reader.refused(tmp_path, late, r"source\.encoding")
    assert customers(reader.read(tmp_path, raw, encoding="cp1252")) == ["zoë"]
    with pytest.raises(SettingError, match=r"source\.encoding must name an encoding"):
        reader.read(tmp_path, raw, encoding="latin-nine")


@every_reader
def test_quoted_newlines_and_quotes_stay_in_their_cell(tmp_path: Path, reader: Reader) -> None:
    got = reader.read(tmp_path, reader.text(note='one\n"two", three'))
    assert customers(got) == ["a", "b"]
    assert got.problems.empty


@every_reader
def test_rows_with_too_many_cells_are_problems_with_their_number(tmp_path: Path, reader: Reader) -> None:
    head, a, b, c = reader.text("abc").splitlines()
    got = reader.read(tmp_path, "\n".join([head, a, "", b + ",x", c, ""]))
    assert customers(got) == ["a", "c"]
    assert got.problems[["file", "row", "reason"]].values.tolist() == [[reader.file, 4, "ragged_row"]]
    reader.refused(tmp_path, "\n".join([head, a, b + ",x", c + ",x"]), "most rows must have the header's")


@pytest.mark.parametrize("reader", READERS[1:], ids=lambda r: r.kind)
def test_cells_that_a_spreadsheet_left_out_are_empty(tmp_path: Path, reader: Reader) -> None:
    head, *rows = reader.text("abcd").splitlines()
    text = "\n".join([head + ",Tags,Note", rows[0] + ",t,n", *rows[1:]])
    got = reader.read(tmp_path, text)
    assert customers(got) == [*"abcd"]
    assert got.problems.empty
    assert customers(reader.read(tmp_path, text.encode("utf-16"))) == [*"abcd"]
    assert customers(reader.read(tmp_path, "\n".join([head + ",Tags,Note", *rows]))) == [*"abcd"]


@every_reader
def test_rows_are_numbered_across_blocks(tmp_path: Path, reader: Reader) -> None:
    head, *rows = reader.text(["a"] * 40_000, note="x" * 120).splitlines()
    rows[40] = rows[40] + ",x"
    rows[39_000] = rows[39_000].replace("2025-03", "soon")
    got = reader.read(tmp_path, "\n".join([head, *rows]))
    assert got.problems[["row", "reason"]].values.tolist() == [[42, "ragged_row"], [39_002, "bad_date"]]


@every_reader
@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04....", "workbook or zip"),
        (b"PAR1....", "Parquet"),
        (b"\x1f\x8b....", "gzip, not text"),
    ],
)
def test_what_is_no_text(tmp_path: Path, reader: Reader, raw: bytes, match: str) -> None:
    reader.refused(tmp_path, raw, match)


@every_reader
def test_a_file_that_was_cut_off_within_quotes(tmp_path: Path, reader: Reader) -> None:
    text = reader.text([*"ab"], note='a "quoted" hat')
    reader.refused(tmp_path, text[: text.rindex('hat"')], "opened and never closed")


@every_reader
def test_the_size_is_limited(tmp_path: Path, reader: Reader) -> None:
    reader.refused(tmp_path, reader.text("ab" * 1000), r"source\.largest_file", largest_file="0.00001")


# Packed


@every_reader
@pytest.mark.parametrize("suffix", [".gz", ".GZ"])
def test_gzip_is_read(tmp_path: Path, reader: Reader, suffix: str) -> None:
    raw = reader.text("abc").replace("12.50", "many", 1).encode("utf-16")
    plain, packed = reader.read(tmp_path / "p", raw), reader.read(tmp_path / "z", gzip.compress(raw), suffix)
    assert packed.dataset.fingerprint == plain.dataset.fingerprint
    assert packed.problems["file"].tolist() == [reader.file + suffix]
    several = gzip.compress(raw[:40]) + gzip.compress(raw[40:])
    assert reader.read(tmp_path / "z", several, suffix).dataset.fingerprint == plain.dataset.fingerprint


@every_reader
def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, reader: Reader) -> None:
    bomb = gzip.compress(reader.text("ab").encode() + b"\n" * 30_000_000)
    assert 200 * len(bomb) < 30_000_000
    reader.refused(tmp_path, bomb, r"would unpack to more than .*source\.largest_ratio", ".gz")
    sound = gzip.compress(reader.text("ab" * 1500).encode())
    reader.refused(tmp_path, sound, r"source\.largest_ratio", ".gz", largest_ratio="2")
    reader.refused(tmp_path, sound, r"source\.largest_file", ".gz", largest_file="0.00005")
    assert customers(reader.read(tmp_path, sound, ".gz")) == ["a"] * 1500 + ["b"] * 1500


@every_reader
def test_gzip_that_is_none_or_not_whole(tmp_path: Path, reader: Reader) -> None:
    raw = gzip.compress(reader.text("ab" * 100).encode())
    reader.refused(tmp_path, raw[:-9], "not whole as gzip", ".gz")
    reader.refused(tmp_path, raw[:20] + b"\xff" * 40 + raw[60:], "not whole as gzip", ".gz")
    reader.refused(tmp_path, reader.text(), "not whole as gzip", ".gz")
    reader.refused(tmp_path, gzip.compress(b""), "is empty", ".gz")
    reader.refused(tmp_path, gzip.compress(raw), "gzip, not text", ".gz")


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", ["events.json", "events.jsonl"])
def test_packed_json(tmp_path: Path, name: str, suffix: str) -> None:
    metric = {"type": "metric", "id": "M", "attributes": {"name": "Placed Order"}}
    event = {
        "type": "event",
        "attributes": {"datetime": "2025-03-01T10:00:00Z", "event_properties": {"$value": 5}},
        "relationships": {"metric": {"data": {"id": "M"}}, "profile": {"data": {"id": "zoë"}}},
    }
    text = json.dumps([metric, event]) if name.endswith("n") else "\n".join(map(json.dumps, [metric, event]))
    settings = {"kind": "klaviyo", "path": "in", "currency": "USD"}

    def read(raw: bytes, **more: Any) -> Read:
        write(tmp_path / "in" / (name + suffix), gzip.compress(raw) if suffix else raw)
        return read_source({**settings, **more}, tmp_path)

    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read(text.encode(encoding)).events["customer_id"].tolist() == ["zoë"]
    with pytest.raises(DataError, match="damaged"):
        read(text.encode("utf-16")[:-1])
    bomb = text.encode() + b" " * 3_000_000
    with pytest.raises(DataError, match=r"source\.largest_(ratio|file)"):
        read(bomb, largest_file="0.002")
    if suffix:
        with pytest.raises(DataError, match=r"source\.largest_ratio"):
            read(bomb)


def test_a_file_larger_than_memory_may_be_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("discovery.ingest.files.text._LONGEST_ROW", 1 << 18)
    rows = "".join(f"c{i},2025-03-01,12.50,{'x' * 80}\n" for i in range(40_000))
    path = write(tmp_path / "t.csv", "id,date,amount,note\n")
    with path.open("a") as file:
        for _ in range(25):
            file.write(rows)
    before = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(before)
    pa.set_memory_pool(counted)
    try:
        text = open_text(path, TablePart(), ("id",))
        text_to_parquet(text, dict(enumerate(text.names)), "t.csv", tmp_path / "t.parquet")
    finally:
        pa.set_memory_pool(before)
    assert counted.max_memory() < path.stat().st_size / 5
