"""Campaigns: who was sent what, what came of it, and what is claimed of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.evidence import Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.engine.duckdb import Engine
from discovery.features.campaigns import campaign_answers
from discovery.validate.campaigns import Campaigns, campaign_evidence
from tests.stores import read_store
from tests.validate.planted import segmentation

SETTINGS = ValidateSettings()
COLUMNS = ("customer_id", "event", "at", "campaign_id", "value", "order_id", "arm", "machine")
ROWS = [
    # Sent before the date, and again after it: what it brought made the segments.
    ("c5", "received_email", "2025-06-20", "old", None, None, None, None),
    ("c1", "received_email", "2025-07-06", "old", None, None, None, None),
    # Ordered, got some money back, left; only a machine clicked.
    ("c1", "received_email", "2025-07-05", "spring", None, None, "treated", None),
    ("c1", "clicked_email", "2025-07-05 01:00", "spring", None, None, None, True),
    ("c1", "placed_order", "2025-07-07", None, 10.0, "o1", None, None),
    ("c1", "refunded_order", "2025-07-08", None, -4.0, "o1", None, None),
    ("c1", "unsubscribed", "2025-07-09", "spring", None, None, None, None),
    # Held out; the order comes when the five days are over.
    ("c2", "held_out", "2025-07-05", "spring", None, None, "holdout", None),
    ("c2", "placed_order", "2025-07-10", None, 10.0, "o2", None, None),
    # Clicked, and redeemed; the order was cancelled, and the complaint is about another campaign.
    ("c3", "received_sms", "2025-07-05", "spring", None, None, "treated", None),
    ("c3", "clicked_sms", "2025-07-06", None, None, None, None, None),
    ("c3", "redeemed_coupon", "2025-07-06", "spring", None, None, None, None),
    ("c3", "marked_spam", "2025-07-06", "other", None, None, None, None),
    ("c3", "placed_order", "2025-07-06", None, 99.0, "o3", None, None),
    ("c3", "cancelled_order", "2025-07-07", None, None, "o3", None, None),
    # Meant for, but it bounced.
    ("c4", "bounced_email", "2025-07-05", "spring", None, None, "treated", None),
    # The data end before the window does.
    ("c6", "received_email", "2025-07-28", "late", None, None, None, None),
    ("c6", "active_on_site", "2025-07-30", None, None, None, None, None),
]


@pytest.fixture
def answers(tmp_path: Path) -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=list(COLUMNS))
    table["at"] = pd.to_datetime(table["at"], format="mixed").astype("datetime64[us]")
    table["event_id"] = [f"e{n}" for n in range(len(table))]
    (tmp_path / "store").mkdir()
    table.to_parquet(tmp_path / "store" / "events.parquet", index=False)
    pd.DataFrame({"customer_id": pd.Series([], dtype="str")}).to_parquet(tmp_path / "store" / "profiles.parquet")
    with Engine() as engine:
        dataset = read_store(engine, tmp_path / "store")
        found = campaign_answers(engine, dataset, date(2025, 7, 1), date(2025, 9, 1), 5, "redeemed_coupon")
    return found.set_index("customer_id")


def test_each_answer_is_counted_once_and_in_its_window(answers: pd.DataFrame) -> None:
    assert list(answers.index) == ["c1", "c2", "c3", "c4"]
    assert set(answers["campaign_id"]) == {"spring"}

    def who(column: str) -> str:
        return " ".join(answers.index[answers[column]])

    said = {c: who(c) for c in answers.columns if c not in ("campaign_id", "revenue")}
    assert said == {
        "received": "c1 c3",
        "held": "c2",
        "clicked": "c3",
        "ordered": "c1",
        "stated": "c3",
        "unsubscribed": "c1",
        "spam": "",
    }
    assert answers["revenue"].tolist() == [6, 0, 0, 0]


def test_a_store_without_campaigns_has_none(planted_store: Path, tmp_path: Path) -> None:
    dataset = service.read_canonical(planted_store, tmp_path)
    with Engine() as engine:
        none = campaign_answers(engine, dataset, date(2025, 7, 1), date(2025, 9, 1), 5)
    campaigns = Campaigns(none, 5, True, "EUR")
    assert campaign_evidence(segmentation({"a": 50, "b": 50}), campaigns, SETTINGS) == []


def sent(found: Segmentation, rates: dict[str, float], seed: int = 1, judged: bool = True) -> Campaigns:
    """Return one campaign to everyone, a fifth held out, who order at the given rates, and half of that if held out."""
    rng = np.random.default_rng(seed)
    n = len(found.labels)
    held = rng.random(n) < 0.2
    chance = found.labels.map(rates).to_numpy(dtype=float) * np.where(held, 0.5, 1.0)
    ordered = rng.random(n) < chance
    frame = pd.DataFrame({"customer_id": found.labels.index, "campaign_id": "sale", "received": ~held, "held": held})
    frame = frame.assign(clicked=False, ordered=ordered, stated=False, unsubscribed=False, spam=False)
    return Campaigns(frame.assign(revenue=20.0 * ordered), 5, judged, "EUR")


def test_differences_pass_and_what_is_not_recorded_is_not_told() -> None:
    found = segmentation({"a": 4_000, "b": 4_000, "few": 6})
    out = campaign_evidence(found, sent(found, {"a": 0.2, "b": 0.1, "few": 0.5}), SETTINGS)
    about = {(e.check, e.subject[0]): e for e in out}
    assert {c for c, s in about if s == "a"} == {"campaign_order_rate", "campaign_revenue", "campaign_uplift"}
    assert {e.verdict for (_, s), e in about.items() if s != "few"} == {Verdict.PASS}
    assert about["campaign_recipients", "few"].verdict is Verdict.NOT_TESTED
    low, high = about["campaign_uplift", "a"].interval
    assert low < 0.1 < high
    assert about["campaign_uplift", "a"].campaign == "sale"


def test_no_effect_and_no_difference_rarely_pass() -> None:
    found = segmentation(dict.fromkeys("abcd", 500))
    wrong = 0
    for seed in range(30):
        out = campaign_evidence(found, sent(found, dict.fromkeys("abcd", 0.2), seed), SETTINGS)
        wrong += any(e.verdict is Verdict.PASS for e in out if e.check == "campaign_order_rate")
    assert wrong <= 6, "Holm keeps any false difference among the four to 5 %"


def test_few_recipients_without_an_order_do_not_bring_less_for_certain() -> None:
    found = segmentation({"few": 60, "many": 5_000})
    out = campaign_evidence(found, sent(found, {"few": 0.0, "many": 0.03}), SETTINGS)
    revenue = next(e for e in out if e.check == "campaign_revenue" and e.subject == ("few",))
    assert revenue.verdict is Verdict.WARN
    assert revenue.interval[0] == 0 < revenue.interval[1]


def test_campaigns_before_the_date_are_described_and_never_evidence() -> None:
    found = segmentation({"a": 4_000, "b": 4_000})
    out = campaign_evidence(found, sent(found, {"a": 0.4, "b": 0.1}, judged=False), SETTINGS)
    assert {e.verdict for e in out} == {Verdict.NOT_TESTED}
    assert all(e.value is not None and "before the date" in e.reason for e in out)


def test_planted_uplifts_lie_in_their_intervals(simulated_store: Path, tmp_path: Path) -> None:
    truth = json.loads((simulated_store / "truth.json").read_text())
    people = pd.read_parquet(simulated_store / "truth.parquet").set_index("customer_id").sort_index()
    planted = {c["campaign_id"]: c["uplift_by_type"] for c in truth["campaigns"]}
    dataset = service.read_canonical(simulated_store, tmp_path)
    inside = []
    # Some customers change type in July.
    for column, start, end in (("type", (2025, 1, 1), (2025, 7, 1)), ("type_after", (2025, 7, 1), (2026, 1, 1))):
        labels = people[column].astype("str")
        found = segmentation(labels.value_counts().to_dict(), labels)
        with Engine() as engine:
            frame = campaign_answers(engine, dataset, date(*start), date(*end), truth["attribution_days"])
        for e in campaign_evidence(found, Campaigns(frame, 5, True, "USD"), SETTINGS):
            if e.check == "campaign_uplift":
                inside.append(e.interval[0] <= planted[e.campaign][e.subject[0]] <= e.interval[1])
    assert len(inside) >= 50
    # At 95 % each, fewer than 88 % of 50 or more comes up less than once in 100.
    assert np.mean(inside) >= 0.88


def test_a_run_judges_by_later_campaigns_only(run_workspace: Path) -> None:
    workspace = service.open_workspace(run_workspace)
    run = workspace.load(workspace.runs()[0].id)
    named = {e.campaign for e in run.evidence if e.question == "campaign"}
    assert named == {
        "newsletter-2025-10",
        "2025-q4-autumn",
        "2025-q4-black-friday",
        "newsletter-2025-12",
        "2025-q4-last-post",
    }
