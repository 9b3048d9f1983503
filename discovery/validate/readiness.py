"""Measurable, accessible, actionable: can a team use the segment at all?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from discovery.core.evidence import Evidence, Question, Verdict
from discovery.core.feature import FeatureTable
from discovery.core.rule import Condition, leaves
from discovery.core.segment import UNASSIGNED, Segment, Segmentation
from discovery.core.settings import ValidateSettings


def measurable_evidence(
    segmentation: Segmentation, conditions: Mapping[str, Condition], table: FeatureTable, settings: ValidateSettings
) -> list[Evidence]:
    """Return, for every segment, how far the fields its rule reads are filled among the placed customers.

    Where no customer is placed it is not tested.
    """
    out = []
    placed = (segmentation.labels != UNASSIGNED).to_numpy()
    read = {leaf.feature for rule in conditions.values() for leaf in leaves(rule)} if placed.any() else set()
    filled = {name: float(table.column(name)[placed].notna().mean()) for name in read}
    for segment in segmentation.placed:
        rule = conditions.get(segment.id)
        if rule is None or not placed.any():
            reason = (
                "No rule describes the segment, so nothing says which fields it needs."
                if rule is None
                else "No customer is in any segment, so nothing says how far the fields of its rule are filled."
            )
            out.append(_evidence(segmentation, segment, "measurable", "filled", None, reason))
            continue
        worst = min(leaves(rule), key=lambda leaf: filled[leaf.feature])
        value = filled[worst.feature]
        label = table.feature(worst.feature).label
        reason = f"The fields its rule reads are filled for at least {value:.0%} of customers (least: {label})."
        out.append(_evidence(segmentation, segment, "measurable", "filled", value, reason, settings.min_filled))
    return out


def accessible_evidence(
    segmentation: Segmentation, consent: pd.Series, suppressed: pd.Series, settings: ValidateSettings
) -> list[Evidence]:
    """Return, for every segment, the share that may be sent e-mail: subscribed and not suppressed.

    Where the source says nothing about consent it is not tested.
    """
    known = consent.notna()
    reachable = (consent == "subscribed") & ~suppressed.fillna(False).astype(bool)
    out = []
    for segment in segmentation.placed:
        mine = (segmentation.labels == segment.id).to_numpy()
        if not known[mine].any():
            reason = "The source says nothing about consent, so who may be mailed is not known."
            out.append(_evidence(segmentation, segment, "accessible", "consent", None, reason))
            continue
        value = float(reachable[mine].mean())
        reason = f"{value:.0%} of its customers are subscribed to e-mail and not suppressed."
        out.append(_evidence(segmentation, segment, "accessible", "consent", value, reason, settings.min_reachable))
    return out


def actionable_evidence(segmentation: Segmentation, campaigns: Mapping[str, str]) -> list[Evidence]:
    """Return, for every segment, whether a campaign is named for it."""
    out = []
    for segment in segmentation.placed:
        campaign = campaigns.get(segment.id, "").strip()
        reason = campaign or "No campaign is named for it yet: it is not ready to use."
        out.append(_evidence(segmentation, segment, "actionable", "campaign", float(bool(campaign)), reason))
    return out


def _evidence(
    segmentation: Segmentation,
    segment: Segment,
    question: Question,
    check: str,
    value: float | None,
    reason: str,
    least: float | None = None,
) -> Evidence:
    """Return the evidence of a value that passes from `least` on, or only at 1 where none is stated."""
    if value is None:
        verdict, n = Verdict.NOT_TESTED, 0
    else:
        verdict, n = Verdict.PASS if value >= (1.0 if least is None else least) else Verdict.WARN, segment.size
    unit = "" if check == "campaign" else "share"
    return Evidence(
        segmentation.name, (segment.id,), question, check, value, None, None, least, verdict, reason, unit, n
    )
