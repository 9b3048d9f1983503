"""Faults of rules that logic alone decides, whatever the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from discovery.core.rule import All, AnyOf, Compare, Condition, Not, Rule, leaves
from discovery.rules.faults import Fault, Finding
from discovery.rules.parse import to_text
from discovery.rules.regions import Box, Space, TooTangled


def faults_of_one(where: Condition, space: Space, region: tuple[Box, ...]) -> Iterator[tuple[Fault, str]]:
    """Yield what is wrong with a rule by itself: always or never true, misjoined, or with parts that change nothing."""
    if not region:
        yield _contradiction(where, space)
        return
    if space.within(space.everyone(), region):
        yield Fault.ALWAYS_TRUE, "It selects everybody, whatever the data. Add a condition that some customers fail."
        return
    for group in _groups(where):
        yield from _misjoined(group)
        yield from _redundant(group, space)


def _contradiction(where: Condition, space: Space) -> tuple[Fault, str]:
    for group in _groups(where):
        if not isinstance(group, All):
            continue
        for one, two in combinations(group.parts, 2):
            if _is_equal(one) and _is_equal(two) and _feature(one) == _feature(two):
                return Fault.AND_FOR_OR, (
                    f"Nobody can have {to_text(one)} AND {to_text(two)} at once. Join them with OR, or write "
                    f"{_feature(one)} IN (...)."
                )
            if not space.boxes(All((one, two))):
                return Fault.CONTRADICTORY, (
                    f"{_bracketed(one)} AND {_bracketed(two)} contradict each other, so the rule selects nobody. "
                    "Correct one of the two."
                )
    return Fault.NEVER_TRUE, (
        "It selects nobody, whatever the data: no customer can have such values. Check the values it compares with."
    )


def _misjoined(group: All | AnyOf) -> Iterator[tuple[Fault, str]]:
    if isinstance(group, All):
        return
    unlike = [p for p in group.parts if isinstance(p, Compare) and p.sign == "<>"]
    for one, two in combinations(unlike, 2):
        if one.feature == two.feature and one.value != two.value:
            yield (
                Fault.OR_FOR_AND,
                (
                    f"{to_text(one)} OR {to_text(two)} holds for everybody whose {one.feature} is known. Join "
                    f"them with AND, or write NOT {one.feature} IN (...)."
                ),
            )


def _redundant(group: All | AnyOf, space: Space) -> Iterator[tuple[Fault, str]]:
    try:
        regions = [space.boxes(part) for part in group.parts]
    except TooTangled:
        return
    gone: set[int] = set()
    for n, part in enumerate(group.parts):
        for m, other in enumerate(group.parts):
            if n == m or n in gone or m in gone:
                continue
            inner, outer = (regions[m], regions[n]) if isinstance(group, All) else (regions[n], regions[m])
            if inner and space.within(inner, outer):
                gone.add(n)
                says = "already says so" if isinstance(group, All) else "already includes it"
                yield Fault.REDUNDANT, f"{_bracketed(part)} changes nothing: {_bracketed(other)} {says}. Leave it out."


def faults_of_pairs(rules: Sequence[Rule], regions: Mapping[str, tuple[Box, ...]], space: Space) -> Iterator[Finding]:
    """Yield which rules select the same customers as another, or only customers that another selects."""
    decided = [r for r in rules if regions.get(r.name) and not space.within(space.everyone(), regions[r.name])]
    for one, two in combinations(decided, 2):
        forth = space.within(regions[one.name], regions[two.name])
        back = space.within(regions[two.name], regions[one.name])
        if forth and back:
            sentence = f"It selects the same customers as {one.name!r}, whatever the data. Keep one of the two."
            yield Finding(two.name, Fault.DUPLICATE, sentence, one.name)
        elif back:
            yield Finding(
                two.name, Fault.SUBSUMED, _hidden(one) if one.divides and two.divides else _part_of(one), one.name
            )
        elif forth:
            yield Finding(one.name, Fault.SUBSUMED, _part_of(two), two.name)


def _hidden(earlier: Rule) -> str:
    return (
        f"Everybody it selects is selected by {earlier.name!r} before it: where the first that holds wins, it gets "
        "nobody. Put it first."
    )


def _part_of(other: Rule) -> str:
    return f"Everybody it selects is selected by {other.name!r} too: it is a part of it."


def faults_of_a_partition(
    rules: Sequence[Rule], regions: Mapping[str, tuple[Box, ...]], space: Space
) -> Iterator[Finding]:
    """Yield why the rules do not put everyone in exactly one segment."""
    decided = [r for r in rules if r.name in regions]
    for one, two in combinations(decided, 2):
        try:
            shared = space.boxes(All((one.where, two.where)))
        except TooTangled:
            continue
        if shared:
            sentence = (
                f"A customer can be in it and in {two.name!r} at once. Let the first that holds win, or exclude one."
            )
            yield Finding(one.name, Fault.OVERLAP, sentence, two.name)
    union = [box for r in decided for box in regions[r.name]]
    if len(decided) == len(rules) and not space.within(space.everyone(), union):
        yield Finding(
            "", Fault.UNCOVERED, "Customers can exist whom no rule selects. Add a rule for the rest, or accept it."
        )


def _groups(where: Condition) -> Iterator[All | AnyOf]:
    match where:
        case All(parts) | AnyOf(parts):
            yield where
            for part in parts:
                yield from _groups(part)
        case Not(part):
            yield from _groups(part)


def _is_equal(part: Condition) -> bool:
    return isinstance(part, Compare) and part.sign == "="


def _feature(part: Condition) -> str:
    return next(leaves(part)).feature


def _bracketed(part: Condition) -> str:
    text = to_text(part)
    return f"({text})" if isinstance(part, (All, AnyOf)) else text
