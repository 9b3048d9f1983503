"""Names from the largest effect sizes, in people's words, unique within a segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from discovery.core.feature import Feature, FeatureTable
from discovery.core.segment import UNASSIGNED, Description
from discovery.profile.describe import largest_effects

#: Features as alike as this (rank correlation) say the same thing in other words.
_SAME = 0.8
#: Effects below this are not worth a word (negligible by Romano et al. 2006).
_NEGLIGIBLE = 0.147
_WORDS_AT_FIRST = 2
_CORRELATION_ROWS = 5_000


@dataclass(frozen=True)
class Name:
    """What to call a segment, and the measured reason."""

    name: str
    why: str


def name_segments(table: FeatureTable, profiles: Mapping[str, Mapping[str, Description]]) -> dict[str, Name]:
    """Return a unique name for every segment but ``unassigned``.

    A name is the words of its two largest effects that do not say the same thing; where two segments would share it,
    each takes further words until they differ.
    """
    alike = _correlations(table)
    words = {segment: _phrases(table, profile, alike) for segment, profile in profiles.items() if segment != UNASSIGNED}
    count = {segment: min(_WORDS_AT_FIRST, max(1, len(found))) for segment, found in words.items()}
    while clashes := _clashes(words, count):
        grown = [s for s in clashes if count[s] < len(words[s])]
        if not grown:
            break
        for segment in grown:
            count[segment] += 1
    names: dict[str, Name] = {}
    taken: set[str] = set()
    for segment in words:
        base = name = _joined(words[segment], count[segment])
        turn = 2
        while name in taken:
            name, turn = f"{base} ({turn})", turn + 1
        taken.add(name)
        why = "; ".join(reason for _, reason in words[segment][: count[segment]])
        names[segment] = Name(name, why or "No feature sets it apart from everyone.")
    return names


def _phrases(
    table: FeatureTable, profile: Mapping[str, Description], alike: Mapping[tuple[str, str], float]
) -> list[tuple[str, str]]:
    """Return (word, reason) of the effects worth one, the largest first, none twice."""
    out: list[tuple[str, str]] = []
    used: list[str] = []
    for name, effect in largest_effects(profile):
        feature = table.feature(name)
        if not feature.words or abs(effect) < _NEGLIGIBLE:
            continue
        if any(alike[name, other] > _SAME for other in used):
            continue
        word = feature.words[effect > 0]
        if word in {w for w, _ in out}:
            continue
        used.append(name)
        out.append((word, _reason(feature, profile[name])))
    return out


def _reason(feature: Feature, found: Description) -> str:
    return (
        f"median {feature.label} {found.median:,.{_digits(found.median)}f} against "
        f"{found.everyone:,.{_digits(found.everyone)}f} for everyone"
    )


def _digits(value: float) -> int:
    return 2 if abs(value) < 1 else 1 if abs(value) < 10 and value != round(value) else 0


def _joined(words: list[tuple[str, str]], count: int) -> str:
    if not words:
        return "Like everyone"
    first, *rest = [word for word, _ in words[:count]]
    return ", ".join([first, *(w[0].lower() + w[1:] for w in rest)])


def _clashes(words: Mapping[str, list[tuple[str, str]]], count: Mapping[str, int]) -> list[str]:
    names = {segment: _joined(found, count[segment]) for segment, found in words.items()}
    return [s for s, name in names.items() if list(names.values()).count(name) > 1]


def _correlations(table: FeatureTable) -> dict[tuple[str, str], float]:
    """Return the size of the rank correlation of every two numeric features; 0 where it is not defined."""
    names = [f.name for f in table.features if f.kind == "number"]
    step = max(1, len(table) // _CORRELATION_ROWS)
    with np.errstate(invalid="ignore"):
        matrix = table.values[names].iloc[::step].corr(method="spearman").abs().fillna(0.0).to_numpy()
    return {(a, b): float(matrix[i, j]) for i, a in enumerate(names) for j, b in enumerate(names)}
