"""Stable: a segment is found again where halves of the customers are clustered anew."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.candidate import AgainstNull
from discovery.core.evidence import Evidence, Verdict
from discovery.core.segment import Segment, Segmentation, Structure
from discovery.core.settings import ValidateSettings


def stability_evidence(segmentation: Segmentation, settings: ValidateSettings) -> list[Evidence]:
    """Return how stable each segment of a clustering is, beside segments of structureless data.

    Segments that rules make are so by construction, and nothing is said of them. Two made one by a person are of no
    clustering, so that was not tested.

    Notes
    -----
    A segment that structureless data show as stable too is stable, and no more real for that: it never passes. Nor
    does one of a mixture where kinds were not discovered: one in twenty goes beyond its null by chance.
    """
    measured = segmentation.model.get("stability")
    if segmentation.model.get("kind") == "rules":
        return []
    known: Mapping[str, Mapping[str, float]] = measured if isinstance(measured, Mapping) else {}
    joined = segmentation.model.get("merged")
    made = set(joined.values()) if isinstance(joined, Mapping) else set()
    return [
        _evidence(segmentation, segment, None if segment.id in made else known.get(segment.id), settings)
        for segment in segmentation.placed
    ]


def _evidence(
    segmentation: Segmentation, segment: Segment, found: Mapping[str, float] | None, settings: ValidateSettings
) -> Evidence:
    value, null, verdict = None, None, Verdict.NOT_TESTED
    reason = "It was not clustered anew on halves of the customers."
    if found is not None:
        beside = AgainstNull(**found)
        value, null = beside.value, (beside.null_low, beside.null_high)
        verdict, said = _judged(beside, segmentation, settings)
        reason = (
            f"Where halves of the customers are clustered anew, it and the segment nearest to it share "
            f"{value:.0%} of their customers; those of customers without kinds share {null[0]:.0%} to {null[1]:.0%}. "
            f"{said}"
        )
    return Evidence(
        segmentation.name, (segment.id,), "stable", "half_jaccard", value, None, null, settings.stable_from,
        verdict, reason, "share", segment.size,
    )  # fmt: skip


def _judged(found: AgainstNull, of: Segmentation, settings: ValidateSettings) -> tuple[Verdict, str]:
    if found.value < settings.dissolved_below:
        return Verdict.FAIL, "It dissolves: do not build on who belongs."
    if found.value < settings.stable_from:
        return Verdict.WARN, "It is found again in parts: who belongs is doubtful."
    if found.excess <= 0:
        return Verdict.WARN, "It is stable, and no more so than cuts through a smooth crowd."
    if of.model.get("space") == "features":
        return Verdict.WARN, "It is stable beyond them; on plain features so are segments of stores without kinds."
    if of.model.get("kind") == "mixture" and of.structure is not Structure.DISCOVERED:
        return Verdict.WARN, "It is stable beyond them; a mixture tells kinds, and that there are any is not proven."
    return Verdict.PASS, "It is stable beyond them."
