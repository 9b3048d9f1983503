"""Which segments should be one: by equivalence, never by "not significant"."""

from __future__ import annotations

from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.distinctness import HeldOutScores
from discovery.validate.equivalence import Difference
from discovery.validate.outcome import ForwardWindow
from discovery.validate.pairs import Comparison, Outcome, Pair, compare
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
    pairs = [p for p in comparison.pairs.values() if p.measured]
    told = iter(holm([d.p_differs for p in pairs for _, d in p.compared], comparison.settings.alpha))
    found = [_verdict(comparison, p, [next(told) for _ in p.compared]) for p in pairs]
    rank = {MergeDecision.MERGE: 0, MergeDecision.CANNOT_TELL: 1, MergeDecision.KEEP: 2}
    return sorted(found, key=lambda v: (rank[v.decision], abs(v.effect["rate_difference"]), v.pair))


def _verdict(comparison: Comparison, pair: Pair, told: list[bool]) -> MergeVerdict:
    both = f"{comparison.names[pair.a]} and {comparison.names[pair.b]}"
    alpha, power = comparison.settings.alpha, comparison.settings.power
    evidence = [_compared(comparison.segmentation, pair, outcome, found, alpha) for outcome, found in pair.measured]
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
        reason = f"{both} respond alike and are not told apart by what was held out: make them one."
    elif equal and pair.told_apart is None:
        decision = MergeDecision.CANNOT_TELL
        reason = f"{both} respond alike so far; nothing was kept out of clustering to compare them on."
    elif equal:
        decision = MergeDecision.CANNOT_TELL
        reason = f"{both} respond alike so far, yet behave differently: send both one campaign and compare."
    else:
        decision = MergeDecision.CANNOT_TELL
        wanted = main.customers_needed(alpha, power)
        reason = f"Cannot tell whether {both} respond alike"
        if wanted > main.smaller:
            needed = min(wanted, comparison.settings.max_customers_needed)
            who = "recipients" if asked.campaigns else "customers"
            reason += f": about {needed:,} {who} each would be needed, the smaller has {main.smaller:,}."
        else:
            reason += ": some difference lies near its margin."
    money = next((d.value for o, d in pair.measured if not o.rate), 0.0)
    effect = {"rate_difference": main.value, "revenue_difference": money}
    ids, found = (pair.a, pair.b), (*evidence, pair.apart)
    return MergeVerdict(comparison.segmentation, ids, decision, reason, effect, found, needed)


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
        "share" if outcome.rate else "money",
        found.n,
    )
