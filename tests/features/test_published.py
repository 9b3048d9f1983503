"""Numbers that others published about the same orders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from discovery.core.dataset import Dataset
from discovery.core.feature import FeatureTable
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import BY_NAME
from discovery.features.extract import extract
from discovery.ingest.read import ingest
from discovery.store import read_config
from tests.conftest import ROOT

# One worker reads the file once for all of these.
pytestmark = pytest.mark.real_data
NAMES = ("orders", "revenue", "days_since_last_order")


def dataset(folder: Path, source: Path, *overrides: str) -> Dataset:
    config = read_config(ROOT / "configs" / "online_retail_ii.yaml", (f"source.path={source}", *overrides))
    with Engine(config.settings.engine) as engine:
        return ingest(engine, config.settings.source, config.base, folder)


def buyers(data: Dataset, as_of: date) -> FeatureTable:
    with Engine() as engine:
        return extract(engine, data, tuple(BY_NAME[n] for n in NAMES), as_of)


@pytest.fixture(scope="module")
def parquet(shared_data: Path) -> Path:
    return shared_data / "online_retail_ii" / "online_retail_ii.parquet"


@pytest.fixture(scope="module")
def both_sheets(parquet: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("online-retail"), parquet)


def test_both_sheets_agree_with_the_published_customers(both_sheets: Dataset) -> None:
    values = buyers(both_sheets, date(2011, 12, 10)).values
    assert (values["orders"] > 0).sum() == 5_878
    assert (buyers(both_sheets, date(2011, 9, 10)).values["orders"] > 0).sum() == 5_281


def test_every_row_is_accounted_for(both_sheets: Dataset) -> None:
    assert both_sheets.problems["missing_customer"] == 243_007
    assert both_sheets.problems["duplicate_row"] == 22_523
    problems = pd.read_parquet(both_sheets.folder / "problems.parquet")
    assert len(problems) == sum(both_sheets.problems.values())
    events = both_sheets.events_by_name
    lines = pd.read_parquet(both_sheets.events_path, columns=["event"])
    assert lines["event"].value_counts().to_dict() == dict(events)
    assert events["refunded_order"] > 7_000


def test_the_second_sheet_agrees_with_the_published_rfm(parquet: Path, tmp_path: Path) -> None:
    values = buyers(dataset(tmp_path / "d", parquet, "source.sheets=[Year 2010-2011]"), date(2011, 12, 10)).values
    bought = values[values["orders"] > 0]
    assert len(bought) == 4_338
    assert (bought["orders"].mean(), bought["orders"].median(), bought["orders"].max()) == pytest.approx(
        (4.272, 2, 209), abs=5e-4
    )
    assert bought["revenue"].mean() == pytest.approx(2_054.27, abs=0.005)
    assert bought["revenue"].median() == pytest.approx(674.485, abs=5e-4)
    assert bought["revenue"].max() == pytest.approx(280_206.02, abs=0.005)
    assert (bought["orders"] == 1).mean() == pytest.approx(0.3442, abs=5e-5)
    top = bought["revenue"].nlargest(round(0.2 * len(bought)))
    assert top.sum() / bought["revenue"].sum() == pytest.approx(0.7459, abs=2e-3)


def test_the_workbook_with_two_sheets_reads_like_the_parquet(parquet: Path, tmp_path: Path) -> None:
    """The published workbook is not shipped: the overlap's days, written as UCI writes them, must give the same."""
    rows = pd.read_parquet(parquet)
    days = rows[(rows["InvoiceDate"] >= "2010-12-01") & (rows["InvoiceDate"] < "2010-12-10")]
    columns = [c for c in rows.columns if c != "sheet"]
    with xlsxwriter.Workbook(tmp_path / "two.xlsx", {"constant_memory": True}) as book:
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for sheet in ("Year 2009-2010", "Year 2010-2011"):
            page = book.add_worksheet(sheet)
            page.write_row(0, 0, columns)
            for r, row in enumerate(days[days["sheet"] == sheet][columns].itertuples(index=False), start=1):
                for c, cell in enumerate(row):
                    if isinstance(cell, pd.Timestamp):
                        page.write_datetime(r, c, cell.to_pydatetime(), when)
                    elif not pd.isna(cell):
                        # UCI writes invoice numbers and stock codes without letters as numbers.
                        page.write(r, c, int(cell) if isinstance(cell, str) and cell.isdigit() else cell)
    days.to_parquet(tmp_path / "two.parquet", index=False)
    book_data = dataset(tmp_path / "a", tmp_path / "two.xlsx")
    flat_data = dataset(tmp_path / "b", tmp_path / "two.parquet")
    assert book_data.problems == flat_data.problems
    assert book_data.problems["duplicate_row"] == 22_523
    a, b = (buyers(d, date(2010, 12, 10)).values for d in (book_data, flat_data))
    assert list(a.index) == list(b.index)
    np.testing.assert_allclose(a.to_numpy(), b.to_numpy(), rtol=1e-12)
