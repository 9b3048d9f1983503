"""Which segments should be one: by equivalence, never by "not significant"."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    test_proportions_2indep,
    tost_proportions_2indep,
)
from statsmodels.stats.weightstats import ttost_ind

from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.distinctness import HeldOutScores, auc
from discovery.validate.outcome import ForwardWindow
from discovery.validate.size import SMALLEST


@dataclass(frozen=True)
class _Pair:
    """What was measured on one pair before the verdicts of all pairs are corrected together."""

    a: str
    b: str
    evidence: tuple[Evidence, ...]
    difference: float
    p_differs: float
    p_equal: float
    revenue_equal: bool
    told_apart: bool | None
    rate: float
    smaller: int


def customers_needed(rate: float, margin: float, alpha: float, power: float) -> int:
    """Return how many customers each of two truly equal segments needs for equivalence to be seen.

    Examples
    --------
    >>> customers_needed(0.06, 0.01, 0.05, 0.8)
    9661
    """
    z = norm.ppf(1 - alpha) + norm.ppf(1 - (1 - power) / 2)
    return int(np.ceil(2 * rate * (1 - rate) * (z / margin) ** 2))


def merge_verdicts(
    segmentation: Segmentation,
    forward: ForwardWindow,
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> list[MergeVerdict]:
    """Return a verdict for every pair of segments, the most alike first.

    ``merge``: equivalent in response rate (two one-sided tests within the margin) and in revenue, and not told apart by
    features held out of clustering. ``keep``: the rates differ, after Holm over all pairs. ``cannot tell``: neither.

    Notes
    -----
    The response came after the segments were made, so testing it is fair; the margin is fixed in the settings before
    looking.
    """
    if forward.days == 0 or segmentation.k < 2:
        return []
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)
    revenue = forward.responses["revenue"].to_numpy(dtype=np.float64)
    members = {s.id: (segmentation.labels == s.id).to_numpy() for s in segmentation.placed}
    members = {i: m for i, m in members.items() if m.sum() >= SMALLEST}
    pairs = [
        _measure(segmentation.name, a, b, members[a], members[b], responded, revenue, forward, held_out, settings)
        for a, b in combinations(members, 2)
    ]
    if not pairs:
        return []
    differs = multipletests([p.p_differs for p in pairs], alpha=settings.alpha, method="holm")[0]
    verdicts = [_verdict(segmentation, p, bool(d), settings) for p, d in zip(pairs, differs, strict=True)]
    rank = {MergeDecision.MERGE: 0, MergeDecision.CANNOT_TELL: 1, MergeDecision.KEEP: 2}
    return sorted(verdicts, key=lambda v: (rank[v.decision], abs(v.effect["rate_difference"]), v.pair))


def _measure(
    segmentation: str,
    a: str,
    b: str,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    responded: NDArray[np.bool_],
    revenue: NDArray[np.float64],
    forward: ForwardWindow,
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> _Pair:
    n, m = int(first.sum()), int(second.sum())
    x, y = int(responded[first].sum()), int(responded[second].sum())
    difference = x / n - y / m
    margin = settings.merge_margin
    if x + y in (0, n + m):
        # Nobody or everybody responded: no variance to test with. Equal as far as seen, and the interval says how far.
        p_differs, p_equal = 1.0, 1.0
    else:
        p_differs = float(test_proportions_2indep(x, n, y, m, method="score", compare="diff").pvalue)
        p_equal = float(tost_proportions_2indep(x, n, y, m, -margin, margin, method="agresti-caffo").pvalue)
    low, high = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff")
    equal = p_equal < settings.alpha
    rate = Evidence(
        segmentation,
        (a, b),
        "response",
        "rate_difference",
        difference,
        (min(float(low), difference), max(float(high), difference)),
        (-margin, margin),
        margin,
        Verdict.PASS if equal else Verdict.WARN,
        f"The shares that {forward.rate_words} within {forward.days} days differ by {100 * difference:+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}); the margin is {100 * margin:.1f}.",
        "share",
        n + m,
    )
    revenue_equal, money = _revenue(segmentation, a, b, revenue[first], revenue[second], forward, settings)
    told_apart, apart = _held_out(segmentation, a, b, held_out, settings)
    pooled = (x + y) / (n + m)
    return _Pair(
        a, b, (rate, money, apart), difference, p_differs, p_equal, revenue_equal, told_apart, pooled, min(n, m)
    )


def _revenue(
    segmentation: str,
    a: str,
    b: str,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    forward: ForwardWindow,
    settings: ValidateSettings,
) -> tuple[bool, Evidence]:
    """Return whether mean revenue is equivalent within the relative margin (Welch's two one-sided tests)."""
    difference = float(first.mean() - second.mean())
    both = float(np.concatenate([first, second]).mean())
    margin = settings.revenue_margin * abs(both)
    varies = first.std() > 0 or second.std() > 0
    equal = bool(
        varies and margin > 0 and ttost_ind(first, second, -margin, margin, usevar="unequal")[0] < settings.alpha
    )
    half = 1.96 * float(np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)))
    return equal, Evidence(
        segmentation,
        (a, b),
        "response",
        "revenue_difference",
        difference,
        (difference - half, difference + half),
        (-margin, margin),
        settings.revenue_margin,
        Verdict.PASS if equal else Verdict.WARN,
        f"Net revenue per customer differs by {difference:+,.2f} {forward.currency} ({difference - half:+,.2f} to "
        f"{difference + half:+,.2f}); the margin is {margin:,.2f}.",
        "money",
        len(first) + len(second),
    )


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


def _verdict(segmentation: Segmentation, pair: _Pair, differs: bool, settings: ValidateSettings) -> MergeVerdict:
    a, b = (segmentation.segment(i).name for i in (pair.a, pair.b))
    equal = pair.p_equal < settings.alpha and pair.revenue_equal
    needed: int | None = None
    if differs and not pair.p_equal < settings.alpha:
        decision = MergeDecision.KEEP
        reason = f"Keep both: {pair.evidence[0].reason}"
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
        wanted = customers_needed(pair.rate, settings.merge_margin, settings.alpha, settings.power)
        needed = min(max(wanted, 1), settings.max_customers_needed)
        reason = f"Cannot tell whether “{a}” and “{b}” respond alike"
        if needed > pair.smaller:
            reason += f": about {needed:,} customers each would be needed, the smaller has {pair.smaller:,}."
        else:
            needed = None
            reason += ": their rates lie near the margin, or revenue varies too much."
    effect = {"rate_difference": pair.difference, "revenue_difference": float(pair.evidence[1].value or 0.0)}
    return MergeVerdict(segmentation.name, (pair.a, pair.b), decision, reason, effect, pair.evidence, needed)
