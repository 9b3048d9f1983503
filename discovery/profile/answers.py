"""What customers told of themselves, by segment: the share that gave each answer, beside everyone's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from discovery.core.bounds import MOST_ANSWERS, SMALLEST
from discovery.core.feature import FeatureTable
from discovery.core.segment import Answer, Segmentation
from discovery.profile.amounts import amount
from discovery.profile.ranks import grouped

OTHER = "other answers"


def with_told(segmentations: Sequence[Segmentation], table: FeatureTable) -> tuple[Segmentation, ...]:
    """Return segmentations with what the customers of each segment told, as far as text and yes or no.

    Parameters
    ----------
    segmentations : sequence of Segmentation
        Of the customers of the table.
    table : FeatureTable
        With a column for each property that a form asked; each is read once.

    Notes
    -----
    Shares are of those who answered, and everyone is whoever is placed and answered. Answers that fewer than ten of a
    segment gave are one, *other answers*, and so is the smallest left where these are still fewer than ten: else it
    would follow from the rest. A question that fewer than ten of a segment answered says nothing of it.
    """
    asked = [f for f in table.features if f.told]
    among = [grouped(each.labels) for each in segmentations]
    found: list[dict[str, list[Answer]]] = [{i: [] for i in groups.ids} for groups in among]
    for feature in asked:
        codes, said = pd.factorize(table.column(feature.name), sort=True)
        if len(said) > MOST_ANSWERS:
            continue
        answers = [amount(a, feature) for a in said.tolist()]
        for groups, told in zip(among, found, strict=True):
            ids = list(groups.ids[: groups.placed])
            given = (codes >= 0) & (groups.of < len(ids))
            cell = groups.of[given] * len(answers) + codes[given]
            counts = np.bincount(cell, minlength=len(ids) * len(answers)).reshape(len(ids), len(answers))
            counted = pd.DataFrame(counts, ids, answers)
            for segment, row in counted.iterrows():
                told[str(segment)] += _answers(feature.name, row, counted.sum() / counts.sum())
    return tuple(
        replace(each, segments=tuple(replace(s, answers=tuple(told.get(s.id, ()))) for s in each.segments))
        for each, told in zip(segmentations, found, strict=True)
    )


def _answers(question: str, counts: pd.Series, everyone: pd.Series) -> list[Answer]:
    answered = int(counts.sum())
    if answered < SMALLEST:
        return []
    ordered = counts.sort_values(ascending=False, kind="stable")
    shown = int((ordered >= SMALLEST).sum())
    if shown < len(ordered) and 0 < ordered.iloc[shown:].sum() < SMALLEST:
        shown -= 1
    parts = [(answer, [answer]) for answer in ordered.index[:shown]]
    if shown < len(ordered) and ordered.iloc[shown:].sum():
        parts.append((OTHER, list(ordered.index[shown:])))
    return [
        Answer(question, said, int(counts[of].sum()), float(counts[of].sum() / answered), float(everyone[of].sum()))
        for said, of in parts
    ]
