"""Tiers: a feature that is an ordered list of rules, where the first that holds gives its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition
from discovery.rules.evaluate import select

Cases = Sequence[tuple[str, Condition]]


def with_tiers(table: FeatureTable, tiers: Mapping[Feature, Cases]) -> FeatureTable:
    """Return the table with tiers: of each the label of the first case that holds, missing where none does."""
    return table.with_columns(tiers, (_labels(table, cases) for cases in tiers.values()))


def _labels(table: FeatureTable, cases: Cases) -> pd.Series:
    labels = np.full(len(table), None, dtype=object)
    for label, where in reversed(cases):
        labels[select(where, table)] = label
    return pd.Series(labels, index=table.customers, dtype="object")
