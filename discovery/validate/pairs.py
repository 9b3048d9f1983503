"""Pairs of segments compared: how they answered, what they did, and whether held-out features tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.evidence import Evidence, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.distinctness import HeldOutScores, auc
from discovery.validate.equivalence import Answers, Difference, answers_of, difference
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
        rows = _joined(self.rows, a, b)
        answers = {i: found for i, found in self.answers.items() if i not in (a, b)}
        if a in rows:
            answers[a] = answers_of(self.values[rows[a]], self.asked[rows[a]])
        return replace(self, rows=rows, answers=answers)

    def sentence(self, found: Difference) -> str:
        """Return a difference in words."""
        low, high = found.interval
        if self.rate:
            return (
                f"{self.words} differ by {100 * found.value:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}); "
                f"the margin is {100 * found.margin:.1f}.{self.caveat}"
            )
        return (
            f"{self.words} differs by {found.value:+,.2f} ({low:+,.2f} to {high:+,.2f}); "
            f"the margin is {found.margin:,.2f}."
        )


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out membership scores, by segment, and which rows are of each."""

    scores: Mapping[str, NDArray[np.float64]]
    rows: Mapping[str, Rows]

    def joined(self, a: str, b: str) -> HeldOut:
        """Return the scores where `b` is part of `a`: of two segments, the chance of either."""
        scores = {i: s for i, s in self.scores.items() if i not in (a, b)}
        known = [self.scores[i] for i in (a, b) if i in self.scores]
        if known:
            scores[a] = np.sum(known, axis=0)
        return HeldOut(scores, _joined(self.rows, a, b))


@dataclass(frozen=True, eq=False)
class Pair:
    """What was measured on one pair before the verdicts of all pairs are corrected together.

    ``measured`` holds the main outcome first; ``alone`` its single campaigns, looked at for exceptions only.
    """

    a: str
    b: str
    measured: tuple[tuple[Outcome, Difference], ...]
    alone: tuple[tuple[str, Difference], ...]
    told_apart: bool | None
    apart: Evidence

    @property
    def compared(self) -> tuple[tuple[str, Difference], ...]:
        """Every difference that was tested, after its sentence."""
        return (*((o.sentence(d), d) for o, d in self.measured), *self.alone)


@dataclass(frozen=True, eq=False)
class Comparison:
    """All segments of a segmentation, two by two.

    Parameters
    ----------
    segmentation : str
        Its name.
    names : mapping
        What people call each segment, in quotes, by id and in the order of their rank.
    sizes : mapping
        Customers of each.
    outcomes : tuple of Outcome
        The main one first: the answers to all campaigns pooled, else the forward window.
    held_out : HeldOut or None
        Where some feature was kept out of clustering.
    pairs : mapping
        What was measured, by ids.
    settings : ValidateSettings
        Margins and error rates.
    """

    segmentation: str
    names: Mapping[str, str]
    sizes: Mapping[str, int]
    outcomes: tuple[Outcome, ...]
    held_out: HeldOut | None
    pairs: Mapping[tuple[str, str], Pair]
    settings: ValidateSettings

    def joined(self, a: str, b: str) -> Comparison:
        """Return the comparison where `b` is part of `a`; only what that changes is measured again."""
        bare = replace(
            self,
            names={i: f"{n} with {self.names[b]}" if i == a else n for i, n in self.names.items() if i != b},
            sizes={i: n + self.sizes[b] if i == a else n for i, n in self.sizes.items() if i != b},
            outcomes=tuple(outcome.joined(a, b) for outcome in self.outcomes),
            held_out=self.held_out.joined(a, b) if self.held_out else None,
        )
        return _measured(bare, {ids: pair for ids, pair in self.pairs.items() if not {a, b} & set(ids)})


