"""How a review is made, in words: the last page of a report."""

from __future__ import annotations

from discovery.charts.format import day, joined
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.report.sources import of_review

MEASURED = (
    "Segments keep their name, colour and symbol over reviews: those of now are matched with those of before by the "
    "customers they share and by what they are like.",
    "Customers who moved are told apart from boundaries that moved: today's customers are also put into the segments "
    "of before, by the boundaries of before. Who changes there has moved; who changes only by today's boundaries was "
    "moved by them.",
    "A rate stands beside its 95% interval, before and now. A change is called clear where its own interval leaves out "
    "zero; a difference is no proof that a campaign caused it.",
    "Drift is the population stability index of a feature within a segment. Its limit is what two samples of these "
    "sizes differ by without any drift, in 95 of 100 cases, and never less than the setting.",
    "Too small to tell is not the same as no response: a segment is retired only after reviews in a row that could "
    "have seen a response and saw none.",
)
HIDDEN = (
    "Segments of fewer than 10 customers show no rate and no amount, and where that would give one away by "
    "subtraction, a second one is withheld. Counts are always shown.",
    "No customer is named. Who moved where is in {customers}, by customer id.",
)


def methods(review: Review) -> tuple[str, ...]:
    """Return how the numbers were made, and what limits them."""
    hidden = (words.format(customers=of_review(review, "customers.parquet")) for words in HIDDEN)
    return (*MEASURED, *hidden, *review.notes)


def identity(review: Review, before: Run, now: Run) -> tuple[str, ...]:
    """Return which segments were born, died, were split and were merged, one sentence each."""
    found = review.identity
    new = {s.id: s.name for s in now.segmentation(review.segmentation).segments}
    old = {s.id: s.name for s in before.segmentation(review.segmentation).segments}
    # A segment that is still there is called what it is called now, here as everywhere in the report.
    old |= {then: new[today] for today, then in found.same.items() if today in new}
    return (
        *(f"{new.get(i, i)} is new." for i in found.born),
        *(f"{old.get(i, i)} was not found again." for i in found.died),
        *(f"{old.get(i, i)} was split into {joined([new.get(j, j) for j in to])}." for i, to in found.split.items()),
        *(
            f"{new.get(i, i)} holds good parts of {joined([old.get(j, j) for j in of])}."
            for i, of in found.merged.items()
        ),
    )


def running_title(review: Review, now: Run) -> str:
    """Return what stands above every page."""
    made_by = now.segmentation(review.segmentation).title
    return f"Quarterly review: {made_by} segments, {day(review.as_of_before)} to {day(review.as_of_now)}"
