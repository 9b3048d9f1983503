"""Which file of the workspace each number of a report comes from."""

from __future__ import annotations

from discovery.core.review import Review


def of_review(review: Review, name: str) -> str:
    """Return the path of a file of the review, from the workspace's folder."""
    return f"reviews/{review.id}/{name}"


def of_run(run_id: str, name: str) -> str:
    """Return the path of a file of a run, from the workspace's folder."""
    return f"runs/{run_id}/{name}"
