"""The merge path: from k segments to one, joining the pair that costs least, with what each step loses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from discovery.core.evidence import MergeDecision
from discovery.core.merge_path import Loss, MergePath, MergeStep
from discovery.core.segment import Segmentation
from discovery.validate.merges import verdicts
from discovery.validate.outcome import ForwardWindow
from discovery.validate.pairs import Comparison, Pair

#: A longer path takes seconds, and nobody reads it: more segments than this are no segmentation to work with.
LONGEST = 15

#: Customers and responders of a segment, in each of two halves.
Counts = Mapping[str, NDArray[np.float64]]


def merge_path(
    segmentation: Segmentation, comparison: Comparison, forward: ForwardWindow, band: tuple[int, int]
) -> MergePath | None:
    """Return the path from all segments to one; None for a single segment or more than `LONGEST`.

    Parameters
    ----------
    segmentation : Segmentation
        Where the path starts.
    comparison : Comparison
        Its segments, two by two.
    forward : ForwardWindow
        What customers did after the date.
    band : (int, int)
        Fewest and most segments that a team can work with.

    Notes
    -----
    A pair whose verdict is ``merge`` goes first; else the one that costs least, of equal ones the smallest. The cost is
    the mean of two shares. Of response: n m / (n + m) times the squared difference of the two, less what chance adds to
    it, over the same summed up for all segments around their mean (Ward 1963), averaged over outcomes. Of distinctness:
    n m times what held-out features tell the two apart by beyond a coin, over the same summed up for all pairs (Hand
    and Till 2001).

    Verdicts of later steps are on groups that were joined because they looked alike: they say what is seen, and prove
    less than those of the first. Accept a merge, and its run judges again.
    """
    inhabited = sum(size > 0 for size in comparison.sizes.values())
    if inhabited < 2 or segmentation.k > LONGEST:
        return None
    start, counts = _Held(comparison), _counts(segmentation, forward)
    groups: dict[str, tuple[str, ...]] = {i: (i,) for i in comparison.names}
    before, steps = _measures(comparison, start, counts), []
    while len(groups) > 1:
        found = {v.pair: v for v in verdicts(comparison)}
        alike = [ids for ids, v in found.items() if v.decision is MergeDecision.MERGE]
        sizes, costs = comparison.sizes, {ids: start.cost(comparison, p) for ids, p in comparison.pairs.items()}
        cost, _, pair = min((costs[ids], sizes[ids[0]] * sizes[ids[1]], ids) for ids in alike or costs)
        a, b = pair
        apart = comparison.pairs[pair].apart.value
        comparison = comparison.joined(a, b)
        groups = {i: g + groups[b] if i == a else g for i, g in groups.items() if i != b}
        counts = {i: n + counts[b] if i == a else n for i, n in counts.items() if i != b}
        after = _measures(comparison, start, counts)
        losses = tuple(_loss(check, before[check], after[check], apart, forward) for check in after)
        in_band = band[0] <= len(groups) <= band[1]
        steps.append(MergeStep(pair, groups[a], len(groups), in_band, cost, found.get(pair), losses))
        before = after
    return MergePath(segmentation.name, tuple(steps))


class _Held:
    """What the segments at the start of a path differ by, which everything on it is a share of."""

    def __init__(self, start: Comparison) -> None:
        self.customers = sum(start.sizes.values())
        checks = dict.fromkeys(o.check for o in start.outcomes)
        spread = {check: self.spread(start, check) for check in checks}
        self.spreads = {check: held for check, held in spread.items() if held > 0}
        self.apart = sum(_apart(start, pair) for pair in start.pairs.values())

    def spread(self, comparison: Comparison, check: str) -> float:
        """Return the variance of an outcome between segments, less what chance adds to it."""
        sizes, square = comparison.sizes, self.customers**2
        return sum(sizes[p.a] * sizes[p.b] * _squared(p, check) / square for p in comparison.pairs.values())

    def cost(self, comparison: Comparison, pair: Pair) -> float:
        """Return the mean of the shares of response and of distinctness that are lost with a pair."""
        n, m = comparison.sizes[pair.a], comparison.sizes[pair.b]
        weight = n * m / max((n + m) * self.customers, 1)
        shares = []
        if self.spreads:
            shares.append(float(np.mean([weight * _squared(pair, c) / held for c, held in self.spreads.items()])))
        if self.apart > 0:
            shares.append(_apart(comparison, pair) / self.apart)
        return float(np.mean(shares)) if shares else 0.0


def _squared(pair: Pair, check: str) -> float:
    """Return the squared difference of a pair less its expectation where there is none; 0 where it was not measured."""
    return next((max(d.value**2 - d.error**2, 0.0) for o, d in pair.measured if o.check == check), 0.0)


def _apart(comparison: Comparison, pair: Pair) -> float:
    """Return what held-out features tell a pair apart by beyond a coin, times its pairs of customers."""
    beyond = 0.0 if pair.apart.value is None else max(2 * pair.apart.value - 1, 0.0)
    return comparison.sizes[pair.a] * comparison.sizes[pair.b] * beyond


def _measures(comparison: Comparison, start: _Held, counts: Counts) -> dict[str, float | None]:
    """Return what is left of response and distinctness; nothing of what could not be measured at the start."""
    out: dict[str, float | None] = {}
    if start.spreads:
        kept = [start.spread(comparison, check) / held for check, held in start.spreads.items()]
        out["response_kept"] = min(float(np.mean(kept)), 1.0)
    if counts:
        out["forward_auc"] = _forward_auc(counts) if len(counts) > 1 else 0.5
    if comparison.held_out is not None:
        known = [p for p in comparison.pairs.values() if p.apart.value is not None]
        weights = [comparison.sizes[p.a] * comparison.sizes[p.b] for p in known]
        out["heldout_auc"] = (
            float(np.average([p.apart.value or 0.0 for p in known], weights=weights)) if sum(weights) else None
        )
    return out


def _counts(segmentation: Segmentation, forward: ForwardWindow) -> Counts:
    """Return customers and responders by segment and half; nothing where no response was seen."""
    placed = segmentation.labels.isin([s.id for s in segmentation.placed]).to_numpy()
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)[placed]
    if not forward.seen or not 1 < responded.sum() < len(responded) - 1:
        return {}
    labels, half = segmentation.labels.to_numpy()[placed], np.arange(len(responded)) % 2

    def counted(mine: NDArray[np.bool_]) -> NDArray[np.float64]:
        n, hits = np.bincount(half[mine], minlength=2), np.bincount(half[mine & responded], minlength=2)
        return np.stack([n, hits]).astype(np.float64)

    return {s.id: counted(labels == s.id) for s in segmentation.placed}


def _forward_auc(counts: Counts) -> float:
    """Return how well the segment ranks who responds: each half by the rates of the other, as in the evidence."""
    n, hits = np.stack(list(counts.values()), axis=1)
    everyone = hits.sum(axis=0) / n.sum(axis=0)
    rates = np.where(n > 0, hits / np.maximum(n, 1), everyone)[:, ::-1].ravel()
    yes, no = hits.ravel(), (n - hits).ravel()
    order = rankdata(rates, method="dense") - 1
    no_by_rate = np.bincount(order, no)
    below = np.cumsum(no_by_rate) - no_by_rate / 2
    return float(np.bincount(order, yes) @ below / (yes.sum() * no.sum()))


def _loss(check: str, before: float | None, after: float | None, apart: float | None, forward: ForwardWindow) -> Loss:
    match check, before, after:
        case "response_kept", float(was), float(now):
            said = f"{now:.0%} is left of what the segments differ by in response (before: {was:.0%})."
        case "forward_auc", float(was), float(now):
            said = f"The segment alone ranks who {forward.said} with AUC {now:.3f} (before: {was:.3f}).{forward.caveat}"
        case "heldout_auc", float(was), float(now):
            said = (
                "Features not used to cluster tell customers of two different segments apart in "
                f"{now:.0%} of pairs (before: {was:.0%})"
            )
            said += f"; the two joined here in {apart:.0%}, a coin in 50 %." if apart is not None else "."
        case _:
            said = "In a single segment nothing is left to tell apart."
    return Loss(check, before, after, said)
