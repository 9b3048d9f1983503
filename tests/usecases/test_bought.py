"""What customers buy stands in the table and in the rules: a segment that is about a category says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from discovery import service
from discovery.core.rule import leaves
from discovery.core.run import Run
from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine
from discovery.export.klaviyo.measures import way
from discovery.features.bought import category_features, common_categories


@pytest.fixture(scope="module")
def run(run_workspace: Path) -> Run:
    workspace = service.open_workspace(run_workspace)
    return workspace.load(workspace.runs()[0].id)


@pytest.fixture(scope="module")
def bought(run: Run, simulated_store: Path) -> pd.DataFrame:
    """Products of each category by customer before the date, counted by pandas; a cancelled order's are none."""
    events = pd.read_parquet(simulated_store / "events.parquet")
    events = events[pd.to_datetime(events["at"], utc=True) < pd.Timestamp(run.as_of, tz="UTC")]
    cancelled = events.loc[events["event"] == "cancelled_order", "order_id"]
    lines = events[(events["event"] == "ordered_product") & ~events["order_id"].isin(cancelled)]
    counted = pd.crosstab(lines["customer_id"], lines["category"])
    return counted.reindex(run.table.customers, fill_value=0)


def test_each_common_category_is_counted(run: Run, bought: pd.DataFrame) -> None:
    features = category_features(bought.columns)
    assert len(features) > 5
    for feature, category in zip(features, bought.columns, strict=True):
        assert run.table.feature(feature.name) == feature
        assert (run.table.column(feature.name) == bought[category]).all()
        assert way(feature) == "native", "Klaviyo knows what was ordered"


def test_rules_of_what_was_found_in_records_speak_of_it(run: Run) -> None:
    read = {x.feature for r in run.rules if r.segmentation == "mixture" for x in leaves(r.rule.where)}
    assert any(name.startswith("events('ordered_product'") for name in read)
    said = " ".join(r.english for r in run.rules)
    assert "ordered (category" in said


def test_the_most_common_come_first_and_nothing_of_later(tmp_path: Path) -> None:
    rows = [
        *(("a", "tea"), ("b", "tea"), ("a", "cups"), ("b", "cups"), ("c", "pots"), ("c", None), ("c", "pots")),
        *(("d", "later"), ("e", "later"), ("f", "later")),
    ]
    lines = pd.DataFrame(rows, columns=["customer_key", "category"])
    lines["event"] = "ordered_product"
    lines["cancelled_at"] = pd.Series([None] * 10, dtype="Int64")
    lines["at"] = [0] * 7 + [40 * 86_400_000_000] * 3
    lines.to_parquet(tmp_path / "events.parquet")
    with Engine(EngineSettings()) as engine:
        events = engine.table(tmp_path / "events.parquet")
        assert common_categories(engine, events, date(1970, 2, 1), 2) == ("cups", "tea")
        assert common_categories(engine, events, date(1970, 2, 1), 9) == ("cups", "tea", "pots")
        assert common_categories(engine, events, date(1971, 1, 1), 1) == ("later",)
