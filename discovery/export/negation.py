"""NOT moved down to the leaves, for targets that know no NOT, or another one than ours."""

from __future__ import annotations

from dataclasses import replace

from discovery.core.rule import OPERATORS, All, AnyOf, Compare, Condition, Not


def pushed_down(node: Condition, holds: bool = True) -> Condition:
    """Return an equal condition in which NOT stands at leaves only, and there only where no opposite can be written.

    Parameters
    ----------
    node : Condition
        Any.
    holds : bool
        False: return its NOT.

    Examples
    --------
    >>> pushed_down(Not(Compare("orders", "<", 2)))
    Compare(feature='orders', sign='>=', value=2)
    """
    match node:
        case Not(part):
            return pushed_down(part, not holds)
        case All(parts) | AnyOf(parts):
            kind = All if isinstance(node, All) == holds else AnyOf
            flat: list[Condition] = []
            for part in (pushed_down(p, holds) for p in parts):
                flat += part.parts if isinstance(part, kind) else (part,)
            return kind(tuple(flat))
        case Compare(sign=sign, value=value):
            opposite = node if holds else replace(node, sign=OPERATORS[sign].opposite)
            unequal = isinstance(value, bool) and opposite.sign == "<>"
            return Compare(node.feature, "=", not value) if unequal else opposite
        case _:
            return node if holds else Not(node)
