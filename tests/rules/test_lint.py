"""The linter: what it says of a rule holds for every customer there could be, and every fault has its sentence."""

from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Between, Compare, Condition, Matches, Missing, OneOf, Rule
from discovery.features.catalogue import BY_NAME
from discovery.rules.evaluate import select
from discovery.rules.faults import Fault
from discovery.rules.lint import History, lint
from discovery.rules.parse import parse
from discovery.rules.regions import Space
from discovery.rules.vocabulary import Vocabulary
from tests.rule_trees import trees

FEATURES = {
    f.name: f
    for f in (
        Feature("orders", "orders", "RFM", "count", ("placed_order",), missing="none: 0"),
        Feature("revenue", "revenue", "RFM", "sum", ("placed_order",), "value", missing="missing"),
        Feature("share", "share", "RFM", "share", ("placed_order",), unit="share", missing="missing"),
        Feature("country", "country", "Geography", "profile", column="country", kind="text", missing="missing"),
        Feature("suppressed", "suppressed", "Consent", "profile", column="suppressed", kind="boolean", missing="none"),
    )
}
#: A value in every cell that the rules below can tell apart.
ORDERS = (0.0, 1.0, 2.0, 3.0, 4.0)
REVENUE = (-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 9.0, np.nan)
SHARE = (0.0, 0.25, 0.5, 0.75, 1.0, np.nan)
PEOPLE = pd.DataFrame(
    list(product(ORDERS, REVENUE, SHARE, ("US", "CA", "FR", None), (True, False, None))), columns=list(FEATURES)
)
PEOPLE[["country", "suppressed"]] = PEOPLE[["country", "suppressed"]].astype(object)
PEOPLE.index = pd.Index([f"c{i:05d}" for i in range(len(PEOPLE))], name="customer_id")
EVERYBODY = FeatureTable(PEOPLE, tuple(FEATURES.values()), date(2025, 1, 1), "x")


def leaves_() -> st.SearchStrategy[Condition]:
    sign = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    equal = st.sampled_from(["=", "<>"])
    half = st.sampled_from([0, 0.5, 1])
    return st.one_of(
        st.builds(Compare, st.just("orders"), sign, st.sampled_from([0, 1, 2, 1.5, 3])),
        st.builds(Compare, st.sampled_from(["revenue", "share"]), sign, half),
        st.builds(lambda a, b: Between("orders", min(a, b), max(a, b)), st.integers(0, 3), st.integers(0, 3)),
        st.builds(Compare, st.just("country"), equal, st.sampled_from(["US", "CA"])),
        st.builds(OneOf, st.just("country"), st.just(("US", "CA"))),
        st.builds(Compare, st.just("suppressed"), equal, st.booleans()),
        st.builds(Missing, st.sampled_from(["revenue", "country", "suppressed", "orders"])),
    )


@given(trees(leaves_(), 6), trees(leaves_(), 6))
@settings(max_examples=150)
def test_implication_is_decided_exactly(one: Condition, two: Condition) -> None:
    space = Space.of((one, two), FEATURES)
    mine, others = space.boxes(one), space.boxes(two)
    selected, among = select(one, EVERYBODY), select(two, EVERYBODY)
    assert space.within(mine, others) == (not (selected & ~among).any())
    assert bool(mine) == selected.any()
    assert space.within(space.everyone(), mine) == selected.all()


def findings(*texts: str, exclusive: bool = False, history: History | None = None) -> list[tuple[str, Fault, str]]:
    known = Vocabulary(BY_NAME)
    rules = [Rule(f"r{n}", parse(text, known)) for n, text in enumerate(texts, start=1)]
    found = lint(rules, known, history=history, exclusive=exclusive)
    return [(f.rule, f.fault, f.sentence) for f in found]


@pytest.mark.parametrize(
    ("text", "fault", "says"),
    [
        ("orders >= 0", Fault.ALWAYS_TRUE, "everybody"),
        ("suppressed OR NOT suppressed OR suppressed IS NULL", Fault.ALWAYS_TRUE, "everybody"),
        ("share_discounted > 1", Fault.NEVER_TRUE, "no customer can have such values"),
        ("aov_band = 'hgih'", Fault.NEVER_TRUE, "no customer"),
        ("orders(days => 30) < 0", Fault.NEVER_TRUE, "no customer"),
        ("orders > 5 AND orders < 3", Fault.CONTRADICTORY, "orders > 5 AND orders < 3 contradict"),
        ("orders > 2 AND orders < 3", Fault.CONTRADICTORY, "contradict"),
        ("country = 'US' AND country IS NULL", Fault.CONTRADICTORY, "contradict"),
        ("birthday > '2000-01-01' AND birthday < '1990-01-01'", Fault.CONTRADICTORY, "contradict"),
        ("country = 'US' AND country = 'CA'", Fault.AND_FOR_OR, "Join them with OR"),
        ("country <> 'US' OR country <> 'CA'", Fault.OR_FOR_AND, "Join them with AND"),
        ("orders >= 3 AND orders >= 2", Fault.REDUNDANT, "orders >= 2 changes nothing: orders >= 3 already says so"),
        ("orders_90d >= 1 OR orders_90d >= 2", Fault.REDUNDANT, "orders_90d >= 2 changes nothing"),
        ("NOT country = 'US'", Fault.MISSING_LEFT_OUT, "(NOT country = 'US' OR country IS NULL)"),
        ("country <> 'US'", Fault.MISSING_LEFT_OUT, "country IS NULL"),
    ],
)
def test_each_fault_of_one_rule_has_its_sentence(text: str, fault: Fault, says: str) -> None:
    found = findings(text)
    assert any(says in sentence for _, each, sentence in found if each == fault), found


