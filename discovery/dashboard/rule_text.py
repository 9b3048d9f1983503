"""A rule as people type it: the text of a WHERE."""

from __future__ import annotations

from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Not, OneOf, Scalar


def where_text(condition: Condition) -> str:
    """Return `condition` in the rule language.

    Examples
    --------
    >>> where_text(All((Compare("orders", ">=", 2), OneOf("country", ("US", "it's")))))
    "orders >= 2 AND country IN ('US', 'it''s')"
    >>> where_text(Not(AnyOf((Between("days_since_last_order", 0, 30.5), Compare("suppressed", "=", True)))))
    'NOT (days_since_last_order BETWEEN 0 AND 30.5 OR suppressed = TRUE)'
    """
    match condition:
        case Compare(feature, sign, value):
            return f"{feature} {sign} {_literal(value)}"
        case Between(feature, low, high):
            return f"{feature} BETWEEN {_literal(low)} AND {_literal(high)}"
        case OneOf(feature, values):
            return f"{feature} IN ({', '.join(_literal(v) for v in values)})"
        case Not(part):
            return f"NOT {_inside(part)}"
        case All(parts):
            return " AND ".join(_inside(p) for p in parts)
        case AnyOf(parts):
            return " OR ".join(_inside(p) for p in parts)


def _inside(part: Condition) -> str:
    # Brackets around every nested join: nobody has to know which of AND and OR binds closer.
    return f"({where_text(part)})" if isinstance(part, All | AnyOf) else where_text(part)


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    return str(int(value)) if value == int(value) else repr(float(value))
