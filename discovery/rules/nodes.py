"""sqlglot's nodes as a rule needs them: where they stand in the text, and the values they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

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
        try:
            statements = sqlglot.parse(_BEFORE + self.text, read="duckdb")
        except (SqlglotError, RecursionError) as error:
            first = str(error).splitlines()[0].split(". Line")[0].rstrip(".")
            raise RuleError(f"The rule cannot be read: {first}. Write it like orders >= 2.", None) from error
        if len(statements) != 1 or not isinstance(statements[0], exp.Select):
            raise RuleError("A rule must be one condition; a semicolon ends it.", self.text.find(";"))
        select = statements[0]
        extra = sorted(k for k, v in select.args.items() if v and k not in ("where", "expressions", "kind"))
        where = select.args.get("where")
        if extra or where is None:
            raise RuleError(f"A rule must be a condition only, got {', '.join(extra) or 'none'} as well.", None)
        found: exp.Expr = where.this
        return found

    def fault(self, message: str, node: exp.Expr, kind: type[RuleError] = RuleError) -> RuleError:
        """Return the error that says `message` and where `node` stands."""
        position = self._position(node)
        if position is not None:
            shown = self.text[position : position + 30]
            message = f"{message.rstrip(' .,')} (at character {position + 1}: {shown!r})."
        return kind(message if message.endswith((".", "?")) else message + ".", position)

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
                number = float(node.this)
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

    def _position(self, node: exp.Expr) -> int | None:
        """Return where `node` starts, from the first of its parts that knows."""
        starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
        return min(starts) - len(_BEFORE) if starts else None
