"""Which segments should be one: by equivalence, never by "not significant"."""

from __future__ import annotations

import numpy as np

from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.compared import Outcome
from discovery.validate.distinctness import HeldOutScores
from discovery.validate.equivalence import Difference
from discovery.validate.outcome import ForwardWindow
from discovery.validate.pairs import Comparison, Pair, compare
from discovery.validate.response import holm


def merge_verdicts(
    segmentation: Segmentation,
    forward: ForwardWindow,
    campaigns: Campaigns | None,
    held_out: HeldOutScores | None,
    settings: ValidateSettings,
) -> list[MergeVerdict]:
    """Return a verdict for every pair of segments, the most alike first; see `verdicts`."""
    return verdicts(compare(segmentation, forward, campaigns, held_out, settings))


def verdicts(comparison: Comparison) -> list[MergeVerdict]:
    """Return a verdict for every pair of segments of which enough was seen, the most alike first.

    ``merge``: equivalent in each outcome that decides (two one-sided tests within the margin), and not told apart by
    features held out of clustering. ``keep``: some outcome differs, after Holm over all pairs and outcomes, and is not
    equivalent either. ``cannot tell``: neither.

    Notes
    -----
    What decides is fixed in the settings before looking, and is the same however many customers there are: the rate at
    which the campaigns of the forward window were answered, all of them pooled, one weight for each, with customers as
    clusters (where there were none, the rate of the forward window itself), and the revenue of the forward window,
    which holds what campaigns brought. As each of these must pass on its own (intersection-union; Berger 1982), a pair
    that is a margin apart in any of them is merged with probability ``alpha`` at most; and the more customers, the
    surer an equal pair is merged. All other outcomes, and single campaigns, count as exceptions only. The response
    came after the segments were made, so testing it is fair.

    Earlier orders of the same customers are no covariate here, although they would shorten intervals: segments are cut
    along them, and what is left of a difference beside them is not the difference (Lord 1967).
    """
    pairs = [p for p in comparison.pairs.values() if p.measured]
    told = iter(holm([d.p_differs for p in pairs for _, d in p.compared], comparison.settings.alpha))
    found = [_verdict(comparison, p, [next(told) for _ in p.compared]) for p in pairs]
    rank = {MergeDecision.MERGE: 0, MergeDecision.CANNOT_TELL: 1, MergeDecision.KEEP: 2}
    return sorted(found, key=lambda v: (rank[v.decision], abs(v.effect["rate_difference"]), v.pair))


def _deciding(pair: Pair, settings: ValidateSettings) -> list[tuple[Outcome, Difference]]:
    """Return the outcomes in which a pair must be shown alike: the rate that is asked about, and the widest revenue."""
    if settings.merge_on == "everything":
        return list(pair.measured)
    money = [found for found in pair.measured if not found[0].rate] if settings.merge_on == "rate_and_revenue" else []
    # That of the forward window is the last one: it holds what campaigns brought, also of who was not written to.
    return [pair.measured[0], *money[-1:]]


def _verdict(comparison: Comparison, pair: Pair, told: list[bool]) -> MergeVerdict:
    both = f"{comparison.names[pair.a]} and {comparison.names[pair.b]}"
    alpha = comparison.settings.alpha
    evidence = [_compared(comparison.segmentation, pair, outcome, found, alpha) for outcome, found in pair.measured]
    main = pair.measured[0][1]
    differs = [said for (said, d), holds in zip(pair.compared, told, strict=True) if holds and not d.p_equal < alpha]
    deciding = _deciding(pair, comparison.settings)
    unshown = [(outcome, d) for outcome, d in deciding if not d.p_equal < alpha]
    needed: int | None = None
    if differs:
        decision = MergeDecision.KEEP
        reason = f"Keep both. {differs[0]}"
    elif unshown:
        decision = MergeDecision.CANNOT_TELL
        needed, reason = _untold(both, pair, deciding, unshown, comparison.settings)
    elif pair.told_apart is False:
        decision = MergeDecision.MERGE
        reason = f"{both} respond alike and are not told apart by what was held out: make them one."
        loose = [outcome.words.rstrip(",") for outcome, d in pair.measured if not d.p_equal < alpha]
        reason += f" Too few were seen to say so of {_and(loose)}." if loose else ""
    elif pair.told_apart is None:
        decision = MergeDecision.CANNOT_TELL
        reason = f"{both} respond alike so far; nothing was kept out of clustering to compare them on."
    else:
        decision = MergeDecision.CANNOT_TELL
        reason = f"{both} respond alike so far, yet behave differently: send both one campaign and compare."
    money = next((d.value for o, d in pair.measured if not o.rate), 0.0)
    effect = {"rate_difference": main.value, "revenue_difference": money}
    ids, found = (pair.a, pair.b), (*evidence, pair.apart)
    return MergeVerdict(comparison.segmentation, ids, decision, reason, effect, found, needed)


def _and(words: list[str]) -> str:
    """Return several things that are compared, within a sentence."""
    return " and of ".join(f"{each[0].lower()}{each[1:]}" for each in words)


def _untold(
    both: str,
    pair: Pair,
    deciding: list[tuple[Outcome, Difference]],
    unshown: list[tuple[Outcome, Difference]],
    settings: ValidateSettings,
) -> tuple[int | None, str]:
    """Return how many customers of each would tell, where more would, and the reason in words."""
    reason = f"Cannot tell whether {both} respond alike"
    # All that decide must pass at once, so what they may miss is shared among them.
    power = 1 - (1 - settings.power) / len(deciding)
    growth = max(d.growth_needed(settings.alpha, power) for _, d in deciding)
    asked, main = pair.measured[0]
    if growth <= 1:
        outcome, found = unshown[0]
        return None, f"{reason}, though enough were seen: {outcome.sentence(found)}"
    needed = min(int(np.ceil(main.smaller * growth)), settings.max_customers_needed)
    who = "recipients" if asked.campaigns else "customers"
    return needed, f"{reason}: about {needed:,} {who} each would be needed, the smaller has {main.smaller:,}."


def _compared(segmentation: str, pair: Pair, outcome: Outcome, found: Difference, alpha: float) -> Evidence:
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
        outcome.sentence(found),
        "points" if outcome.rate else "money",
        found.n,
    )
