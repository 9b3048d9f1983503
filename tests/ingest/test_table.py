"""The table reader: kinds of files, shapes, several tables, and what it makes of each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from discovery.core.errors import DataError, SettingError
from tests.ingest.tables import LINES, ORDERS, events, problems, profiles, read, read_text

ROWS = [("00042", "2024-01-05", "10.50"), ("1e5", "2024-02-01", "20"), ("00042", "2024-03-01", "7.25")]


def _text(sign: str = ",") -> str:
    return "\n".join(sign.join(row) for row in [("id", "date", "amount"), *ROWS]) + "\n"


@pytest.mark.parametrize(
    ("name", "sign"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t"), ("t.txt", "|"), ("t.txt", "   ")]
)
def test_text_of_any_delimiter_is_one_dataset(tmp_path: Path, name: str, sign: str) -> None:
    found = read_text(tmp_path, _text(sign), name)
    (tmp_path / "x").mkdir()
    assert found.fingerprint == read_text(tmp_path / "x", _text()).fingerprint
    assert profiles(found).index.tolist() == ["00042", "1e5"]


def test_parquet_and_workbook_equal_the_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["id", "date", "amount"])
    frame["date"], frame["amount"] = pd.to_datetime(frame["date"]), frame["amount"].astype(float)
    frame.to_parquet(tmp_path / "t.parquet")
    book = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, part in enumerate((frame[:2], frame[2:])):
        sheet = book.add_worksheet(f"Sheet {number}")
        sheet.write_row(1, 0, ["id", "date", "amount"])  # a blank first row, as many exports have
        for i, (who, when, value) in enumerate(part.itertuples(index=False), 2):
            sheet.write_string(i, 0, who)
            sheet.write_datetime(i, 1, when.to_pydatetime(), day)
            sheet.write_number(i, 2, value)
    book.close()
    expected = read_text(tmp_path, _text()).fingerprint
    assert read(tmp_path / "t.parquet").fingerprint == expected
    assert read(tmp_path / "t.xlsx").fingerprint == expected


def test_folder_and_pattern_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i, row in enumerate(ROWS):
        (folder / f"2024-{i}.csv").write_text("id,date,amount\n" + ",".join(row) + "\n")
    (folder / "notes.md").write_text("no table")
    expected = read_text(tmp_path, _text()).fingerprint
    assert read(folder, tmp_path / "a").fingerprint == expected
    assert read(folder / "2024-*.csv", tmp_path / "b").fingerprint == expected
    assert read(folder / "2024-[01].csv", tmp_path / "c").events == 2
    with pytest.raises(DataError, match="does not exist"):
        read(folder / "2025-*.csv", tmp_path / "d")


def test_header_named_in_the_config(tmp_path: Path) -> None:
    text = "".join(" ".join(row) + "\n" for row in ROWS)
    found = read_text(tmp_path, text, "t.txt", header=["id", "date", "amount"])
    assert found.events == 3


def test_lines_become_orders_and_products(tmp_path: Path) -> None:
    text = """id,order,date,sku,qty,price,off
a,1,2024-01-05 10:00,mug,2,5.00,1.00
a,1,2024-01-05 10:00,POST,1,3.00,0
a,C2,2024-01-09 10:00,mug,-1,5.00,0
b,3,2024-01-06 10:00,cup,1,4.00,0
"""
    columns = {**LINES, "product_id": "sku", "discount": "off"}
    found = read_text(
        tmp_path, text, shape="order_lines", columns=columns, refund_prefix="C", service_products=["post"]
    )
    table = events(found)
    assert found.events_by_name == {"ordered_product": 2, "placed_order": 2, "refunded_order": 1}
    assert table[table["event"] == "placed_order"]["value"].tolist() == [13.0, 4.0]
    assert table[table["event"] == "placed_order"]["quantity"].tolist() == [2.0, 1.0]
    assert table[table["event"] == "refunded_order"]["value"].tolist() == [-5.0]
    assert any("POST 1" in note for note in found.notes)


def test_lines_with_a_total_in_place_of_a_price(tmp_path: Path) -> None:
    text = "id,order,date,total\na,1,2024-01-05,4.5\na,1,2024-01-05,1.5\n"
    columns = {"customer_id": "id", "order_id": "order", "at": "date", "value": "total"}
    table = events(read_text(tmp_path, text, shape="order_lines", columns=columns))
    assert table.set_index("event")["value"].to_dict()["placed_order"] == 6.0
    with pytest.raises(SettingError, match="or value"):
        read_text(tmp_path, text, shape="order_lines", columns={k: v for k, v in columns.items() if k != "value"})


def test_events_named_in_the_file_or_by_a_constant(tmp_path: Path) -> None:
    text = "who,what,when,camp\na,sent,2024-01-05,k1\na,click,2024-01-06,k1\nb,waved,2024-01-06,\n"
    columns = {"customer_id": "who", "event": "what", "at": "when", "campaign_id": "camp"}
    found = read_text(
        tmp_path,
        text,
        shape="events",
        columns=columns,
        constants={"channel": "email"},
        event_names={"sent": "received_email", "click": "clicked_email"},
    )
    assert found.events_by_name == {"clicked_email": 1, "received_email": 1, "waved": 1}
    assert set(events(found)["channel"]) == {"email"}
    assert any("'waved'" in note for note in found.notes)
    held = read_text(
        tmp_path, text, shape="events", columns={"customer_id": "who", "at": "when"}, constants={"event": "held_out"}
    )
    assert held.events_by_name == {"held_out": 3}


def test_customers_alone_are_a_dataset_without_events(tmp_path: Path) -> None:
    text = """id,since,born,income,code,vip,gender
