"""Bad input: what can be told is read right, otherwise refused with the setting to use. Each row a real file."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from discovery import service
from discovery.core.errors import DataError, SettingError
from tests.ingest.tables import LINES, ORDERS, events, problems, profiles, read, read_text

HEAD = "id,date,amount\n"
GOOD = HEAD + "a,2024-01-05,10.50\nb,2024-02-01,20\n"


def refused(folder: Path, text: str | bytes, match: str, name: str = "t.csv", **keys: object) -> None:
    """Assert that a file is refused with a sentence that says `match`."""
    with pytest.raises(DataError, match=match):
        read_text(folder, text, name, **keys)


# Files


def test_missing_column_names_the_column_and_the_mapping(tmp_path: Path) -> None:
    refused(tmp_path, "id,day,amount\na,2024-01-05,1\n", r"no column 'date', which source\.columns\.at.*Set source")


@pytest.mark.parametrize(
    ("text", "match"), [("", "is empty"), (HEAD, "below the header"), ("\n\n", "no column|below the header")]
)
def test_empty_file_and_header_alone(tmp_path: Path, text: str, match: str) -> None:
    refused(tmp_path, text, match)


def test_one_customer_with_one_order_is_a_dataset(tmp_path: Path) -> None:
    found = read_text(tmp_path, HEAD + "a,2024-01-05,10\n")
    assert (found.customers, found.events) == (1, 1)


def test_no_order_at_all_is_said_by_the_main_job(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HEAD + "a,2024-01-05,-10\nb,2024-01-05,-10\n")
    (tmp_path / "c.yaml").write_text(
        "source: {kind: table, shape: orders, path: t.csv, currency: USD, columns: {customer_id: id, at: date, "
        "value: amount}}\nas_of: data_end\n"
    )
    with pytest.raises(DataError, match="order"):
        service.discover(tmp_path / "c.yaml", tmp_path / "w")


def test_no_usable_row_counts_the_reasons(tmp_path: Path) -> None:
    refused(tmp_path, HEAD + ",2024-01-05,10\n,2024-01-05,x\n", "2 missing_customer")


def test_wrong_delimiter_is_refused_with_the_setting(tmp_path: Path) -> None:
    refused(tmp_path, GOOD, r"no column 'id'", delimiter=";")
    text = "a 2024-01-05 1\nb 2024-01-05 2 3\nc 2024-01-05 2 3\n"
    refused(tmp_path, text, r"source\.delimiter", "t.txt", delimiter=",", header=["id", "date", "amount"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_told_by_its_bytes(tmp_path: Path, encoding: str) -> None:
    text = HEAD + "Zoë 😀,2024-01-05,10\n" + "x,2024-01-06,1\n" * 20
    assert "Zoë 😀" in profiles(read_text(tmp_path, text.encode(encoding))).index


def test_latin_1_is_refused_until_named(tmp_path: Path) -> None:
    raw = (HEAD + "Zoë,2024-01-05,10\n").encode("cp1252")
    refused(tmp_path, raw, r"source\.encoding, for example cp1252")
    assert profiles(read_text(tmp_path, raw, encoding="cp1252")).index.tolist() == ["Zoë"]
    refused(tmp_path, "größe,id,date,amount\nx,a,2024-01-05,1\n".encode("cp1252"), r"source\.encoding")


def test_bytes_beyond_the_first_block_are_checked_too(tmp_path: Path) -> None:
    raw = (HEAD + "a,2024-01-05,10\n" * 400_000).encode() + "Zoë,2024-01-05,10\n".encode("cp1252")
    refused(tmp_path, raw, r"source\.encoding")


def test_quoted_newlines_and_quotes_stay_in_their_field(tmp_path: Path) -> None:
    text = 'id,date,amount\n"a\nb",2024-01-05,10\n"say ""hi"", x",2024-01-06,5\n,2024-01-06,5\n'
    found = read_text(tmp_path, text)
    assert profiles(found).index.tolist() == ["a\nb", 'say "hi", x']
    assert problems(found) == [("t.csv", 4, "missing_customer")], "a row is counted once, whatever lines it takes"


def test_a_quotation_mark_never_closed(tmp_path: Path) -> None:
    for rows in (1, 400_000):
        refused(tmp_path, HEAD + 'a,2024-01-05,"10\n' + "b,2024-01-05,10\n" * rows, "quotation mark")
    columns = {**ORDERS, "order_id": "n"}
    assert read_text(tmp_path, 'id,date,amount,n\na,2024-01-05,10,5" pipe\n', columns=columns).events == 1


def test_ragged_rows_are_problems_with_their_number(tmp_path: Path) -> None:
    text = HEAD + "a,2024-01-05,10\n\na,2024-01-06\na,2024-01-06,1,2\n" + "b,2024-01-07,5\n" * 5
    found = read_text(tmp_path, text)
    assert (found.events, problems(found)) == (6, [("t.csv", 4, "ragged_row"), ("t.csv", 5, "ragged_row")])


@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_rows_are_numbered_across_blocks(tmp_path: Path, name: str) -> None:
    sign = "," if name == "t.csv" else " "
    rows = [f"a,2024-01-05,{10 if i % 50_000 else 'x'}" for i in range(260_000)]
    rows[260] = "a,b"
    text = "\n".join([HEAD.strip(), *rows]).replace(",", sign) + "\n"
    found = read_text(tmp_path, text, name)
    expected = sorted([(i * 50_000 + 2, "bad_number") for i in range(6)] + [(262, "ragged_row")])
    assert sorted((r, reason) for _, r, reason in problems(found)) == expected
    assert found.events == 260_000 - 7


@pytest.mark.parametrize(
    ("raw", "name", "match"),
    [
        (b"PK\x03\x04....", "t.csv", "workbook or zip"),
        (b"PAR1....", "t.csv", "Parquet"),
        (b"\x1f\x8b....", "t.csv", "gzip"),
        (b"id,date,amount\n", "t.parquet", "cannot be read"),
        (b"id,date,amount\n", "t.xlsx", "not a workbook"),
        (b"id,date,amount\n", "t.pdf", "must be one of"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, raw: bytes, name: str, match: str) -> None:
    refused(tmp_path, raw, match, name)


def test_truncated_parquet_and_wrong_schema(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a"] * 9, "date": ["2024-01-05"] * 9, "amount": [[1.0]] * 9})
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="must hold numbers or text"):
        read(tmp_path / "t.parquet")
    frame["amount"], frame["date"] = 1.0, [{"day": 1}] * 9
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="must hold dates"):
        read(tmp_path / "t.parquet")
    raw = (tmp_path / "t.parquet").read_bytes()
    refused(tmp_path, raw[: len(raw) // 2], "cannot be read", "t.parquet")
    frame["date"] = "2024-01-05"
    frame.to_parquet(tmp_path / "t.parquet")
    raw = bytearray((tmp_path / "t.parquet").read_bytes())
    raw[10:60] = b"\xff" * 50
    refused(tmp_path, bytes(raw), "cannot be read", "t.parquet")


def test_size_and_ratio_are_limited(tmp_path: Path) -> None:
    refused(tmp_path, HEAD + "a,2024-01-05,10\n" * 1000, r"source\.largest_file", largest_file="0.00001")
    pd.DataFrame({"id": ["a" * 1000] * 300_000, "date": "2024-01-05", "amount": 1.0}).to_parquet(
        tmp_path / "t.parquet", compression="zstd", use_dictionary=False
    )
    with pytest.raises(DataError, match=r"source\.largest_ratio"):
        read(tmp_path / "t.parquet")


def _workbook(path: Path, rows: int) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "date", "amount"])
    for i in range(rows):
        sheet.write_row(i + 1, 0, ["a", "2024-01-05", 10])
    book.close()


def test_zip_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    _workbook(path, 1)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\0" * 30_000_000)
    with pytest.raises(DataError, match="would unpack to"):
        read(path)


def test_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    _workbook(path, 1)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\0" * 30_000_000)
    size = struct.pack("<L", 30_000_000)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<L", 100)))
    with pytest.raises(DataError, match="not a workbook"):
        read(path)


def test_duplicate_files_are_refused_or_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("orders.csv", "orders (1).csv"):
        (folder / name).write_text(GOOD)
    with pytest.raises(DataError, match=r"same bytes.*overlapping_extracts"):
        read(folder, tmp_path / "out")
    assert read(folder, tmp_path / "out", overlapping_extracts="true").events == 2


def test_files_of_a_folder_must_have_the_same_columns(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.csv").write_text(GOOD)
    (folder / "2.csv").write_text("id,date\na,2024-01-01\n")
    with pytest.raises(DataError, match=r"2\.csv has no column 'amount'"):
        read(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("who,date,amount\nann@example.com,1\nbo@example.com,2\ncy@example.com,3\n", {}),
        ("ann@example.com,2024-01-05,5\nbo@example.com,2024-01-05,6\n", {}),
        (HEAD + "a,ann@example.com,5\n", {}),
        ("id,date,amount\na,2024-01-05,5\n", {"join": "j.csv", "join_on": "id"}),
    ],
    ids=["ragged", "no header", "no date", "joined twice"],
)
def test_an_error_shows_no_address(tmp_path: Path, text: str, keys: dict[str, str]) -> None:
    (tmp_path / "j.csv").write_text("id,more\nann@example.com,1\nann@example.com,2\n")
    with pytest.raises(DataError) as told:
        read_text(tmp_path, text, **keys)
    assert "@" not in str(told.value)
    assert "(e-mail address)" in str(told.value)


# Money


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.234,56", "12,00"], [1234.56, 12]),
        (["1.234.567", "1,5"], [1234567, 1.5]),
        (["$1,234.50", "$2"], [1234.5, 2]),
        (["1,234", "12.5"], [1234, 12.5]),
        (["1’234.50", "7"], [1234.5, 7]),
        (["1\u00a0234,50 €", "7 €"], [1234.5, 7]),
        (["USD 12.50", "USD 1,000.00"], [12.5, 1000]),
        (["1,00,000.00", "5"], [100000, 5]),
        (["1e2", "2.5e1"], [100, 25]),
        (["+5.25", "5."], [5.25, 5]),
    ],
)
def test_money_as_people_write_it(tmp_path: Path, texts: list[str], values: list[float]) -> None:
    text = "id;date;amount\n" + "".join(f"{c};2024-01-05;{t}\n" for c, t in zip("ab", texts, strict=True))
    currency = "EUR" if "€" in text else "USD"
    assert events(read_text(tmp_path, text, currency=currency))["value"].tolist() == values


@pytest.mark.parametrize("text", ["(12.00)", "($12.00)", "-12.00", "12.00-", "−12.00"])
def test_negative_amounts_are_refunds(tmp_path: Path, text: str) -> None:
    table = events(read_text(tmp_path, HEAD + f"a,2024-01-05,{text}\na,2024-01-04,1.00\n"))
    assert table.set_index("event")["value"].to_dict() == {"placed_order": 1.0, "refunded_order": -12.0}


def test_a_decimal_sign_that_cannot_be_told(tmp_path: Path) -> None:
    text = "id;date;amount\na;2024-01-05;1.234\nb;2024-01-05;12\n"
    refused(tmp_path, text, r"1\.234.*source\.decimal")
    assert events(read_text(tmp_path, text, decimal="."))["value"].tolist() == [1.234, 12]
    assert events(read_text(tmp_path, text, decimal=","))["value"].tolist() == [1234, 12]
    refused(tmp_path, "id;date;amount\na;2024-01-05;1,50\nb;2024-01-05;1.50\n", r"one decimal sign.*source\.decimal")
    found = read_text(tmp_path, "id;date;amount\na;2024-01-05;1,50\nb;2024-01-05;1.50\n", decimal=".")
    assert (events(found)["value"].tolist(), found.problems) == ([1.5], {"bad_number": 1}), "never 150"


@pytest.mark.parametrize("bad", ["", "x", "12 apples", "NaN", "inf", "1e308", "-1e308", "1,2,3"])
def test_impossible_amounts_are_problems(tmp_path: Path, bad: str) -> None:
    found = read_text(tmp_path, HEAD + f'a,2024-01-05,"{bad}"\na,2024-01-05,5.00\n')
    assert found.events == 1
    assert problems(found)[0][:2] == ("t.csv", 2)
    assert set(found.problems) <= {"bad_number", "impossible_number"}


def test_impossible_numbers_of_a_typed_file(tmp_path: Path) -> None:
    amounts = [5.0, float("nan"), float("inf"), 1e308, -1e13]
    pd.DataFrame({"id": list("abcde"), "date": "2024-01-05", "amount": amounts}).to_parquet(tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet")
    assert (found.events, found.problems) == (1, {"impossible_number": 3, "bad_number": 1})


def test_negative_prices_and_quantity_zero(tmp_path: Path) -> None:
    text = "id,order,date,qty,price\na,1,2024-01-05,0,5\na,1,2024-01-05,1,-5\na,1,2024-01-05,1,0\na,1,2024-01-05,1,5\n"
    found = read_text(tmp_path, text, shape="order_lines", columns=LINES)
    assert found.problems == {"price_not_positive": 2, "quantity_not_positive": 1}
    assert found.events == 2


def test_a_sum_no_store_can_have_is_a_problem(tmp_path: Path) -> None:
    text = "id,order,date,qty,price\n" + "a,1,2024-01-05,1,999999999999\n" * 200 + "b,2,2024-01-05,1,5\n"
    found = read_text(tmp_path, text, shape="order_lines", columns=LINES)
    assert found.problems == {"impossible_number": 1}
    assert found.events_by_name["placed_order"] == 1


def test_several_currencies(tmp_path: Path) -> None:
    text = "id,date,amount,currency\na,2024-01-05,10,USD\nb,2024-01-05,10,eur\nc,2024-01-05,10,\n"
    columns = {**ORDERS, "currency": "currency"}
    refused(tmp_path, text, r"several|one currency.*source\.columns\.currency")
    refused(tmp_path, text, r"EUR \(1 row\).*source\.rates.*source\.other_currencies", columns=columns)
    found = read_text(tmp_path, text, columns=columns, rates={"EUR": "1.1"})
    assert (events(found)["value"].tolist(), found.problems) == ([10, 11], {"missing_currency": 1})
    left = read_text(tmp_path, text, columns=columns, other_currencies="problem")
    assert (left.events, left.problems) == (1, {"missing_currency": 1, "other_currency": 1})


def test_currency_signs_must_agree(tmp_path: Path) -> None:
    refused(tmp_path, "id;date;amount\na;2024-01-05;€5\nb;2024-01-05;$5\n", "one currency")
    refused(tmp_path, "id;date;amount\na;2024-01-05;€5\n", r"source\.currency")
    refused(tmp_path, GOOD, r"source\.currency", currency="dollars")


# Dates


@pytest.mark.parametrize(
    ("texts", "when"),
    [
        (["2024-01-05", "2024-01-06 10:30"], "2024-01-05 00:00:00"),
        (["2024-01-05T10:30:15Z", "2024-01-05T10:30:15.123Z"], "2024-01-05 10:30:15"),
        (["2024-01-05 10:30:15+02:00", "2024-01-05 10:30:15 +0200"], "2024-01-05 08:30:15"),
        (["2024-01-05 10:30:15 UTC", "2024-01-05 10:30 GMT"], "2024-01-05 10:30:15"),
        (["2024/1/5", "2024/11/25"], "2024-01-05 00:00:00"),
        (["5/1/2024", "25/1/2024"], "2024-01-05 00:00:00"),
        (["1/5/2024 3:05 PM", "1/25/2024 3:05 AM"], "2024-01-05 15:05:00"),
        (["05.01.2024 10:30", "25.01.2024 10:30"], "2024-01-05 10:30:00"),
        (["20240105", "20240106"], "2024-01-05 00:00:00"),
        (["1704450615", "1704450616"], "2024-01-05 10:30:15"),
        (["1704450615000", "1704450616000"], "2024-01-05 10:30:15"),
        (["1704450615000000", "1704450616000000"], "2024-01-05 10:30:15"),
        (["5 Jan 2024", "25 Dec 2024"], "2024-01-05 00:00:00"),
        (["January 5, 2024", "March 5, 2024"], "2024-01-05 00:00:00"),
        (["05-Jan-2024 10:30", "06-Jan-2024 10:30"], "2024-01-05 10:30:00"),
    ],
)
def test_dates_that_can_be_told(tmp_path: Path, texts: list[str], when: str) -> None:
    text = "id;date;amount\n" + "".join(f"{c};{t};5\n" for c, t in zip("ab", texts, strict=True))
    found = read_text(tmp_path, text)
    assert (events(found)["when"].iloc[0], found.events) == (when, 2)


def test_day_and_month_that_cannot_be_told(tmp_path: Path) -> None:
    text = "id,date,amount\na,03/04/2024,5\nb,05/06/2024,5\n"
    refused(tmp_path, text, r"cannot be told apart.*source\.date_format.*%d/%m/%Y.*%m/%d/%Y")
    assert events(read_text(tmp_path, text, date_format="%d/%m/%Y"))["when"].iloc[0].startswith("2024-04-03")
    assert events(read_text(tmp_path, text, date_format="%m/%d/%Y"))["when"].iloc[0].startswith("2024-03-04")
    refused(tmp_path, "id,date,amount\na,25/12/2024,5\nb,12/25/2024,5\n", r"one order.*source\.date_format")
    refused(tmp_path, "id,date,amount\na,25/12/24,5\n", r"four digits.*source\.date_format")
    refused(tmp_path, "id,date,amount\na,soon,5\n", r"source\.date_format")
    refused(tmp_path, GOOD, r"source\.date_format", date_format="%d/%m/%Y")


def test_dates_that_do_not_exist_or_cannot_be(tmp_path: Path) -> None:
    days = ["2024-02-31", "0001-01-01", "9999-12-31", "", "infinity", *["2024-01-05"] * 6]
    found = read_text(tmp_path, HEAD + "".join(f"c{i},{d},5\n" for i, d in enumerate(days)))
    assert found.events == 6
    assert problems(found) == [
        ("t.csv", 2, "bad_date"),
        ("t.csv", 3, "impossible_date"),
        ("t.csv", 4, "impossible_date"),
        ("t.csv", 5, "missing_date"),
        ("t.csv", 6, "bad_date"),
    ]
    slashed = read_text(tmp_path, HEAD + "a,31/02/2024,5\nb,28/02/2024,5\nc,01/02/2024,5\n")
    assert (slashed.events, slashed.problems) == (2, {"bad_date": 1})


def test_times_without_a_zone_are_local(tmp_path: Path) -> None:
    text = HEAD + "a,2024-07-05 10:30,5\na,2024-01-05 10:30,5\na,2024-01-05T10:30:00Z,5\n"
    when = events(read_text(tmp_path, text, timezone="Europe/Berlin"))["when"].tolist()
    assert when == ["2024-01-05 09:30:00", "2024-01-05 10:30:00", "2024-07-05 08:30:00"]
    day = read_text(tmp_path, HEAD + "a,2024-01-05,5\n", timezone="Pacific/Auckland")
    assert events(day)["when"].tolist() == ["2024-01-05 00:00:00"], "a day without a time stays that day"


def test_typed_dates_of_a_parquet_file(tmp_path: Path) -> None:
    naive = pd.Series(pd.to_datetime(["2024-01-05 10:30"]))
    kinds = [naive, naive.dt.tz_localize("Europe/Berlin"), pd.Series([date(2024, 1, 5)]), pd.Series([20240105])]
    kinds.append(pd.Series([1704450600]))
    expected = ["10:30", "09:30", "00:00", "00:00", "10:30"]
    for values, hour in zip(kinds, expected, strict=True):
        pd.DataFrame({"id": ["a"], "date": values, "amount": [5]}).to_parquet(tmp_path / "t.parquet")
        assert events(read(tmp_path / "t.parquet"))["when"].tolist() == [f"2024-01-05 {hour}:00"]


# Ids, duplicates, countries


@pytest.mark.parametrize("who", ["00042", "1e5", "two words", "😀", "NA", "null", "a\x00b", "x" * 500, "'; drop table"])
def test_ids_stay_what_they_are(tmp_path: Path, who: str) -> None:
    assert profiles(read_text(tmp_path, HEAD + f"{who},2024-01-05,5\n")).index.tolist() == [who]


@pytest.mark.parametrize("who", [" ", "\t", '"\n"', "\u00a0", " \t "])
def test_an_id_of_blanks_is_none(tmp_path: Path, who: str) -> None:
    found = read_text(tmp_path, HEAD + f"{who},2024-01-05,5\n a\t,2024-01-05,5\na,2024-01-06,5\n")
    assert (found.problems, profiles(found).index.tolist()) == ({"missing_customer": 1}, ["a"])


def test_ids_that_a_tool_made_floats(tmp_path: Path) -> None:
    pd.DataFrame({"id": [17850.0, None, 1.5], "date": "2024-01-05", "amount": 5}).to_parquet(tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet")
    assert profiles(found).index.tolist() == ["1.5", "17850"]
    assert found.problems == {"missing_customer": 1}


def test_duplicate_customers_are_counted(tmp_path: Path) -> None:
    text = "id,age\na,3\na,4\nb,5\nb,5\n"
    found = read_text(tmp_path, text, shape="customers", columns={"customer_id": "id", "property.age": "age"})
    assert found.customers == 2
    assert found.problems == {"duplicate_customer": 2}
    turned = read_text(
        tmp_path,
        "id,age\nb,5\na,4\nb,5\na,3\n",
        shape="customers",
        columns={"customer_id": "id", "property.age": "age"},
    )
    assert turned.fingerprint == found.fingerprint


def test_duplicate_events_and_orders_are_counted(tmp_path: Path) -> None:
    columns = {"customer_id": "id", "at": "date", "event": "what", "event_id": "n"}
    text = "id,date,what,n\na,2024-01-05,x,1\na,2024-01-05,x,1\na,2024-01-06,x,\na,2024-01-06,x,\n"
    found = read_text(tmp_path, text, shape="events", columns=columns)
    assert (found.events, found.problems) == (3, {"duplicate_event": 1})
    rows = ["a,1,2024-01-05,5"] * 2 + ["a,1,2024-01-05,-5", "b,1,2024-01-05,5", "a,2,2024-01-05,5", "a,2,2024-01-05,6"]
    text = "\n".join(["id,n,date,amount", *rows])
    found = read_text(tmp_path, text, columns={**ORDERS, "order_id": "n"})
    assert found.problems == {"duplicate_order": 1, "repeated_order_id": 1}
    assert found.events_by_name == {"placed_order": 3, "refunded_order": 1}
    rows = HEAD + "a,2024-01-05,5\n" * 3
    assert read_text(tmp_path, rows).events == 3
    assert read_text(tmp_path, rows, repeated_rows="drop").problems == {"duplicate_row": 2}


def test_countries(tmp_path: Path) -> None:
    names = ["NA", "EIRE", "RSA", "Unspecified", "United Kingdom", "usa", "Narnia", ""]
    text = "id,date,amount,land\n" + "".join(f"c{i},2024-01-05,5,{n}\n" for i, n in enumerate(names))
    columns = {**ORDERS, "country": "land"}
    found = read_text(tmp_path, text, columns=columns, country_aliases={"Narnia": "GB"})
    codes = profiles(found)["country"]
    assert [c if isinstance(c, str) else None for c in codes] == ["NA", "IE", "ZA", None, "GB", "US", "GB", None]
    assert any("Unspecified (1 row)" in note for note in found.notes)


def test_a_zone_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"source\.timezone"):
        read_text(tmp_path, GOOD, timezone="CET/Nowhere")
