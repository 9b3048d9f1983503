"""What must always hold of rules: every way of writing one selects the same customers."""

from __future__ import annotations

import contextlib
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.core.documents import condition_from, plain
from discovery.core.errors import RuleError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Between, Compare, Condition, Matches, Missing, Not, OneOf, Rule
from discovery.core.stated import event_measure, profile_measure
from discovery.core.strict_yaml import read_yaml
from discovery.engine.duckdb import Engine
from discovery.engine.sql import condition as as_sql
from discovery.export.yaml import document
from discovery.rules.evaluate import select
from discovery.rules.library import as_entries, rules_from
from discovery.rules.parse import parse, to_text
from discovery.rules.vocabulary import Vocabulary
from tests.rule_trees import trees

NAMED = {
    f.name: f
    for f in (
        Feature("orders", "orders", "RFM", "count", ("placed_order",)),
        Feature("revenue", "revenue", "RFM", "sum", ("placed_order",), "value", missing="missing"),
        Feature("country", "country", "Geography", "profile", column="country", kind="text", missing="missing"),
        Feature("birthday", "birthday", "Zero-party", "profile", column="birthday", kind="date", missing="missing"),
        Feature(
            "suppressed", "suppressed", "Consent", "profile", column="suppressed", kind="boolean", missing="missing"
        ),
    )
}
VISITS = event_measure("events", "visited_pricing", days=30, skip=2, where=[("device", "=", "it's a phone")])
LIKES_TEA = profile_measure("has", "property.likes", ("tea",))
STATED = (VISITS, LIKES_TEA)
FEATURES = Vocabulary(NAMED, ["visited_pricing"], ["property.likes"])
NUMBERS = st.one_of(st.integers(-5, 500), st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 4)))
TEXTS = st.sampled_from(["US", "GB", "", "O'Neill", 'x" > 0; drop table t', "naïve 🛒", "a -- b", "a_b"])


def leaves_() -> st.SearchStrategy[Condition]:
    number = st.sampled_from(["orders", "revenue", VISITS.name])
    flag = st.sampled_from(["suppressed", LIKES_TEA.name])
    sign = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    equal = st.sampled_from(["=", "<>"])
    return st.one_of(
        st.builds(Compare, number, sign, NUMBERS),
        st.builds(Compare, st.just("country"), equal, TEXTS),
        st.builds(Compare, st.just("birthday"), sign, st.dates().map(str)),
        st.builds(Compare, flag, equal, st.booleans()),
        st.builds(Matches, st.just("country"), st.sampled_from(["contains", "starts", "ends"]), TEXTS.filter(bool)),
        st.builds(Missing, st.one_of(number, flag, st.just("country"))),
        st.builds(lambda a, b: Between("birthday", str(min(a, b)), str(max(a, b))), st.dates(), st.dates()),
        st.builds(lambda f, a, b: Between(f, min(a, b), max(a, b)), number, NUMBERS, NUMBERS),
        st.builds(OneOf, st.just("country"), st.lists(TEXTS, min_size=1, max_size=3).map(tuple)),
        st.builds(OneOf, number, st.lists(NUMBERS, min_size=1, max_size=3).map(tuple)),
    )


RULES = trees(leaves_(), 8)


def table() -> FeatureTable:
    rng = np.random.default_rng(3)
    n = 60
    values = pd.DataFrame(
        {
            "orders": rng.integers(0, 9, n).astype(float),
            "revenue": np.where(rng.random(n) < 0.3, np.nan, rng.integers(-50, 400, n).astype(float)),
            "country": pd.Series(rng.choice(np.array(["US", "GB", "O'Neill", None], dtype=object), n), dtype=object),
            "birthday": pd.Series(
                rng.choice(np.array(["1990-05-01", "2001-12-31", None], dtype=object), n), dtype=object
            ),
            "suppressed": pd.Series(rng.choice(np.array([True, False, None], dtype=object), n), dtype=object),
            VISITS.name: np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 5, n).astype(float)),
            LIKES_TEA.name: pd.Series(rng.choice(np.array([True, False, None], dtype=object), n), dtype=object),
        }
    )
    values.index = pd.Index([f"c{i:03d}" for i in range(n)], name="customer_id")
    return FeatureTable(values, (*NAMED.values(), *STATED), date(2024, 1, 1), "x")


TABLE = table()


@given(RULES)
@settings(max_examples=200)
def test_text_is_an_exact_round_trip(tree: Condition) -> None:
    assert parse(to_text(tree), FEATURES) == tree


@given(RULES)
@settings(max_examples=100)
def test_yaml_and_json_are_exact_round_trips(tree: Condition) -> None:
    rule = Rule("A name: with 'quotes' #1", tree, why="because: it matters", campaign="say hello")
    again = rules_from(read_yaml(document(as_entries([rule]), "two\nlines"), "x.yaml"), FEATURES)
    assert again == (rule,)
    assert condition_from(plain(tree)) == tree


