"""The rule language: SQL's WHERE over the vocabulary, parsed into our own small tree.

Text becomes a tree through sqlglot; whatever is not in the short list below is refused with its position, so nothing
else can reach an engine.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from discovery.core.errors import AbsentError, RuleError, UsageError, did_you_mean
from discovery.core.feature import Feature
from discovery.core.rule import (
    PLACES,
    All,
    AnyOf,
    Between,
    Compare,
    ComparisonSign,
    Condition,
    Leaf,
    Matches,
    Missing,
    Not,
    OneOf,
    Scalar,
)
from discovery.core.stated import is_day
from discovery.engine.sql import condition as as_sql
from discovery.engine.sql import literal
from discovery.rules.nodes import SIGNS, Text
from discovery.rules.vocabulary import Vocabulary

_MIRRORED: Mapping[ComparisonSign, ComparisonSign] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def parse(text: str, features: Mapping[str, Feature]) -> Condition:
    """Return the condition that `text` states.

    Parameters
    ----------
    text : str
        For example ``orders(days => 30) >= 3 AND country IN ('US', 'CA')``.
    features : Vocabulary or mapping
        What may be spoken of, by name.

    Raises
    ------
    RuleError
        With the position and the nearest known name, if the text cannot be read, names an unknown function, compares
        values of the wrong type, or uses anything but comparisons, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT and
        parentheses.
    AbsentError
        If it names an unknown feature, property or event: on other data it may be right.

    Notes
    -----
    In LIKE only a % before or after the text is a wildcard. ``next_order_within(days => n)`` stands for
    ``next_order_from_days <= n``: the days in which the next order is expected begin within n days.

    Examples
    --------
    >>> from discovery.core.feature import Feature
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",))
    >>> parse("NOT orders < 2", {"orders": orders})
    Not(part=Compare(feature='orders', sign='<', value=2))
    >>> parse("orders(days=>30, category = 'tea') >= 2", {}).feature
    "orders(days => 30, category => 'tea')"
    """
    read = Text(text)
    known = features if isinstance(features, Vocabulary) else Vocabulary(features)
    try:
        return _Reader(read, known).read(read.condition())
    except RecursionError as error:
        raise RuleError("A rule must not be nested so deep. Write fewer parentheses and NOTs.", 0) from error


class _Reader:
    """Turns sqlglot's tree into ours, for one text."""

    def __init__(self, text: Text, features: Vocabulary) -> None:
        self.text = text
        self.features = features

    def read(self, node: exp.Expr) -> Condition:
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.And() | exp.Or():
                kind: type[All] | type[AnyOf] = All if isinstance(node, exp.And) else AnyOf
                parts: list[Condition] = []
                for side in (node.left, node.right):
                    part = self.read(side)
                    # (a AND b) AND c is one AND of three, unless a person set parentheses around a part.
                    parts += part.parts if isinstance(part, kind) and type(side) is type(node) else [part]
                return kind(tuple(parts))
            case exp.Not():
                return Not(self.read(node.this))
        try:
            return self._comparison(node)
        except RuleError:
            raise
        except UsageError as error:
            # A value that no condition can have, such as bounds the wrong way round.
            raise self.text.fault(str(error), node) from error

    def _comparison(self, node: exp.Expr) -> Condition:
        match node:
            case exp.Between() if node.args.get("symmetric") is None:
                return self._between(node)
            case exp.In():
                return self._one_of(node)
            case exp.Like():
                found = self._matches(node)
                return Not(found) if node.args.get("negate") else found
            case exp.Is() if isinstance(node.expression, exp.Null):
                return Missing(self._feature(node.this).name)
            case exp.Column() | exp.Func() if not isinstance(node, exp.Predicate):
                return self._alone(node)
        sign = SIGNS.get(type(node))
        if sign is None:
            raise self.text.refused(node)
        left, right = node.this, node.expression
        if isinstance(left, (exp.Literal, exp.Neg, exp.Boolean)):
            left, right, sign = right, left, _MIRRORED[sign]
        feature = self._feature(left)
        return Compare(feature.name, sign, self._value(right, feature, ordered=sign not in ("=", "<>")))

    def _alone(self, node: exp.Expr) -> Compare:
        if isinstance(node, exp.Anonymous) and node.this == "next_order_within":
            return self._next_order(node)
        feature = self._feature(node)
        if feature.kind != "boolean":
            raise self.text.fault(f"{feature.name} must be compared with something, as in {feature.name} >= 2", node)
        return Compare(feature.name, "=", True)

    def _next_order(self, node: exp.Anonymous) -> Compare:
        days = [p for p in node.expressions if isinstance(p, exp.Kwarg) and p.name == "days"]
        value = self.text.literal(days[0].expression) if len(days) == len(node.expressions) == 1 else None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.text.fault("Write next_order_within(days => 14)", node)
        return Compare(self.features.named("next_order_from_days").name, "<=", value)

    def _between(self, node: exp.Between) -> Leaf:
        feature = self._feature(node.this)
        low = self._value(node.args["low"], feature, ordered=True)
        high = self._value(node.args["high"], feature, ordered=True)
        return Between(feature.name, low, high)

    def _one_of(self, node: exp.In) -> Leaf:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            raise self.text.fault("IN must be followed by a list of values", node.this)
        feature = self._feature(node.this)
        return OneOf(feature.name, tuple(self._value(v, feature, ordered=False) for v in node.expressions))

    def _matches(self, node: exp.Like) -> Matches:
        feature = self._feature(node.this)
        pattern = self.text.literal(node.expression)
        if feature.kind != "text" or not isinstance(pattern, str):
            raise self.text.fault(f"LIKE must compare a text with a text in single quotes, got {feature.name}", node)
        ends = ("%" if pattern.startswith("%") else "", "%" if pattern.endswith("%") and len(pattern) > 1 else "")
        place = next((p for p, around in PLACES.items() if around == ends), None)
        if place is None:
            raise self.text.fault(f"LIKE must have a % before or after the text, got {pattern!r}; compare with =", node)
        return Matches(feature.name, place, pattern[len(ends[0]) : len(pattern) - len(ends[1])])

    def _feature(self, node: exp.Expr) -> Feature:
        if isinstance(node, exp.Func):
            return self.features.call(self.text, node)
        if not isinstance(node, exp.Column) or node.args.get("table") is not None:
            raise self.text.fault("A comparison must have a feature on its left", node)
        name = node.name
        if name not in self.features:
            raise self.text.fault(f"Unknown feature {name!r}. {did_you_mean(name, self.features)}", node, AbsentError)
        return self.features[name]

    def _value(self, node: exp.Expr, feature: Feature, *, ordered: bool) -> Scalar:
        value = self.text.literal(node)
        wanted = {
            "number": "a number",
            "text": "a text in single quotes",
            "boolean": "TRUE or FALSE",
            "date": "a date such as '2025-12-31'",
        }.get(feature.kind, "a text in single quotes")
        fits = {
            "number": isinstance(value, (int, float)) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
            "date": isinstance(value, str) and is_day(value),
        }.get(feature.kind, isinstance(value, str))
        if not fits:
            shown = node.sql(dialect="duckdb")
            raise self.text.fault(f"{feature.name} must be compared with {wanted}, got {shown}", node)
        if ordered and feature.kind in ("text", "boolean"):
            raise self.text.fault(f"{feature.name} is a {feature.kind}: compare it with =, <> or IN", node)
        return value


def to_text(condition: Condition) -> str:
    """Return `condition` as rule text; parsing it gives an equal tree.

    Examples
    --------
    >>> place = AnyOf((Compare("country", "=", "US"), Matches("city", "starts", "New")))
    >>> to_text(All((Compare("orders", ">=", 2), place)))
    "orders >= 2 AND (country = 'US' OR city LIKE 'New%')"
    """
    text = as_sql(condition, column=str, matches=_like)
    return text[1:-1] if isinstance(condition, (All, AnyOf)) else text


def _like(column: str, search: Matches) -> str:
    before, after = PLACES[search.place]
    return f"{column} LIKE {literal(before + search.text + after)}"
