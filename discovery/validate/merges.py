"""Which segments should be one: by equivalence, never by "not significant"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.distinctness import HeldOutScores, auc
from discovery.validate.equivalence import Answers, Difference, answers_of, difference
from discovery.validate.outcome import ForwardWindow
from discovery.validate.response import holm
from discovery.validate.size import SMALLEST


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What two segments are compared in: everyone's answers, by segment, and how evidence speaks of them."""

    check: str
    words: str
    rate: bool
    answers: Mapping[str, Answers]
    campaigns: tuple[str, ...] = ()
    caveat: str = ""


@dataclass(frozen=True)
class _Pair:
    """What was measured on one pair before the verdicts of all pairs are corrected together.

    ``measured`` holds the main outcome first; ``alone`` its single campaigns, looked at for exceptions only.
    """

    a: str
    b: str
    measured: tuple[tuple[_Outcome, Difference], ...]
    alone: tuple[tuple[str, Difference], ...]
    told_apart: bool | None
    apart: Evidence

    @property
    def compared(self) -> tuple[tuple[str, Difference], ...]:
        """Every difference that was tested, after its sentence."""
        return (*((_sentence(o, d), d) for o, d in self.measured), *self.alone)


def merge_verdicts(
    segmentation: Segmentation,
    forward: ForwardWindow,
    campaigns: Campaigns | None,
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> list[MergeVerdict]:
    """Return a verdict for every pair of segments, the most alike first.

    ``merge``: equivalent in the main outcome and in every other with enough data (two one-sided tests within the
    margin), and not told apart by features held out of clustering. ``keep``: some outcome differs, after Holm over all
    pairs and outcomes. ``cannot tell``: neither.

    Notes
    -----
    The main outcome is the rate at which the campaigns of the forward window were answered, all of them pooled, one
    weight for each, with customers as clusters; where there were none, the rate of the forward window itself. Single
    campaigns count only as exceptions. An outcome has enough data if two equal segments of these sizes would be seen
    to be equal with the power of the settings. The response came after the segments were made, so testing it is fair;
    margins are fixed in the settings before looking.
    """
    ids = [s.id for s in segmentation.placed if s.size >= SMALLEST]
    outcomes = [*_of_campaigns(segmentation, campaigns, forward), *_of_window(segmentation, forward)]
    if not outcomes:
        return []
    pairs = [_measure(segmentation.name, a, b, outcomes, held_out, settings) for a, b in combinations(ids, 2)]
    pairs = [p for p in pairs if p.measured]
    told = iter(holm([d.p_differs for p in pairs for _, d in p.compared], settings.alpha))
    verdicts = [_verdict(segmentation, p, [next(told) for _ in p.compared], settings) for p in pairs]
    rank = {MergeDecision.MERGE: 0, MergeDecision.CANNOT_TELL: 1, MergeDecision.KEEP: 2}
    return sorted(verdicts, key=lambda v: (rank[v.decision], abs(v.effect["rate_difference"]), v.pair))


def _of_campaigns(
    segmentation: Segmentation, campaigns: Campaigns | None, forward: ForwardWindow
) -> Iterator[_Outcome]:
    """Yield what recipients of the campaigns answered: the rate that is asked about first, then clicks and revenue."""
    if campaigns is None or not campaigns.judged:
        return
    got = campaigns.of(segmentation)
    got = got[got["received"]]
    names = tuple(dict.fromkeys(got["campaign_id"]))
    customers, who = np.unique(got["customer_id"].to_numpy(dtype=str), return_inverse=True)
    which = pd.Categorical(got["campaign_id"], categories=names).codes
    segments = got.groupby("customer_id")["segment"].first().reindex(customers).to_numpy()
    asked = np.zeros((len(customers), len(names)), dtype=bool)
    asked[who, which] = True

    def outcome(check: str, column: str, words: str, *, rate: bool) -> _Outcome:
        values = np.zeros(asked.shape)
        values[who, which] = got[column]
        answers = {str(s): answers_of(values[segments == s], asked[segments == s]) for s in np.unique(segments)}
        pooled = f"{words} within {campaigns.days} days of a campaign ({len(names)} pooled)"
        return _Outcome(check, pooled, rate, answers, names)

    main = forward.rate_column if forward.rate_column == "clicked" or not campaigns.stated else "stated"
    for column, words in sorted(campaigns.rates.values(), key=lambda found: found[0] != main):
        if column in (main, "clicked"):
            check = "campaign_rate_difference" if column == main else "campaign_click_difference"
            yield outcome(check, column, f"The shares of recipients who {words}", rate=True)
    if got["revenue"].any():
        yield outcome("campaign_revenue_difference", "revenue", "Net revenue per recipient", rate=False)


def _of_window(segmentation: Segmentation, forward: ForwardWindow) -> Iterator[_Outcome]:
    """Yield what customers did in the forward window: the rate that is asked about, then revenue."""

    def outcome(check: str, column: str, words: str, *, rate: bool) -> _Outcome:
        values = forward.responses[column].to_numpy(dtype=np.float64)[:, None]
        labels = segmentation.labels.to_numpy()
        answers = {s.id: _of_all(values[labels == s.id]) for s in segmentation.placed}
        return _Outcome(check, words, rate, answers, caveat=forward.caveat if rate else "")

    if forward.seen:
        yield outcome("rate_difference", forward.rate_column, f"The shares that {forward.said}", rate=True)
    if forward.days and forward.responses["revenue"].any():
        words = f"Net revenue per customer within {forward.days} days, in {forward.currency},"
        yield outcome("revenue_difference", "revenue", words, rate=False)


def _of_all(values: NDArray[np.float64]) -> Answers:
    return answers_of(values, np.ones(values.shape, dtype=bool))


def _measure(
    segmentation: str,
    a: str,
    b: str,
    outcomes: list[_Outcome],
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> _Pair:
    measured = []
    for each in outcomes:
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
                alone.append((f"{campaign} alone: {_sentence(main, found)}", found))
    told_apart, apart = _held_out(segmentation, a, b, held_out, settings)
    return _Pair(a, b, tuple(measured), tuple(alone), told_apart, apart)


def _held_out(
    segmentation: str, a: str, b: str, held_out: HeldOutScores | None, settings: ValidateSettings
) -> tuple[bool | None, Evidence]:
    """Return whether held-out features tell the two apart; None where that could not be tested."""
    known = held_out is not None and {a, b} <= set(held_out.scores.columns)
    if held_out is None or not known:
        reason = "No feature was kept out of clustering that could tell the two apart."
        empty = Evidence(
            segmentation,
            (a, b),
            "distinct",
            "heldout_auc",
            None,
            None,
            None,
            settings.min_auc,
            Verdict.NOT_TESTED,
            reason,
        )
        return None, empty
    inside = held_out.labels.isin([a, b]).to_numpy()
    first, second = (held_out.scores[i].to_numpy()[inside] for i in (a, b))
    mine = (held_out.labels == a).to_numpy()[inside]
    value, interval, chance = auc(first / np.maximum(first + second, 1e-12), mine)
    apart = interval[0] > settings.min_auc
    return apart, Evidence(
        segmentation,
        (a, b),
        "distinct",
        "heldout_auc",
        value,
        interval,
        (0.5 - chance, 0.5 + chance),
        settings.min_auc,
        Verdict.PASS if apart else Verdict.WARN,
        f"Features not used to cluster tell the two apart in {value:.0%} of pairs "
        f"({interval[0]:.0%} to {interval[1]:.0%}); a coin would in 50 %.",
        "auc",
        int(inside.sum()),
    )


def _verdict(segmentation: Segmentation, pair: _Pair, told: list[bool], settings: ValidateSettings) -> MergeVerdict:
    a, b = (segmentation.segment(i).name for i in (pair.a, pair.b))
    alpha, power = settings.alpha, settings.power
    evidence = [_compared(segmentation.name, pair, outcome, found, alpha) for outcome, found in pair.measured]
    asked, main = pair.measured[0]
    differs = [said for (said, d), holds in zip(pair.compared, told, strict=True) if holds and not d.p_equal < alpha]
    binding = [main, *(d for _, d in pair.measured[1:] if d.customers_needed(alpha, power) <= d.smaller)]
    equal = all(d.p_equal < alpha for d in binding)
    needed: int | None = None
    if differs:
        decision = MergeDecision.KEEP
        reason = f"Keep both. {differs[0]}"
    elif equal and pair.told_apart is False:
        decision = MergeDecision.MERGE
        reason = f"“{a}” and “{b}” respond alike and are not told apart by what was held out: make them one."
    elif equal and pair.told_apart is None:
        decision = MergeDecision.CANNOT_TELL
        reason = f"“{a}” and “{b}” respond alike so far; nothing was kept out of clustering to compare them on."
    elif equal:
        decision = MergeDecision.CANNOT_TELL
        reason = f"“{a}” and “{b}” respond alike so far, yet behave differently: send both one campaign and compare."
    else:
        decision = MergeDecision.CANNOT_TELL
        wanted = main.customers_needed(alpha, power)
        reason = f"Cannot tell whether “{a}” and “{b}” respond alike"
        if wanted > main.smaller:
            needed = min(wanted, settings.max_customers_needed)
            who = "recipients" if asked.campaigns else "customers"
            reason += f": about {needed:,} {who} each would be needed, the smaller has {main.smaller:,}."
        else:
            reason += ": some difference lies near its margin."
    money = next((d.value for o, d in pair.measured if not o.rate), 0.0)
    effect = {"rate_difference": main.value, "revenue_difference": money}
    return MergeVerdict(segmentation.name, (pair.a, pair.b), decision, reason, effect, (*evidence, pair.apart), needed)


def _compared(segmentation: str, pair: _Pair, outcome: _Outcome, found: Difference, alpha: float) -> Evidence:
    return Evidence(
        segmentation,
        (pair.a, pair.b),
        "response",
        outcome.check,
        found.value,
        found.interval,
        (-found.margin, found.margin),
        found.margin,
        Verdict.PASS if found.p_equal < alpha else Verdict.WARN,
        _sentence(outcome, found),
        "share" if outcome.rate else "money",
        found.n,
    )


def _sentence(outcome: _Outcome, found: Difference) -> str:
    low, high = found.interval
    if outcome.rate:
        return (
            f"{outcome.words} differ by {100 * found.value:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}); "
            f"the margin is {100 * found.margin:.1f}.{outcome.caveat}"
        )
    return (
        f"{outcome.words} differs by {found.value:+,.2f} ({low:+,.2f} to {high:+,.2f}); "
        f"the margin is {found.margin:,.2f}."
    )
