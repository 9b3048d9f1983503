"""Evidence: one answer to one question about a segment, a pair, or a segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from discovery.core.errors import DataError

#: What a check asks. The first five make a segment good; the others say how far to believe it.
Question = Literal[
    "measurable",
    "accessible",
    "substantial",
    "distinct",
    "actionable",
    "response",
    "campaign",
    "stable",
    "artefact",
]


class Verdict(StrEnum):
    """How a check came out. ``NOT_TESTED`` never counts as a pass."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    NOT_TESTED = "NOT_TESTED"


@dataclass(frozen=True)
class Evidence:
    """One answer to one question.

    Parameters
    ----------
    segmentation : str
        Which segmentation it speaks of.
    subject : tuple of str
        Segment ids: none for the whole segmentation, one for a segment, two for a pair.
    question : str
        Which of the questions it answers.
    check : str
        The measure, in snake case: ``forward_order_rate``.
    value : float or None
        What was measured; None where it could not be.
    interval : (float, float) or None
        95 % interval of the value.
    null : (float, float) or None
        Where the same number falls on data without structure (the middle 90 %), or the reference group's value
        twice.
    threshold : float or None
        What the verdict was measured against, from the settings.
    verdict : Verdict
        How it came out.
    reason : str
        One sentence for people.
    unit : str
        ``customers``, ``share`` (0 to 1), ``points`` (of two shares, less one the other), ``money``, ``auc`` (0 to 1),
        ``delta`` (Cliff's, -1 to 1), ``ari`` (adjusted Rand index, at most 1; 0 is chance) or ``""``.
    n : int
        Customers behind the value.
    campaign : str
        Which campaign it is about; none for most.
    shrunk : float or None
        The value drawn towards everyone's by as much as chance may have moved it: what to expect next time. Verdict and
        interval are of the value as seen.

    Raises
    ------
    DataError
        If it is about more than a pair, gives no reason, has a verdict without a value, or lies outside its interval.

    Examples
    --------
    >>> about = ("kmeans", ("c1",), "response", "forward_order_rate")
    >>> found = Evidence(*about, 0.31, (0.28, 0.34), None, 0.05, Verdict.PASS, "31% ordered again.", "share", 900)
    >>> str(found.verdict), found.interval
    ('PASS', (0.28, 0.34))
    """

    segmentation: str
    subject: tuple[str, ...]
    question: Question
    check: str
    value: float | None
    interval: tuple[float, float] | None
    null: tuple[float, float] | None
    threshold: float | None
    verdict: Verdict
    reason: str
    unit: str = ""
    n: int = 0
    campaign: str = ""
    shrunk: float | None = None

    def __post_init__(self) -> None:
        if len(self.subject) > 2:
            raise DataError(f"Evidence is about a segmentation, a segment or a pair, got {self.subject}.")
        if not self.reason.strip():
            raise DataError(f"Evidence {self.check} must give its reason in words.")
        if self.value is None and self.verdict is not Verdict.NOT_TESTED:
            raise DataError(f"Evidence {self.check} without a value must be NOT_TESTED, got {self.verdict}.")
        if self.interval is not None and self.value is not None:
            low, high = self.interval
            if not low <= self.value <= high:
                raise DataError(f"Evidence {self.check}: {self.value} must lie in its interval {self.interval}.")


class MergeDecision(StrEnum):
    """What the evidence says about a pair of segments."""

    MERGE = "merge"
    KEEP = "keep"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class MergeVerdict:
    """Whether two segments should be one, by equivalence and never by "not significant".

    Parameters
    ----------
    segmentation : str
        Which segmentation the pair is of.
    pair : (str, str)
        Segment ids.
    decision : MergeDecision
        ``merge``, ``keep`` or ``cannot tell``.
    reason : str
        In words, with the number of customers needed where it cannot be told.
    effect : mapping
        Measured differences, first minus second, by outcome.
    evidence : tuple of Evidence
        What it rests on.
    customers_needed : int or None
        Per segment, to tell; None where it was told.
    """

    segmentation: str
    pair: tuple[str, str]
    decision: MergeDecision
    reason: str
    effect: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    customers_needed: int | None = None

    def __post_init__(self) -> None:
        if self.pair[0] == self.pair[1]:
            raise DataError(f"A pair must be of two segments, got {self.pair}.")