@pytest.fixture(scope="module")
def engine() -> Engine:
    with Engine() as made:
        made.load(
            "t",
            TABLE.values.reset_index().astype(
                {"country": "str", "birthday": "str", "suppressed": "boolean", LIKES_TEA.name: "boolean"}
            ),
        )
        yield made


@given(tree=RULES)
@settings(max_examples=100)
def test_python_and_the_engine_select_the_same(engine: Engine, tree: Condition) -> None:
    rows = engine.rows(f"SELECT customer_id FROM t WHERE {as_sql(tree)} ORDER BY customer_id")
    assert [r[0] for r in rows] == list(TABLE.values.index[select(tree, TABLE)])


@given(RULES)
@settings(max_examples=50)
def test_a_rule_and_its_not_share_nobody_and_leave_out_the_unknown(tree: Condition) -> None:
    yes, no = select(tree, TABLE), select(Not(tree), TABLE)
    assert not (yes & no).any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("order >= 3", "Did you mean 'orders'?"),
        ("orders >= 3 AND ordrs < 2", "at character 17"),
        ("orders >= 'three'", "must be compared with a number"),
        ("country > 'US'", "compare it with =, <> or IN"),
        ("country = 3", "a text in single quotes"),
        ('x" > 0; drop table t', "cannot be read"),
        ("orders > 0; DROP TABLE t", "semicolon"),
        ("orders IN (SELECT 1)", "IN must be followed by a list"),
        ("orders > (SELECT 1)", "Only comparisons"),
        ("read_csv('/etc/passwd') = 1", "no function read_csv()"),
        ("lower(country) = 'us'", "no function lower()"),
        ("sum(orders) > 1", "no function sum()"),
        ("evnts('placed_order') > 1", "Did you mean 'events'?"),
        ("events('visited_prcing') > 1", "Did you mean 'visited_pricing'?"),
        ("events() > 1", "an event's name first"),
        ("orders('placed_order') > 1", "no event"),
        ("orders(day => 3) > 1", "Did you mean 'days'?"),
        ("orders(days => 0) > 1", "at least 1"),
        ("orders(days => 3, days => 4) > 1", "stated twice"),
        ("orders(days => 5, skip => 5) > 1", "skip must lie below days"),
        ("orders(days => (SELECT 1)) > 1", "Only comparisons"),
        ("orders(days => orders) > 1", "Only comparisons"),
        ("orders(since => '2025-02-30') > 1", "a day such as"),
        ("orders(since => '2025-03-01', until => '2025-02-01') > 1", "not lie after"),
        ("orders(category => 3) > 1", "a text in single quotes"),
        ("orders(category > 'a') > 1", "IN, got >"),
        ("orders(value => 'a') > 1", "a number, got"),
        ("orders(season <> 'christmas') > 1", "season is stated as"),
        ("orders(season => 'chrismas') > 1", "Did you mean 'christmas'?"),
        ("property('likes') = 'tea'", "Unknown property 'likes'"),
        ("has('like', 'tea')", "Did you mean 'likes'?"),
        ("has('likes')", "list property, value"),
        ("items('likes')", "must be compared with something"),
        ("birthday_within(days => 400)", "days from 0 to 365"),
        ("sample(percent => 10)", "percent, seed"),
        ("sample(seed => 7, percent => 10)", "percent, seed"),
        ("sample(0, 7)", "percent above 0"),
        ("distance_miles('US') < 1", "country, postal_code"),
        ("distance_km_to(91, 0) < 1", "degrees"),
        ("next_order_within(14)", "next_order_within(days => 14)"),
        ("orders", "must be compared with something"),
        ("country LIKE 'a'", "% before or after"),
        ("country LIKE '%a%b%'", "only before or after"),
        ("revenue LIKE '%a'", "LIKE must compare a text"),
        ("ordr IS NULL", "Did you mean 'orders'?"),
        ("orders > revenue", "Only comparisons"),
        ("orders + 1 > 2", "feature on its left"),
        ("1 = 1", "feature on its left"),
        ("t.orders > 1", "feature on its left"),
        ("orders BETWEEN 5 AND 2", "smaller bound first"),
        ("orders > 1 GROUP BY orders", "condition only"),
        ("orders > 1 UNION SELECT 1", "one condition"),
        ("", "empty"),
        ("orders = 1e999", "finite"),
        ("birthday > 'soon'", "a date such as"),
        ("birthday > '2025-02-30'", "a date such as"),
        ("orders ILIKE 'a%'", "Only comparisons"),
        ("orders IS TRUE", "Only comparisons"),
        ("orders = NULL", "Only comparisons"),
        ("(" * 3000 + "orders = 1" + ")" * 3000, "cannot be read"),
        ("orders = 1 OR " * 2000 + "orders = 1", "at most"),
    ],
)
def test_what_is_refused_says_where_and_what_is_near(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=re.escape(says)):
        parse(text, FEATURES)


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_any_text_is_a_rule_or_a_rule_error(text: str) -> None:
    with contextlib.suppress(RuleError):
        assert parse(to_text(parse(text, FEATURES)), FEATURES) == parse(text, FEATURES)
