"""sqlglot's nodes as a rule needs them: where they stand in the text, and the values they hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from discovery.core.errors import RuleError
from discovery.core.rule import ComparisonSign, Scalar

SIGNS: dict[type[exp.Expr], ComparisonSign] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_LONGEST = 10_000
_BEFORE = "SELECT 1 WHERE "


@dataclass(frozen=True)
class Text:
    """A rule's text, so that every fault can say where it is."""

    text: str

    def condition(self) -> exp.Expr:
        """Return what the text states, as sqlglot read it.

        Raises
        ------
        RuleError
            If it cannot be read, or is not one condition.
        """
        if not self.text.strip():
            raise RuleError("A rule must state a condition such as orders >= 2, got an empty text.", 0)
        if len(self.text) > _LONGEST:
            raise RuleError(f"A rule must be at most {_LONGEST:,} characters long, got {len(self.text):,}.", _LONGEST)
        whole = _BEFORE + self.text
        try:
            statements = sqlglot.parse(whole, read="duckdb", error_message_context=len(whole))
        except (SqlglotError, RecursionError) as error:
            why, position = self._why(error)
            raise self._fault_at(f"The rule cannot be read: {why}. Write it like orders >= 2", position) from error
        if len(statements) != 1:
            raise self._fault_at("A rule must be one condition; a semicolon ends it", self.text.find(";"))
        select = statements[0]
        if not isinstance(select, exp.Select):
            raise self._fault_at("A rule must be one condition, got several queries", 0)
        extra = sorted(k for k, v in select.args.items() if v and k not in ("where", "expressions", "kind"))
        where = select.args.get("where")
        if extra or where is None:
            more = select.args[extra[0]] if extra else None
            position = self._position(more) if isinstance(more, exp.Expr) else 0
            raise self._fault_at(f"A rule must be a condition only, got {', '.join(extra) or 'none'} as well", position)
        found: exp.Expr = where.this
        return found

    def fault(self, message: str, node: exp.Expr, kind: type[RuleError] = RuleError) -> RuleError:
        """Return the error that says `message` and where `node` stands."""
        return self._fault_at(message, self._position(node), kind)

    def _fault_at(self, message: str, position: int, kind: type[RuleError] = RuleError) -> RuleError:
        position = min(max(position, 0), len(self.text) - 1)
        shown = self.text[position : position + 30]
        return kind(f"{message.rstrip(' .,')} (at character {position + 1}: {shown!r}).", position)

    def _why(self, error: Exception) -> tuple[str, int]:
        """Return what a parser's error means, and where it stopped."""
        if isinstance(error, ParseError) and error.errors:
            first = error.errors[0]
            missing = "missing for" in str(first["description"])
            why = "something is missing" if missing else str(first["description"])
            return why, len(str(first["start_context"])) - len(_BEFORE)
        opened = re.search(r"from \d+:(\d+)$", str(error.__cause__))
        if opened:
            return "what is opened here is never closed", int(opened[1]) - len(_BEFORE)
        return ("it is nested too deep" if isinstance(error, RecursionError) else "it ends too early"), 0

    def refused(self, node: exp.Expr) -> RuleError:
        """Return the error for what may not stand in a rule at all."""
        shown = node.sql(dialect="duckdb")[:60]
        return self.fault(
            f"Only comparisons, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT and the listed functions may stand in a rule, "
            f"got {shown}",
            node,
        )

    def literal(self, node: exp.Expr) -> Scalar:
        """Return the text, number or truth value that `node` states."""
        match node:
            case exp.Boolean():
                return bool(node.this)
            case exp.Literal() if node.is_string:
                return str(node.this)
            case exp.Literal():
                try:
                    number = float(node.this)
                except ValueError:
                    raise self.fault(f"A number must be written like 2 or 2.5, got {node.this}", node) from None
                if number in (float("inf"), float("-inf")):
                    raise self.fault("A number must be finite", node)
                return int(node.this) if node.this.isdigit() else number
            case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
                value = self.literal(node.this)
                assert isinstance(value, (int, float))
                return -value
        raise self.refused(node)

    def literals(self, nodes: Sequence[exp.Expr]) -> tuple[Scalar, ...]:
        """Return the values of several nodes."""
        return tuple(self.literal(n) for n in nodes)

    def _position(self, node: exp.Expr) -> int:
        """Return where `node` starts, from the first of its parts that knows; the text's start where none does."""
        starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
        return min(starts) - len(_BEFORE) if starts else 0
