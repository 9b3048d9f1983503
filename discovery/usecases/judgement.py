"""Evidence composed from the stages: what each segmentation is worth, and which one to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from discovery.core.evidence import Evidence, MergeVerdict, Verdict
from discovery.core.feature import FeatureTable
from discovery.core.merge_path import MergePath
from discovery.core.rule import Rule
from discovery.core.segment import UNASSIGNED, Segmentation, Structure
from discovery.core.settings import RuleSettings, Settings, ValidateSettings
from discovery.rules.coverage import coverage
from discovery.rules.evaluate import membership
from discovery.usecases.responses import Responses
from discovery.validate.artefact import artefact_evidence
from discovery.validate.campaigns import campaign_evidence
from discovery.validate.dip import dip_evidence
from discovery.validate.distinctness import distinctness_evidence, held_out_scores
from discovery.validate.merge_path import merge_path
from discovery.validate.merges import verdicts
from discovery.validate.pairs import compare
from discovery.validate.readiness import accessible_evidence, actionable_evidence, measurable_evidence
from discovery.validate.response import forward_value, response_evidence
from discovery.validate.size import size_evidence
from discovery.validate.stability import stability_evidence


@dataclass(frozen=True)
class Judged:
    """What was found out about one segmentation, or several."""

    evidence: tuple[Evidence, ...]
    merges: tuple[MergeVerdict, ...]
    merge_paths: tuple[MergePath, ...]


def judge(
    segmentation: Segmentation,
    table: FeatureTable,
    rules: Mapping[str, Rule],
    clustered_on: Sequence[str],
    responses: Responses,
    reference: float | None,
    settings: Settings,
) -> Judged:
    """Return the evidence about one segmentation: substantial, distinct, responding, ready, and which to merge.

    Parameters
    ----------
    rules : mapping
        The rule of each segment that has one, by id, with the campaign planned for it.
    clustered_on : sequence of str
        Features that had a part in making the segments, whose family must not test them.
    responses : Responses
        What customers did after the date, and about each campaign.
    reference : float or None
        What a classifier on all features reaches, out of time.
    """
    asked, forward, campaigns = settings.validate, responses.forward, responses.campaigns
    placed = (segmentation.labels != UNASSIGNED).to_numpy()
    rate = None
    if forward.seen and placed.any():
        rate = float(forward.responses.loc[placed, forward.rate_column].mean())
    kept_out = _held_out(segmentation, table, clustered_on)
    held_out = held_out_scores(segmentation, table.reading(kept_out), asked.auc_rows, settings.seed)
    # Answers show that a segment is real. Whether two that like different things are one, what they do has to tell.
    told = _told(table, {*clustered_on, *settings.cluster.properties})
    with_told = (
        held_out_scores(segmentation, table.reading([*kept_out, *told]), asked.auc_rows, settings.seed)
        if told
        else held_out
    )
    labels = {f.name: f.label for f in table.features}
    nobody = pd.Series(None, table.customers, "object")
    consent, suppressed = (table.column(n) if table.holds(n) else nobody for n in ("consent_email", "suppressed"))
    response = response_evidence(segmentation, forward, asked)
    made_of = _numbers(table, clustered_on)
    evidence = [
        structure_evidence(segmentation),
        *stability_evidence(segmentation, asked),
        *forward_value(segmentation, forward, reference),
        *size_evidence(segmentation, rate, asked),
        *distinctness_evidence(segmentation, with_told, labels, asked, response),
        *artefact_evidence(segmentation, made_of, labels, asked, settings.seed),
        *_humps(segmentation, table, made_of, asked, settings.seed),
        *response,
        *campaign_evidence(segmentation, campaigns, asked),
        *rules_cover_evidence(segmentation, rules, table, settings.rules),
        *measurable_evidence(segmentation, {i: r.where for i, r in rules.items()}, table, asked),
        *accessible_evidence(segmentation, consent, suppressed, asked),
        *actionable_evidence(segmentation, {i: r.campaign for i, r in rules.items()}),
    ]
    compared = compare(segmentation, forward, campaigns, held_out, asked)
    path = merge_path(segmentation, compared, forward, (settings.cluster.band_low, settings.cluster.band_high))
    return Judged(tuple(evidence), tuple(verdicts(compared)), (path,) if path else ())


def _humps(
    segmentation: Segmentation,
    table: FeatureTable,
    made_of: Mapping[str, pd.Series],
    settings: ValidateSettings,
    seed: int,
) -> list[Evidence]:
    """Return the humps of single features, which the null that a number of segments stands beside cannot see."""
    if not segmentation.candidates:
        return []
    features = {f.name: f for f in table.features if f.name in made_of and f.cluster}
    return dip_evidence(segmentation, table.reading(features), features, settings, seed)


def structure_evidence(segmentation: Segmentation) -> Evidence:
    """Return whether the groups are there, with the agreement of two halves beside the null's where it was measured."""
    verdict = {
        Structure.DISCOVERED: Verdict.PASS,
        Structure.CONSTRUCTED: Verdict.WARN,
        Structure.NONE: Verdict.FAIL,
    }[segmentation.structure]
    # Merged segments are as stable as the clustering they come from.
    clusters = segmentation.k + len(segmentation.lineage)
    chosen = next((c for c in segmentation.candidates if c.k == clusters), None)
    stability = chosen.statistics.get("stability") if chosen else None
    # A mixture has no null of its own: whether there are kinds was tested once, on the customers.
    agreement = segmentation.model.get("agreement")
    value = stability.value if stability else agreement if isinstance(agreement, float) else None
    return Evidence(
        segmentation.name,
        (),
        "stable",
        "structure",
        value,
        None,
        (stability.null_low, stability.null_high) if stability else None,
        None,
        Verdict.NOT_TESTED if value is None else verdict,
        segmentation.structure_reason,
        "ari",
    )


