"""Whether a segment answers: right as often as it says, and never silent for being small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from discovery.core.evidence import Verdict
from discovery.core.segment import Segment, Segmentation, Structure
from discovery.core.settings import ValidateSettings
from discovery.validate.answering import Answered, measurable_response
from discovery.validate.campaigns import Campaigns
from discovery.validate.outcome import ForwardWindow

LEAST = 0.01
COLUMNS = ["customer_id", "campaign_id", "received", "held", "clicked", "ordered", "stated", "unsubscribed", "spam"]


def one_segment(n: int) -> Segmentation:
    labels = pd.Series("a", index=[f"c{i:05d}" for i in range(n)], dtype="str")
    segment = Segment("a", "A", "", n, 1.0, 0)
    return Segmentation("kmeans", (segment,), labels, labels == labels, "", Structure.CONSTRUCTED, "")


def sent(
    n: int, rng: np.random.Generator, own: float, uplift: float, held: float, campaigns: int = 3, clicks: float = 0.0
) -> Campaigns:
    """Campaigns to everyone, with orders that customers make of their own accord and orders that campaigns add.

    Customers differ in how much they order, so several answers of one are correlated.
    """
    rate = np.clip(own * rng.gamma(0.5, 2.0, n), 0, 0.9)
    parts = []
    for number in range(campaigns):
        kept = rng.random(n) < held
        ordered = (rng.random(n) < rate) | (~kept & (rng.random(n) < uplift))
        parts.append(
            pd.DataFrame(
                {"customer_id": [f"c{i:05d}" for i in range(n)], "campaign_id": f"m{number}", "received": ~kept,
                 "held": kept, "clicked": ~kept & (rng.random(n) < clicks), "ordered": ordered}
            )
        )  # fmt: skip
    answers = pd.concat(parts).reindex(columns=COLUMNS, fill_value=False).assign(revenue=0.0)
    return Campaigns(answers, 5, True, "EUR")


def window(n: int, hits: int, days: int = 90) -> ForwardWindow:
    index = [f"c{i:05d}" for i in range(n)]
    responses = pd.DataFrame({"ordered": np.arange(n) < hits, "revenue": 0.0, "clicked": False, "stated": False}, index)
    return ForwardWindow(days, responses, "ordered", "EUR")


def nothing_sent() -> Campaigns:
    return Campaigns(pd.DataFrame(columns=[*COLUMNS, "revenue"]), 5, True, "EUR")


def answered(n: int, campaigns: Campaigns, forward: ForwardWindow | None = None) -> Answered:
    return measurable_response(one_segment(n), campaigns, forward or window(n, 0), LEAST, ValidateSettings())["a"]


@pytest.mark.parametrize("uplift", [0.0, 0.03])
def test_the_interval_of_the_pooled_uplift_covers_the_truth_as_often_as_it_says(uplift: float) -> None:
    rng, held = np.random.default_rng(11), 0
    for _ in range(100):
        found = answered(400, sent(400, rng, 0.02, uplift, 0.2)).evidence.interval
        assert found is not None
        # An order that a campaign adds counts only in those who would not order anyway.
        held += found[0] <= uplift * 0.98 <= found[1]
    assert held >= 91  # 95 of 100 are said, and 91 lie within what chance does to that


def test_a_response_that_just_counts_is_seldom_called_silence() -> None:
    rng = np.random.default_rng(12)
    wrong = sum(
        answered(1_500, sent(1_500, rng, 0.02, LEAST * 1.02, 0.3)).evidence.verdict is Verdict.FAIL for _ in range(80)
    )
    assert wrong <= 5  # 2.5 % a side are 2 of 80


def test_many_customers_without_an_answer_are_silent_and_few_are_too_small_to_tell() -> None:
    rng = np.random.default_rng(13)
    silent = [answered(6_000, sent(6_000, rng, 0.01, 0.0, 0.2)).evidence.verdict for _ in range(10)]
    assert silent.count(Verdict.FAIL) >= 8
    assert Verdict.PASS not in silent
    small = [answered(150, sent(150, rng, 0.01, 0.0, 0.2)).evidence for _ in range(20)]
    assert {e.verdict for e in small} == {Verdict.NOT_TESTED}
    assert all("too small to tell" in e.reason and "would tell" in e.reason for e in small)


def test_the_number_of_customers_needed_tells_what_does_not_respond() -> None:
    rng = np.random.default_rng(14)
    reason = answered(500, sent(500, rng, 0.02, 0.0, 0.15)).evidence.reason
    needed = int(reason.split("about ")[1].split(" would")[0].replace(",", ""))
    assert 2_000 < needed < 20_000
    told = [answered(needed, sent(needed, rng, 0.02, 0.0, 0.15)).evidence.verdict for _ in range(10)]
    assert told.count(Verdict.FAIL) >= 6
    fewer = [answered(needed // 6, sent(needed // 6, rng, 0.02, 0.0, 0.15)).evidence.verdict for _ in range(10)]
    assert fewer.count(Verdict.FAIL) <= 3


def test_with_holdouts_orders_that_come_anyway_are_no_response_but_without_them_they_cannot_be_told() -> None:
    rng = np.random.default_rng(15)
    against = answered(4_000, sent(4_000, rng, 0.05, 0.0, held=0.5)).evidence
    assert against.verdict is not Verdict.PASS
    assert against.unit == "points"
    without = answered(4_000, sent(4_000, rng, 0.05, 0.0, held=0.0)).evidence
    assert without.verdict is Verdict.PASS
    assert without.unit == "share"
    assert "would have ordered anyway" in without.reason


def test_a_part_that_clicks_is_named_where_the_whole_adds_no_orders() -> None:
    rng = np.random.default_rng(16)
    assert "click" in answered(4_000, sent(4_000, rng, 0.01, 0.0, 0.2, clicks=0.03)).part
    assert answered(4_000, sent(4_000, rng, 0.01, 0.0, 0.2)).part == ""


@pytest.mark.parametrize(
    ("n", "hits", "days", "verdict"),
    [
        (2_000, 100, 90, Verdict.PASS),
        (2_000, 0, 90, Verdict.FAIL),
        (50, 0, 90, Verdict.NOT_TESTED),
        (5, 5, 90, Verdict.NOT_TESTED),
        (2_000, 100, 0, Verdict.NOT_TESTED),
    ],
)
def test_without_campaigns_the_forward_window_tells(n: int, hits: int, days: int, verdict: Verdict) -> None:
    found = answered(n, nothing_sent(), window(n, hits, days)).evidence
    assert found.verdict is verdict
    assert found.question == "response"