def compare(
    segmentation: Segmentation,
    forward: ForwardWindow,
    campaigns: Campaigns | None,
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> Comparison:
    """Return every two segments compared in what came after the date, and in features held out of clustering."""
    told = None
    if held_out is not None:
        scores = {str(i): held_out.scores[i].to_numpy(dtype=np.float64) for i in held_out.scores}
        told = HeldOut(scores, _rows(held_out.labels.to_numpy()))
    bare = Comparison(
        segmentation.name,
        {s.id: f"“{s.name}”" for s in segmentation.placed},
        {s.id: s.size for s in segmentation.placed},
        (*_of_campaigns(segmentation, campaigns, forward), *_of_window(segmentation, forward)),
        told,
        {},
        settings,
    )
    return _measured(bare, {})


def _measured(bare: Comparison, known: Mapping[tuple[str, str], Pair]) -> Comparison:
    ids = combinations(bare.names, 2)
    return replace(bare, pairs={(a, b): known.get((a, b)) or _pair(bare, a, b) for a, b in ids})


def _rows(labels: NDArray[np.object_]) -> dict[str, Rows]:
    """Return which rows are of each label, in increasing order."""
    codes, ids = pd.factorize(labels)
    return {str(i): np.flatnonzero(codes == code) for code, i in enumerate(ids)}


def _joined(rows: Mapping[str, Rows], a: str, b: str) -> dict[str, Rows]:
    out = {i: found for i, found in rows.items() if i not in (a, b)}
    both = [rows[i] for i in (a, b) if i in rows]
    return {**out, a: np.sort(np.concatenate(both))} if both else out


def _of_campaigns(segmentation: Segmentation, campaigns: Campaigns | None, forward: ForwardWindow) -> Iterator[Outcome]:
    """Yield what recipients of the campaigns answered: the rate that is asked about first, then clicks and revenue."""
    if campaigns is None or not campaigns.judged:
        return
    got = campaigns.of(segmentation)
    got = got[got["received"]]
    names = tuple(dict.fromkeys(got["campaign_id"]))
    who, customers = pd.factorize(got["customer_id"], sort=True)
    which = pd.Categorical(got["campaign_id"], categories=names).codes
    own = np.empty(len(customers), dtype=object)
    own[who] = got["segment"]
    rows = _rows(own)
    asked = np.zeros((len(customers), len(names)), dtype=bool)
    asked[who, which] = True

    def outcome(check: str, column: str, words: str, *, rate: bool) -> Outcome:
        values = np.zeros(asked.shape)
        values[who, which] = got[column]
        pooled = f"{words} within {campaigns.days} days of a campaign ({len(names)} pooled)"
        return _outcome(check, pooled, rate, values, asked, rows, names)

    main = forward.rate_column if forward.rate_column == "clicked" or not campaigns.stated else "stated"
    for column, words in sorted(campaigns.rates.values(), key=lambda found: found[0] != main):
        if column in (main, "clicked"):
            check = "campaign_rate_difference" if column == main else "campaign_click_difference"
            yield outcome(check, column, f"The shares of recipients who {words}", rate=True)
    if got["revenue"].any():
        yield outcome("campaign_revenue_difference", "revenue", "Net revenue per recipient", rate=False)


def _of_window(segmentation: Segmentation, forward: ForwardWindow) -> Iterator[Outcome]:
    """Yield what customers did in the forward window: the rate that is asked about, then revenue."""
    found = _rows(segmentation.labels.to_numpy())
    rows = {s.id: found[s.id] for s in segmentation.placed if s.id in found}
    asked = np.ones((len(segmentation.labels), 1), dtype=bool)

    def outcome(check: str, column: str, words: str, *, rate: bool) -> Outcome:
        values = forward.responses[column].to_numpy(dtype=np.float64)[:, None]
        return _outcome(check, words, rate, values, asked, rows, caveat=forward.caveat if rate else "")

    if forward.seen:
        yield outcome("rate_difference", forward.rate_column, f"The shares that {forward.said}", rate=True)
    if forward.days and forward.responses["revenue"].any():
        words = f"Net revenue per customer within {forward.days} days, in {forward.currency},"
        yield outcome("revenue_difference", "revenue", words, rate=False)


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


def _pair(comparison: Comparison, a: str, b: str) -> Pair:
    settings = comparison.settings
    measured = []
    for each in comparison.outcomes:
        if a in each.answers and b in each.answers:
            margin = settings.merge_margin if each.rate else settings.revenue_margin
            found = difference(each.answers[a], each.answers[b], margin, rate=each.rate)
            if found and found.margin > 0:
                measured.append((each, found))
    alone = []
    if measured and len(measured[0][0].campaigns) > 1:
        main = measured[0][0]
        for number, campaign in enumerate(main.campaigns):
            first, second = main.answers[a].only(number), main.answers[b].only(number)
            found = difference(first, second, settings.merge_margin, rate=True)
            if found:
                alone.append((f"{campaign} alone: {main.sentence(found)}", found))
    told_apart, apart = _held_out(comparison, a, b)
    return Pair(a, b, tuple(measured), tuple(alone), told_apart, apart)


def _held_out(comparison: Comparison, a: str, b: str) -> tuple[bool | None, Evidence]:
    """Return whether held-out features tell the two apart; None where that could not be tested."""
    held_out, least = comparison.held_out, comparison.settings.min_auc

    def evidence(
        value: float | None,
        interval: tuple[float, float] | None,
        null: tuple[float, float] | None,
        verdict: Verdict,
        reason: str,
        n: int = 0,
    ) -> Evidence:
        return Evidence(
            comparison.segmentation, (a, b), "distinct", "heldout_auc", value, interval, null, least, verdict, reason,
            "auc", n,
        )  # fmt: skip

    if held_out is None or not {a, b} <= set(held_out.scores):
        reason = "No feature was kept out of clustering that could tell the two apart."
        return None, evidence(None, None, None, Verdict.NOT_TESTED, reason)
    rows = np.concatenate([held_out.rows[a], held_out.rows[b]])
    first, second = held_out.scores[a][rows], held_out.scores[b][rows]
    mine = np.arange(len(rows)) < len(held_out.rows[a])
    value, interval, chance = auc(first / np.maximum(first + second, 1e-12), mine)
    apart = interval[0] > least
    reason = (
        f"Features not used to cluster tell the two apart in {value:.0%} of pairs "
        f"({interval[0]:.0%} to {interval[1]:.0%}); a coin would in 50 %."
    )
    null = (0.5 - chance, 0.5 + chance)
    return apart, evidence(value, interval, null, Verdict.PASS if apart else Verdict.WARN, reason, len(rows))
