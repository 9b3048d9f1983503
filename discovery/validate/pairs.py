"""Pairs of segments compared: how they answered, what they did, and whether held-out features tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from discovery.core.evidence import Evidence, Verdict
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns
from discovery.validate.compared import Outcome, Rows, joined_rows, outcomes, rows_of
from discovery.validate.distinctness import HeldOutScores, auc
from discovery.validate.equivalence import Difference, difference
from discovery.validate.outcome import ForwardWindow


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
        return HeldOut(scores, joined_rows(self.rows, a, b))


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
        told = HeldOut(scores, rows_of(held_out.labels.to_numpy()))
    bare = Comparison(
        segmentation.name,
        {s.id: f"“{s.name}”" for s in segmentation.placed},
        {s.id: s.size for s in segmentation.placed},
        tuple(outcomes(segmentation, forward, campaigns, settings.revenue_cap)),
        told,
        {},
        settings,
    )
    return _measured(bare, {})


def _measured(bare: Comparison, known: Mapping[tuple[str, str], Pair]) -> Comparison:
    ids = combinations(bare.names, 2)
    return replace(bare, pairs={(a, b): known.get((a, b)) or _pair(bare, a, b) for a, b in ids})


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
