"""The files of one review: a noun on one side, plain JSON and Parquet on the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from discovery.core.errors import WorkspaceError
from discovery.core.review import Review
from discovery.core.review_document import TABLES, review_document, review_from
from discovery.store.feature_file import write_frame
from discovery.store.run_files import BROKEN, read_document, write_document


@dataclass(frozen=True)
class ReviewSummary:
    """One line of a list of reviews.

    Parameters
    ----------
    id, before, now, segmentation, as_of_before, as_of_now
        As of the review.
    decisions : tuple of (str, int)
        Actions that it says, and of how many segments.
    inputs : str
        A digest of all it was made of: made again of the same, it would be the same.
    """

    id: str
    before: str
    now: str
    segmentation: str
    as_of_before: date
    as_of_now: date
    decisions: tuple[tuple[str, int], ...]
    inputs: str


def write_review(review: Review, inputs: str, folder: Path) -> None:
    """Write the files of `review` into `folder`; equal reviews give equal bytes."""
    write_document(folder / "review.json", {**review_document(review), "made": {"inputs": inputs}})
    for name in TABLES:
        write_frame(getattr(review, name), folder / f"{name}.parquet")


def read_review(folder: Path) -> Review:
    """Return the review whose files lie in `folder`: equal to the one written."""
    with _whole(folder):
        document = read_document(folder / "review.json")
        return review_from(document, {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES})


def read_summary(folder: Path) -> ReviewSummary:
    """Return the line about the review in `folder`."""
    with _whole(folder):
        document = read_document(folder / "review.json")
        actions = [s["action"] for s in document["segments"]]
        return ReviewSummary(
            id=document["id"],
            before=document["before"],
            now=document["now"],
            segmentation=document["segmentation"],
            as_of_before=date.fromisoformat(document["as_of_before"]),
            as_of_now=date.fromisoformat(document["as_of_now"]),
            decisions=tuple((each, actions.count(each)) for each in dict.fromkeys(actions)),
            inputs=document["made"]["inputs"],
        )


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Raise WorkspaceError where a file or a field of the review in `folder` is missing."""
    try:
        yield
    except BROKEN as error:
        raise WorkspaceError(
            f"Review {folder.name} is not whole, or another release made it: {error!r}. "
            "Make it again with `discovery review RUN_BEFORE RUN_NOW --workspace FOLDER`."
        ) from error
