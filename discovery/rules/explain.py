"""One customer beside the rules of a segmentation: what holds, what is near, and what would move them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from discovery.core.errors import WorkspaceError
from discovery.core.feature import FeatureTable
from discovery.core.rule import All, AnyOf, Condition, Not, leaves
from discovery.rules.evaluate import select
from discovery.rules.parse import to_text

Value = str | float | bool | None


@dataclass(frozen=True)
class Stated:
    """One condition of a rule and the customer's own value of what it asks for.

    ``text`` is the condition, ``feature`` what it asks for, ``value`` the customer's (None: missing).
    """

    text: str
    feature: str
    value: Value
    holds: bool


@dataclass(frozen=True)
class Standing:
    """How a customer stands to one segment's rule.

    Parameters
    ----------
    segment_id : str
        Whose rule.
    selected : bool
        It selects the customer.
    met, wanting : tuple of Stated
        Conditions on the shortest way into the rule: those that hold, and those that would have to change. A rule
        that selects the customer wants nothing.
    """

    segment_id: str
    selected: bool
    met: tuple[Stated, ...]
    wanting: tuple[Stated, ...]


def standings(rules: Mapping[str, Condition], table: FeatureTable, customer_id: str) -> tuple[Standing, ...]:
    """Return how a customer stands to each rule, those that want the fewest changes first.

    Parameters
    ----------
    rules : mapping
        Segment id to its rule.
    table : FeatureTable
        Features at a date.
    customer_id : str
        Of whom.

    Raises
    ------
    WorkspaceError
        If nobody of that id was known at the date.

    Notes
    -----
    Of alternatives joined by OR the one that wants the fewest changes counts, the first of equals.
    """
    if customer_id not in table.customers:
        raise WorkspaceError(f"No customer {customer_id!r} was known at {table.as_of}. Check the id; ids are exact.")
    asked = table.only(leaf.feature for where in rules.values() for leaf in leaves(where))
    row = FeatureTable(asked.values.loc[[customer_id]], asked.features, table.as_of, table.fingerprint)
    found = [_standing(segment, where, row) for segment, where in rules.items()]
    return tuple(sorted(found, key=lambda s: len(s.wanting)))


def _standing(segment: str, where: Condition, row: FeatureTable) -> Standing:
    stated = _shortest(where, True, row)
    met = tuple(s for s in stated if s.holds)
    return Standing(segment, bool(select(where, row)[0]), met, tuple(s for s in stated if not s.holds))


def _shortest(where: Condition, wanted: bool, row: FeatureTable) -> tuple[Stated, ...]:
    """Return the conditions that must hold (or, unless `wanted`, fail) on the way that wants the fewest changes."""
    match where:
        case Not(part):
            return _shortest(part, not wanted, row)
        case All(parts) | AnyOf(parts):
            ways = [_shortest(part, wanted, row) for part in parts]
            if isinstance(where, All) == wanted:
                return tuple(dict.fromkeys(stated for way in ways for stated in way))
            return min(ways, key=lambda way: sum(not s.holds for s in way))
        case _:
            condition = where if wanted else Not(where)
            value = row.values[where.feature].iloc[0]
            holds = bool(select(condition, row)[0])
            known = None if pd.isna(value) else value
            return (Stated(to_text(condition), where.feature, known, holds),)
