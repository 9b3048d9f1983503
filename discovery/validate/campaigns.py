"""Campaigns: what each segment did about each of them, and what the campaign itself brought about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from discovery.core.bounds import SMALLEST
from discovery.core.evidence import Evidence, Verdict
from discovery.core.many import many
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.core.signed import signed
from discovery.validate.response import against_rest, amounts_against_rest, holm, mean_interval, rate_interval

REVENUE, UPLIFT = "campaign_revenue", "campaign_uplift"
_OTHERS = "the other recipients"


@dataclass(frozen=True, eq=False)
class Campaigns:
    """Who was sent what, and what came of it within the attribution window.

    Parameters
    ----------
    answers : DataFrame
        One row per customer and campaign, the earliest campaign first: ``customer_id``, ``campaign_id``; yes or no
        ``received``, ``held``, ``clicked``, ``ordered``, ``stated``, ``unsubscribed``, ``spam``; ``revenue``, net.
    days : int
        Length of the attribution window.
    judged : bool
        Whether all were sent at the date or after. Earlier ones describe segments and prove nothing of them, since
        segments are made from what came of them.
    currency : str
        Of revenue.
    stated : str
        The event that the config states as the response.
    """

    answers: pd.DataFrame
    days: int
    judged: bool
    currency: str
    stated: str = ""

    @property
    def rates(self) -> Mapping[str, tuple[str, str]]:
        """Check, column and words of every answer that anybody gave; one that nobody gave may not be recorded."""
        known = {
            "campaign_event_rate": ("stated", self.stated),
            "campaign_order_rate": ("ordered", "ordered"),
            "campaign_click_rate": ("clicked", "clicked"),
            "campaign_unsubscribe_rate": ("unsubscribed", "unsubscribed"),
            "campaign_spam_rate": ("spam", "marked it as spam"),
        }
        return {check: words for check, words in known.items() if self.answers[words[0]].any()}

    def of(self, segmentation: Segmentation) -> pd.DataFrame:
        """Return the answers of customers the segmentation places, with their ``segment``."""
        label = self.answers["customer_id"].map(segmentation.labels)
        placed = label.notna() & (label != UNASSIGNED)
        return self.answers.loc[placed].assign(segment=label[placed])


@dataclass(frozen=True)
class _Found:
    """One number of one segment in one campaign, before those of all are corrected together."""

    campaign: str
    segment: str
    check: str
    value: float
    interval: tuple[float, float]
    beside: float
    p_value: float
    reason: str
    against: str
    n: int
    shrunk: float | None = None


def campaign_evidence(segmentation: Segmentation, campaigns: Campaigns, settings: ValidateSettings) -> list[Evidence]:
    """Return, for every campaign and segment, rates and revenue per recipient, and the uplift where some were held out.

    A number passes where it differs from that of all other recipients of the campaign, an uplift where it differs from
    none; each after Holm over all campaigns and segments. Campaigns sent before the date are not tested.

    Notes
    -----
    The best of several rates is partly luck, so beside each stands one shrunk by a beta prior that expects everyone's
    rate and weighs as many recipients as the settings say. The prior is weak and fixed: a campaign has one rate per
    segment, and from fewer than some twenty a prior cannot be learnt.
    """
    answers, rates = campaigns.of(segmentation), campaigns.rates
    found: list[_Found] = []
    few: list[Evidence] = []
    for name, everyone in answers.groupby("campaign_id", sort=False):
        campaign, all_got = str(name), everyone[everyone["received"]]
        for key, mine in everyone.groupby("segment"):
            segment, got = str(key), mine[mine["received"]]
            if len(got) >= SMALLEST:
                found += _rates(campaigns, rates, campaign, segment, got, all_got, settings.prior_recipients)
                found += _revenue(campaigns, campaign, segment, got, all_got)
            elif len(got):
                few.append(_too_few(segmentation.name, campaign, segment, len(got)))
            found += _uplift(campaigns, campaign, segment, mine)
    out = []
    for check in dict.fromkeys(f.check for f in found):
        cells = [f for f in found if f.check == check]
        told = holm([f.p_value for f in cells], settings.alpha)
        out += [_evidence(segmentation.name, campaigns, f, t) for f, t in zip(cells, told, strict=True)]
    return out + few


def _rates(
    campaigns: Campaigns,
    rates: Mapping[str, tuple[str, str]],
    campaign: str,
    segment: str,
    got: pd.DataFrame,
    everyone: pd.DataFrame,
    prior: int,
) -> Iterator[_Found]:
    n = len(got)
    for check, (column, words) in rates.items():
        hits, all_hits = int(got[column].sum()), int(everyone[column].sum())
        rate, interval = rate_interval(hits, n)
        overall = all_hits / len(everyone)
        reason = (
            f"{campaign}: {rate:.1%} of {n:,} recipients {words} within {campaigns.days} days "
            f"({interval[0]:.1%} to {interval[1]:.1%}), {overall:.1%} of all."
        )
        p_value = against_rest(hits, n, all_hits, len(everyone))
        shrunk = (hits + prior * overall) / (n + prior)
        yield _Found(campaign, segment, check, rate, interval, overall, p_value, reason, _OTHERS, n, shrunk)


def _revenue(
    campaigns: Campaigns,
    campaign: str,
    segment: str,
    got: pd.DataFrame,
    everyone: pd.DataFrame,
) -> Iterator[_Found]:
    if not everyone["revenue"].any():
        return
    n = len(got)
    mine, rest, all_ = (
        each["revenue"].to_numpy(dtype=np.float64) for each in (got, everyone.drop(got.index), everyone)
    )
    mean, interval = mean_interval(mine, all_)
    overall = float(all_.mean())
    reason = (
        f"{campaign}: {mean:,.2f} {campaigns.currency} net revenue per recipient within {campaigns.days} days "
        f"({interval[0]:,.2f} to {interval[1]:,.2f}); of all {overall:,.2f}."
    )
    p_value = amounts_against_rest(mine, rest)
    yield _Found(campaign, segment, REVENUE, mean, interval, overall, p_value, reason, _OTHERS, n)


def _uplift(campaigns: Campaigns, campaign: str, segment: str, mine: pd.DataFrame) -> Iterator[_Found]:
    """Yield what the campaign added to the share who order: all it was meant for, less those held out at random."""
    held = mine["held"].to_numpy(dtype=bool)
    ordered = mine["ordered"].to_numpy(dtype=bool)
    n, m, x, y = int((~held).sum()), int(held.sum()), int(ordered[~held].sum()), int(ordered[held].sum())
    if min(n, m) < SMALLEST:
        return
    value = x / n - y / m
    low, high = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff")
    reason = (
        f"{campaign}: {x / n:.1%} of {n:,} it was meant for ordered within {campaigns.days} days, {y / m:.1%} of {m:,} "
        f"held out: {signed(100 * value, 1)} points ({signed(100 * low, 1)} to {signed(100 * high, 1)})."
    )
    interval = min(float(low), value), max(float(high), value)
    p_value = against_rest(x, n, x + y, n + m)
    yield _Found(campaign, segment, UPLIFT, value, interval, 0.0, p_value, reason, "no effect", n + m)


def _evidence(segmentation: str, campaigns: Campaigns, found: _Found, told: bool) -> Evidence:
    verdict = Verdict.NOT_TESTED
    reason = f"{found.reason} Sent before the date: it describes the segment and proves nothing of it."
    if campaigns.judged:
        verdict = Verdict.PASS if told else Verdict.WARN
        reason = f"{found.reason} That {'differs' if told else 'cannot be told'} from {found.against}."
    return Evidence(
        segmentation,
        (found.segment,),
        "campaign",
        found.check,
        found.value,
        found.interval,
        (found.beside, found.beside),
        None,
        verdict,
        reason,
        {REVENUE: "money", UPLIFT: "points"}.get(found.check, "share"),
        found.n,
        found.campaign,
        found.shrunk,
    )


def _too_few(segmentation: str, campaign: str, segment: str, n: int) -> Evidence:
    return Evidence(
        segmentation,
        (segment,),
        "campaign",
        "campaign_recipients",
        None,
        None,
        None,
        None,
        Verdict.NOT_TESTED,
        f"{campaign}: {many(n, 'recipient is', 'recipients are')} too few to show a number.",
        n=n,
        campaign=campaign,
    )
