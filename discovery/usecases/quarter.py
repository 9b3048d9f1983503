"""The time between two runs: what was sent and done in it, and the rates of every segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import hypot, nan

import numpy as np
import pandas as pd

from discovery.core.bounds import SMALLEST
from discovery.core.dataset import Dataset, midnight
from discovery.core.evidence import Evidence
from discovery.core.feature import FeatureTable
from discovery.core.question import BusinessQuestion
from discovery.core.review import RATE_COLUMNS, Review
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import Settings
from discovery.engine.query import QueryEngine
from discovery.features.campaigns import campaign_answers
from discovery.features.extract import extract
from discovery.features.forward import forward_features
from discovery.features.vocabulary.terms import CLICKED
from discovery.validate.campaigns import REVENUE, UPLIFT, Campaigns, campaign_evidence
from discovery.validate.outcome import ForwardWindow
from discovery.validate.response import mean_interval, rate_interval, response_evidence


@dataclass(frozen=True, eq=False)
class Quarter:
    """What was sent and done between two dates.

    Parameters
    ----------
    days : int
        From the first date to the second, or to the end of the data.
    forward : ForwardWindow
        What the customers of the first date did from it on, to the second: their response, strictly later than the
        segments.
    campaigns : Campaigns
        Those that began in it and whose attribution window ended in it.
    then, today : DataFrame
        What customers did in as many days before the first date, and before the second: ``orders``, ``revenue`` (net),
        ``clicks`` (no machine's). It describes segments, which are made from it, and proves nothing of them.
    """

    days: int
    forward: ForwardWindow
    campaigns: Campaigns
    then: pd.DataFrame
    today: pd.DataFrame


@dataclass(frozen=True)
class Number:
    """A value with its 95 % interval and the customers behind it."""

    value: float
    low: float
    high: float
    n: int


_NOTHING = Number(nan, nan, nan, 0)


def quarter_between(
    engine: QueryEngine,
    dataset: Dataset,
    before: FeatureTable,
    now: FeatureTable,
    question: BusinessQuestion,
    settings: Settings,
) -> Quarter:
    """Return what was sent and done from the date of `before` to the date of `now`.

    Notes
    -----
    Nothing after the second date is seen, even where the data reach further: a review made late is the review made on
    its day. A response that is a property has no time, so orders are looked at instead.
    """
    asked, event = settings.response, settings.response.event
    end = max(min(now.as_of, dataset.data_end), before.as_of)
    days = (end - before.as_of).days
    seen = days if days >= settings.validate.min_horizon_days else 0

    def done(at: date) -> pd.DataFrame:
        if not days:
            return pd.DataFrame(columns=["orders", "revenue", "clicks", "stated"], dtype="float64")
        found = extract(engine, dataset, forward_features(days, event), at).values
        return found.rename(columns=lambda name: name.removeprefix("forward_"))

    def of(table: FeatureTable, what: pd.DataFrame) -> pd.DataFrame:
        return what.reindex(table.customers).fillna(0.0)

    then, today = done(before.as_of), done(end)
    after = of(before, today)
    responses = pd.DataFrame({
        "ordered": after["orders"] > 0,
        "revenue": after["revenue"],
        "clicked": after["clicks"] > 0,
        "stated": after["stated"] > 0 if event else False,
    })  # fmt: skip
    until = replace(dataset, last_at=min(dataset.last_at, midnight(end) - 1))
    answers = campaign_answers(engine, until, before.as_of, end, asked.attribution_days, asked.event)
    return Quarter(
        days,
        ForwardWindow(seen, responses, question.outcome, dataset.currency, event),
        Campaigns(answers, asked.attribution_days, True, dataset.currency, event),
        of(before, then),
        of(now, today),
    )


def rates(
    quarter: Quarter,
    before: Segmentation,
    kept: Mapping[str, str],
    fresh: pd.Series,
    earlier: Review | None,
    dataset: Dataset,
    settings: Settings,
) -> pd.DataFrame:
    """Return the rates of every segment before and now, with intervals and change.

    Parameters
    ----------
    quarter : Quarter
        What was sent and done.
    before : Segmentation
        Of the first date.
    kept : mapping
        Its ids to those of the review.
    fresh : Series of str
        Segment of everyone at the second date, in the ids of the review.
    earlier : Review or None
        The one that ended where this one begins.
    dataset, settings
        Which events there are; thresholds and seed.

    Notes
    -----
    Two kinds of numbers. What customers are at a date, and did in so many days before it (``size``, ``share``,
    ``clicked``, ``ordered``, ``revenue``, ``order_value``): members at the first date before, members at the second one
    now. And what they did about what came after they were put into segments (``forward_``, ``campaign_``): that of this
    time now, and before, that of the earlier review, where there is one. They are the same numbers as the evidence of
    the run of before, where its window and this one are as long.

    Rates have Wilson's interval, means what is not certain of who pays and of what payers pay; an order's value is a
    ratio of two sums over customers, its interval by the delta method. A change lies between the two numbers' own
    distances from their ends, put together as squares (Newcombe 1998 for two rates; Zou and Donner 2008): many
    customers are in both groups, so it is rather too wide than too narrow. Fewer than ten customers show nothing.
    """
    then = before.labels[before.labels != UNASSIGNED].map(kept)
    today = fresh[fresh != UNASSIGNED]
    clicks = any(name in dataset.events_by_name for name in CLICKED)
    rows = []
    for segment in dict.fromkeys([*kept.values(), *today.unique()]):
        one = quarter.then.loc[then.index[then == segment]]
        other = quarter.today.loc[today.index[today == segment]]
        first = _described(one, quarter.then, quarter.days, clicks)
        second = _described(other, quarter.today, quarter.days, clicks)
        rows += [
            _row(segment, measure, label, "", unit, was, now)
            for ((measure, label, unit), was), now in zip(first.items(), second.values(), strict=True)
        ]
    known = _known(earlier)
    found = [
        *response_evidence(before, quarter.forward, settings.validate),
        *campaign_evidence(before, quarter.campaigns, settings.validate),
    ]
    rows += list(_answered(found, kept, quarter, known))
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS))


def response_rows(responses: Iterable[Evidence], earlier: Review | None) -> pd.DataFrame:
    """Return the pooled response of every segment as rows of rates, under the ids the evidence names."""
    known = _known(earlier)
    labels = {"campaign": "responds, all campaigns together", "response": "responds"}
    found = [(e, (e.subject[0], e.check)) for e in responses if e.value is not None]
    rows = [_row(*key, labels[e.question], "", e.unit, known.get((*key, e.unit)), _of(e)) for e, key in found]
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS))


def _described(
    mine: pd.DataFrame, everyone: pd.DataFrame, days: int, clicks: bool
) -> dict[tuple[str, str, str], Number]:
    """Return what the customers of one segment are, by measure, label and unit."""
    n, when = len(mine), f"in the {days} days before"
    enough = n >= SMALLEST

    def share(hits: int, of: int) -> Number:
        value, (low, high) = rate_interval(hits, of)
        return Number(value, low, high, of)

    ordered, revenue, value = (Number(nan, nan, nan, n),) * 3
    clicked = ordered
    if enough and days:
        clicked = share(int((mine["clicks"] > 0).sum()), n)
        ordered = share(int((mine["orders"] > 0).sum()), n)
        paid, all_ = (each["revenue"].to_numpy(dtype=np.float64) for each in (mine, everyone))
        mean, (low, high) = mean_interval(paid, all_)
        revenue, value = Number(mean, low, high, n), _order_value(mine)
    found = {
        ("size", "customers", "customers"): Number(float(n), nan, nan, n),
        ("share", "share of all customers", "share"): share(n, len(everyone)) if len(everyone) else _NOTHING,
        ("clicked", f"clicked {when}", "share"): clicked,
        ("ordered", f"ordered {when}", "share"): ordered,
        ("revenue", f"net revenue per customer {when}", "money"): revenue,
        ("order_value", f"net revenue per order {when}", "money"): value,
    }
    return found if clicks else {key: number for key, number in found.items() if key[0] != "clicked"}


def _order_value(mine: pd.DataFrame) -> Number:
    orders, revenue = (mine[name].to_numpy(dtype=np.float64) for name in ("orders", "revenue"))
    n, total = int((orders > 0).sum()), float(orders.sum())
    if n < SMALLEST:
        return Number(nan, nan, nan, n)
    value = float(revenue.sum()) / total
    half = 1.96 * float(np.sqrt(((revenue - value * orders) ** 2).sum())) / total
    return Number(value, value - half, value + half, n)


def _answered(
    found: Iterable[Evidence],
    kept: Mapping[str, str],
    quarter: Quarter,
    known: Mapping[tuple[str, str, str], Number],
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of evidence; one campaign is sent once, so it has nothing to be compared with."""
    words = {check: label for check, (_, label) in quarter.campaigns.rates.items()}
    within = f"within {quarter.campaigns.days} days of the campaign"
    labels = {
        **{check: f"{label} {within}" for check, label in words.items()},
        REVENUE: f"net revenue per recipient {within}",
        UPLIFT: "more ordered than of those held out",
        quarter.forward.check: quarter.forward.said,
        "forward_revenue": f"net revenue per customer within {quarter.forward.days} days",
    }
    for each in found:
        if each.value is not None:
            segment = kept[each.subject[0]]
            was = None if each.campaign else known.get((segment, each.check, each.unit))
            yield _row(segment, each.check, labels[each.check], each.campaign, each.unit, was, _of(each))


def _of(evidence: Evidence) -> Number:
    low, high = evidence.interval or (nan, nan)
    return Number(nan if evidence.value is None else evidence.value, low, high, evidence.n)


def _known(earlier: Review | None) -> dict[tuple[str, str, str], Number]:
    """Return what the earlier review saw, by segment, measure and unit: a share is not held against a difference."""
    if earlier is None:
        return {}
    seen = earlier.rates[earlier.rates["campaign"] == ""]
    columns = ["segment_id", "measure", "unit", "now", "now_low", "now_high", "n_now"]
    rows = seen[columns].itertuples(index=False, name=None)
    return {(segment, measure, unit): Number(*number) for segment, measure, unit, *number in rows}


def _row(
    segment: str, measure: str, label: str, campaign: str, unit: str, was: Number | None, now: Number
) -> tuple[object, ...]:
    first = was or _NOTHING
    change = now.value - first.value
    low = change - hypot(now.value - now.low, first.high - first.value)
    high = change + hypot(now.high - now.value, first.value - first.low)
    return (
        segment, measure, label, campaign, unit,
        first.value, first.low, first.high, first.n,
        now.value, now.low, now.high, now.n,
        change, low, high,
    )  # fmt: skip
