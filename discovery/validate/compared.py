"""What segments are compared in: how they answered campaigns, and what they did in the forward window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.segment import Segmentation
from discovery.core.signed import signed
from discovery.validate.campaigns import Campaigns
from discovery.validate.equivalence import Answers, Difference, answers_of, ceiling
from discovery.validate.outcome import ForwardWindow

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What segments are compared in: everyone's answers, whose they are, and how evidence speaks of them.

    ``values`` and ``asked`` have one row per customer and one column per campaign; ``rows`` says which rows are of
    each segment.
    """

    check: str
    words: str
    rate: bool
    values: NDArray[np.float64]
    asked: NDArray[np.bool_]
    rows: Mapping[str, Rows]
    answers: Mapping[str, Answers]
    campaigns: tuple[str, ...] = ()
    caveat: str = ""

    def joined(self, a: str, b: str) -> Outcome:
        """Return the outcome where `b` is part of `a`."""
        rows = joined_rows(self.rows, a, b)
        answers = {i: found for i, found in self.answers.items() if i not in (a, b)}
        if a in rows:
            answers[a] = answers_of(self.values[rows[a]], self.asked[rows[a]])
        return replace(self, rows=rows, answers=answers)

    def sentence(self, found: Difference) -> str:
        """Return a difference in words."""
        low, high = found.interval
        if self.rate:
            return (
                f"{self.words} differ by {signed(100 * found.value, 1)} points ({signed(100 * low, 1)} to "
                f"{signed(100 * high, 1)}); "
                f"the margin is {100 * found.margin:.1f}.{self.caveat}"
            )
        return (
            f"{self.words} differs by {signed(found.value, 2)} ({signed(low, 2)} to {signed(high, 2)}); "
            f"the margin is {found.margin:,.2f}."
        )


def outcomes(
    segmentation: Segmentation, forward: ForwardWindow, campaigns: Campaigns | None, cap: float
) -> Iterator[Outcome]:
    """Yield what is known of everybody's response, the rate that is asked about first and the widest revenue last.

    Parameters
    ----------
    segmentation : Segmentation
        Whose segments are compared.
    forward : ForwardWindow
        What its customers did after the date.
    campaigns : Campaigns or None
        What came of those that were sent after it.
    cap : float
        A customer's revenue counts up to what such a share of those who paid stay below.
    """
    if not segmentation.placed:
        return
    yield from _of_campaigns(segmentation, campaigns, forward, cap)
    yield from _of_window(segmentation, forward, cap)


def rows_of(labels: NDArray[np.object_]) -> dict[str, Rows]:
    """Return which rows are of each label, in increasing order."""
    codes, ids = pd.factorize(labels)
    return {str(i): np.flatnonzero(codes == code) for code, i in enumerate(ids)}


def joined_rows(rows: Mapping[str, Rows], a: str, b: str) -> dict[str, Rows]:
    """Return the rows of each segment where `b` is part of `a`."""
    out = {i: found for i, found in rows.items() if i not in (a, b)}
    both = [rows[i] for i in (a, b) if i in rows]
    return {**out, a: np.sort(np.concatenate(both))} if both else out


def _of_campaigns(
    segmentation: Segmentation, campaigns: Campaigns | None, forward: ForwardWindow, cap: float
) -> Iterator[Outcome]:
    """Yield what recipients of the campaigns answered: the rate that is asked about first, then clicks and revenue."""
    if campaigns is None or not campaigns.judged:
        return
    got = campaigns.of(segmentation)
    got = got[got["received"]]
    which, names = pd.factorize(got["campaign_id"])
    who, customers = pd.factorize(got["customer_id"], sort=True)
    own = np.empty(len(customers), dtype=object)
    own[who] = got["segment"]
    rows = rows_of(own)
    asked = np.zeros((len(customers), len(names)), dtype=bool)
    asked[who, which] = True

    def outcome(check: str, column: str, words: str, *, rate: bool) -> Outcome:
        values = np.zeros(asked.shape)
        values[who, which] = got[column]
        pooled = f"{words} within {campaigns.days} days of a campaign ({len(names)} pooled)"
        if not rate:
            values, pooled = _capped(values, pooled, rows, cap)
        return _outcome(check, pooled, rate, values, asked, rows, tuple(names))

    main = forward.rate_column if forward.rate_column == "clicked" or not campaigns.stated else "stated"
    for column, words in sorted(campaigns.rates.values(), key=lambda found: found[0] != main):
        if column in (main, "clicked"):
            check = "campaign_rate_difference" if column == main else "campaign_click_difference"
            yield outcome(check, column, f"The shares of recipients who {words}", rate=True)
    if got["revenue"].any():
        yield outcome("campaign_revenue_difference", "revenue", "Net revenue per recipient", rate=False)


def _of_window(segmentation: Segmentation, forward: ForwardWindow, cap: float) -> Iterator[Outcome]:
    """Yield what customers did in the forward window: the rate that is asked about, then revenue."""
    found = rows_of(segmentation.labels.to_numpy())
    rows = {s.id: found[s.id] for s in segmentation.placed if s.id in found}
    asked = np.ones((len(segmentation.labels), 1), dtype=bool)

    def outcome(check: str, column: str, words: str, *, rate: bool) -> Outcome:
        values = forward.responses[column].to_numpy(dtype=np.float64)[:, None]
        if not rate:
            values, words = _capped(values, words, rows, cap)
        return _outcome(check, words, rate, values, asked, rows, caveat=forward.caveat if rate else "")

    if forward.seen:
        yield outcome("rate_difference", forward.rate_column, f"The shares that {forward.said}", rate=True)
    if forward.days and forward.responses["revenue"].any():
        words = f"Net revenue per customer within {forward.days} days, in {forward.currency},"
        yield outcome("revenue_difference", "revenue", words, rate=False)


def _capped(
    money: NDArray[np.float64], words: str, rows: Mapping[str, Rows], cap: float
) -> tuple[NDArray[np.float64], str]:
    """Return amounts up to the ceiling of all segments together, and words that say so."""
    most = ceiling(np.concatenate([money[mine].ravel() for mine in rows.values()]), cap)
    if not (money > most).any():
        return money, words
    return np.minimum(money, most), f"{words.rstrip(',')}, each counted up to {most:,.2f},"


def _outcome(
    check: str,
    words: str,
    rate: bool,
    values: NDArray[np.float64],
    asked: NDArray[np.bool_],
    rows: Mapping[str, Rows],
    campaigns: tuple[str, ...] = (),
    caveat: str = "",
) -> Outcome:
    answers = {i: answers_of(values[mine], asked[mine]) for i, mine in rows.items()}
    return Outcome(check, words, rate, values, asked, rows, answers, campaigns, caveat)
