"""What readable rules cost, and how a set of rules shares the customers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from discovery.rules.coverage import coverage
from discovery.rules.estimator import RuleInducer
from discovery.rules.price import price_of_conditions, price_of_rounding, price_of_target


@pytest.fixture(scope="module")
def store():
    chance = np.random.default_rng(0)
    X = pd.DataFrame(chance.random((3000, 4)), columns=["a", "b", "c", "d"])
    inside = (X.a > 0.33) & (X.b > 0.33) & (X.c < 0.67)
    labels = pd.Series(np.where(inside, "vip", "rest")).where(X.d < 0.9, "unassigned")
    return X, labels, np.arange(0, 3000, 2), np.arange(1, 3000, 2)


COARSE = dict.fromkeys("abcd", (0.0, 0.25, 0.5, 0.75, 1.0))


def test_a_further_condition_has_its_price(store):
    found = price_of_conditions(*store, RuleInducer(max_conditions=5))
    assert set(found["segment"]) == {"vip", "rest"}
    assert (found["conditions"] <= found["at_most"]).all()
    vip = found[found["segment"] == "vip"].set_index("at_most")["f1"]
    assert vip.index.tolist() == [1, 2, 3, 4, 5]
    assert vip[1] < vip[2] < vip[3]
    shorter = price_of_conditions(*store, RuleInducer(max_conditions=3))
    pd.testing.assert_frame_equal(shorter, found[found["at_most"] <= 3])


def test_rounding_has_its_price(store):
    found = price_of_rounding(*store, RuleInducer(steps=COARSE)).set_index(["thresholds", "segment"])["f1"]
    assert found["usual", "vip"] < found["observed", "vip"] - 0.02


def test_a_target_has_its_price(store):
    found = price_of_target(*store, RuleInducer(), {"a": 0.001, "c": 0.0}).set_index(["features", "segment"])["f1"]
    assert found["any", "vip"] == pytest.approx(found["priced", "vip"], abs=0.05)
    assert found["native", "vip"] < found["priced", "vip"] - 0.05


@given(hnp.arrays(bool, st.tuples(st.integers(0, 30), st.integers(0, 4))))
def test_shares_of_coverage_add_up(members):
    found = coverage(pd.DataFrame(members, columns=[f"r{i}" for i in range(members.shape[1])]))
    if len(members):
        assert found.uncovered + found.once + found.repeated == pytest.approx(1)
        assert (found.repeated > 0) == (members.sum(axis=1) > 1).any()
    else:
        assert math.isnan(found.uncovered)
