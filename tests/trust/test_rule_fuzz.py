"""Any text is a rule that reads back the same, or an error that says where in the text it went wrong."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from discovery.core.errors import RuleError
from discovery.core.rule import Condition
from discovery.core.stated import EVENT_MEASURES, PROFILE_MEASURES
from discovery.rules.parse import parse, to_text
from tests.laws.test_rules import FEATURES, RULES
from tests.trust.conftest import cases


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


WORDS = (
    *(*EVENT_MEASURES, *PROFILE_MEASURES),
    *words("orders revenue country birthday suppressed ordrs property.likes 'placed_order' 'likes' 'tea' 'US'"),
    *words("AND OR NOT BETWEEN IN LIKE ILIKE IS NULL TRUE UNION LIMIT WHERE DISTINCT ESCAPE SYMMETRIC CAST ::int"),
    *words("= <> != < >= => + - || -> ( ) [ ] { } , . ; : ? @ * ' ` $$ -- /* */ \\ \x00 é ² ٣ 😀 \u202e {{x}} e'a'"),
    *words("1 2.5 -3 1e9 1e999 1e 0x1f '2025-02-30' '2025-03-01' '%a'"),
    *("SELECT 1", "GROUP BY", "CASE WHEN", "OVER ()", '"', "\n", "\t", "9" * 400, "next_order_within(days => 14)"),
    *("days => 30", "skip => 2", "category => 'a'", "percent => 10, seed => 7"),
)
SOUP = st.builds(str.join, st.sampled_from([" ", ""]), st.lists(st.sampled_from(WORDS), max_size=14))
VALUES = st.sampled_from(words("1 30 0 -5 2.5 1e30 'US' 'tea' '02108' '2025-01-05' TRUE NULL"))
KEYS = st.sampled_from(words("days skip since until category season percent seed value Days"))
ARGUMENTS = st.one_of(
    st.sampled_from(["'placed_order'", "'visited_pricing'", "'likes'", "'US', '02108'", "10, 7", "42.6, -73.8"]),
    VALUES,
    st.builds("{} => {}".format, KEYS, VALUES),
    st.builds("{} {} {}".format, KEYS, st.sampled_from(["=", ">", "<>"]), VALUES),
    st.builds("{} IN ({}, {})".format, KEYS, VALUES, VALUES),
)
CALLS = st.builds(
    lambda name, given, end: f"{name}({', '.join(given)}){end}",
    st.sampled_from([*EVENT_MEASURES, *PROFILE_MEASURES]),
    st.lists(ARGUMENTS, max_size=4),
    st.sampled_from(["", " >= 1", " = TRUE", " IS NULL", " BETWEEN 1 AND 5", " IN (1, 2)"]),
)


@st.composite
def edited(draw: st.DrawFn) -> str:
    """The text of a sound rule in which something was put, taken out, or written another way."""
    text = to_text(draw(RULES))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(WORDS) | st.text(max_size=3)) + text[at + draw(st.integers(0, 6)) :]
    return text


def check(text: str) -> None:
    """Assert that `text` is a rule that reads back the same, or refused at a place within it."""
    try:
        found = parse(text, FEATURES)
    except RuleError as refused:
        where, said = refused.position, str(refused)
    else:
        assert parse(to_text(found), FEATURES) == found
        return
    assert where is not None
    assert 0 <= where < max(len(text), 1)
    assert "<class" not in said, "words of a parser are not for people"


@cases(0.3)
@given(text=st.one_of(st.text(max_size=60), st.text(st.characters(codec="ascii"), max_size=60), SOUP))
@example("orders > 1e")
@example("orders > 1 UNION SELECT 1")
@example("NOT " * 2_400 + "orders = 1")
@example("orders = 1 OR " * 700 + "orders = 1")
def test_any_text(text: str) -> None:
    check(text)


@cases(0.3)
@given(text=edited())
def test_a_spoilt_rule(text: str) -> None:
    check(text)


@cases(0.3)
@given(text=CALLS)
@example("orders(since => 1) >= 1")
@example("orders(since => 0) >= 1")
@example("orders(days => 30) BETWEEN SYMMETRIC 5 AND 1")
def test_a_measure_stated_in_place(text: str) -> None:
    check(text)


@cases(0.1)
@given(tree=RULES)
def test_a_rule_of_the_grammar(tree: Condition) -> None:
    assert parse(to_text(tree), FEATURES) == tree
