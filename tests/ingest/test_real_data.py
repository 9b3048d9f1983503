"""Real data sets: the published counts, and the main job on those that have orders."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.real_data import SOURCES
from discovery import service
from discovery.core.dataset import Dataset
from discovery.core.evidence import Evidence, Verdict
from discovery.core.run import Run
from tests.ingest.tables import events, profiles

pytestmark = pytest.mark.real_data

CONFIGS = Path(__file__).parents[2] / "configs"
QUICK = (
    "cluster.null_draws=3",
    "cluster.choice_rows=300",
    "cluster.n_init=2",
    "cluster.k_high=6",
    "cluster.fit_rows=2000",
    "cluster.hdbscan_rows=1000",
    "cluster.embedding_rows=500",
    "rules.induce_rows=1000",
    "validate.auc_rows=500",
)


def ingested(shared: Path, name: str, workspace: Path, *overrides: str) -> Dataset:
    """Return the dataset of a shipped config."""
    config = service.read_config(CONFIGS / f"{name}.yaml", (f"source.path={shared / SOURCES[name]}", *overrides))
    return service.ingest(config, workspace)


def discovered(shared: Path, name: str, workspace: Path) -> Run:
    """Return the run of a shipped config, with small nulls."""
    overrides = (f"source.path={shared / SOURCES[name]}", *QUICK)
    return service.discover(CONFIGS / f"{name}.yaml", workspace, overrides=overrides)


def response(run: Run, check: str) -> list[Evidence]:
    """Return what the KMeans segments did, as one check measured it."""
    found = [e for e in run.evidence if e.check == check and e.segmentation == "kmeans" and e.value is not None]
    assert found
    return found


def test_online_retail_ii(shared_data: Path, tmp_path: Path) -> None:
    run = discovered(shared_data, "online_retail_ii", tmp_path)
    assert run.problems["missing_customer"] == 243_007
    assert run.problems["duplicate_row"] == 22_523
    assert (run.table.values["orders"] > 0).sum() == 5_281
    assert {s.name for s in run.segmentations} >= {"kmeans", "hdbscan", "rules"}
    table = pd.read_parquet(tmp_path / "dataset" / "events.parquet", columns=["customer_key", "event"])
    assert table.query("event == 'placed_order'")["customer_key"].nunique() == 5_878, "as published for both sheets"


def test_online_retail_as_published(shared_data: Path, tmp_path: Path) -> None:
    """Chen et al. 2012 and everyone since: quantity and price above 0, and every line counts, postage too."""
    one = ingested(shared_data, "online_retail_ii", tmp_path, "source.sheets=[Year 2010-2011]")
    orders = events(one).query("event == 'placed_order'")
    frequency = orders.groupby("customer_key")["order_id"].nunique()
    money = orders.groupby("customer_key")["value"].sum()
    assert len(frequency) == 4_338
    assert (round(frequency.mean(), 3), frequency.median(), frequency.max()) == (4.272, 2, 209)
    assert (round(money.mean(), 2), round(money.median(), 3), round(money.max(), 2)) == (2054.27, 674.485, 280_206.02)
    assert round((frequency == 1).mean() * 100, 2) == 34.42
    assert round(money.nlargest(round(len(money) / 5)).sum() / money.sum() * 100, 1) == 74.6


def test_cdnow(shared_data: Path, tmp_path: Path) -> None:
    run = discovered(shared_data, "cdnow", tmp_path)
    assert run.problems == {}
    assert len(run.table.values) == 23_570
    assert "00001" in run.table.values.index, "ids keep their zeros"


def test_cdnow_zero_orders_are_a_setting(shared_data: Path, tmp_path: Path) -> None:
    kept = ingested(shared_data, "cdnow", tmp_path)
    assert (kept.events, (events(kept)["value"] == 0).sum()) == (69_659, 80)
    left = ingested(shared_data, "cdnow", tmp_path, "source.zero_orders=problem")
    assert (left.events, left.problems) == (69_659 - 80, {"value_zero": 80})


def test_cdnow_sample_agrees_with_its_published_summary(shared_data: Path, tmp_path: Path) -> None:
    header = "source.header=[master_id, customer_id, date, number_of_cds, dollar_value]"
    sample = ingested(
        shared_data, "cdnow", tmp_path, header, f"source.path={shared_data / 'cdnow' / 'CDNOW_sample.txt'}"
    )
    assert (sample.customers, sample.events) == (2_357, 6_919)
    table = events(sample)
    table = table[table["when"] < "1997-10-01"]
    repeats = table.groupby("customer_id")["when"].nunique() - 1
    published = pd.read_csv(shared_data / "cdnow" / "cdnow_customers_summary.csv").set_index("ID")["frequency"]
    repeats.index = repeats.index.astype(int)
    assert (repeats.sort_index() == published.sort_index()).all()


def test_completejourney(shared_data: Path, tmp_path: Path) -> None:
    run = discovered(shared_data, "completejourney", tmp_path)
    assert run.problems == {"value_not_positive": 528, "quantity_not_positive": 416}
    found = service.open_workspace(tmp_path)
    dataset = service.ingest(
        service.read_config(CONFIGS / "completejourney.yaml", (f"source.path={shared_data / 'completejourney'}",)),
        found.path,
    )
    counts = dataset.events_by_name
    assert counts["received_mailing"] == 6_589
    assert counts["redeemed_coupon"] == 2_102
    assert counts["ordered_product"] == 75_000 - 529
    table = profiles(dataset)
    assert table["property.age"].notna().sum() > 0
    assert table.filter(like="property.").notna().any(axis=1).sum() == 801
    sent = events(dataset).query("event == 'received_mailing'")
    assert sent["campaign_id"].nunique() == 27
    lines = events(dataset).query("event == 'ordered_product'")
    assert lines["category"].notna().mean() > 0.9, "the products file says what was bought"
    redeemed = events(dataset).query("event == 'redeemed_coupon' and '2017-10-01' <= when < '2017-12-30'")
    rates = response(run, "forward_event_rate")
    assert 0 < sum(round(e.value * e.n) for e in rates) <= redeemed["customer_id"].nunique()
    assert "redeemed_coupon within 90 days" in rates[0].reason
    later = sent.groupby("campaign_id")["when"].min().loc[lambda first: first >= "2017-10-01"]
    told = [e for e in run.evidence if e.check == "campaign_event_rate"]
    assert {e.campaign for e in told} <= set(later.index)
    assert all("redeemed_coupon within 30 days" in e.reason for e in told)
    assert len({e.campaign for e in told}) >= 3


def test_ifood(shared_data: Path, tmp_path: Path) -> None:
    dataset = ingested(shared_data, "ifood", tmp_path)
    table = profiles(dataset)
    assert (dataset.customers, dataset.events) == (2_240, 0)
    assert table["property.last_answer"].sum() == 334
    answers = [int(table[f"property.answer_{i}"].sum()) for i in range(1, 6)]
    assert answers == [144, 30, 163, 167, 163]
    assert table["property.birth_year"].min() > 1_900
    assert table["property.income"].max() < 666_666
    run = discovered(shared_data, "ifood", tmp_path)
    assert run.question_asked.startswith("What kinds of customers are there?")
    assert run.segmentation("kmeans").k >= 2
    assert run.segmentation("kmeans").coverage == 1
    assert "property_last_answer" not in run.table.values
    rates = response(run, "stated_rate")
    assert sum(round(e.value * e.n) for e in rates) == 334
    assert all("nothing tells whether it came before or after" in e.reason for e in rates)


def test_starbucks(shared_data: Path, tmp_path: Path) -> None:
    dataset = ingested(shared_data, "starbucks", tmp_path)
    table = profiles(dataset)
    assert dataset.customers == 17_000
    assert dataset.events_by_name == {"received_email": 76_358, "completed_offer": 33_182}
    assert table["property.age"].isna().sum() == 2_175
    assert table["property.age"].max() == 101
    when = events(dataset)["when"]
    assert (when.min()[:10], when.max()[:10]) == ("2018-07-26", "2018-08-24")
    run = discovered(shared_data, "starbucks", tmp_path)
    assert run.question_asked == "Who answers our messages?"
    assert run.segmentation("kmeans").k >= 2
    rates = response(run, "forward_event_rate")
    assert "completed_offer within 15 days" in rates[0].reason
    offers = {e.verdict for e in run.evidence if e.check == "campaign_event_rate"}
    assert offers == {Verdict.NOT_TESTED}, "every offer was first sent before the date: it proves nothing"
