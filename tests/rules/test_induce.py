"""The inducer finds planted boxes, keeps to usual thresholds, and does not depend on order, names or chance."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils.estimator_checks import parametrize_with_checks

from discovery.core.errors import DataError, UsageError
from discovery.core.rule import All, AnyOf, Between, Compare, Condition, leaves
from discovery.rules.conditions import degree, selects
from discovery.rules.estimator import RuleInducer
from discovery.rules.fidelity import fidelity
from discovery.rules.induce import induce
from discovery.rules.rounding import MOST_THRESHOLDS, nice_numbers, plain, thresholds

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "rules.py"


@parametrize_with_checks([RuleInducer(), RuleInducer(max_conditions=1, penalty=0.0, alternatives=False)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def matches(condition: Condition, X: pd.DataFrame) -> np.ndarray:
    """Who a rule selects, read from the condition alone."""
    match condition:
        case All(parts):
            return np.logical_and.reduce([matches(part, X) for part in parts])
        case AnyOf(parts):
            return np.logical_or.reduce([matches(part, X) for part in parts])
        case Between(feature, low, high):
            return X[feature].between(low, high).to_numpy()
        case Compare(feature, sign, value):
            return X.eval(f"{feature} {'==' if sign == '=' else sign} {value}").to_numpy()
    raise TypeError(condition)


def planted(rows: int = 6000, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    chance = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "days_since_last_order": chance.integers(0, 400, rows),
            "orders": chance.integers(1, 12, rows),
            "revenue": chance.lognormal(5, 1, rows),
            "weekend_share": chance.random(rows),
        }
    )
    vip = (X.days_since_last_order <= 90) & X.orders.between(3, 8) & (X.revenue >= 75)
    return X, pd.Series(np.where(vip, "vip", "rest"), index=X.index)


STEPS = {
    "days_since_last_order": (7.0, 30.0, 60.0, 90.0, 120.0, 180.0, 365.0),
    "orders": (1.0, 2.0, 3.0, 5.0, 8.0, 10.0),
    "revenue": (25.0, 50.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1000.0),
    "weekend_share": (0.1, 0.25, 0.5, 0.75),
    "not_in_the_table": (1.0,),
}


def found(X: pd.DataFrame, labels: pd.Series, steps=STEPS, **changed) -> dict[str, Condition]:
    return induce(X, labels, steps, **{"max_conditions": 4, "penalty": 0.004, "seed": 7, **changed})


def test_planted_box_is_found_exactly():
    X, labels = planted()
    vip = found(X, labels, integer=("orders", "days_since_last_order"))["vip"]
    assert vip == All(
        (
            Compare("days_since_last_order", "<=", 90),
            Between("orders", 3, 8),
            Compare("revenue", ">=", 75),
        )
    )
    assert all(type(v) is int for leaf in leaves(vip) for v in vars(leaf).values() if not isinstance(v, str))


def test_planted_box_is_found_with_generic_numbers():
    X, labels = planted()
    vip = found(X, labels, steps={}, integer=("orders", "days_since_last_order"))["vip"]
    assert fidelity(matches(vip, X), (labels == "vip").to_numpy()).f1 == 1.0


def test_rare_noisy_box_among_many_columns_is_found():
    chance = np.random.default_rng(4)
    X = chance.random((4000, 20))
    inside = (X[:, 3] >= 0.4) & (X[:, 3] <= 0.7) & (X[:, 8] <= 0.3) & (X[:, 11] >= 0.6) & (X[:, 17] >= 0.2)
    grid = tuple(i / 20 for i in range(21))
    inducer = RuleInducer(steps=[grid] * 20).fit(X, inside ^ (chance.random(4000) < 0.02))
    assert inducer.rules_[1] == All(
        (Between("x3", 0.4, 0.7), Compare("x8", "<=", 0.3), Compare("x11", ">=", 0.6), Compare("x17", ">=", 0.2))
    )


@pytest.mark.parametrize(
    "rule",
    [
        All((Compare("orders", ">=", 5), AnyOf((Compare("revenue", ">=", 250), Compare("weekend_share", ">=", 0.75))))),
        AnyOf(
            (
                All((Compare("days_since_last_order", "<=", 60), Compare("orders", "<=", 3))),
                All((Compare("revenue", ">=", 150), Compare("weekend_share", "<=", 0.25))),
            )
        ),
    ],
)
def test_planted_alternatives_are_found_exactly(rule):
    X, _ = planted()
    labels = pd.Series(np.where(matches(rule, X), "in", "out"), index=X.index)
    induced = found(X, labels)["in"]
    assert induced == rule
    alone = fidelity(matches(found(X, labels, alternatives=False)["in"], X), (labels == "in").to_numpy()).f1
    assert alone < 0.95


tables = st.integers(1, 40).flatmap(
    lambda rows: st.tuples(
        hnp.arrays(float, (rows, 3), elements=st.sampled_from([0.0, 1.0, 2.0, 3.5, 7.0, 40.0, np.nan])),
        hnp.arrays(int, rows, elements=st.integers(0, 3)),
    )
)


@settings(max_examples=60)
@given(tables, st.integers(1, 4), st.sampled_from([0.0, 0.004, 0.05]))
def test_any_table(table_and_labels, max_conditions, penalty):
    table, labels = table_and_labels
    steps = [(0.0, 1.0, 2.0, 5.0), (1.0, 10.0), (0.5, 3.5, 50.0)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inducer = RuleInducer(max_conditions, penalty, steps).fit(table, labels)
        answer = inducer.predict(table)
    assert set(answer) <= set(labels)
    values = {f"x{i}": table[:, i] for i in range(3)}
    allowed = {f"x{i}": set(steps[i]) for i in range(3)}
    assert len(inducer.ladder_) == max_conditions
    for most, rules in enumerate(inducer.ladder_, start=1):
        for rule in rules:
            named = list(leaves(rule))
            assert 1 <= len(named) <= most
            if rule == inducer.rules_[0] and len(inducer.classes_) == 1:
                continue
            for leaf in named:
                bounds = {leaf.low, leaf.high} if isinstance(leaf, Between) else {leaf.value}
                assert bounds <= allowed[leaf.feature] or len(named) == 1
                assert not selects(leaf, values)[np.isnan(values[leaf.feature])].any()
            np.testing.assert_array_equal(selects(rule, values), matches(rule, pd.DataFrame(values)))
            assert ((degree(rule, values) >= 0) & (degree(rule, values) <= 1)).all()


@settings(max_examples=25)
@given(tables, st.randoms(use_true_random=False))
def test_order_and_names_of_classes_change_nothing(table_and_labels, chance):
    table, labels = table_and_labels
    inducer = RuleInducer().fit(table, labels)
    order = list(range(len(labels)))
    chance.shuffle(order)
    assert RuleInducer().fit(table[order], labels[order]).rules_ == inducer.rules_
    renamed = RuleInducer().fit(table, np.array(["d", "c", "b", "a"])[labels])
    expected = {"dcba"[int(label)]: rule for label, rule in zip(inducer.classes_, inducer.rules_, strict=True)}
    assert dict(zip(renamed.classes_, renamed.rules_, strict=True)) == expected


def test_same_rules_again_and_for_any_seed():
    X, labels = planted(1500)
    assert found(X, labels) == found(X, labels) == found(X, labels, seed=8)


def test_every_threshold_is_a_step():
    X, labels = planted(1500, seed=3)
    labels = labels.where(X.revenue < 300, "spender").where(X.weekend_share < 0.8, "weekender")
    for condition in found(X, labels).values():
        for leaf in leaves(condition):
            values = (leaf.low, leaf.high) if isinstance(leaf, Between) else (leaf.value,)
            assert set(values) <= set(STEPS[leaf.feature])


def test_one_segment_gets_a_condition_that_holds_for_everyone():
    X, _ = planted(50)
    only = pd.Series("all", index=X.index)
    assert matches(found(X, only)["all"], X).all()
    assert matches(found(X + 0.5, only, steps={})["all"], X + 0.5).all()
    assert found(X[["orders"]] * 0 - 4, only, steps={"orders": (5.0, 9.0)})["all"] == Compare("orders", "<=", 5)
    assert found(X[["orders"]] * 0 + 7.5, only, steps={"orders": (9.0,)})["all"] == Compare("orders", "<=", 9)
    nowhere = {"orders": (3.0, 4.0)}
    assert found(X[["orders"]], only, steps=nowhere)["all"] == Compare("orders", ">=", 1)


def test_degenerate_columns_and_a_class_of_three():
    X, _ = planted(300)
    X["constant"], X["unknown"], X["orders_again"] = 5.0, np.nan, X["orders"]
    labels = pd.Series("rest", index=X.index)
    labels.iloc[:3] = "few"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rules = found(pd.concat([X, X]).reset_index(drop=True), pd.concat([labels, labels]).reset_index(drop=True))
        alike = found(X[["constant", "unknown"]], labels)
    assert matches(rules["few"], X)[:3].any()
    assert {leaf.feature for rule in rules.values() for leaf in leaves(rule)}.isdisjoint({"constant", "unknown"})
    assert "orders_again" not in {leaf.feature for rule in rules.values() for leaf in leaves(rule)}
    assert alike["few"] == alike["rest"] == Compare("constant", ">=", 5)
    assert found(X[["unknown"]], labels)["few"] == Compare("unknown", ">=", 0)


def test_unassigned_and_unlabelled_count_as_the_rest():
    X, labels = planted(2000)
    nobody = labels.where(labels == "vip", "unassigned")
    expected = found(X, labels)["vip"]
    assert found(X, nobody) == {"vip": expected}
    assert found(X, labels.where(labels == "vip")) == {"vip": expected}


def test_missing_can_be_told_by_a_threshold():
    gap = pd.DataFrame({"mean_gap_days": [np.nan] * 20 + [10.0 + i for i in range(20)]})
    labels = pd.Series(["once"] * 20 + ["repeat"] * 20)
    rules = found(gap, labels, steps={"mean_gap_days": (7.0, 30.0)})
    assert matches(rules["repeat"], gap).tolist() == (labels == "repeat").tolist()
    assert not matches(rules["once"], gap)[:20].any()


def test_prediction_prefers_the_more_precise_rule_and_falls_back():
    inducer = RuleInducer(steps=[(10.0, 20.0, 30.0), (1.0,)])
    X = np.array([[5.0, 0.0]] * 10 + [[25.0, 2.0]] * 10)
    inducer.fit(X, np.repeat([0, 1], 10))
    inducer.rules_ = (
        All((Compare("x0", "<=", 20), Compare("x1", "<=", 1))),
        All((Compare("x0", ">=", 10), Compare("x1", ">=", 1))),
    )
    inducer.precision_ = np.array([0.7, 0.9])
    both, neither, nearer_first = [15.0, 1.0], [np.nan, np.nan], [5.0, np.nan]
    assert inducer.predict([both, neither, nearer_first]).tolist() == [1, 1, 0]


def test_wrong_use_is_refused():
    X, labels = planted(20)
    for changed in (
        {"max_conditions": 0},
        {"penalty": -0.1},
        {"penalty": math.nan},
        {"prices": {"orders": -1.0}},
        {"max_conditions": 0, "exclusive": True},
    ):
        with pytest.raises(UsageError):
            found(X, labels, **changed)
    with pytest.raises(UsageError, match="orders"):
        RuleInducer(steps={"ordres": (1, 2)}).fit(X, labels)
    for name in ("steps", "prices"):
        with pytest.raises(UsageError, match=f"`{name}` must have one entry per column"):
            RuleInducer(**{name: [1]}).fit(X, labels)
    with pytest.raises(DataError, match="same customers"):
        found(X, labels.iloc[::-1])
    with pytest.raises(DataError, match="country"):
        found(X.assign(country="US"), labels)
    with pytest.raises(DataError, match="revenue"):
        found(X.assign(revenue=np.inf), labels)
    with pytest.raises(DataError):
        found(X[[]], labels)


def test_a_forbidden_column_is_named_by_no_rule_even_where_it_selects_everyone():
    X, labels = planted(20)
    first, second = X.columns[:2]
    rules = induce(X[[first, second]], labels.map(lambda _: "all"), {}, max_conditions=1, penalty=0.0, seed=0,
                   prices={first: math.inf})  # fmt: skip
    assert rules["all"].feature == second


def test_steps_by_name():
    X, labels = planted(1000)
    named = RuleInducer(steps={"orders": (3, 8)}, integer=["orders"]).fit(X[["orders"]], labels)
    by_place = RuleInducer(steps=[(3, 8)]).fit(X[["orders"]].to_numpy(), labels)
    assert str(named.rules_) == str(by_place.rules_).replace("x0", "orders")


def test_a_price_keeps_a_feature_out_unless_it_is_worth_it():
    X, labels = planted()

    def named(price: float) -> set[str]:
        prices = {"orders": price, "not_in_the_table": 1.0}
        return {leaf.feature for rule in found(X, labels, prices=prices).values() for leaf in leaves(rule)}

    assert "orders" in named(0.01)
    assert "orders" not in named(0.9)
    assert "orders" not in named(math.inf)
    forbidden = found(X, labels, prices=dict.fromkeys(X, math.inf))
    assert matches(forbidden["vip"], X).all()


def test_many_rows_are_searched_by_a_sample_and_measured_whole():
    X, labels = planted(30_000, seed=5)
    order = np.random.default_rng(1).permutation(len(X))
    vip = found(X, labels)["vip"]
    assert vip == found(X.iloc[order], labels.iloc[order])["vip"]
    assert fidelity(matches(vip, X), (labels == "vip").to_numpy()).f1 == 1.0


@settings(max_examples=100)
@given(hnp.arrays(float, st.integers(1, 300), elements=st.floats(-1e12, 1e12)), st.booleans())
def test_generic_numbers_cover_the_column(values, whole):
    numbers = nice_numbers(values, whole=whole)
    assert list(numbers) == sorted(set(numbers))
    assert all(not whole or v.is_integer() for v in numbers)
    assert thresholds(values, whole=whole).size <= MOST_THRESHOLDS
    if not whole:
        assert numbers[0] <= values.min()
        assert numbers[-1] >= values.max()


def test_numbers_are_written_as_people_write_them():
    assert (plain(75.0), type(plain(75.0)), plain(0.3)) == (75, int, 0.3)
    assert {0.3, 0.15} <= set(nice_numbers([0.0, 1.0]))


def load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rules_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rules_benchmark"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fidelity_on_online_retail():
    benchmark = load_benchmark()
    if not benchmark.SHARED.is_dir():
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail("The real data must be in ../shared/data when REQUIRE_ALL=1.")
        pytest.skip("No ../shared/data here.")
    features = benchmark.online_retail(benchmark.SHARED)
    assert len(features) == 5281
    case = benchmark.Case("Online Retail II", features, benchmark.cluster(features))
    scores = benchmark.measure(benchmark.boxes(4), case, splits=2)
    assert np.mean([score.f1 for score in scores]) >= 0.91
    assert max(max(score.conditions) for score in scores) <= 4
