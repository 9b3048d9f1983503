"""Tiers: a feature that is an ordered list of rules, where the first that holds gives its value."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition, Rule
from discovery.core.segment import UNASSIGNED
from discovery.rules.evaluate import first_match


def with_tier(table: FeatureTable, feature: Feature, cases: Sequence[tuple[str, Condition]]) -> FeatureTable:
    """Return the table with a tier: the label of the first case that holds, missing where none does."""
    labels = first_match([Rule(label, where) for label, where in cases], table, [label for label, _ in cases])
    column = labels.astype("object").where(labels != UNASSIGNED, None)
    return table.with_column(feature, column)
