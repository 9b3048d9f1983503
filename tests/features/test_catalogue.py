"""The vocabulary: complete, declared once, and honest about what is missing and tied."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.errors import SettingError, UsageError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.holidays import SEASONS, black_friday, mothers_day, season_ranges
from discovery.core.run import Run
from discovery.features.bands import learn_cutoffs, with_bands
from discovery.features.catalogue import BY_NAME, CATALOGUE, default_cluster_features
from discovery.features.vocabulary.tiers import RFM_GROUPS, TIERS
from discovery.usecases.measuring import measure, tier_cases, with_parts
from tests.stores import Engine, features_at, order, read_store, write_store

AS_OF = date(2025, 7, 1)


def test_the_catalogue_is_whole_and_says_what_it_measures() -> None:
    assert len(CATALOGUE) >= 70
    assert len(BY_NAME) == len(CATALOGUE)
    for feature in CATALOGUE:
        assert feature.label
        assert feature.family
        assert feature.missing
        assert feature.unit or feature.kind != "number" or feature.family == "Geography", feature.name
        assert list(feature.human_step) == sorted(feature.human_step), feature.name
        for part in feature.of:
            assert part in BY_NAME
        if feature.window is not None and not feature.skip:
            assert str(feature.window) in feature.name, feature.name
    families = {f.family for f in CATALOGUE}
    assert {
        "RFM", "Order shape", "Money behaviour", "Season and time", "Engagement", "Browsing", "Lifecycle", "Predicted",
        "Geography", "Consent",
    } <= families  # fmt: skip
    assert not [n for n in BY_NAME if n in {"recency", "monetary", "frequency"}]


def test_an_unknown_feature_names_the_nearest(planted_store: Path, tmp_path: Path) -> None:
    with Engine() as engine, pytest.raises(UsageError, match="Did you mean 'orders_90d'"):
        measure(engine, read_store(engine, shutil.copytree(planted_store, tmp_path / "s")), AS_OF, ("order_90d",))
    with pytest.raises(UsageError, match="either clustered on or held out"):
        Feature("x", "x", "f", "count", cluster=True, holdout=True)


def test_what_is_clustered_on_is_never_held_out() -> None:
    assert set(default_cluster_features()).isdisjoint(f.name for f in CATALOGUE if f.holdout)


def test_klaviyos_27_codes_stand_once_each() -> None:
    codes = [code for listed in RFM_GROUPS.values() for code in listed.split()]
    assert len(codes) == len(set(codes)) == 27
    assert [len(v.split()) for v in RFM_GROUPS.values()] == [3, 5, 5, 5, 5, 4]


@pytest.mark.parametrize("name", sorted(TIERS))
def test_a_tier_uses_just_the_labels_it_declares(name: str) -> None:
    assert {label for label, _ in tier_cases(name)} == set(BY_NAME[name].labels)


def test_holidays_of_years_known_from_the_calendar() -> None:
    assert [black_friday(y) for y in (2010, 2011, 2024)] == [date(2010, 11, 26), date(2011, 11, 25), date(2024, 11, 29)]
    assert mothers_day(2024) == date(2024, 5, 12)
    for name in SEASONS:
        for start, end in season_ranges(name, AS_OF):
            assert start < end
    assert season_ranges("last_black_friday", date(2024, 12, 2)) == ((date(2023, 11, 24), date(2023, 11, 28)),)


def table_of(**columns: list[float]) -> FeatureTable:
    n = len(next(iter(columns.values())))
    index = pd.Index([f"c{i:03d}" for i in range(n)], name="customer_id")
    features = tuple(BY_NAME[name] for name in columns)
    return FeatureTable(pd.DataFrame(columns, index=index, dtype=float), features, AS_OF, "x")


def test_scores_are_honest_about_ties() -> None:
    table = with_bands(table_of(orders=[0, 1, 1, 1, 1, 1, 1, 2, 3, 9]), [BY_NAME["f_score"]])
    assert table.cutoffs["f_score"] == (1.0, 1.0)
    scores = table.values["f_score"]
    # Two thirds ordered once: they are all 1, nobody is 2, and no label moved to fill the gap.
    assert scores.iloc[1:7].eq(1).all()
    assert scores.iloc[7:].eq(3).all()
    assert np.isnan(scores.iloc[0])


def test_recency_scores_run_the_other_way_and_use_klaviyos_days() -> None:
    table = with_bands(table_of(days_since_last_order=[1, 180, 181, 365, 366, np.nan]), [BY_NAME["r_score"]])
    assert table.values["r_score"].tolist()[:5] == [3, 3, 2, 2, 1]
    assert np.isnan(table.values["r_score"].iloc[5])


def test_stored_cutoffs_keep_a_customer_in_the_band_when_the_crowd_changes() -> None:
    first = with_bands(table_of(average_order_value=[10, 20, 30, 40]), [BY_NAME["aov_band"]])
    assert first.values["aov_band"].tolist() == ["low", "mid", "high", "top"]
    crowd = table_of(average_order_value=[10, 500, 600, 700])
    again = with_bands(crowd, [BY_NAME["aov_band"]], first.cutoffs)
    assert again.values["aov_band"].tolist() == ["low", "top", "top", "top"]
    assert learn_cutoffs(BY_NAME["aov_band"], pd.Series([np.nan])) == (0.0, 0.0, 0.0)


def at(days_before: float) -> datetime:
    return datetime(2025, 7, 1) - timedelta(days=days_before)


def event(customer: str, name: str, when: datetime, **rest: object) -> dict[str, object]:
    return {"customer_id": customer, "event": name, "at": when, **rest}


def test_what_nothing_follows_is_abandoned(tmp_path: Path) -> None:
    rows = [
        order("a", at(300)),
        event("a", "added_to_cart", at(20)),
        order("a", at(14)),  # six days later: followed
        event("a", "added_to_cart", at(10)),  # never followed
        event("a", "added_to_cart", at(45)),  # outside the window
        order("b", at(3)),
        event("b", "added_to_cart", at(3)),  # at the very instant of the order: followed
        event("c", "added_to_cart", at(2)),
        event("c", "started_checkout", at(2)),
        order("d", at(5)),
        event("d", "viewed_product", at(12.5)),  # seven and a half days before the order
    ]
    got = features_at(tmp_path / "s", pd.DataFrame(rows), AS_OF).values
    assert got["carts_abandoned_30d"].to_dict() == {"a": 1, "b": 0, "c": 1, "d": 0}
    assert got["checkouts_abandoned_30d"].to_dict() == {"a": 0, "b": 0, "c": 1, "d": 0}
    assert got["browse_abandoned_30d"]["d"] == 1


def test_bounces_count_since_the_last_delivery(tmp_path: Path) -> None:
    rows = [
        order("a", at(300)),
        event("a", "bounced_email", at(50)),
        event("a", "received_email", at(40)),
        event("a", "bounced_email", at(30)),
        event("a", "bounced_email", at(20)),
        event("b", "bounced_email", at(9)),
        order("c", at(300)),
    ]
    got = features_at(tmp_path / "s", pd.DataFrame(rows), AS_OF).values["bounces_in_a_row"]
    assert got.to_dict() == {"a": 2, "b": 1, "c": 0}


def test_two_windows_side_by_side(tmp_path: Path) -> None:
    rows = [order("a", at(d), order_id=str(d)) for d in (1, 59, 60, 61, 90, 120, 121)] + [order("b", at(5))]
    got = features_at(tmp_path / "s", pd.DataFrame(rows), AS_OF).values
    assert (got["orders_60d"]["a"], got["orders_61_to_120d"]["a"]) == (3, 3)
    assert got["order_frequency_change"]["a"] == 1
    assert np.isnan(got["order_frequency_change"]["b"])


def test_an_order_cancelled_before_the_date_is_none_and_one_cancelled_later_still_is(tmp_path: Path) -> None:
    rows = [
        order("a", at(30), order_id="1"),
        event("a", "cancelled_order", at(20), order_id="1"),
        order("b", at(30), order_id="2"),
        event("b", "cancelled_order", at(-3), order_id="2"),
        order("c", at(30), 0.0, order_id="3"),
    ]
    got = features_at(tmp_path / "s", pd.DataFrame(rows), AS_OF).values["orders"]
    assert got.to_dict() == {"a": 0, "b": 1, "c": 0}


def test_every_customer_of_a_store_has_one_stage_of_life_and_one_tier(run_workspace: Path) -> None:

    workspace = service.open_workspace(run_workspace)
    run: Run = workspace.load(workspace.runs()[0].id)
    values = run.table.values
    assert values["lifecycle"].notna().all()
    assert set(values["lifecycle"]) <= set(BY_NAME["lifecycle"].labels)
    assert (values["lifecycle"].eq("prospect") == values["orders"].eq(0)).all()
    assert values["rfm_group"].notna().sum() == (values["orders"] > 0).sum()
    assert values["engagement_tier"].notna().mean() > 0.99
    risk = values["probability_no_order_90d"].dropna()
    assert len(risk) == (values["orders"] > 0).sum()
    assert risk.between(0, 1).all()


def test_a_store_with_little_history_is_not_predicted_and_says_why(tmp_path: Path) -> None:
    rows = [order(f"c{i}", at(10 + i), order_id=str(i)) for i in range(20)]
    with Engine() as engine:
        found = measure(engine, read_store(engine, write_store(tmp_path / "s", pd.DataFrame(rows))), AS_OF)
    assert found.table.values["predicted_orders_365d"].isna().all()
    assert any("At least 500 customers" in note for note in found.notes)


def test_parts_come_before_what_is_made_of_them() -> None:
    order_of = [f.name for f in with_parts([BY_NAME["rfm_group"], BY_NAME["engagement_tier"]])]
    assert order_of.index("orders") < order_of.index("f_score") < order_of.index("rfm_group")
    assert order_of.index("opens_30d") < order_of.index("engagement_tier")


def test_a_config_may_state_the_cutoffs(planted_store: Path, tmp_path: Path) -> None:
    with Engine() as engine:
        dataset = read_store(engine, shutil.copytree(planted_store, tmp_path / "s"))
        table = measure(engine, dataset, AS_OF, ("average_order_value", "aov_band"), cutoffs={"aov_band": "25, 60 500"})
        values = table.table.values
        assert table.table.cutoffs == {"aov_band": (25.0, 60.0, 500.0)}
        assert (values["aov_band"] == "top").sum() == (values["average_order_value"] > 500).sum() > 0
        for wrong in ({"aov_bnd": "1 2 3"}, {"aov_band": "1 2"}, {"aov_band": "3 2 1"}, {"aov_band": "a b c"}):
            with pytest.raises(SettingError, match=r"features\.cutoffs"):
                measure(engine, dataset, AS_OF, cutoffs=wrong)
