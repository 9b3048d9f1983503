"""How Klaviyo says a comparison: the shape that every measure is brought into, and the comparisons made of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from discovery.core.feature import Kind
from discovery.core.rule import OPERATORS, Between, Compare, ComparisonSign, Leaf, Matches, Missing, OneOf, Scalar
from discovery.export.klaviyo.conditions import OfProfile, Property
from discovery.export.klaviyo.filters import Static, StaticRange, by
from discovery.export.klaviyo.groups import FALSE, TRUE, Groups, both, either, one

Relation = Callable[[ComparisonSign, Any], Groups]
Bound = Callable[[float, bool], Groups]

#: Our signs in the words of Klaviyo's numeric filters.
SIGNS: dict[str, Any] = {
    **{"=": "equals", "<>": "not-equals", "<": "less-than", "<=": "less-than-or-equal"},
    **{">": "greater-than", ">=": "greater-than-or-equal"},
}
_PLACES: dict[str, Any] = {"contains": "contains", "starts": "starts-with", "ends": "ends-with"}
#: Klaviyo has no open end of days.
LAST_DAY = date(2999, 12, 31)


class Unsaid(Exception):
    """Klaviyo has no condition for this comparison."""


@dataclass(frozen=True)
class Said:
    """How comparisons with a measure are said: each gives the groups that hold where it is known to hold.

    `known` and `missing` are None where Klaviyo cannot ask for that; `lost` says in plain words what its conditions
    do not say.
    """

    relation: Relation
    known: Groups | None = TRUE
    missing: Groups | None = FALSE
    one_of: Callable[[tuple[Any, ...], bool], Groups] | None = None
    matches: Callable[[Matches, bool], Groups] | None = None
    lost: tuple[str, ...] = ()

    def leaf(self, leaf: Leaf, holds: bool) -> Groups:
        """Return the groups for a leaf, or for its NOT: where it is known not to hold.

        Raises
        ------
        Unsaid
            If Klaviyo has no condition for it.
        """
        match leaf:
            case Missing():
                asked = self.missing if holds else self.known
                if asked is None:
                    raise Unsaid
                return asked
            case Compare(_, sign, value):
                return self.relation(sign if holds else OPERATORS[sign].opposite, value)
            case Between(_, low, high) if holds:
                return both(self.relation(">=", low), self.relation("<=", high))
            case Between(_, low, high):
                return either([self.relation("<", low), self.relation(">", high)])
            case OneOf(_, values) if self.one_of is not None:
                return self.one_of(values, holds)
            case OneOf(_, values) if holds:
                return either(self.relation("=", v) for v in values)
            case OneOf(_, values):
                return both(*(self.relation("<>", v) for v in values))
            case Matches():
                if self.matches is None:
                    raise Unsaid
                return self.matches(leaf, holds)


def bounded(at_least: Bound, at_most: Bound) -> Relation:
    """Return every comparison, made of the two that are given a bound and whether it is left out itself."""

    def relation(sign: ComparisonSign, value: Any) -> Groups:
        match sign:
            case ">=" | ">":
                return at_least(value, sign == ">")
            case "<=" | "<":
                return at_most(value, sign == "<")
            case "=":
                return both(at_least(value, False), at_most(value, False))
            case _:
                return either([at_most(value, True), at_least(value, True)])

    return relation


def whole(at_least: Callable[[int], Groups], at_most: Callable[[int], Groups]) -> Relation:
    """Return every comparison of a whole number, made of two that are given a whole number."""
    return bounded(
        lambda value, without: at_least(math.floor(value) + 1 if without else math.ceil(value)),
        lambda value, without: at_most(math.ceil(value) - 1 if without else math.floor(value)),
    )


def written(name: str, kind: Kind) -> Said:
    """Return how comparisons with a property of the profile are said, by its full name and the kind of its values."""

    def ask(filter_: OfProfile) -> Groups:
        return one(Property(name, filter_))

    def relation(sign: ComparisonSign, value: Scalar) -> Groups:
        match kind:
            case "number":
                return ask(by("numeric", SIGNS[sign], value))
            case "boolean":
                return ask(by("boolean", "equals", (value is True) == (sign == "=")))
            case "date":
                return _on_days(ask, sign, date.fromisoformat(str(value)))
        return ask(by("string", SIGNS[sign], value))

    def one_of(values: tuple[Any, ...], holds: bool) -> Groups:
        return ask(by("string", "in" if holds else "not-in", values))

    def matches(leaf: Matches, holds: bool) -> Groups:
        return ask(by("string", ("" if holds else "not-") + _PLACES[leaf.place], leaf.text))

    known, missing = ask(by("existence", "is-set")), ask(by("existence", "not-set"))
    if kind == "text":
        return Said(relation, known, missing, one_of, matches)
    return Said(relation, known, missing)


def from_day(first: date, last: date = LAST_DAY) -> StaticRange:
    """Return the filter of the days from one to another, both included."""
    return StaticRange(_instant(first), _instant(last))


def before_day(day: date) -> Static:
    """Return the filter of what lies before a day."""
    return Static("before", _instant(day))


def _on_days(ask: Callable[[OfProfile], Groups], sign: ComparisonSign, day: date) -> Groups:
    after = day + timedelta(days=1)
    match sign:
        case "=":
            return ask(from_day(day, day))
        case "<":
            return ask(before_day(day))
        case "<=":
            return ask(before_day(after))
        case ">=":
            return ask(from_day(day))
        case ">":
            return ask(from_day(after))
        case _:
            return either([ask(before_day(day)), ask(from_day(after))])


def _instant(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"
