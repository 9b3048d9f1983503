"""Tiers: a feature that is an ordered list of rules, where the first that holds gives its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition, Rule
from discovery.core.segment import UNASSIGNED
from discovery.rules.evaluate import first_match

Cases = Sequence[tuple[str, Condition]]


def with_tiers(table: FeatureTable, tiers: Mapping[Feature, Cases]) -> FeatureTable:
    """Return the table with tiers: of each the label of the first case that holds, missing where none does."""
    return table.with_columns(tiers, [_labels(table, cases) for cases in tiers.values()])


def _labels(table: FeatureTable, cases: Cases) -> pd.Series:
    labels = first_match([Rule(label, where) for label, where in cases], table, [label for label, _ in cases])
    return labels.astype("object").where(labels != UNASSIGNED, None)
