"""Seasons of a config: days of the year that are a store's own."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import service
from discovery.core.errors import SettingError
from discovery.core.holidays import month_days, season_ranges
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import BY_NAME, CATALOGUE
from discovery.features.seasons import with_seasons
from discovery.usecases.measuring import measure, vocabulary_of
from tests.conftest import ALONE
from tests.stores import order, read_store, write_store

AS_OF = date(2025, 7, 1)


@given(st.dates(date(2000, 1, 1), date(2000, 12, 31)), st.dates(date(2000, 1, 1), date(2000, 12, 31)))
def test_a_season_holds_the_days_from_its_first_to_its_last(first: date, last: date) -> None:
    season = month_days(f"{first:%m-%d} to {last:%m-%d}")
    for year in (2023, 2024):
        start, after = season(year)
        days = [start + timedelta(n) for n in range((after - start).days)]
        if first == last == date(2000, 2, 29) and year == 2023:
            assert days == []
            continue
        wraps = last < first
        leaps = year + wraps
        assert days[0] == (date(year, 3, 1) if first == date(2000, 2, 29) and year % 4 else first.replace(year=year))
        assert len(days) <= 366
        end = (last.month, last.day)
        if end == (2, 29) and leaps % 4:
            end = (2, 28)
        assert (days[-1].month, days[-1].day) == end
        assert days[-1].year == leaps


def test_own_and_moved_seasons_are_measured(tmp_path: Path) -> None:
    seasons = {"new_year": "12-31 to 01-01", "black_friday": "11-20 to 11-25"}
    days = ["2023-12-31", "2024-01-01", "2024-01-02", "2024-11-21", "2024-11-29"]
    events = pd.DataFrame([order("ann", day, order_id=day) for day in days])
    with Engine() as engine:
        dataset = read_store(engine, write_store(tmp_path / "store", events))
        known = vocabulary_of(engine, dataset, seasons)
        names = (
            "share_new_year",
            "share_black_friday",
            "orders_last_black_friday",
            "share_summer",
            "orders(season => '12-31 to 01-01')",
        )
        assert known["orders(season => 'new_year')"].name == names[-1], "a rule names the days, and so needs no config"
        found = measure(engine, dataset, AS_OF, names, vocabulary=known).table
    assert found.values.loc["ann"].tolist() == pytest.approx([0.4, 0.2, 1, 0, 2])
    assert found.feature("share_new_year").label == "share of orders from 12-31 to 01-01"
    assert found.feature("orders_last_black_friday").label == "orders from last 11-20 to 11-25"


def test_without_seasons_the_catalogue_stays_as_it_is() -> None:
    assert with_seasons(CATALOGUE, {}) == CATALOGUE
    moved = {f.name: f for f in with_seasons(CATALOGUE, {"christmas": "12-01 to 12-24"})}
    assert [name for name, f in moved.items() if f != BY_NAME[name]] == ["share_christmas"]


@pytest.mark.parametrize(
    ("name", "days", "said"),
    [
        ("Singles day", "11-11 to 11-11", "small letters"),
        ("last_day", "11-11 to 11-11", "small letters"),
        ("weekend", "11-11 to 11-11", "share_weekend is another feature"),
        ("singles_day", "11-11", "two days of the year"),
        ("singles_day", "02-30 to 03-01", "two days of the year"),
        ("singles_day", "13-01 to 01-01", "two days of the year"),
    ],
)
def test_what_is_no_season_is_refused(name: str, days: str, said: str) -> None:
    with pytest.raises(SettingError, match=re.escape(said)):
        with_seasons(CATALOGUE, {name: days})
    with pytest.raises(SettingError, match="Did you mean 'black_friday'"):
        season_ranges("black_fridey", AS_OF)


def test_a_config_states_seasons_that_its_rules_can_use(planted_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(planted_store, tmp_path / "store")
    where = "orders(season => 'spring') >= 1 OR share_spring > 0"
    (store / "own.yaml").write_text(f'- {{name: Spring, where: "{where}"}}\n', encoding="utf-8")
    overrides = (*ALONE, "features.seasons={spring: 03-01 to 05-31}", "rules.library=own.yaml")
    run = service.discover(store / "config.yaml", tmp_path / "w", overrides=overrides)
    spring = run.segmentation("rules").labels == "spring"
    assert 0 < spring.sum() < len(spring)
    assert (spring == (run.table.values["share_spring"] > 0)).all()
