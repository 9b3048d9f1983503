"""A number of segments that was considered, and what it was measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AgainstNull:
    """A validity number beside the same number on data without structure.

    ``null_low`` and ``null_high`` bound the middle 90 % of the null draws.
    """

    value: float
    null_mean: float
    null_low: float
    null_high: float

    @property
    def excess(self) -> float:
        """Value above the null's upper bound; positive means beyond what structureless data show."""
        return self.value - self.null_high


@dataclass(frozen=True)
class Candidate:
    """One number of segments that was considered, with every statistic beside its null."""

    k: int
    statistics: Mapping[str, AgainstNull]
