"""A tree of thresholds, and the rule of each class that it comes to: one that no other class's rule overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from discovery.core.rule import All, AnyOf, Between, Compare, Condition
from discovery.rules.formula import AND, LEAF, OR, Formula, joined
from discovery.rules.rounding import plain

#: The high bound of an interval that has none.
OPEN = 1 << 30


@dataclass(frozen=True)
class Split:
    """Customers whose `column` lies below its threshold number `cut` go to `low`, all others to `high`."""

    column: int
    cut: int
    low: Node
    high: Node


#: A split, or the class of everyone who comes here.
Node = Split | int
#: How to come to a node: True is low.
Path = tuple[bool, ...]


def nodes(tree: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield each node with the path to it, those below a split before it."""
    if isinstance(tree, Split):
        yield from nodes(tree.low, (*path, True))
        yield from nodes(tree.high, (*path, False))
    yield path, tree


def replaced(tree: Node, path: Path, node: Node) -> Node:
    """Return `tree` with `node` at `path`."""
    if not path or not isinstance(tree, Split):
        return node
    if path[0]:
        return replace(tree, low=replaced(tree.low, path[1:], node))
    return replace(tree, high=replaced(tree.high, path[1:], node))


def answers(tree: Node, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the class of each customer; `codes` say how many thresholds each value reaches, shape (n, columns)."""
    if not isinstance(tree, Split):
        return np.full(len(codes), tree)
    low = codes[:, tree.column] <= tree.cut
    out = np.empty(len(codes), dtype=np.int64)
    out[low], out[~low] = answers(tree.low, codes[low]), answers(tree.high, codes[~low])
    return out


def rule_of(tree: Node, label: int) -> Formula | bool:
    """Return whom `tree` gives to class `label`, simplified; a bool where that is everyone or nobody.

    A high bound of an interval here excludes its threshold. What a split says of its other side is left out: `below
    30, or at least 30 and loyal` is `below 30, or loyal`.

    Examples
    --------
    >>> rule_of(Split(0, 1, 0, Split(1, 0, 0, 1)), 0) == (OR, (LEAF, 0, 0, 1), (LEAF, 1, 0, 0))
    True
    """
    if not isinstance(tree, Split):
        return tree == label
    low, high = rule_of(tree.low, label), rule_of(tree.high, label)
    below, above = (LEAF, tree.column, 0, tree.cut), (LEAF, tree.column, tree.cut + 1, OPEN)
    if low == high:
        return low
    if isinstance(low, bool):
        return _either(below, high) if low else _both(above, high)
    if isinstance(high, bool):
        return _either(above, low) if high else _both(below, low)
    return _either(_both(below, low), _both(above, high))


def phrased(
    rule: Formula, names: Sequence[str], thresholds: Sequence[NDArray[np.float64]], whole: Sequence[bool]
) -> Condition:
    """Return a `rule_of` a tree in the language of rules.

    A band is one BETWEEN on a column of whole numbers. On any other it takes two comparisons, because BETWEEN would
    include the threshold where the next class begins.
    """
    if rule[0] != LEAF:
        parts: list[Condition] = []
        for part in rule[1:]:
            each = phrased(part, names, thresholds, whole)
            # A band of two comparisons inside an AND is no AND of its own.
            parts += each.parts if rule[0] == AND and isinstance(each, All) else (each,)
        return All(tuple(parts)) if rule[0] == AND else AnyOf(tuple(parts))
    _, column, low, high = rule
    name, cuts = names[column], thresholds[column]
    least = Compare(name, ">=", plain(float(cuts[low - 1]))) if low else None
    below = Compare(name, "<", plain(float(cuts[high]))) if high < OPEN else None
    if least and below:
        if not whole[column]:
            return All((least, below))
        first, last = plain(float(cuts[low - 1])), plain(float(np.ceil(cuts[high]) - 1))
        return Compare(name, "=", first) if first == last else Between(name, first, last)
    found = least or below
    assert found is not None
    return found


def conditions(rule: Formula | bool, whole: Sequence[bool]) -> int:
    """Return how many conditions `phrased` makes of `rule`."""
    if isinstance(rule, bool):
        return 0
    if rule[0] != LEAF:
        return sum(conditions(part, whole) for part in rule[1:])
    return 2 if rule[2] and rule[3] < OPEN and not whole[rule[1]] else 1


def _both(interval: Formula, rule: Formula | bool) -> Formula:
    """Return `interval` AND `rule`, intervals on one column made one."""
    if isinstance(rule, bool):
        return interval
    parts = list(rule[1:]) if rule[0] == AND else [rule]
    for part in parts:
        if part[:2] == interval[:2]:
            parts.remove(part)
            interval = (LEAF, part[1], max(part[2], interval[2]), min(part[3], interval[3]))
            break
    return joined(AND, [interval, *parts])


def _either(first: Formula, second: Formula | bool) -> Formula:
    """Return `first` OR `second`, intervals on one column that meet made one."""
    if isinstance(second, bool):
        return first
    parts = [part for each in (first, second) for part in (each[1:] if each[0] == OR else (each,))]
    made = [part for part in parts if part[0] != LEAF]
    for part in sorted(part for part in parts if part[0] == LEAF):
        before = made[-1] if made else part
        if before[:2] == part[:2] and part[2] <= before[3] + 1 and before is not part:
            made[-1] = (*before[:3], max(before[3], part[3]))
        else:
            made.append(part)
    return joined(OR, made)
