"""Whether a segment answers at all: over all campaigns of a time together, or in what its customers did by themselves.

*Too small to tell* is not *no response*: a segment is silent only where the interval rules out every response that
counts in practice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from statsmodels.stats.proportion import proportion_confint

from discovery.core.bounds import SMALLEST
from discovery.core.evidence import Evidence, Question, Verdict
from discovery.core.many import many
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.core.signed import signed
from discovery.validate.campaigns import Campaigns
from discovery.validate.equivalence import Answers, answers_of, design
from discovery.validate.outcome import ForwardWindow
from discovery.validate.response import rate_interval

CHECK = "measurable_response"


@dataclass(frozen=True)
class Answered:
    """Whether one segment answers, and what part of it does even where the whole does not.

    Parameters
    ----------
    evidence : Evidence
        PASS: it responds. FAIL: it is silent. NOT_TESTED: too small to tell, or nothing was there to answer.
    part : str
        A sentence on the part that clicks, where that alone counts in practice; else empty.
    """

    evidence: Evidence
    part: str = ""


@dataclass(frozen=True)
class _Measured:
    """One response with its interval; it counts from `least` on and must lie above `floor` for sure."""

    value: float
    interval: tuple[float, float]
    floor: float
    least: float
    n: int
    words: str
    needed: float
    unit: str = "share"

    @property
    def verdict(self) -> Verdict:
        low, high = self.interval
        if low > self.floor and self.value >= self.least:
            return Verdict.PASS
        # A value below nothing is luck, and luck must not make a small segment look silent.
        return Verdict.FAIL if max(high, high - self.value) < self.least else Verdict.NOT_TESTED


def measurable_response(
    segmentation: Segmentation, campaigns: Campaigns, forward: ForwardWindow, least: float, settings: ValidateSettings
) -> dict[str, Answered]:
    """Return, by segment, whether its customers answer.

    Parameters
    ----------
    segmentation : Segmentation
        Made before anything that is looked at here was sent or done.
    campaigns : Campaigns
        Who was sent what after that, and what came of it.
    forward : ForwardWindow
        What customers did after that whatever was sent.
    least : float
        The smallest response that counts in practice, a share of customers.
    settings : ValidateSettings
        Beyond how many customers needed nothing can be told.

    Notes
    -----
    What is looked at is the same for all segments: what campaigns added to the share who order, beside customers held
    out at random, if any campaign kept some; else the share of recipients who clicked or ordered after one of them; and
    without campaigns, the share who responded in the forward window.

    The uplift is stratified by campaign with the weights of Mantel and Haenszel (1959), and its interval is Newcombe's
    (1998) for the two stratified rates, each with Wilson's at the number of customers it is as sure as (after Yan and
    Su 2010): one over the sum of squared weights over customers, over what several answers of one customer add to the
    variance. A few held-out customers do not draw the value to one side, as adding successes and failures to each arm
    would. Who was treated by one campaign and held out by another is in both arms: the interval is rather too wide.

    Clicks of machines and opens never count.
    """
    answers = campaigns.of(segmentation)
    clicks = _clicks(answers[answers["received"].astype(bool)])
    out = {}
    for segment in segmentation.placed:
        mine = answers[answers["segment"] == segment.id]
        question: Question = "campaign" if len(answers) else "response"
        if answers["held"].any():
            found, unseen = _uplift(mine, campaigns, least, settings.power)
        elif len(answers):
            found, unseen = _of_recipients(mine[mine["received"]], campaigns, least)
        else:
            found, unseen = _of_window(segmentation, segment.id, forward, least)
        evidence = _evidence(segmentation, segment.id, segment.size, question, found, unseen, least, settings)
        part = ""
        if segment.id in clicks:
            hits, n = clicks[segment.id]
            share, (low, high) = rate_interval(hits, n)
            if n >= SMALLEST and low > least:
                part = f"{share:.1%} of {n:,} recipients click ({low:.1%} to {high:.1%})."
        out[segment.id] = Answered(evidence, part)
    return out


def _clicks(got: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return customers who clicked and customers reached, by segment, each customer once."""
    each = got.groupby(["segment", "customer_id"])["clicked"].any()
    return {str(i): (int(mine.sum()), len(mine)) for i, mine in each.groupby(level="segment")}


def _uplift(mine: pd.DataFrame, campaigns: Campaigns, least: float, power: float) -> tuple[_Measured | None, str]:
    counts = mine.groupby("campaign_id")["held"].agg(["size", "sum"])
    usable = counts.index[(counts["sum"] >= SMALLEST) & (counts["size"] - counts["sum"] >= SMALLEST)]
    tried = mine[mine["campaign_id"].isin(usable)]
    if tried.empty:
        held = many(int(mine["held"].sum()), "of its customers was", "of its customers were")
        return None, f"{held} held out, and of a campaign {SMALLEST} must be in either arm."
    value, (low, high) = _pooled(tried)
    customers = tried["customer_id"].nunique()
    words = (
        f"Of those a campaign was meant for, {signed(100 * value, 1)} points more ordered within {campaigns.days} days "
        f"than of those held out at random ({signed(100 * low, 1)} to {signed(100 * high, 1)}; "
        f"{_campaigns(len(usable))}, {customers:,} customers)."
    )
    # Known to a deviation of the least response that counts, over the deviations that a test of this power asks for.
    needed = ((high - low) / 2 / 1.96 * float(ndtri(0.975) + ndtri(power)) / least) ** 2
    return _Measured(value, (low, high), 0.0, least, customers, words, needed, "points"), ""


