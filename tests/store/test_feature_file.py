"""A feature table on disk: equal to the one written, and read one column at a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from discovery.core.errors import DataError, WorkspaceError
from discovery.core.feature import Feature, FeatureTable
from discovery.store import feature_file
from discovery.store.feature_file import StoredTable, write_frame, write_table

FEATURES = (
    Feature("orders", "orders", "Orders", "count"),
    Feature("country", "country", "Profile", "profile", kind="text"),
    Feature("suppressed", "suppressed", "Profile", "profile", kind="boolean"),
)
AS_OF = date(2025, 10, 1)


def written(rows: list[tuple[float | None, str | None, bool | None]], path: Path) -> FeatureTable:
    orders, country, suppressed = zip(*rows, strict=True) if rows else ((), (), ())
    ids = pd.Index([f"c{n:06}" for n in range(len(rows))], dtype="str", name="customer_id")
    values = {
        "orders": pd.Series(orders, ids, "float64"),
        "country": pd.Series(country, ids, "object"),
        "suppressed": pd.Series(suppressed, ids, "object"),
    }
    table = FeatureTable(pd.DataFrame(values), FEATURES, AS_OF, "f", {"band": (1.0,)})
    write_table(table, path)
    return table


def stored(path: Path, features: tuple[Feature, ...] = FEATURES) -> StoredTable:
    return StoredTable(path, features, AS_OF, "f", {"band": (1.0,)})


ROW = st.tuples(st.none() | st.floats(allow_nan=False), st.none() | st.text(max_size=4), st.none() | st.booleans())


@settings(max_examples=25)
@given(rows=st.lists(ROW, max_size=20))
def test_a_table_read_back_equals_the_table_written(
    rows: list[tuple[float | None, str | None, bool | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    table = written(rows, path)
    read = stored(path)
    assert len(read) == len(table)
    assert_frame_equal(read.values, table.values)
    assert_frame_equal(read.columns(["country", "orders"]), table.values[["country", "orders"]])
    for name in table.values:
        assert_series_equal(read.column(name), table.values[name])
        assert read.holds(name)
    only = read.only(["suppressed", "orders"])
    assert [f.name for f in only.features] == ["orders", "suppressed"]
    assert_frame_equal(only.values, table.values[["orders", "suppressed"]])
    doubled = Feature("twice", "twice", "Orders", "count")
    assert_frame_equal(
        read.with_columns([doubled], [table.values["orders"] * 2]).values,
        table.values.assign(twice=table.values["orders"] * 2),
    )


def test_a_column_is_read_when_it_is_asked_for_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written([(1.0, "GB", True), (2.0, None, None)], tmp_path / "features.parquet")
    asked: list[str] = []
    real = feature_file._column
    monkeypatch.setattr(feature_file, "_column", lambda path, name: (asked.append(name), real(path, name))[1])
    table = stored(tmp_path / "features.parquet")
    assert (len(table), list(table.customers)) == (2, ["c000000", "c000001"])
    assert asked == ["customer_id"]
    assert table.column("orders").sum() == table.column("orders").sum() == 3.0
    assert asked == ["customer_id", "orders"]


def test_a_file_that_lacks_a_feature_is_refused(tmp_path: Path) -> None:
    written([(1.0, "GB", True)], tmp_path / "features.parquet")
    more = (*FEATURES, Feature("revenue", "revenue", "Orders", "sum", column="value"))
    with pytest.raises(DataError, match="lacks revenue"):
        stored(tmp_path / "features.parquet", more)


@pytest.mark.parametrize("ids", [["a", "a"], ["b", "a"]])
def test_customers_out_of_order_are_refused(tmp_path: Path, ids: list[str]) -> None:
    write_frame(pd.DataFrame({"customer_id": ids, "orders": np.ones(2)}), tmp_path / "features.parquet")
    with pytest.raises(DataError, match="every customer once, in the order of their ids"):
        stored(tmp_path / "features.parquet", FEATURES[:1])


def test_a_run_taken_away_meanwhile_is_said_to_be(tmp_path: Path) -> None:
    written([(1.0, "GB", True)], tmp_path / "features.parquet")
    table = stored(tmp_path / "features.parquet")
    (tmp_path / "features.parquet").unlink()
    with pytest.raises(WorkspaceError, match="was taken away while it was read"):
        table.column("orders")
