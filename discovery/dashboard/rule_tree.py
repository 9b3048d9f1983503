"""A rule as people edit it: groups and lines that can be changed one by one, to a condition and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from discovery.core.feature import Feature
from discovery.core.rule import (
    OPERATORS,
    PLACES,
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

Join = Literal["all", "any"]
#: What a group may ask for: how its parts are joined, and whether all of it is negated.
JOINS: Mapping[str, tuple[Join, bool]] = {
    "All of these hold (AND)": ("all", False),
    "At least one of these holds (OR)": ("any", False),
    "Not all of these hold (NOT AND)": ("all", True),
    "None of these holds (NOT OR)": ("any", True),
}
#: What a line may ask, in words; the keys are SQL's.
ASKED: Mapping[str, str] = {
    ">=": "at least",
    "<=": "at most",
    ">": "more than",
    "<": "less than",
    "=": "is",
    "<>": "is not",
    "between": "between",
    "in": "is one of",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
    "missing": "is not known",
    "known": "is known",
}
_ALWAYS = ("missing", "known")
#: What may be asked of a feature, by the kind of its values.
ASKED_OF: Mapping[str, tuple[str, ...]] = {
    "number": (*OPERATORS, "between", "in", *_ALWAYS),
    "text": ("=", "<>", "in", *PLACES, *_ALWAYS),
    "boolean": ("=", "<>", "in", *_ALWAYS),
    "date": (*OPERATORS, "between", "in", *_ALWAYS),
}


@dataclass(frozen=True)
class Line:
    """One condition: a feature, what is asked, and the values it is compared with."""

    id: int
    feature: str
    asked: str
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Group:
    """Lines and groups joined; a group of one is that one."""

    id: int
    join: Join
    negated: bool
    parts: tuple[Line | Group, ...]


def group_from(condition: Condition, ids: Iterator[int]) -> Group:
    """Return a condition as a group to edit; `condition_of` gives an equal condition back.

    Examples
    --------
    >>> from itertools import count
    >>> group_from(Not(Compare("orders", ">=", 2)), count()).negated
    True
    """
    found = _node(condition, ids)
    return found if isinstance(found, Group) else Group(next(ids), "all", False, (found,))


def condition_of(part: Line | Group) -> Condition | None:
    """Return what a line or group asks; None while it asks nothing yet.

    Raises
    ------
    UsageError
        If the values of a line do not fit together.
    """
    if isinstance(part, Line):
        return _asked(part)
    parts = tuple(c for c in map(condition_of, part.parts) if c is not None)
    if not parts:
        return None
    joined = parts[0] if len(parts) == 1 else All(parts) if part.join == "all" else AnyOf(parts)
    return Not(joined) if part.negated else joined


def changed(root: Group, node: int, change: Callable[[Line | Group], Line | Group | None]) -> Group:
    """Return the tree with the node of that id changed, or taken out where `change` gives None."""
    parts: list[Line | Group] = []
    for part in root.parts:
        new = change(part) if part.id == node else changed(part, node, change) if isinstance(part, Group) else part
        if new is not None:
            parts.append(new)
    whole = replace(root, parts=tuple(parts))
    if root.id != node:
        return whole
    # What everything hangs on may be changed but not taken out.
    new = change(root)
    return new if isinstance(new, Group) else replace(root, parts=())


def usual(id: int, feature: Feature, common: tuple[str, ...] = (), day: str = "") -> Line:
    """Return a line on a feature with a threshold that people use, to be changed.

    Parameters
    ----------
    id : int
        Of the line.
    feature : Feature
        What is asked about.
    common : tuple of str
        Values of a text that many customers have, the most frequent first.
    day : str
        A day near which dates lie, as 2025-12-31.
    """
    match feature.kind:
        case "number":
            step = feature.human_step[0] if feature.human_step else 1
            return Line(id, feature.name, "<=" if feature.unit == "days" else ">=", (whole(step),))
        case "boolean":
            return Line(id, feature.name, "=", (True,))
        case "date":
            return Line(id, feature.name, ">=", (day,))
        case _:
            return Line(id, feature.name, "=", common[:1])


def asked_anew(line: Line, asked: str, usual: tuple[Scalar, ...] = ()) -> Line:
    """Return a line that asks something else, its values kept as far as they fit; where it has none, the `usual`."""
    known = line.values or usual
    wanted = 0 if asked in _ALWAYS else 2 if asked == "between" else len(known) if asked == "in" else 1
    values = (*known, *known[-1:] * 2)[:wanted]
    return replace(line, asked=asked, values=values)


def whole(number: float) -> float | int:
    """Return a number without its fraction where that is nothing.

    Examples
    --------
    >>> whole(3.0), whole(0.2)
    (3, 0.2)
    """
    return int(number) if float(number).is_integer() else number


def _node(condition: Condition, ids: Iterator[int]) -> Line | Group:
    id = next(ids)
    match condition:
        case All(parts):
            return Group(id, "all", False, tuple(_node(p, ids) for p in parts))
        case AnyOf(parts):
            return Group(id, "any", False, tuple(_node(p, ids) for p in parts))
        case Not(Missing(feature)):
            return Line(id, feature, "known")
        case Not(part):
            inner = _node(part, ids)
            if isinstance(inner, Group) and not inner.negated:
                return replace(inner, negated=True)
            return Group(id, "any", True, (inner,))
        case Missing(feature):
            return Line(id, feature, "missing")
        case Compare(feature, sign, value):
            return Line(id, feature, sign, (value,))
        case Between(feature, low, high):
            return Line(id, feature, "between", (low, high))
        case OneOf(feature, values):
            return Line(id, feature, "in", values)
        case Matches(feature, place, text):
            return Line(id, feature, place, (text,))


def _asked(line: Line) -> Condition | None:
    match line.asked, line.values:
        case "missing", _:
            return Missing(line.feature)
        case "known", _:
            return Not(Missing(line.feature))
        case "in", (_, *_):
            return OneOf(line.feature, line.values)
        case "between", (low, high) if not isinstance(low, bool) and not isinstance(high, bool):
            return Between(line.feature, low, high)
        case "contains" | "starts" | "ends" as place, (str() as text,) if text:
            return Matches(line.feature, place, text)
        case "=" | "<>" | "<" | "<=" | ">" | ">=" as sign, (value,):
            return Compare(line.feature, sign, value)
    return None