def _pooled(tried: pd.DataFrame) -> tuple[float, tuple[float, float]]:
    """Return the share who order, treated minus held out, stratified by campaign, with its interval."""
    who, customers = pd.factorize(tried["customer_id"])
    which, names = pd.factorize(tried["campaign_id"])
    held, ordered = tried["held"].to_numpy(dtype=bool), tried["ordered"].to_numpy(dtype=bool)
    values, asked = np.zeros((len(customers), len(names))), np.zeros((2, len(customers), len(names)), dtype=bool)
    values[who, which] = ordered
    asked[held.astype(int), who, which] = True
    treated, kept = (answers_of(values, mine) for mine in asked)
    weight = treated.n * kept.n / (treated.n + kept.n)
    weight /= weight.sum()
    (one, (low_one, high_one)), (other, (low_other, high_other)) = (_rate(arm, weight) for arm in (treated, kept))
    value = one - other
    return value, (value - hypot(one - low_one, high_other - other), value + hypot(high_one - one, other - low_other))


def _rate(arm: Answers, weight: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    """Return a stratified rate with Wilson's interval at the number of customers it is as sure as."""
    rate, n = float(weight @ arm.mean), 1 / float(weight**2 @ (1 / arm.n)) / design(arm, weight)
    low, high = proportion_confint(rate * n, n, method="wilson")
    return rate, (min(float(low), rate), max(float(high), rate))


def _of_recipients(got: pd.DataFrame, campaigns: Campaigns, least: float) -> tuple[_Measured | None, str]:
    done = got[["clicked", "ordered", "stated"]].any(axis=1).groupby(got["customer_id"]).any()
    names, n = got["campaign_id"].nunique(), len(done)
    if n < SMALLEST:
        return None, f"{many(n, 'of its customers was', 'of its customers were')} sent anything."
    share, (low, high) = rate_interval(int(done.sum()), n)
    words = (
        f"{share:.1%} of {n:,} recipients clicked or ordered within {campaigns.days} days of a campaign "
        f"({low:.1%} to {high:.1%}; {_campaigns(names)}, none was held out, so some would have ordered anyway)."
    )
    return _Measured(share, (low, high), least, least, n, words, _needed(share, least) / n), ""


def _of_window(
    segmentation: Segmentation, segment: str, forward: ForwardWindow, least: float
) -> tuple[_Measured | None, str]:
    mine = (segmentation.labels == segment).to_numpy()
    n = int(mine.sum())
    if not forward.seen:
        return None, "No campaign was sent, and the data do not reach far enough past the date."
    if n < SMALLEST:
        return None, f"It holds {many(n, 'customer')}, and no campaign was sent."
    share, (low, high) = rate_interval(int(forward.responses.loc[mine, forward.rate_column].sum()), n)
    words = f"No campaign was sent; {share:.1%} of {n:,} {forward.said} ({low:.1%} to {high:.1%})."
    return _Measured(share, (low, high), least, least, n, words, _needed(share, least) / n), ""


def _evidence(
    segmentation: Segmentation,
    segment: str,
    size: int,
    question: Question,
    found: _Measured | None,
    unseen: str,
    least: float,
    settings: ValidateSettings,
) -> Evidence:
    if found is None:
        reason = f"Too little to tell whether it responds: {unseen[0].lower()}{unseen[1:]}"
        value, interval, verdict, n, unit = None, None, Verdict.NOT_TESTED, 0, "share"
    else:
        value, interval, verdict, n, unit = found.value, found.interval, found.verdict, found.n, found.unit
        reason = " ".join(_told(found, verdict, size, settings.max_customers_needed))
    return Evidence(
        segmentation.name, (segment,), question, CHECK, value, interval, None, least, verdict, reason, unit, n
    )


def _told(found: _Measured, verdict: Verdict, size: int, most: int) -> Iterator[str]:
    yield found.words
    if verdict is Verdict.PASS:
        yield "That is a response."
    elif verdict is Verdict.FAIL:
        yield f"Less than {100 * found.least:g}% of customers is none in practice: it does not respond."
    elif found.needed > 1:
        needed = size * found.needed
        count = f"about {needed:,.0f}" if needed <= most else f"more than {most:,}"
        yield f"That is too small to tell: it holds {many(size, 'customer')}, and {count} would tell."
    else:
        yield f"That is too close to the {100 * found.least:g}% of customers that count to tell."


def _needed(share: float, least: float) -> float:
    """Return how many customers tell a rate from the least that counts, if it stays; at least half of that apart.

    Examples
    --------
    >>> round(_needed(0.0, 0.01)), round(_needed(0.02, 0.01))
    (380, 753)
    """
    rate, gap = max(share, least), max(abs(share - least), least / 2)
    return 1.96**2 * rate * (1 - rate) / gap**2


def _campaigns(n: int) -> str:
    return f"{n} campaigns together" if n > 1 else "1 campaign"
