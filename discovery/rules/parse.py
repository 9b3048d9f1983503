"""The rule language: SQL's WHERE over the vocabulary, parsed into our own small tree.

Text becomes a tree through sqlglot; whatever is not in the short list below is refused with its position, so nothing
else can reach an engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from discovery.core.errors import RuleError, UsageError, did_you_mean
from discovery.core.feature import Feature
from discovery.core.rule import All, AnyOf, Between, Compare, ComparisonSign, Condition, Leaf, Not, OneOf, Scalar
from discovery.engine.sql import condition as as_sql

_SIGNS: Mapping[type[exp.Expr], ComparisonSign] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: Mapping[ComparisonSign, ComparisonSign] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LONGEST = 10_000


def parse(text: str, features: Mapping[str, Feature]) -> Condition:
    """Return the condition that `text` states.

    Parameters
    ----------
    text : str
        For example ``orders_90d >= 3 AND country IN ('US', 'CA')``.
    features : mapping
        The vocabulary, by name.

    Raises
    ------
    RuleError
        With the position and the nearest known name, if the text cannot be read, names an unknown feature, compares
        values of the wrong type, or uses anything but comparisons, BETWEEN, IN, AND, OR, NOT and parentheses.

    Examples
    --------
    >>> from discovery.core.feature import Feature
    >>> orders = Feature("orders", "orders", "RFM", "count", ("placed_order",))
    >>> parse("NOT orders < 2", {"orders": orders})
    Not(part=Compare(feature='orders', sign='<', value=2))
    """
    if not text.strip():
        raise RuleError("A rule must state a condition such as orders >= 2, got an empty text.", 0)
    if len(text) > _LONGEST:
        raise RuleError(f"A rule must be at most {_LONGEST:,} characters long, got {len(text):,}.", _LONGEST)
    try:
        statements = sqlglot.parse(f"SELECT 1 WHERE {text}", read="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise RuleError(f"The rule cannot be read: {_first_line(error)}. Write it like orders >= 2.", None) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise RuleError("A rule must be one condition; a semicolon ends it.", text.find(";"))
    select = statements[0]
    extra = sorted(k for k, v in select.args.items() if v and k not in ("where", "expressions", "kind"))
    where = select.args.get("where")
    if extra or where is None:
        raise RuleError(f"A rule must be a condition only, got {', '.join(extra) or 'none'} as well.", None)
    try:
        return _Reader(text, features).read(where.this)
    except RuleError:
        raise
    except (UsageError, RecursionError) as error:
        raise RuleError(f"In {text!r}: {error}", None) from error


class _Reader:
    """Turns sqlglot's tree into ours, for one text."""

    def __init__(self, text: str, features: Mapping[str, Feature]) -> None:
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
            case exp.Between():
                return self._between(node)
            case exp.In():
                return self._one_of(node)
        sign = _SIGNS.get(type(node))
        if sign is None:
            raise self._refused(node)
        left, right = node.this, node.expression
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            left, right, sign = right, left, _MIRRORED[sign]
        feature = self._feature(left)
        return Compare(feature.name, sign, self._value(right, feature, ordered=sign not in ("=", "<>")))

    def _between(self, node: exp.Between) -> Leaf:
        feature = self._feature(node.this)
        low = self._value(node.args["low"], feature, ordered=True)
        high = self._value(node.args["high"], feature, ordered=True)
        if isinstance(low, str) or isinstance(high, str):
            raise self._fault(f"BETWEEN must be given two numbers for {feature.name}", node.this)
        return Between(feature.name, low, high)

    def _one_of(self, node: exp.In) -> Leaf:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            raise self._fault("IN must be followed by a list of values", node.this)
        feature = self._feature(node.this)
        return OneOf(feature.name, tuple(self._value(v, feature, ordered=False) for v in node.expressions))

    def _feature(self, node: exp.Expr) -> Feature:
        if not isinstance(node, exp.Column) or node.args.get("table") is not None:
            raise self._fault("A comparison must have a feature on its left", node)
        name = node.name
        if name not in self.features:
            raise self._fault(f"Unknown feature {name!r}. {did_you_mean(name, self.features)}", node)
        return self.features[name]

    def _value(self, node: exp.Expr, feature: Feature, *, ordered: bool) -> Scalar:
        value = self._literal(node)
        wanted = {
            "number": "a number",
            "text": "a text in single quotes",
            "boolean": "TRUE or FALSE",
            "date": "a date such as '2025-12-31'",
        }.get(feature.kind, "a text in single quotes")
        fits = {
            "number": isinstance(value, (int, float)) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
            "date": isinstance(value, str) and _is_date(value),
        }.get(feature.kind, isinstance(value, str))
        if not fits:
            raise self._fault(f"{feature.name} must be compared with {wanted}, got {node.sql(dialect='duckdb')}", node)
        if ordered and feature.kind in ("text", "boolean"):
            raise self._fault(f"{feature.name} is a {feature.kind}: compare it with =, <> or IN", node)
        return value

    def _literal(self, node: exp.Expr) -> Scalar:
        match node:
            case exp.Boolean():
                return bool(node.this)
            case exp.Literal() if node.is_string:
                return str(node.this)
            case exp.Literal():
                number = float(node.this)
                if number in (float("inf"), float("-inf")):
                    raise self._fault("A number must be finite", node)
                return int(node.this) if node.this.isdigit() else number
            case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
                value = self._literal(node.this)
                assert isinstance(value, (int, float))
                return -value
        raise self._refused(node)

    def _refused(self, node: exp.Expr) -> RuleError:
        shown = node.sql(dialect="duckdb")
        return self._fault(
            f"Only comparisons, BETWEEN, IN, AND, OR and NOT may stand in a rule, got {shown[:60]}", node
        )

    def _fault(self, message: str, node: exp.Expr) -> RuleError:
        position = _position(node)
        if position is not None:
            position -= len("SELECT 1 WHERE ")
            shown = self.text[position : position + 30]
            message = f"{message.rstrip('.')} (at character {position + 1}: {shown!r})."
        return RuleError(message if message.endswith(".") else message + ".", position)


def to_text(condition: Condition) -> str:
    """Return `condition` as rule text; parsing it gives an equal tree.

    Examples
    --------
    >>> to_text(All((Compare("orders", ">=", 2), AnyOf((Compare("country", "=", "US"), OneOf("region", ("US-NY",)))))))
    "orders >= 2 AND (country = 'US' OR region IN ('US-NY'))"
    """
    text = as_sql(condition, column=str)
    return text[1:-1] if isinstance(condition, (All, AnyOf)) else text


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _position(node: exp.Expr) -> int | None:
    """Return where the node starts in the text sqlglot read, from the first of its parts that knows."""
    starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
    return min(starts) if starts else None


def _first_line(error: Any) -> str:
    return str(error).splitlines()[0].split(". Line")[0].rstrip(".")
