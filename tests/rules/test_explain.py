"""One customer beside the rules: what holds, and the fewest changes that would move them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings

from discovery.core.errors import WorkspaceError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition
from discovery.features.catalogue import BY_NAME
from discovery.rules.evaluate import select
from discovery.rules.explain import standings
from discovery.rules.parse import parse
from tests.rule_trees import trees
from tests.rules.test_lint import EVERYBODY, leaves_

NAMES = ("orders", "days_since_last_order", "country")


def customer(**values: object) -> FeatureTable:
    frame = pd.DataFrame([values], index=pd.Index(["a"], name="customer_id"), columns=list(NAMES))
    features: tuple[Feature, ...] = tuple(BY_NAME[n] for n in NAMES)
    return FeatureTable(frame, features, date(2025, 1, 1), "x")


def test_the_nearest_rule_comes_first_and_says_what_it_wants() -> None:
    rules = {
        "loyal": "orders >= 3 AND days_since_last_order <= 180",
        "abroad": "orders >= 2 AND NOT country = 'US' AND days_since_last_order > 400",
        "new": "orders = 1 AND (days_since_last_order <= 60 OR country = 'CA')",
    }
    trees_ = {name: parse(text, BY_NAME) for name, text in rules.items()}
    here, near, far = standings(trees_, customer(orders=1.0, days_since_last_order=30.0, country="US"), "a")
    assert (here.segment_id, here.selected, here.wanting) == ("new", True, ())
    assert [(s.text, s.value) for s in here.met] == [("orders = 1", 1.0), ("days_since_last_order <= 60", 30.0)]
    assert (near.segment_id, [s.text for s in near.wanting]) == ("loyal", ["orders >= 3"])
    assert [s.text for s in far.wanting] == ["orders >= 2", "NOT country = 'US'", "days_since_last_order > 400"]


def test_a_missing_value_is_told_as_missing() -> None:
    trees_ = {"one": parse("NOT country = 'US'", BY_NAME)}
    [found] = standings(trees_, customer(orders=1.0, days_since_last_order=30.0, country=None), "a")
    assert [(s.text, s.value) for s in found.wanting] == [("NOT country = 'US'", None)]
    with pytest.raises(WorkspaceError, match="No customer 'b'"):
        standings(trees_, customer(orders=1.0), "b")


@given(trees(leaves_(), 6))
@settings(max_examples=60)
def test_a_rule_wants_nothing_of_those_it_selects_and_something_of_all_others(tree: Condition) -> None:
    for name in EVERYBODY.values.index[:: len(EVERYBODY) // 7]:
        [found] = standings({"r": tree}, EVERYBODY, name)
        selected = bool(select(tree, EVERYBODY)[EVERYBODY.values.index.get_loc(name)])
        assert found.selected == selected == (not found.wanting)
