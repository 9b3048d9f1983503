"""Portable SQL: quoting, literals, conditions, and translation to other dialects.

SQL is written once in a narrow subset that means the same on every engine: integer instants, integer days,
divisions guarded against zero, exact totals. sqlglot renders it for each dialect. Names are quoted by
`identifier` and values rendered by `literal`; no text from a rule or a config is ever pasted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp

from discovery.core.errors import UsageError
from discovery.core.rule import (
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Matches,
    Missing,
    Not,
    OneOf,
    Scalar,
)

if TYPE_CHECKING:
    from sqlglot.dialects.dialect import DialectType

#: The dialect SQL is written in here.
HOME: Final = "duckdb"

#: Dialects a rule can be exported to.
DIALECTS: Final = (
    "duckdb",
    "spark",
    "databricks",
    "postgres",
    "bigquery",
    "snowflake",
    "redshift",
    "clickhouse",
    "trino",
)


def identifier(name: str) -> str:
    """Return `name` as a quoted identifier.

    Examples
    --------
    >>> identifier('x" > 0; drop table')
    '"x"" > 0; drop table"'
    """
    return exp.to_identifier(name, quoted=True).sql(dialect=HOME)


def literal(value: Scalar) -> str:
    """Return `value` as a literal.

    Examples
    --------
    >>> literal("O'Neill"), literal(30), literal(True)
    ("'O''Neill'", '30', 'TRUE')
    """
    return exp.convert(value).sql(dialect=HOME)


def literals(values: Iterable[Scalar]) -> str:
    """Return `values` as a parenthesised list of literals.

    Examples
    --------
    >>> literals(["US", "CA"])
    "('US', 'CA')"
    """
    return "(" + ", ".join(literal(v) for v in values) + ")"


def condition(
    tree: Condition,
    column: Callable[[str], str] = identifier,
    matches: Callable[[str, Matches], str] | None = None,
) -> str:
    """Return the SQL of a rule's condition.

    SQL's own three-valued logic is the rule language's: a comparison with a missing value is unknown, and so is
    its NOT.

    Parameters
    ----------
    tree : Condition
        Who is selected.
    column : callable
        How a feature is named in the query.
    matches : callable, optional
        How a search in a text is written, given the column; as a portable comparison unless stated.

    Examples
    --------
    >>> condition(All((Compare("orders", ">=", 2), Not(OneOf("country", ("US",))))))
    '("orders" >= 2 AND NOT "country" IN (\\'US\\'))'
    """
    match tree:
        case Compare(feature, "=", True):
            return column(feature)
        case Compare(feature, sign, value):
            return f"{column(feature)} {sign} {literal(value)}"
        case Between(feature, low, high):
            return f"{column(feature)} BETWEEN {literal(low)} AND {literal(high)}"
        case OneOf(feature, values):
            return f"{column(feature)} IN {literals(values)}"
        case Matches():
            return (matches or _found)(column(tree.feature), tree)
        case Missing(feature):
            return f"{column(feature)} IS NULL"
        case All(parts):
            return "(" + " AND ".join(condition(p, column, matches) for p in parts) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(condition(p, column, matches) for p in parts) + ")"
        case Not(part):
            return f"NOT {condition(part, column, matches)}"


def _found(column: str, search: Matches) -> str:
    """Return a search in a text without LIKE, whose wildcards and escapes differ from dialect to dialect."""
    text = literal(search.text)
    if search.place == "contains":
        return f"strpos({column}, {text}) > 0"
    side = "left" if search.place == "starts" else "right"
    return f"{side}({column}, {len(search.text)}) = {text}"


def translate(sql: str, dialect: str = HOME) -> str:
    """Return `sql`, written in the home dialect, indented and in the words of another one.

    Raises
    ------
    UsageError
        If the dialect is not one of `DIALECTS`.

    Examples
    --------
    >>> print(translate("SELECT 7 // 2 AS x", "spark"))
    SELECT
      7 DIV 2 AS x
    """
    if dialect not in DIALECTS:
        raise UsageError(f"A dialect must be one of {', '.join(DIALECTS)}, got {dialect!r}.")
    target: DialectType = dialect
    return sqlglot.parse_one(sql, read=HOME).sql(dialect=target, pretty=True)
