"""The merge path: from k segments to one, a pair at a time, and what each step costs."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.core.errors import DataError
from discovery.core.evidence import MergeVerdict


@dataclass(frozen=True)
class Loss:
    """One measure before and after a step of a merge path.

    Parameters
    ----------
    check : str
        ``response_kept``: of what the segments' responses differ by at the start of the path, the share still seen, 0
        to 1. ``forward_auc``: how well the segment alone ranks who responds, cross-fitted. ``heldout_auc``: how well
        features not used to cluster tell two customers of different segments apart.
    before, after : float or None
        The measure; None where it is not defined, as nothing can be told apart in a single segment.
    reason : str
        In words.
    """

    check: str
    before: float | None
    after: float | None
    reason: str


@dataclass(frozen=True)
class MergeStep:
    """One step of a merge path: the pair that costs least becomes one.

    Parameters
    ----------
    pair : (str, str)
        Groups joined, each called by the id of its first segment; the first is the id of the new group.
    joined : tuple of str
        Ids of all segments of the new group.
    k : int
        Segments left.
    in_band : bool
        Whether a team can work with that many (by default 5 to 8).
    cost : float
        What the choice was made by: the mean of the shares of response and of distinctness that the pair holds, 0 to 1.
    verdict : MergeVerdict or None
        On the pair as it is at this step; None where too little was seen of either.
    losses : tuple of Loss
        What it costs, as far as it can be measured.
    """

    pair: tuple[str, str]
    joined: tuple[str, ...]
    k: int
    in_band: bool
    cost: float
    verdict: MergeVerdict | None
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class MergePath:
    """The steps from all segments of a segmentation to one."""

    segmentation: str
    steps: tuple[MergeStep, ...]

    def __post_init__(self) -> None:
        left = [step.k for step in self.steps]
        if not left or left != list(range(len(left), 0, -1)):
            raise DataError(f"A merge path must join one pair at a time until one segment is left, got {left}.")
