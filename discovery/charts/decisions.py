"""What a review says to do with each segment, and why."""

from __future__ import annotations

import math

import pandas as pd

from discovery.charts.format import NONE, SMALL_CELL, count, day, joined, number_word, rate
from discovery.charts.html import DECISION
from discovery.core.evidence import Evidence
from discovery.core.many import many
from discovery.core.review import Action, Review, SegmentReview

#: What needs doing first.
ORDER = (Action.RETIRE, Action.MERGE, Action.REDEFINE, Action.WATCH, Action.TOO_SMALL_TO_TELL, Action.KEEP)
NOT_READY = "none: not ready"


def decisions_data(review: Review) -> pd.DataFrame:
    """Return one row per segment, what needs doing first: action, reason, sizes, age, campaign, response.

    ``change`` is relative to the size before; NaN where nobody was in it. The response is NaN where fewer than 10
    customers stand behind it.
    """
    names = {s.segment_id: s.name for s in review.segments}
    rows = [
        {
            "segment_id": s.segment_id,
            "segment": s.name,
            "action": s.action.value,
            "reason": s.reason,
            "size_before": s.size_before,
            "size_now": s.size_now,
            "change": s.size_now / s.size_before - 1 if s.size_before else math.nan,
            "campaign": s.campaign,
            "since": s.since,
            "age_months": s.age_months,
            "silent_reviews": s.silent_reviews,
            "merge_with": joined([names.get(i, i) for i in s.merge_with]),
            **_response(s.response),
        }
        for s in review.segments
    ]
    data = pd.DataFrame(rows)
    urgency = data["action"].map({action.value: i for i, action in enumerate(ORDER)})
    return data.iloc[urgency.argsort(kind="stable")].reset_index(drop=True)


def _response(e: Evidence) -> dict[str, object]:
    few = e.n < SMALL_CELL
    low, high = (math.nan, math.nan) if few or e.interval is None else e.interval
    value = math.nan if few or e.value is None else e.value
    return {
        "verdict": e.verdict.value,
        "response": value,
        "response_low": low,
        "response_high": high,
        "unit": e.unit,
        "n": e.n,
    }


def decisions_title(review: Review) -> str:
    """Return how many segments each decision is about, what needs doing first."""
    counts = {action: len(review.with_action(action)) for action in ORDER}
    small, n = counts.pop(Action.TOO_SMALL_TO_TELL), len(review.segments)
    if small == n > 1:
        return f"All {number_word(n, small=True)} segments are too small to tell"
    said = joined([f"{action.value} {number_word(k, small=True)}" for action, k in counts.items() if k])
    untold = f"{number_word(small, small=True)} {'is' if small == 1 else 'are'} too small to tell" if small else ""
    return f"{number_word(n)} {'segment' if n == 1 else 'segments'}: {'; '.join(filter(None, (said, untold)))}"


def decisions_tiles(review: Review) -> tuple[tuple[str, str, str], ...]:
    """Return what a review is about in four numbers: each with its label, and what stands under it."""
    found = review.movement
    known = found.moved + found.redrawn + found.both + found.stayed
    changed = found.moved + found.both
    then, today = (sum(getattr(s, f"size_{when}") for s in review.segments) for when in ("before", "now"))
    used = sum(1 for s in review.segments if s.size_now)
    ready = sum(1 for s in review.segments if s.size_now and s.campaign)

    def share(n: int) -> str:
        return f"{rate(n / known)} of those known both times" if known else "nobody is known both times"

    return (
        (count(today), "customers in segments", f"{count(then)} before"),
        (count(used), "segments", f"{count(ready)} with a campaign"),
        (count(changed), "moved themselves", share(changed)),
        (count(found.redrawn), "moved by boundaries alone", share(found.redrawn)),
    )


def segment_tiles(found: SegmentReview) -> tuple[tuple[str, str, str], ...]:
    """Return one segment in four numbers: each with its label, and what stands under it."""
    return (
        (count(found.size_now), "customers now", f"{count(found.size_before)} before"),
        (many(found.age_months, "month"), "old", f"first seen {day(found.since)}"),
        (count(found.silent_reviews), "reviews without a response", "in a row"),
        ("ready" if found.campaign else "not ready", "to use", found.campaign or "no campaign is planned for it"),
    )


def decisions_table(review: Review) -> pd.DataFrame:
    """Return the decisions as people read them: what to do with each segment, and why."""
    data = decisions_data(review)
    return pd.DataFrame(
        {
            "Segment": data["segment"],
            DECISION: data["action"],
            "Why": data["reason"],
            "Customers before": [count(n) for n in data["size_before"]],
            "Customers now": [count(n) for n in data["size_now"]],
        }
    )


def readiness_table(review: Review) -> pd.DataFrame:
    """Return how old each segment is, since when it is silent, and which campaign it is used for."""
    data = decisions_data(review)
    return pd.DataFrame(
        {
            "Segment": data["segment"],
            "First seen": [day(d) for d in data["since"]],
            "Age": [many(n, "month") for n in data["age_months"]],
            "Reviews without a response": [count(n) for n in data["silent_reviews"]],
            "Merge with": [m or NONE for m in data["merge_with"]],
            "Campaign": [c or NOT_READY for c in data["campaign"]],
        }
    )
