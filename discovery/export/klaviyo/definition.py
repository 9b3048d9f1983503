"""Klaviyo's segment definitions: groups that are ANDed, of conditions that are ORed.

There is no deeper nesting, no negation but in the operators, and no reference to another segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from discovery.core.errors import UsageError
from discovery.export.klaviyo.conditions import Condition
from discovery.export.klaviyo.shapes import read

#: As Klaviyo's help centre states it.
MOST_CONDITIONS = 100


@dataclass(frozen=True)
class Group:
    """Conditions of which at least one must hold."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.conditions:
            raise UsageError("a group must hold at least one condition, got none.")


@dataclass(frozen=True)
class Definition:
    """Who is in a segment: those whom every group holds for.

    Examples
    --------
    >>> from discovery.export.klaviyo.events import Metric
    >>> from discovery.export.klaviyo.filters import Filter
    >>> from discovery.export.klaviyo.shapes import as_document
    >>> twice = Metric("PLCORD", "count", Filter("numeric", "greater-than", 1), Filter("date", "alltime"))
    >>> as_document(Definition((Group((twice,)),)))["condition_groups"][0]["conditions"][0]["metric_id"]
    'PLCORD'
    """

    condition_groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        number = sum(len(g.conditions) for g in self.condition_groups)
        if not 1 <= number <= MOST_CONDITIONS:
            raise UsageError(f"a segment must hold 1 to {MOST_CONDITIONS} conditions, got {number}.")


def read_definition(document: object) -> Definition:
    """Return the definition that a JSON document states.

    Raises
    ------
    DataError
        If Klaviyo's grammar does not allow it, with every fault and its place.

    Examples
    --------
    >>> read_definition({"condition_groups": [{"conditions": [{"type": "profile-region", "in_region": 1}]}]})
    Traceback (most recent call last):
    discovery.core.errors.DataError: A segment definition must follow Klaviyo's grammar; 2 not right:
      condition_groups[0].conditions[0].in_region must be true or false, got 1.
      condition_groups[0].conditions[0].region must be one of "european_union", "united_states", got nothing.
    """
    return read(Definition, document, "A segment definition")