def rules_cover_evidence(
    segmentation: Segmentation, rules: Mapping[str, Rule], table: FeatureTable, settings: RuleSettings
) -> list[Evidence]:
    """Return which share of the placed customers the segments' rules select, and which share several of them do."""
    placed = (segmentation.labels != UNASSIGNED).to_numpy()
    if not rules or not placed.any():
        return []
    found = coverage(membership({i: r.where for i, r in rules.items()}, table)[placed])
    covered = 1 - found.uncovered
    return [
        Evidence(
            segmentation.name,
            (),
            "measurable",
            "rules_cover",
            covered,
            None,
            None,
            settings.min_cover,
            Verdict.PASS if covered >= settings.min_cover else Verdict.WARN,
            f"The rules of its segments select {covered:.0%} of the customers placed, and several of them select "
            f"{found.repeated:.0%}.",
            "share",
            found.n,
        )
    ]


def recommend(
    segmentations: Sequence[Segmentation], evidence: Sequence[Evidence], settings: Settings
) -> tuple[str, str]:
    """Return which segmentation to use, and why: the one whose segments say most about what customers did next.

    Only segmentations that place enough customers in a number of segments a team can use are considered. Where there
    are kinds of customers it is the mixture, which follows kinds most closely; where nothing was seen after the date,
    KMeans, whose segments need no rule to have been written.
    """
    band = settings.cluster
    usable = [
        s for s in segmentations if 2 <= s.k <= max(band.band_high, band.k) and s.coverage >= band.min_coverage
    ] or [s for s in segmentations if s.k >= 2]
    if not usable:
        return segmentations[0].name, "No segmentation places customers in two segments or more."
    kinds = [s for s in usable if s.name == "mixture" and s.structure is Structure.DISCOVERED]
    if kinds:
        return kinds[0].name, (
            "Of all that was tried on stores with planted kinds, the mixture came closest to them. "
            f"{kinds[0].structure_reason}"
        )
    value = {
        e.segmentation: e.value for e in evidence if e.check == "forward_auc" and e.value is not None and not e.subject
    }
    known = [s for s in usable if s.name in value]
    if not known:
        return usable[0].name, "Nothing was seen after the date yet, so nothing tells the segmentations apart."
    best = max(known, key=lambda s: (round(value[s.name] or 0.0, 4), -s.k))
    others = ", ".join(f"{s.title} {value[s.name]:.3f}" for s in known if s is not best)
    whom = f"who have {asked}" if (asked := settings.response.property) else "who responded after the date"
    beside = f" (beside it: {others})" if others else ""
    return best.name, (
        f"Its segments say most about {whom}: AUC {value[best.name]:.3f}{beside}. "
        "Chosen on the same response it is judged on, so differences of a few hundredths mean nothing."
    )


def _numbers(table: FeatureTable, names: Sequence[str]) -> Mapping[str, pd.Series]:
    return table.reading(n for n in names if table.feature(n).kind == "number")


def _held_out(segmentation: Segmentation, table: FeatureTable, clustered_on: Sequence[str]) -> list[str]:
    """Return the numbers that had no part in making the segments.

    Of records everything that is read from the same events had one, so whatever is left is fair; plain features have
    others beside them that say nearly the same, so only those that were kept out on purpose are.
    """
    fair = segmentation.model.get("space") == "shrunken"
    names = (f.name for f in table.features if (fair or f.holdout) and f.name not in clustered_on)
    return [name for name in names if table.feature(name).kind == "number"]


def _told(table: FeatureTable, made_with: set[str]) -> list[str]:
    """Return what customers told of themselves, in words or by yes and no, that had no part in making the segments."""
    return [f.name for f in table.features if f.told and f.name not in made_with]