a,2024-01-05,1980-02-03,100,0012,true,F
b,2024-02-01,,,7,false,Missing
"""
    columns = {
        "customer_id": "id",
        "created_at": "since",
        "birthday": "born",
        "property.income": "income",
        "property.code": "code",
        "property.vip": "vip",
        "property.gender": "gender",
    }
    found = read_text(tmp_path, text, shape="customers", columns=columns, missing={"property.gender": "Missing | ?"})
    table = profiles(found)
    assert (found.events, found.customers, str(found.data_end)) == (0, 2, "2024-02-02")
    assert table["property.income"].dtype == "float64"
    assert table["property.code"].tolist() == ["0012", "7"], "a leading zero makes it a text"
    assert table["property.vip"].tolist() == [True, False]
    assert table["property.gender"].isna().tolist() == [False, True]
    assert str(table["birthday"].iloc[0])[:10] == "1980-02-03"
    assert any("no events" in note for note in found.notes)


def test_several_tables_share_currency_and_customers(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(_text())
    (tmp_path / "sent.csv").write_text("camp,id\nk1,00042\nk2,new\n")
    (tmp_path / "camps.csv").write_text("camp,start\nk1,2024-02-02\nk2,2024-02-03\n")
    (tmp_path / "people.csv").write_text("id,age,land\n00042,33,EIRE\nquiet,118,UK\n")
    tables = [
        {"path": "orders.csv", "shape": "orders", "columns": {"customer_id": "id", "at": "date", "value": "amount"}},
        {
            "path": "sent.csv",
            "shape": "events",
            "join": "camps.csv",
            "join_on": "camp",
            "columns": {"customer_id": "id", "campaign_id": "camp", "at": "start"},
            "constants": {"event": "received_email"},
        },
        {
            "path": "people.csv",
            "shape": "customers",
            "columns": {"customer_id": "id", "property.age": "age", "country": "land"},
            "missing": {"property.age": "118"},
        },
    ]
    found = read(tmp_path, tmp_path / "out", tables=tables)
    table = profiles(found)
    assert found.events_by_name == {"placed_order": 3, "received_email": 2}
    assert table.index.tolist() == ["00042", "1e5", "new", "quiet"]
    assert table["property.age"].dropna().to_dict() == {"00042": 33.0}
    assert table["country"].dropna().to_dict() == {"00042": "IE", "quiet": "GB"}
    sent = events(found).query("event == 'received_email'")
    assert sent["when"].tolist() == ["2024-02-02 00:00:00", "2024-02-03 00:00:00"]


def test_a_join_that_would_count_rows_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(_text())
    (tmp_path / "names.csv").write_text("id,mail\n00042,a@x.org\n00042,b@x.org\n")
    with pytest.raises(DataError, match="once"):
        read(tmp_path / "t.csv", join="names.csv", join_on="id")


def test_only_some_rows_and_hours_since_a_day(tmp_path: Path) -> None:
    text = "id,offer,done,hours\na,o1,1,132\na,o2,0,-1\nb,o1,1,0\n"
    keys = {
        "shape": "events",
        "columns": {"customer_id": "id", "campaign_id": "offer", "at": "hours"},
        "constants": {"event": "completed_offer"},
        "epoch": "2018-07-26",
        "time_unit": "hours",
    }
    found = read_text(tmp_path, text, only={"done": "1"}, **keys)
    assert sorted(events(found)["when"]) == ["2018-07-26 00:00:00", "2018-07-31 12:00:00"]
    assert found.problems == {}
    with pytest.raises(DataError, match=r"source\.only"):
        read_text(tmp_path, text, only={"done": "7"}, **keys)


def test_zero_orders_are_kept_where_the_config_says_so(tmp_path: Path) -> None:
    text = "id,date,amount\na,2024-01-05,0\na,2024-01-06,5\n"
    assert read_text(tmp_path, text).problems == {"value_zero": 1}
    kept = read_text(tmp_path, text, zero_orders="keep")
    assert (kept.events, kept.problems) == (2, {})


def test_overlapping_extracts_count_a_row_once(tmp_path: Path) -> None:
    twice = "a,2024-01-05,5\n"
    (tmp_path / "one.csv").write_text("id,date,amount\n" + twice + twice + "b,2024-01-06,1\n")
    (tmp_path / "two.csv").write_text("id,date,amount\n" + twice + "c,2024-01-07,1\n")
    found = read(tmp_path / "*.csv", tmp_path / "out", overlapping_extracts="true")
    assert found.events_by_name == {"placed_order": 4}, "a row stays as often as one extract holds it"
    assert problems(found) == [("two.csv", 2, "duplicate_row")]


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"columns": {"customer": "id", "at": "date", "value": "amount"}}, "customer_id"),
        ({"columns": {"customer_id": "id"}}, "missing: at, value"),
        ({"timezone": "Mars/Olympus"}, "source.timezone"),
        ({"encoding": "utf-99"}, "source.encoding"),
        ({"date_format": "%Q"}, "source.date_format"),
        ({"epoch": "soon"}, "source.epoch"),
        ({"rates": {"EUR": "much"}, "columns": {**ORDERS, "currency": "id"}}, "rates.EUR"),
        ({"tables": [{"path": "t.csv"}], "columns": {"customer_id": "id"}}, "source.tables"),
    ],
)
def test_wrong_settings_are_refused_with_their_name(tmp_path: Path, keys: dict[str, object], match: str) -> None:
    with pytest.raises(SettingError, match=match):
        read_text(tmp_path, _text(), **keys)
