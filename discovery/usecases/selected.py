"""What a rule selects beside the segment it stands for, in sentences that go with it to where it is used."""

from __future__ import annotations

import math

import pandas as pd

from discovery.core.many import many
from discovery.core.rule import Interval
from discovery.core.run import Run, SegmentRule
from discovery.rules.evaluate import select


def selection_told(run: Run, ruled: SegmentRule) -> tuple[str, ...]:
    """Return how many customers a rule selects at the run's date, how many its segment holds, and how they differ.

    Whoever runs the rule elsewhere sees by these numbers whether it found the same customers.
    """
    chosen = pd.Series(select(ruled.rule.where, run.table), index=run.table.customers)
    mine = run.segmentation(ruled.segmentation).labels.eq(ruled.rule.segment_id)
    both = int((chosen & mine.reindex(chosen.index, fill_value=False)).sum())
    n, size = int(chosen.sum()), int(mine.sum())
    beside = f"; of the segment's {size:,} it selects {both:,}"
    if both == size:
        beside = ": exactly the segment" if both == n else f", among them all {size:,} of the segment"
    counted = f"It selects {many(n, 'customer')} at {run.as_of}{beside}."
    found = ruled.rule.fidelity
    if found is None:
        before = (
            " The others meet the rule of a segment that stands before it, and are in that one." if n > size else ""
        )
        return (counted + before,)
    recall = _share(found.recall, found.interval.recall if found.interval else None)
    precision = _share(found.precision, found.interval.precision if found.interval else None)
    return (
        counted,
        f"On {many(found.n, 'customer')} it was not found on, it finds {recall} of the segment, and {precision} of "
        "those it selects belong.",
    )


def _share(value: float, interval: Interval | None) -> str:
    """Return a share with its interval, as people read it.

    Examples
    --------
    >>> _share(0.978, (0.961, 0.99)), _share(0.5, None), _share(float("nan"), None)
    ('98% (96% to 99%)', '50%', 'an unknown share')
    """
    if math.isnan(value):
        return "an unknown share"
    ends = f" ({interval[0]:.0%} to {interval[1]:.0%})" if interval and not math.isnan(sum(interval)) else ""
    return f"{value:.0%}{ends}"
