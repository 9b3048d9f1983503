"""What a team can use: fields that are filled, and nothing said where nobody is placed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from discovery.core.evidence import Verdict
from discovery.core.feature import FeatureTable
from discovery.core.segment import UNASSIGNED
from discovery.core.settings import ValidateSettings
from discovery.features.catalogue import CATALOGUE
from discovery.rules.parse import parse
from discovery.validate.readiness import accessible_evidence, actionable_evidence, measurable_evidence
from tests.validate.planted import segmentation

ORDERS = next(f for f in CATALOGUE if f.name == "orders")


def table(filled: int, n: int) -> FeatureTable:
    index = pd.Index([f"c{i:06d}" for i in range(n)], name="customer_id")
    values = pd.DataFrame({"orders": np.where(np.arange(n) < filled, 2.0, np.nan)}, index=index)
    return FeatureTable(values, (ORDERS,), date(2025, 1, 1), "x")


@pytest.mark.parametrize(("filled", "verdict"), [(95, Verdict.PASS), (50, Verdict.WARN)])
def test_how_far_the_fields_of_a_rule_are_filled(filled: int, verdict: Verdict) -> None:
    rule = parse("orders >= 2", {"orders": ORDERS})
    [told] = measurable_evidence(segmentation({"a": 100}), {"a": rule}, table(filled, 100), ValidateSettings())
    assert (told.value, told.verdict) == (filled / 100, verdict)


@pytest.mark.parametrize(("subscribed", "verdict"), [(50, Verdict.PASS), (49, Verdict.WARN)])
def test_how_many_may_be_mailed(subscribed: int, verdict: Verdict) -> None:
    consent = pd.Series(["subscribed"] * subscribed + ["unsubscribed"] * (100 - subscribed))
    [told] = accessible_evidence(segmentation({"a": 100}), consent, consent.isna(), ValidateSettings())
    assert (told.value, told.threshold, told.verdict) == (subscribed / 100, 0.5, verdict)


@pytest.mark.parametrize(("campaign", "verdict"), [("Welcome", Verdict.PASS), ("", Verdict.WARN), ("  ", Verdict.WARN)])
def test_a_campaign_is_one_that_is_named(campaign: str, verdict: Verdict) -> None:
    [told] = actionable_evidence(segmentation({"a": 100}), {"a": campaign})
    assert (told.verdict, told.value, told.threshold, told.n) == (verdict, float(campaign == "Welcome"), None, 100)


def test_the_thresholds_are_those_of_the_settings() -> None:
    strict, rule = ValidateSettings(min_filled=0.96, min_reachable=0.96), parse("orders >= 2", {"orders": ORDERS})
    consent = pd.Series(["subscribed"] * 95 + [None] * 5)
    [filled] = measurable_evidence(segmentation({"a": 100}), {"a": rule}, table(95, 100), strict)
    [reached] = accessible_evidence(segmentation({"a": 100}), consent, consent.isna() & False, strict)
    assert [(e.verdict, e.threshold) for e in (filled, reached)] == [(Verdict.WARN, 0.96)] * 2


def test_where_nobody_is_placed_nothing_is_tested() -> None:
    rule = parse("orders >= 2", {"orders": ORDERS})
    labels = pd.Series([UNASSIGNED] * 20, index=table(20, 20).values.index, dtype="str")
    found = segmentation({"a": 0, UNASSIGNED: 20}, labels)
    [told] = measurable_evidence(found, {"a": rule}, table(20, 20), ValidateSettings())
    assert (told.value, told.verdict) == (None, Verdict.NOT_TESTED)
    assert "No customer" in told.reason
