"""AND and OR over intervals, as plain tuples on a grid of thresholds: what the search for a rule walks over.

A formula is an interval or a join. Joins are flat (no AND directly inside an AND), their parts distinct and in order,
so that equal formulas are equal tuples and any two can be put in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

LEAF, AND, OR = 0, 1, 2

#: ``(LEAF, column, low, high)`` with indices of thresholds, or ``(AND or OR, part, part, ...)``.
Formula = tuple[Any, ...]
#: Where a condition is still to be found. A formula with one hole is a context.
HOLE: Formula = (LEAF, -1, 0, 0)


def joined(kind: int, parts: Iterable[Formula]) -> Formula:
    """Return `parts` joined by AND or OR; a single part stays itself.

    Examples
    --------
    >>> a, b, c = (LEAF, 0, 1, 9), (LEAF, 1, 2, 9), (LEAF, 2, 0, 3)
    >>> joined(AND, [c, joined(AND, [b, a])]) == (AND, a, b, c)
    True
    """
    flat: set[Formula] = set()
    for part in parts:
        flat.update(part[1:] if part[0] == kind else (part,))
    return (kind, *sorted(flat)) if len(flat) > 1 else flat.pop()


def intervals(formula: Formula) -> Iterator[Formula]:
    """Yield the intervals of `formula`, the hole left out."""
    if formula[0] != LEAF:
        for part in formula[1:]:
            yield from intervals(part)
    elif formula != HOLE:
        yield formula


def size(formula: Formula) -> int:
    """Return how many conditions `formula` has."""
    return sum(1 for _ in intervals(formula))


def shape(formula: Formula) -> Formula:
    """Return how `formula` is joined, whatever its intervals."""
    return (formula[0], *sorted(map(shape, formula[1:]))) if formula[0] != LEAF else (LEAF,)


def opened(formula: Formula) -> Iterator[tuple[Formula, Formula]]:
    """Yield each interval of `formula`, with the context that is `formula` without it."""
    if formula[0] == LEAF:
        yield formula, HOLE
        return
    for place in range(1, len(formula)):
        for taken, inner in opened(formula[place]):
            yield taken, joined(formula[0], (*formula[1:place], *formula[place + 1 :], inner))


def grown(formula: Formula, kinds: tuple[int, ...]) -> Iterator[Formula]:
    """Yield each context that is `formula` with a hole joined to it, or to a part of it, by one of `kinds`."""
    for kind in kinds:
        yield joined(kind, (formula, HOLE))
    if formula[0] == LEAF:
        return
    for place in range(1, len(formula)):
        for inner in grown(formula[place], kinds):
            yield joined(formula[0], (*formula[1:place], *formula[place + 1 :], inner))


def filled(context: Formula, interval: Formula) -> Formula:
    """Return `context` with `interval` in its hole."""
    if context[0] == LEAF:
        return interval if context == HOLE else context
    return joined(context[0], (filled(part, interval) for part in context[1:]))


def closed(context: Formula) -> Formula | None:
    """Return `context` without its hole; None where nothing else is left."""
    if context[0] == LEAF:
        return None if context == HOLE else context
    left = [part for part in map(closed, context[1:]) if part is not None]
    return joined(context[0], left) if left else None


def repeats(formula: Formula) -> bool:
    """Return whether an AND names one column twice where a single interval would do."""
    if formula[0] == LEAF:
        return False
    columns = [part[1] for part in formula[1:] if part[0] == LEAF]
    return (formula[0] == AND and len(columns) > len(set(columns))) or any(map(repeats, formula[1:]))
