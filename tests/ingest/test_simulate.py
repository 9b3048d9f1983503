"""The simulated store: believable, the same for the same seed, and true to what it says was planted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from discovery.core.dataset import EVENT_COLUMNS, EVENT_NAMES, PROFILE_COLUMNS
from discovery.core.errors import UsageError
from discovery.core.holidays import black_friday
from discovery.ingest.simulate import simulate
from discovery.ingest.simulate.blocks import BLOCK
from discovery.ingest.simulate.planted import TYPES
from discovery.ingest.simulate.rows import EVENTS

SEED = 11
FILES = ("profiles.parquet", "events.parquet", "truth.parquet", "store.json", "truth.json")


@dataclass(frozen=True)
class Store:
    folder: Path
    profiles: pd.DataFrame
    events: pd.DataFrame
    truth: pd.DataFrame
    planted: dict[str, Any]

    def named(self, *events: str) -> pd.DataFrame:
        return self.events[self.events["event"].isin(events)]


def read(folder: Path) -> Store:
    tables = [pq.read_table(folder / f"{name}.parquet").to_pandas() for name in ("profiles", "events", "truth")]
    for column in ("value", "discount"):
        tables[1][column] = pd.to_numeric(tables[1][column])
    return Store(folder, *tables, json.loads((folder / "truth.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return read(simulate(tmp_path_factory.mktemp("simulated") / "store", customers=2_000, seed=SEED))


@pytest.fixture(scope="session")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """For what is drawn seldom, and so takes more customers to see."""
    return read(simulate(tmp_path_factory.mktemp("simulated") / "store", customers=8_000, seed=SEED))


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


# --- the same arguments, the same store -------------------------------------------------------------------------


def test_the_same_seed_writes_the_same_bytes(store: Store, tmp_path: Path) -> None:
    assert contents(simulate(tmp_path / "again", 2_000, SEED)) == contents(store.folder)


def test_another_seed_writes_other_customers(store: Store, tmp_path: Path) -> None:
    other = read(simulate(tmp_path / "other", 2_000, SEED + 1))
    assert not np.array_equal(other.profiles["created_at"], store.profiles["created_at"])


@pytest.mark.parametrize("customers", [1, BLOCK - 1, BLOCK + 700])
def test_a_customer_is_the_same_in_a_store_of_any_size(store: Store, tmp_path: Path, customers: int) -> None:
    smaller = read(simulate(tmp_path / "smaller", customers, SEED))
    ids = store.profiles["customer_id"][:customers]
    assert len(smaller.profiles) == customers
    for name in ("profiles", "events", "truth"):
        table: pd.DataFrame = getattr(store, name)
        expected = table[table["customer_id"].isin(ids)].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(smaller, name), expected)


def test_how_many_blocks_are_held_at_once_changes_no_row(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discovery.ingest.simulate.store._BLOCKS_PER_GROUP", 1)
    one_by_one = simulate(tmp_path / "one", 2_000, SEED)
    assert pq.read_table(one_by_one / "events.parquet").equals(pq.read_table(store.folder / "events.parquet"))
    assert (one_by_one / "truth.json").read_bytes() == (store.folder / "truth.json").read_bytes()


# --- canonical form ---------------------------------------------------------------------------------------------


def test_tables_have_the_canonical_columns(store: Store) -> None:
    assert tuple(store.events.columns) == tuple(EVENT_COLUMNS)
    assert tuple(store.profiles.columns)[: len(PROFILE_COLUMNS)] == tuple(PROFILE_COLUMNS)
    assert all(c.startswith("property.") for c in store.profiles.columns[len(PROFILE_COLUMNS) :])
    schema = pq.read_schema(store.folder / "events.parquet")
    assert str(schema.field("at").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("value").type) == "decimal128(18, 4)"
    assert str(schema.field("customer_id").type) == "string"


def test_every_event_name_occurs_and_few_are_the_store_s_own(large_store: Store) -> None:
    assert set(large_store.events["event"]) == set(EVENTS)
    assert set(EVENTS) - set(EVENT_NAMES) == {"added_to_wishlist", "downloaded_case_study", "visited_pricing"}


def test_ids_are_unique(store: Store) -> None:
    assert store.events["event_id"].is_unique
    assert store.profiles["customer_id"].is_unique
    assert store.named("placed_order")["order_id"].is_unique
    assert set(store.events["customer_id"]) == set(store.profiles["customer_id"])


def test_events_lie_within_the_calendar(store: Store) -> None:
    stated = json.loads((store.folder / "store.json").read_text(encoding="utf-8"))
    assert (stated["first_day"], stated["last_day"], stated["currency"]) == ("2024-01-01", "2025-12-31", "USD")
    for at in (store.events["at"], store.profiles["created_at"]):
        assert at.min() >= datetime(2024, 1, 1, tzinfo=UTC)
        assert at.max() < datetime(2026, 1, 1, tzinfo=UTC)


def test_contact_details_are_plainly_synthetic(store: Store) -> None:
    assert store.profiles["email"].dropna().str.fullmatch(r"customer\d+@example\.com").all()
    assert store.profiles["phone"].dropna().str.fullmatch(r"\+1555\d{7}").all()
    assert store.profiles["postal_code"].dropna().str.startswith("0").any()
    assert store.profiles["region"].dropna().str.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}").all()
    assert store.profiles["country"].nunique() == 12


# --- orders -----------------------------------------------------------------------------------------------------


def test_lines_add_up_to_their_order(store: Store) -> None:
    orders = store.named("placed_order").set_index("order_id")[["value", "discount"]].sort_index()
    lines = store.named("ordered_product").groupby("order_id")[["value", "discount"]].sum()
    assert (orders["value"] > 0).all()
    pd.testing.assert_frame_equal(lines, orders, rtol=0, atol=1e-6)


def test_what_follows_an_order_names_an_earlier_order_of_the_same_customer(store: Store) -> None:
    placed = store.named("placed_order")[["order_id", "customer_id", "at", "value"]]
    later = store.named("refunded_order", "cancelled_order", "fulfilled_order", "submitted_review")
    joined = later.merge(placed, on="order_id", suffixes=("", "_order"), how="left")
    assert (joined["customer_id"] == joined["customer_id_order"]).all()
    assert (joined["at"] > joined["at_order"]).all()
    refunds = joined[joined["event"] == "refunded_order"]
    assert (refunds["value"] < 0).all()
    assert (refunds["value"] + refunds["value_order"] > -1e-6).all()
    assert not set(refunds["order_id"]) & set(joined[joined["event"] == "cancelled_order"]["order_id"])


def test_shares_are_believable(large_store: Store) -> None:
    orders = large_store.named("placed_order").groupby("customer_id").size()
    assert 0.10 < 1 - len(orders) / len(large_store.profiles) < 0.16
    assert 0.33 < (orders == 1).mean() < 0.5
    assert 40 < len(large_store.events) / len(large_store.profiles) < 65


def test_spend_is_heavy_tailed_and_black_friday_is_busy(large_store: Store) -> None:
    orders = large_store.named("placed_order")
    revenue = orders.groupby("customer_id")["value"].sum().sort_values(ascending=False)
    assert revenue[: len(revenue) // 5].sum() > 0.5 * revenue.sum()
    by_day = orders.groupby(orders["at"].dt.date).size()
    assert by_day[black_friday(2025)] > 2 * by_day.mean()


# --- messages and campaigns -------------------------------------------------------------------------------------


def assignments(store: Store) -> pd.DataFrame:
    """One row per customer and controlled campaign, with the arm and whether an order followed in time."""
    arms = store.events[store.events["arm"].notna() & (store.events["event"] != "bounced_email")]
    arms = arms[["customer_id", "campaign_id", "at", "arm"]].reset_index(drop=True)
    orders = store.named("placed_order")[["customer_id", "at"]]
    both = arms.reset_index().merge(orders, on="customer_id", suffixes=("", "_order"))
    days = (both["at_order"] - both["at"]) / pd.Timedelta(days=1)
    converted = both.loc[(days > 0) & (days <= store.planted["attribution_days"]), "index"]
    return arms.assign(ordered=arms.index.isin(converted))


def test_who_is_held_out_receives_nothing_of_the_campaign(store: Store) -> None:
    held = store.named("held_out")[["customer_id", "campaign_id"]]
    assert (store.named("held_out")["arm"] == "holdout").all()
    others = store.events[store.events["campaign_id"].notna() & (store.events["event"] != "held_out")]
    assert others.merge(held, on=["customer_id", "campaign_id"]).empty


def test_holdouts_are_as_large_as_planned(large_store: Store) -> None:
    counts = assignments(large_store).groupby(["campaign_id", "arm"]).size().unstack()
    for campaign in large_store.planted["campaigns"]:
        treated, held = counts.loc[campaign["campaign_id"], ["treated", "holdout"]]
        assert (treated, held) == (campaign["treated"], campaign["held_out"])
        assert held / (treated + held) == pytest.approx(campaign["holdout_share"], abs=0.04)


def test_each_quarter_of_2025_has_two_or_three_campaigns(store: Store) -> None:
    sent = pd.to_datetime([c["sent_at"] for c in store.planted["campaigns"]])
    assert (sent.year == 2025).all()
    assert set(pd.Series(sent.quarter).value_counts()) <= {2, 3}
    assert pd.Series(sent).diff().min() > pd.Timedelta(days=store.planted["attribution_days"])


def test_planted_uplift_is_what_a_fair_comparison_finds(large_store: Store) -> None:
    """Pooled over campaigns, each weighted by its size: treated minus held out covers the truth at 99.9 %."""
    found, variance, planted, weights = 0.0, 0.0, 0.0, 0.0
    table = assignments(large_store)
    for campaign in large_store.planted["campaigns"]:
        rows = table[table["campaign_id"] == campaign["campaign_id"]]
        treated, held = (rows.loc[rows["arm"] == arm, "ordered"] for arm in ("treated", "holdout"))
        found += len(rows) * (treated.mean() - held.mean())
        variance += len(rows) ** 2 * (treated.var() / len(treated) + held.var() / len(held))
        planted += len(rows) * campaign["uplift"]
        weights += len(rows)
    half = norm.ppf(0.9995) * np.sqrt(variance) / weights
    assert abs(found - planted) / weights < half
    assert planted / weights > 2 * half, "the uplift must be large enough to be found"


def test_orders_a_campaign_caused_follow_its_message_in_time(store: Store) -> None:
    caused = store.named("placed_order").dropna(subset="campaign_id")
    received = store.named("received_email", "received_sms")[["customer_id", "campaign_id", "at"]]
    joined = caused.merge(received, on=["customer_id", "campaign_id"], suffixes=("", "_received"))
    assert len(joined) == len(caused) > 0
    delay = joined["at"] - joined["at_received"]
    assert delay.between(pd.Timedelta(0), pd.Timedelta(days=store.planted["attribution_days"])).all()


def test_the_type_that_never_answers_has_no_clicks_and_no_uplift(large_store: Store) -> None:
    truth, never = large_store.truth, large_store.planted["never_answers"]
    ids = truth.loc[(truth["type"] == never) & (truth["type_after"] == never), "customer_id"]
    theirs = large_store.events[large_store.events["customer_id"].isin(ids)]
    assert len(ids) > 500
    assert not theirs["event"].isin(["clicked_email", "clicked_sms"]).any()
    assert theirs.loc[theirs["event"] == "placed_order", "campaign_id"].isna().all()
    assert all(c["uplift_by_type"][never] == 0 for c in large_store.planted["campaigns"])


def test_two_types_differ_only_in_what_they_like(store: Store) -> None:
    twins = [t for t in TYPES if t.name in store.planted["answer_alike"]]
    differing = {f for f in vars(twins[0]) if getattr(twins[0], f) != getattr(twins[1], f)}
    assert differing == {"name", "description", "weekend", "categories"}
    for campaign in store.planted["campaigns"]:
        assert len({campaign["effect_by_type"][t.name] for t in twins}) == 1


def test_machine_opens_are_marked_and_clicks_are_people_s(store: Store) -> None:
    opens = store.named("opened_email")["machine"].astype(bool)
    assert 0.2 < opens.mean() < 0.8
    assert not store.named("clicked_email", "clicked_sms")["machine"].astype(bool).any()


def test_consent_agrees_with_what_happened(store: Store) -> None:
    consent = store.profiles.set_index("customer_id")["consent_email"]
    assert set(consent) == {"subscribed", "unsubscribed", "never", "unknown"}
    left = store.named("unsubscribed")
    assert (consent[left.loc[left["channel"] == "email", "customer_id"]] == "unsubscribed").all()
    assert set(consent[store.named("received_email")["customer_id"]]) <= {"subscribed", "unsubscribed"}


# --- truth ------------------------------------------------------------------------------------------------------


def test_some_customers_change_type_on_the_known_date(large_store: Store) -> None:
    truth = large_store.truth
    changed = truth["changed_at"].notna()
    assert changed.mean() == pytest.approx(0.05, abs=0.01)
    assert set(truth.loc[changed, "changed_at"].astype(str)) == {large_store.planted["type_change_date"]}
    assert ((truth["type"] != truth["type_after"]) == changed).all()


def test_no_type_is_readable_from_one_feature(large_store: Store) -> None:
    """A depth-2 tree, even judged on the rows it was grown on, does badly on any one simple feature."""
    events, truth = large_store.events, large_store.truth.set_index("customer_id")
    orders = large_store.named("placed_order").assign(
        discounted=lambda o: o["discount"] > 0,
        weekend=lambda o: o["at"].dt.day_of_week >= 5,
        december=lambda o: o["at"].dt.month == 12,
        days=lambda o: o["at"].astype("int64"),
    )
    features = events.groupby("customer_id")["event"].value_counts().unstack()
    means = orders.groupby("customer_id")[["value", "discounted", "weekend", "december", "days"]].mean()
    features = features.join(means)
    features["revenue"] = orders.groupby("customer_id")["value"].sum()
    features["last_order"] = orders.groupby("customer_id")["days"].max()
    bought = large_store.named("ordered_product").groupby("customer_id")["category"].value_counts(normalize=True)
    features = features.join(bought.unstack()).reindex(truth.index).fillna(0)
    for feature in features.columns:
        for each in TYPES:
            is_type = truth["type_after"] == each.name
            tree = DecisionTreeClassifier(max_depth=2, class_weight="balanced", random_state=0)
            guess = tree.fit(features[[feature]], is_type).predict(features[[feature]])
            assert balanced_accuracy_score(is_type, guess) < 0.8, (feature, each.name)


def test_without_types_there_is_one_smooth_population(large_store: Store, tmp_path: Path) -> None:
    smooth = read(simulate(tmp_path / "smooth", 8_000, SEED, types=False))
    assert set(smooth.truth["type"]) == set(smooth.truth["type_after"]) == {"all"}
    assert smooth.truth["changed_at"].isna().all()
    assert smooth.planted["answer_alike"] == []
    assert smooth.planted["never_answers"] is None
    typed = large_store.truth
    for latent in ("orders_per_year", "dropout_per_year", "share_discounted", "share_season", "share_clicked"):
        assert smooth.truth[latent].mean() == pytest.approx(typed[latent].mean(), rel=0.12), latent
        assert smooth.truth[latent].std() == pytest.approx(typed[latent].std(), rel=0.2), latent


# --- the folder -------------------------------------------------------------------------------------------------


def test_progress_runs_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    simulate(tmp_path / "store", 100, SEED, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_an_earlier_store_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "store"
    simulate(out, 3, SEED)
    simulate(out, 2, SEED)
    assert len(read(out).profiles) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_anything_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(UsageError, match="must be empty or hold a simulated store"):
        simulate(tmp_path, 10, SEED)
    with pytest.raises(UsageError, match="must be a folder"):
        simulate(tmp_path / "notes.txt", 10, SEED)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_failure_leaves_the_earlier_store(tmp_path: Path) -> None:
    out = simulate(tmp_path / "store", 2, SEED)
    before = contents(out)

    def fail(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(out, 5, SEED, progress=fail)
    assert contents(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(("customers", "seed"), [(0, 1), (10_000_000, 1), (1, -1)])
def test_arguments_out_of_range_are_refused(tmp_path: Path, customers: int, seed: int) -> None:
    with pytest.raises(UsageError, match="must be"):
        simulate(tmp_path / "store", customers, seed)
