"""Lifecycle strata: no segment crosses a stage, everyone is placed, and a run holds them where the config asks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from discovery import service
from discovery.core.feature import FeatureTable
from discovery.core.segment import Segmentation
from discovery.core.settings import ClusterSettings
from discovery.usecases.building import build
from discovery.usecases.lifecycle import lifecycle_division
from tests.conftest import ALONE

SETTINGS = ClusterSettings(null_draws=3, choice_rows=500, n_init=2)


@pytest.fixture(scope="module")
def table(simulated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    dataset = service.read_canonical(simulated_store, tmp_path_factory.mktemp("dataset"))
    return service.extract_features(dataset, date(2025, 10, 1))


def stages(table: FeatureTable) -> pd.Series:
    orders = table.values["orders"]
    return pd.Series("r", index=orders.index).mask(orders == 1, "o").mask(orders == 0, "p")


def cut(table: FeatureTable, settings: ClusterSettings = SETTINGS) -> Segmentation:
    return build([lifecycle_division(table, settings, 7, lambda *told: None)], table, None, settings, 7)[0]


def test_everyone_is_in_a_segment_of_their_stage(table: FeatureTable) -> None:
    found = cut(table)
    assert found.coverage == 1.0
    assert (found.labels.str[0] == stages(table)).all()
    assert {s.id[0] for s in found.segments} == {"p", "o", "r"}


@pytest.mark.parametrize("most", [3, 5, 8])
def test_the_stages_share_the_number_a_team_can_use(table: FeatureTable, most: int) -> None:
    found = cut(table, ClusterSettings(null_draws=3, choice_rows=500, n_init=2, band_high=most))
    assert 3 <= found.k <= most


def test_prospects_alone_are_cut_too(table: FeatureTable) -> None:
    few = FeatureTable(table.values[stages(table) == "p"], table.features, table.as_of, table.fingerprint)
    assert {s.id[0] for s in cut(few).segments} == {"p"}


def test_a_run_holds_it_where_the_config_asks(planted_store: Path, tmp_path: Path) -> None:
    run = service.discover(planted_store / "config.yaml", tmp_path, overrides=(*ALONE, "cluster.lifecycle=true"))
    found = run.segmentation("lifecycle")
    assert found.title == "Lifecycle"
    assert {r.rule.segment_id for r in run.rules if r.segmentation == "lifecycle"} <= {s.id for s in found.segments}
    assert service.open_workspace(tmp_path).load(run.id).segmentation("lifecycle").labels.equals(found.labels)
