"""The vocabulary as people look it up, with what each export can do with a feature."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.core.feature import Feature
from discovery.export import targets
from discovery.features.catalogue import CATALOGUE


@dataclass(frozen=True)
class VocabularyRow:
    """One feature as people look it up, with what each target can do with it."""

    name: str
    label: str
    family: str
    unit: str
    window: str
    missing: str
    klaviyo: str
    sql: bool


def vocabulary() -> tuple[VocabularyRow, ...]:
    """Return every feature of the catalogue, in its order."""
    return tuple(
        VocabularyRow(
            f.name,
            f.label,
            f.family,
            f.unit or f.kind,
            _window(f),
            f.missing,
            targets.klaviyo(f),
            targets.sql(f),
        )
        for f in CATALOGUE
    )


def _window(feature: Feature) -> str:
    if feature.window is None:
        return "all time"
    return f"{feature.skip + 1} to {feature.window} days ago" if feature.skip else f"{feature.window} days"
