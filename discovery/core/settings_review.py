"""The settings of reviews: from when on two runs are said to differ, and what is done with a segment."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.core.sources import setting


@dataclass(frozen=True)
class ReviewSettings:
    """When two runs are compared."""

    overlap_weight: float = setting(
        0.7, "Weight of common members, against likeness, when segments of two runs are matched.", "share", 0.0, 1.0
    )
    match_score: float = setting(0.3, "Below this score a segment is new, not an old one.", "score", 0.0, 1.0)
    part_share: float = setting(
        0.3, "So much of a segment makes a good part, in a split or a merge.", "share", 0.1, 0.5
    )
    min_psi: float = setting(0.1, "Smallest population stability index called drift.", "PSI", 0.01, 1.0)
    psi_draws: int = setting(200, "Draws that tell what chance does to it.", "draws", 50, 5000)
    old_months: int = setting(6, "A segment this old is looked at again.", "months", 1, 60)
    very_old_months: int = setting(12, "A segment this old is redefined unless there is a reason.", "months", 1, 120)
    silent_reviews: int = setting(2, "Reviews without a response before a segment is retired.", "reviews", 1, 8)
    min_response: float = setting(
        0.01, "A response of fewer customers is none in practice; of an uplift, so many points.", "share", 0.0001, 0.5
    )
    drifted_share: float = setting(
        0.5, "A very old segment of which more features drifted is no longer what it was.", "share", 0.05, 1.0
    )
