"""Postal codes to points: stated points win, leading zeros count, and nobody is placed who should not be."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

from discovery.core.errors import UsageError
from discovery.core.postal import postal_points
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.ingest.read import ingest
from tests.stores import order, write_store

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["boston", "stated", "berlin", "nowhere", "plus4", "toronto"],
        "country": ["US", "US", "DE", "US", "US", "CA"],
        "postal_code": ["02108", "02108", "10115", "00000", "94103-1234", "m5v 2t6"],
        "latitude": [None, 1.5, None, None, None, None],
        "longitude": [None, 2.5, None, None, None, None],
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
        assert "1 of 1 CA customers" in " ".join(found.notes)
    return pd.read_parquet(found.profiles_path).set_index("customer_id")[["latitude", "longitude"]]


def test_postal_codes_give_points_where_none_is_stated(tmp_path: Path) -> None:
    for package in ("zipcodes", "pypostalcode"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}: pip install 'segment-discovery[geo]'")
    got = placed(tmp_path, True)
    assert got.loc["boston"].tolist() == pytest.approx([42.36, -71.06], abs=0.05)
    assert got.loc["plus4"].tolist() == pytest.approx([37.77, -122.41], abs=0.05)
    assert got.loc["toronto"].tolist() == pytest.approx([43.65, -79.37], abs=0.05)
    assert got.loc["stated"].tolist() == [1.5, 2.5]
    assert got.loc[["berlin", "nowhere"]].isna().all().all()


def test_points_stay_missing_unless_asked_for(tmp_path: Path) -> None:
    assert placed(tmp_path, False).drop("stated").isna().all().all()


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zipcodes", None)
    postal_points.cache_clear()
    with pytest.raises(UsageError, match=r"segment-discovery\[geo\]"):
        placed(tmp_path, True)