@pytest.mark.parametrize(
    "text",
    [
        "orders >= 3 AND country = 'US'",
        "NOT orders < 3",
        "NOT country = 'US' OR country IS NULL",
        "NOT country IS NULL",
        "country LIKE 'U%' OR country LIKE '%K'",
        "days_since_last_order BETWEEN 120 AND 395",
    ],
)
def test_a_sound_rule_has_no_fault(text: str) -> None:
    assert findings(text) == []


def test_pairs_are_compared_in_the_order_of_the_file() -> None:
    found = findings("orders >= 2", "orders >= 3", "NOT orders < 2", "orders >= 1")
    assert [(r, f) for r, f, _ in found] == [
        ("r2", Fault.SUBSUMED),
        ("r3", Fault.DUPLICATE),
        ("r1", Fault.SUBSUMED),
        ("r2", Fault.SUBSUMED),
        ("r2", Fault.SUBSUMED),
        ("r3", Fault.SUBSUMED),
    ]
    assert "before it" in found[0][2]
    assert "Put it first" in found[0][2]


def test_the_order_matters_only_among_rules_that_divide() -> None:
    known = Vocabulary(BY_NAME)
    wide, narrow = (Rule(n, parse(t, known), divides=False) for n, t in (("a", "orders >= 2"), ("b", "orders >= 3")))
    [found] = lint([wide, narrow], known)
    assert (found.rule, found.sentence) == ("b", "Everybody it selects is selected by 'a' too: it is a part of it.")


def test_a_partition_leaves_nobody_out_and_counts_nobody_twice() -> None:
    assert findings("orders = 0", "orders = 1", "orders >= 2", exclusive=True) == []
    faults = {(r, f) for r, f, _ in findings("orders <= 2", "orders >= 2", "orders = 7", exclusive=True)}
    assert ("r1", Fault.OVERLAP) in faults
    assert ("", Fault.UNCOVERED) not in faults
    assert ("", Fault.UNCOVERED) in {(r, f) for r, f, _ in findings("orders = 0", "orders >= 2", exclusive=True)}


def test_the_data_say_what_is_missing_and_how_far_they_reach() -> None:
    known = History(200, {"country": 30, "region": 0})
    assert "The 30 customers" in findings("NOT country = 'US'", history=known)[0][2]
    assert findings("NOT region = 'US-NY'", history=known) == []
    long = ("days_since_last_order > 395", "orders_365d >= 1", "orders(days => 300, skip => 240) >= 1")
    assert [f for _, f, _ in findings(*long, history=known)][:3] == [Fault.LONGER_THAN_HISTORY] * 3
    assert findings("days_since_last_order > 100", history=known) == []


def test_what_a_target_cannot_say_is_told() -> None:
    known = Vocabulary(BY_NAME)
    rule = Rule("a", parse("orders >= 1 AND share_discounted >= 0.5", known))
    [found] = lint([rule], known, expressible=lambda f: f.aggregate == "count", target="Klaviyo")
    assert found.fault == Fault.NOT_EXPRESSIBLE
    assert "Klaviyo has no condition on share_discounted" in found.sentence
    predicted = Rule("b", parse("predicted_orders_365d >= 1", known))
    [found] = lint([predicted], known, expressible=lambda f: f.aggregate != "predicted", target="Sql")
    assert "No query can compute predicted_orders_365d" in found.sentence
    assert "profile" not in found.sentence


def test_a_rule_with_too_many_alternatives_is_said_to_be_undecided() -> None:
    group = " AND ".join(f"(orders = {n} OR country = 'US' OR revenue = {n} OR suppressed)" for n in range(12))
    assert Fault.TANGLED in {f for _, f, _ in findings(group)}


def test_a_search_in_a_text_is_never_more_than_it_says() -> None:
    known = Vocabulary(BY_NAME)
    space = Space.of([parse("country LIKE 'U%'", known), parse("country = 'US'", known)], known)
    like, equal = (space.boxes(parse(t, known)) for t in ("country LIKE 'U%'", "country = 'US'"))
    assert not space.within(like, equal)
    assert space.boxes(Matches("country", "starts", "U")) == like


def test_one_customer_and_one_day_are_no_plural() -> None:
    history = History(1, {"average_order_value": 1})
    said = " ".join(each[2] for each in findings("NOT average_order_value > 5 AND orders_90d >= 1", history=history))
    assert "The 1 customer without a value of average_order_value is not selected" in said
    assert "the data begin 1 day before the date" in said
