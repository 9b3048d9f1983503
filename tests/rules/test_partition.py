"""Exclusive rules: a tree whose rules select exactly its leaves, so that each customer meets one."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils.estimator_checks import parametrize_with_checks

from discovery.core.rule import All, AnyOf, Between, Compare, leaves
from discovery.rules.conditions import selects
from discovery.rules.fidelity import fidelity
from discovery.rules.induce import induce
from discovery.rules.partition import PartitionInducer
from discovery.rules.tree import Split, phrased, rule_of


@parametrize_with_checks([PartitionInducer(), PartitionInducer(max_conditions=2, penalty=0.0)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


tables = st.integers(1, 60).flatmap(
    lambda rows: st.tuples(
        hnp.arrays(float, (rows, 3), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 3.5, 5.0, 7.0, 40.0, np.nan])),
        hnp.arrays(int, rows, elements=st.integers(0, 3)),
    )
)


@settings(max_examples=150)
@given(tables, st.integers(1, 6), st.sampled_from([0.0, 0.004]))
def test_each_customer_meets_one_rule_that_of_the_leaf(table_and_labels, max_conditions, penalty):
    table, labels = table_and_labels
    steps = [(0.0, 1.0, 2.0, 3.0, 5.0), (1.0, 3.5, 10.0), (0.5, 2.0, 3.5, 50.0)]
    table[:, 0] = np.round(np.nan_to_num(table[:, 0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inducer = PartitionInducer(max_conditions, penalty, steps, integer=[0]).fit(table, labels)
        answer = inducer.predict(table)
    columns = {f"x{i}": table[:, i] for i in range(3)}
    for label, rule in zip(inducer.classes_, inducer.rules_, strict=True):
        if rule is None:
            assert (answer == label).all() or not (answer == label).any()
        else:
            np.testing.assert_array_equal(selects(rule, columns), answer == label)
            assert len(list(leaves(rule))) <= max_conditions


@settings(max_examples=25)
@given(tables, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(table_and_labels, chance):
    table, labels = table_and_labels
    order = list(range(len(labels)))
    chance.shuffle(order)
    assert PartitionInducer().fit(table[order], labels[order]).rules_ == PartitionInducer().fit(table, labels).rules_


def planted(rows: int = 5000) -> tuple[pd.DataFrame, pd.Series]:
    chance = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "days_since_last_order": chance.integers(0, 400, rows),
            "orders": chance.integers(1, 12, rows),
            "revenue": chance.lognormal(5, 1, rows),
        }
    )
    labels = np.where(X.orders < 2, "new", np.where(X.days_since_last_order >= 180, "lapsed", "loyal"))
    return X, pd.Series(labels, index=X.index)


def test_planted_partition_is_found_exactly():
    X, labels = planted()
    steps = {"days_since_last_order": (30, 90, 180, 365), "orders": (2, 3, 5), "revenue": (50, 100, 200)}
    settings_ = {"max_conditions": 4, "penalty": 0.004, "seed": 7, "integer": ("orders", "days_since_last_order")}
    assert induce(X, labels, steps, exclusive=True, **settings_) == {
        "lapsed": All((Compare("days_since_last_order", ">=", 180), Compare("orders", ">=", 2))),
        "loyal": All((Compare("days_since_last_order", "<", 180), Compare("orders", ">=", 2))),
        "new": Compare("orders", "<", 2),
    }


def test_bands_are_written_without_overlap():
    X = pd.DataFrame({"orders": np.repeat([1, 3, 9], 40), "revenue": np.repeat([10.0, 60.0, 90.0], 40)})
    labels = pd.Series(np.repeat(["a", "b", "c"], 40))
    common = {"max_conditions": 4, "penalty": 0.004, "seed": 7, "exclusive": True}
    whole = induce(X[["orders"]], labels, {"orders": (2, 5)}, integer=("orders",), **common)
    assert whole["b"] == Between("orders", 2, 4)
    money = induce(X[["revenue"]], labels, {"revenue": (50, 75)}, **common)
    assert money["b"] == All((Compare("revenue", ">=", 50), Compare("revenue", "<", 75)))


def test_unassigned_are_a_part_without_a_rule():
    X, labels = planted()
    rules = induce(X, labels.replace("new", "unassigned"), {}, max_conditions=4, penalty=0.004, seed=7, exclusive=True)
    assert set(rules) == {"lapsed", "loyal"}


def test_a_column_that_is_missing_splits_only_where_it_is_known():
    gap = np.concatenate([np.full(100, np.nan), np.repeat([5.0, 60.0], 100)])
    X = pd.DataFrame({"mean_gap_days": gap, "orders": np.repeat([1.0, 3.0, 3.0], 100)})
    labels = pd.Series(np.repeat(["once", "often", "seldom"], 100))
    rules = induce(X, labels, {"mean_gap_days": (30,), "orders": (2,)}, max_conditions=4, penalty=0.004, seed=7,
                   exclusive=True)  # fmt: skip
    columns = {name: X[name].to_numpy() for name in X}
    assert all(fidelity(selects(rule, columns), (labels == name).to_numpy()).f1 == 1 for name, rule in rules.items())


@pytest.mark.parametrize(
    ("tree", "label", "expected"),
    [
        (Split(0, 0, 1, Split(1, 0, 0, 1)), 0, All((Compare("a", ">=", 2), Compare("b", "<", 5)))),
        (Split(0, 0, 1, Split(1, 0, 0, 1)), 1, AnyOf((Compare("a", "<", 2), Compare("b", ">=", 5)))),
        (Split(0, 0, 0, Split(0, 1, 0, 1)), 0, Compare("a", "<", 4)),
    ],
)
def test_what_a_split_says_of_its_other_side_is_left_out(tree, label, expected):
    cuts = [np.array([2.0, 4.0]), np.array([5.0])]
    assert phrased(rule_of(tree, label), ["a", "b"], cuts, [False, False]) == expected
