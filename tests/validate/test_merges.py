"""Merges pooled over campaigns: the tests behind them, and verdicts that use their power and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import tost_proportions_2indep
from statsmodels.stats.weightstats import ttost_ind

from discovery.core.evidence import MergeDecision, MergeVerdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.distinctness import HeldOutScores, held_out_scores
from discovery.validate.equivalence import Answers, answers_of, difference
from discovery.validate.merges import merge_verdicts
from discovery.validate.outcome import ForwardWindow
from tests.validate.planted import segmentation

SETTINGS = ValidateSettings()


def counted(hits: int, n: int) -> Answers:
    return answers_of(np.r_[np.ones(hits), np.zeros(n - hits)][:, None], np.ones((n, 1), dtype=bool))


sizes = st.integers(10, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(sizes, sizes)
def test_one_campaign_is_tested_as_agresti_and_caffo_do(a: tuple[int, int], b: tuple[int, int]) -> None:
    found = difference(counted(*a), counted(*b), 0.05, rate=True)
    assert found is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = tost_proportions_2indep(*a, *b, -0.05, 0.05, method="agresti-caffo").pvalue
    assert found.p_equal == pytest.approx(theirs, abs=1e-9)
    assert found.interval[0] <= a[0] / a[1] - b[0] / b[1] <= found.interval[1]


@given(sizes, sizes)
def test_the_order_of_the_two_changes_the_sign_only(a: tuple[int, int], b: tuple[int, int]) -> None:
    one, other = (difference(counted(*x), counted(*y), 0.05, rate=True) for x, y in ((a, b), (b, a)))
    assert one is not None
    assert other is not None
    assert one.value == pytest.approx(-other.value)
    assert (one.p_equal, one.p_differs) == pytest.approx((other.p_equal, other.p_differs))


def test_money_of_one_window_is_compared_as_welch_does() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.lognormal(3, 1, 900), rng.lognormal(3, 1, 1_500)
    mine, theirs = (answers_of(v[:, None], np.ones((len(v), 1), dtype=bool)) for v in (x, y))
    found = difference(mine, theirs, 0.2, rate=False)
    assert found is not None
    margin = 0.2 * np.r_[x, y].mean()
    assert found.margin == pytest.approx(margin)
    assert found.p_equal == pytest.approx(ttost_ind(x, y, -margin, margin, usevar="unequal")[0], abs=2e-3)


def replies(rng: np.random.Generator, n: int, campaigns: int, rate: float) -> Answers:
    """Return answers of customers who differ much in how likely they are to answer at all."""
    chance = rng.beta(0.3, 0.3 * (1 - rate) / rate, n)[:, None]
    values = (rng.random((n, campaigns)) < chance).astype(float)
    return answers_of(values, rng.random((n, campaigns)) < 0.8)


def test_customers_who_answer_several_campaigns_count_once() -> None:
    """Intervals of pooled campaigns hold the truth 95 % of the time; as if answers were independent, 80 %."""
    rng = np.random.default_rng(2)
    inside = naive = 0
    for _ in range(400):
        a, b = replies(rng, 300, 6, 0.1), replies(rng, 300, 6, 0.1)
        found = difference(a, b, 0.01, rate=True)
        apart = [Answers(s.n, s.mean, np.diag(np.diag(s.cross))) for s in (a, b)]
        single = difference(*apart, 0.01, rate=True)
        assert found is not None
        assert single is not None
        inside += found.interval[0] <= 0 <= found.interval[1]
        naive += single.interval[0] <= 0 <= single.interval[1]
    assert 0.92 <= inside / 400 <= 0.98
    assert naive / 400 < 0.9


def mailed(found: Segmentation, rates: dict[str, list[float]], seed: int = 4) -> Campaigns:
    """Return campaigns to everyone; `rates` says how many of each segment answer each of them."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, by_campaign in enumerate(zip(*rates.values(), strict=True)):
        chance = found.labels.map(dict(zip(rates, by_campaign, strict=True))).to_numpy(dtype=float)
        ordered = rng.random(len(chance)) < chance
        part = pd.DataFrame({"customer_id": found.labels.index, "campaign_id": f"m{number}", "ordered": ordered})
        parts.append(part.assign(revenue=20.0 * ordered))
    frame = pd.concat(parts, ignore_index=True).assign(received=True)
    frame[["held", "clicked", "stated", "unsubscribed", "spam"]] = False
    return Campaigns(frame, 5, True, "EUR")


def verdict(found: Segmentation, campaigns: Campaigns, settings: ValidateSettings = SETTINGS) -> MergeVerdict:
    unseen = pd.DataFrame({"ordered": False, "revenue": 0.0, "clicked": False}, index=found.labels.index)
    [only] = merge_verdicts(found, ForwardWindow(0, unseen, "ordered", "EUR"), campaigns, untold(found), settings)
    return only


def untold(found: Segmentation) -> HeldOutScores | None:
    noise = pd.DataFrame({"x": np.random.default_rng(1).random(len(found.labels))}, index=found.labels.index)
    return held_out_scores(found, noise, 2_000, 1)


def test_pooling_campaigns_is_what_gives_power() -> None:
    found = segmentation({"a": 3_000, "b": 3_000})
    alike = {"a": [0.05] * 5, "b": [0.05] * 5}
    assert verdict(found, mailed(found, alike)).decision is MergeDecision.MERGE
    one = verdict(found, mailed(found, {s: r[:1] for s, r in alike.items()}))
    assert one.decision is MergeDecision.CANNOT_TELL
    assert one.customers_needed is not None
    assert 3_000 < one.customers_needed < 15_000
    assert f"{one.customers_needed:,} recipients" in one.reason


def test_one_campaign_answered_differently_is_an_exception() -> None:
    found = segmentation({"a": 3_000, "b": 3_000})
    crossed = {"a": [0.05, 0.05, 0.05, 0.02, 0.08], "b": [0.05, 0.05, 0.05, 0.08, 0.02]}
    kept = verdict(found, mailed(found, crossed))
    assert kept.decision is MergeDecision.KEEP
    assert "alone" in kept.reason


def test_segments_two_points_apart_are_not_merged() -> None:
    found = segmentation({"a": 2_000, "b": 2_000})
    for seed in range(15):
        apart = mailed(found, {"a": [0.05] * 4, "b": [0.07] * 4}, seed)
        assert verdict(found, apart).decision is not MergeDecision.MERGE


def test_campaigns_before_the_date_merge_nothing() -> None:
    found = segmentation({"a": 3_000, "b": 3_000})
    early = replace(mailed(found, {"a": [0.05] * 5, "b": [0.05] * 5}), judged=False)
    unseen = pd.DataFrame({"ordered": False, "revenue": 0.0, "clicked": False}, index=found.labels.index)
    assert merge_verdicts(found, ForwardWindow(0, unseen, "ordered", "EUR"), early, None, SETTINGS) == []
