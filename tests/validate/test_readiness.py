"""What a team can use: fields that are filled, and nothing said where nobody is placed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from discovery.core.evidence import Verdict
from discovery.core.feature import FeatureTable
from discovery.core.segment import UNASSIGNED
from discovery.features.catalogue import CATALOGUE
from discovery.rules.parse import parse
from discovery.validate.readiness import measurable_evidence
from tests.validate.planted import segmentation

ORDERS = next(f for f in CATALOGUE if f.name == "orders")


def table(filled: int, n: int) -> FeatureTable:
    index = pd.Index([f"c{i:06d}" for i in range(n)], name="customer_id")
    values = pd.DataFrame({"orders": np.where(np.arange(n) < filled, 2.0, np.nan)}, index=index)
    return FeatureTable(values, (ORDERS,), date(2025, 1, 1), "x")


@pytest.mark.parametrize(("filled", "verdict"), [(95, Verdict.PASS), (50, Verdict.WARN)])
def test_how_far_the_fields_of_a_rule_are_filled(filled: int, verdict: Verdict) -> None:
    rule = parse("orders >= 2", {"orders": ORDERS})
    [told] = measurable_evidence(segmentation({"a": 100}), {"a": rule}, table(filled, 100))
    assert (told.value, told.verdict) == (filled / 100, verdict)


def test_where_nobody_is_placed_nothing_is_tested() -> None:
    rule = parse("orders >= 2", {"orders": ORDERS})
    labels = pd.Series([UNASSIGNED] * 20, index=table(20, 20).values.index, dtype="str")
    found = segmentation({"a": 0, UNASSIGNED: 20}, labels)
    [told] = measurable_evidence(found, {"a": rule}, table(20, 20))
    assert (told.value, told.verdict) == (None, Verdict.NOT_TESTED)
    assert "No customer" in told.reason
