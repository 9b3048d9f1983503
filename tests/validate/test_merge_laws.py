"""What a merge promises: hardly ever of segments a margin apart, ever surer of equal ones, and never against a veto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from discovery.core.evidence import MergeDecision, MergeVerdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.distinctness import HeldOutScores
from discovery.validate.equivalence import Answers, answers_of, ceiling, difference
from discovery.validate.merges import merge_verdicts
from discovery.validate.outcome import ForwardWindow
from tests.validate.planted import segmentation
from tests.validate.test_merges import mailed

#: A margin at which a few thousand customers tell.
SETTINGS = replace(ValidateSettings(), merge_margin=0.05, revenue_margin=0.2)
RATE = 0.3


@cache
def two(n: int, m: int) -> Segmentation:
    """Return two segments of such sizes."""
    return segmentation({"a": n, "b": m})


def untold(found: Segmentation) -> HeldOutScores:
    """Return held-out features that tell nobody from anybody."""
    even = pd.DataFrame(0.5, index=found.labels.index, columns=["a", "b"])
    return HeldOutScores(even, found.labels, ("x",))


def window(found: Segmentation, rates: Mapping[str, float], means: Mapping[str, float], seed: int) -> ForwardWindow:
    """Return customers who order at such a rate, and pay about as much."""
    rng = np.random.default_rng(seed)
    n, first = len(found.labels), (found.labels == "a").to_numpy()
    ordered = rng.random(n) < np.where(first, rates["a"], rates["b"])
    paid = np.where(first, means["a"], means["b"]) * rng.lognormal(-0.125, 0.5, n)
    frame = pd.DataFrame({"ordered": ordered, "revenue": paid * ordered, "clicked": False}, index=found.labels.index)
    return ForwardWindow(90, frame, "ordered", "EUR")


def merged(n: int, m: int, rates: tuple[float, float], means: tuple[float, float], draws: int) -> float:
    """Return how often two segments are merged that order and pay so."""
    found = two(n, m)
    held_out, rate, mean = untold(found), dict(zip("ab", rates, strict=True)), dict(zip("ab", means, strict=True))
    hits = 0
    for seed in range(draws):
        [only] = merge_verdicts(found, window(found, rate, mean, seed), None, held_out, SETTINGS)
        hits += only.decision is MergeDecision.MERGE
    return hits / draws


def test_segments_a_margin_apart_in_the_rate_are_merged_in_one_of_twenty_draws_at_most() -> None:
    """What they pay is made up so that each brings as much: nothing but the rate can forbid the merge."""
    low = RATE - SETTINGS.merge_margin
    share = merged(3_000, 3_000, (RATE, low), (20.0, 20.0 * RATE / low), 200)
    assert 0 < share <= 0.08


def a_margin_apart(share: float) -> float:
    """Return how many times as much the first segment, such a share of both, pays if revenue up to the ceiling is.

    Up to it two segments are nearer each other than in whole revenue, where 20 % would be 1.22 times as much.
    """
    paid = np.exp(0.5 * norm.ppf((np.arange(20_000) + 0.5) / 20_000) - 0.125)

    def beyond(ratio: float) -> float:
        most = brentq(lambda x: share * (ratio * paid > x).mean() + (1 - share) * (paid > x).mean() - 0.01, 1, 20)
        first, second = np.minimum(ratio * paid, most).mean(), np.minimum(paid, most).mean()
        return float(first - second - SETTINGS.revenue_margin * (share * first + (1 - share) * second))

    return float(brentq(beyond, 1.0, 2.0, xtol=1e-4))


@pytest.mark.parametrize(("n", "m"), [(3_000, 3_000), (2_000, 10_000)])
def test_segments_a_margin_apart_in_revenue_are_merged_in_one_of_twenty_draws_at_most(n: int, m: int) -> None:
    assert merged(n, m, (RATE, RATE), (20.0 * a_margin_apart(n / (n + m)), 20.0), 100) <= 0.1


def test_more_customers_never_make_a_merge_of_equals_less_likely() -> None:
    shares = [merged(n, n, (RATE, RATE), (20.0, 20.0), 60) for n in (500, 1_500, 4_000)]
    assert all(more >= less for less, more in pairwise(shares))
    assert shares[0] <= 0.2
    assert shares[-1] >= 0.95


def test_with_the_number_named_equals_are_merged_as_often_as_was_asked_for() -> None:
    found = two(500, 500)
    few = window(found, {"a": RATE, "b": RATE}, {"a": 20.0, "b": 20.0}, 1)
    [only] = merge_verdicts(found, few, None, untold(found), SETTINGS)
    needed = only.customers_needed
    assert needed is not None
    assert merged(needed, needed, (RATE, RATE), (20.0, 20.0), 100) >= SETTINGS.power - 0.05


def test_what_decides_is_the_same_at_every_size() -> None:
    """Equal rates, and revenue a margin apart: that too few were seen to tell is no reason to look away from it."""
    found, rates, means = two(2_500, 2_500), {"a": RATE, "b": RATE}, {"a": 20.0, "b": 22.1}
    held_out, narrow = untold(found), replace(SETTINGS, revenue_margin=0.1)

    def merges(settings: ValidateSettings) -> int:
        drawn = [merge_verdicts(found, window(found, rates, means, s), None, held_out, settings) for s in range(40)]
        return sum(only.decision is MergeDecision.MERGE for [only] in drawn)

    assert merges(narrow) <= 4
    assert merges(replace(narrow, merge_on="rate")) >= 12


def both(clicks: tuple[float, float], n: int, merge_on: str = "rate_and_revenue") -> MergeVerdict:
    """Return the verdict on segments that order and pay alike, after campaigns that they click on as said."""
    found = two(n, n)
    sent = mailed(found, {"a": [RATE] * 4, "b": [RATE] * 4})
    rng, mine = np.random.default_rng(3), sent.answers["customer_id"].map(found.labels) == "a"
    clicked = rng.random(len(mine)) < np.where(mine, *clicks)
    sent = replace(sent, answers=sent.answers.assign(clicked=clicked))
    after = window(found, {"a": RATE, "b": RATE}, {"a": 20.0, "b": 20.0}, 5)
    settings = replace(SETTINGS, merge_margin=0.025, merge_on=merge_on)
    [only] = merge_verdicts(found, after, sent, untold(found), settings)
    return only


def test_an_outcome_that_does_not_decide_can_forbid_a_merge() -> None:
    kept = both((0.2, 0.3), 4_000)
    assert kept.decision is MergeDecision.KEEP
    assert "clicked" in kept.reason


def test_an_outcome_that_does_not_decide_and_is_not_precise_is_named() -> None:
    alike = both((0.2, 0.2), 1_500)
    assert alike.decision is MergeDecision.MERGE
    assert "Too few were seen to say so of" in alike.reason
    assert "the shares that ordered within 90 days" in alike.reason
    assert both((0.2, 0.2), 1_500, "everything").decision is MergeDecision.CANNOT_TELL


def test_a_small_segment_does_not_differ_by_what_is_added_to_its_campaigns() -> None:
    """One success more in each of many campaigns drew it to one half by half a standard error."""
    rng = np.random.default_rng(9)

    def replies(n: int) -> np.ndarray:
        return (rng.random((n, 20)) < 0.05).astype(float)

    large, asked = replies(5_000), np.ones((5_000, 20), dtype=bool)
    off = []
    for _ in range(200):
        found = difference(answers_of(replies(200), asked[:200]), answers_of(large, asked), 0.01, rate=True)
        assert found is not None
        off.append((found.centre + large.mean() - 0.05) / found.error)
    assert abs(float(np.mean(off))) < 0.25


def test_a_small_segment_of_which_hardly_anybody_paid_is_not_kept_for_that() -> None:
    rng = np.random.default_rng(9)

    def paid(n: int) -> Answers:
        money = np.where(rng.random((n, 1)) < 0.03, rng.lognormal(4, 1, (n, 1)), 0.0)
        return answers_of(money, np.ones((n, 1), dtype=bool))

    large = paid(5_000)
    found = [difference(paid(50), large, 0.2, rate=False) for _ in range(200)]
    assert np.mean([each is not None and each.p_differs < 0.05 for each in found]) < 0.08


def test_a_few_large_orders_do_not_hide_all_others() -> None:
    found = two(5_000, 5_000)
    after = window(found, {"a": RATE, "b": RATE}, {"a": 20.0, "b": 20.0}, 2)
    after.responses.loc[after.responses["ordered"].idxmax(), "revenue"] = 100_000.0
    [whole] = merge_verdicts(found, after, None, untold(found), replace(SETTINGS, revenue_cap=1.0))
    assert whole.decision is MergeDecision.CANNOT_TELL
    [capped] = merge_verdicts(found, after, None, untold(found), SETTINGS)
    assert capped.decision is MergeDecision.MERGE
    money = next(e for e in capped.evidence if e.check == "revenue_difference")
    assert "each counted up to" in money.reason
    assert money.n == 10_000


def test_a_ceiling_is_of_those_who_paid() -> None:
    assert ceiling(np.r_[np.zeros(900), np.arange(1.0, 101.0)], 0.99) == pytest.approx(99.01)
    assert ceiling(np.zeros(5), 0.99) == ceiling(np.array([1.0, 2.0]), 1.0) == np.inf
