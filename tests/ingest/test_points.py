"""Postal codes to points: stated points win, leading zeros count, and nobody is placed who should not be."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from discovery.core.errors import UsageError
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.ingest.read import ingest
from tests.stores import order, write_store

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["boston", "stated", "berlin", "nowhere", "plus4"],
        "country": ["US", "US", "DE", "US", "US"],
        "postal_code": ["02108", "02108", "10115", "00000", "94103-1234"],
        "latitude": [None, 1.5, None, None, None],
        "longitude": [None, 2.5, None, None, None],
    }
)


def placed(folder: Path, wanted: bool) -> pd.DataFrame:
    store = write_store(folder / "s", pd.DataFrame([order("boston", "2024-01-01")]), PEOPLE)
    with Engine() as engine:
        found = ingest(
            engine, CanonicalSource(path=str(store), currency="USD"), store, folder / "d", postal_points=wanted
        )
    if wanted:
        assert "2 of 3 US customers" in " ".join(found.notes)
    return pd.read_parquet(found.profiles_path).set_index("customer_id")[["latitude", "longitude"]]


def test_postal_codes_give_points_where_none_is_stated(tmp_path: Path) -> None:
    if importlib.util.find_spec("zipcodes") is None:
        pytest.skip("needs zipcodes: pip install 'segment-discovery[geo]'")
    got = placed(tmp_path, True)
    assert got.loc["boston"].tolist() == pytest.approx([42.36, -71.06], abs=0.05)
    assert got.loc["plus4"].tolist() == pytest.approx([37.77, -122.41], abs=0.05)
    assert got.loc["stated"].tolist() == [1.5, 2.5]
    assert got.loc[["berlin", "nowhere"]].isna().all().all()


def test_points_stay_missing_unless_asked_for(tmp_path: Path) -> None:
    assert placed(tmp_path, False).drop("stated").isna().all().all()


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zipcodes", None)
    with pytest.raises(UsageError, match=r"segment-discovery\[geo\]"):
        placed(tmp_path, True)
