"""What a rule, or a pair of rules, may suffer from, and the sentence that says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What a rule, or a pair of rules, may suffer from."""

    ALWAYS_TRUE = "always true"
    NEVER_TRUE = "never true"
    CONTRADICTORY = "contradictory"
    AND_FOR_OR = "AND where OR was meant"
    OR_FOR_AND = "OR where AND was meant"
    REDUNDANT = "redundant"
    DUPLICATE = "duplicate"
    SUBSUMED = "subsumed"
    MISSING_LEFT_OUT = "missing values left out"
    LONGER_THAN_HISTORY = "longer than the history"
    NOT_EXPRESSIBLE = "not expressible"
    OVERLAP = "more than one segment"
    UNCOVERED = "no segment"
    TANGLED = "not decided"


@dataclass(frozen=True)
class Finding:
    """One fault of one rule.

    Parameters
    ----------
    rule : str
        Its name; empty where the whole set is meant.
    fault : Fault
        What is wrong.
    sentence : str
        What it means and what to do.
    other : str
        The other rule, where two are concerned.
    """

    rule: str
    fault: Fault
    sentence: str
    other: str = ""
