"""What merges rest on, laid over a made-up run: evidence for its pairs, and a path from six segments to one."""

from __future__ import annotations

from dataclasses import replace

from discovery.core.evidence import Evidence, MergeVerdict, Verdict
from discovery.core.merge_path import Loss, MergePath, MergeStep
from discovery.core.run import Run

#: What the pairs are compared by, the main outcome first.
CHECKS = ("campaign_rate_difference", "campaign_revenue_difference", "heldout_auc")
_DIFFERENCES = {("lapsing", "lapsed"): 0.004, ("new-and-curious", "discount"): 0.01, ("wholesale", "discount"): 0.21}
_HALF = {("new-and-curious", "discount"): 0.03}
_PATH = (
    (("lapsing", "lapsed"), 0.01),
    (("lapsing", "new-and-curious"), 0.06),
    (("frequent-full-price", "discount"), 0.12),
    (("lapsing", "frequent-full-price"), 0.3),
    (("lapsing", "wholesale"), 0.5),
)


def with_merges(run: Run) -> Run:
    """Return a made-up run with evidence behind the verdicts of its KMeans, and its merge path."""
    merges = tuple(replace(m, evidence=_evidence(m)) for m in run.merges)
    by_pair = {m.pair: m for m in merges}
    groups = {s.id: (s.id,) for s in run.segmentation("kmeans").placed}
    steps, kept, apart = [], 1.0, 0.7
    for (a, b), cost in _PATH:
        groups[a] += groups.pop(b)
        k = len(groups)
        left = max(kept - 2 * cost, 0.0) if k > 1 else 0.0
        losses = (
            Loss("response_kept", kept, left, "What is left."),
            Loss("forward_auc", 0.5 + kept / 4, 0.5 + left / 4, "How well it ranks."),
            Loss("heldout_auc", apart, apart + 0.01 if k > 1 else None, "How well they are told apart."),
        )
        steps.append(MergeStep((a, b), groups[a], k, 5 <= k <= 8, cost, by_pair.get((a, b)), losses))
        kept, apart = left, apart + 0.01
    return replace(run, merges=merges, merge_paths=(MergePath("kmeans", tuple(steps)),))


def _evidence(verdict: MergeVerdict) -> tuple[Evidence, ...]:
    value, half = _DIFFERENCES[verdict.pair], _HALF.get(verdict.pair, 0.004)

    def found(check: str, value: float, half: float, null: tuple[float, float], margin: float, unit: str) -> Evidence:
        question = "distinct" if check == "heldout_auc" else "response"
        ends = (value - half, value + half)
        return Evidence(
            "kmeans", verdict.pair, question, check, value, ends, null, margin, Verdict.WARN,
            f"They differ by {100 * value:+.1f} points.", unit, 900,
        )  # fmt: skip

    return (
        found(CHECKS[0], value, half, (-0.01, 0.01), 0.01, "share"),
        found(CHECKS[1], 10 * value, 10 * half, (-0.4, 0.4), 0.4, "money"),
        found(CHECKS[2], 0.5 + value, 0.02, (0.48, 0.52), 0.6, "auc"),
    )
