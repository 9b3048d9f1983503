"""Every check of a segmentation, typed: one row each, without the numbers of segments too small to show."""

from __future__ import annotations

import math

import pandas as pd

from discovery.charts.scorecard import CHECKS
from discovery.charts.small_cells import PERSONAL, REASONS, hidden
from discovery.core.run import Run

COLUMNS = (
    "segment_id",
    "segment",
    "question",
    "check",
    "label",
    "verdict",
    "value",
    "low",
    "high",
    "unit",
    "n",
    "reason",
)


def checks_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per segment and check, in the run's order: value, interval, unit, n, verdict, reason.

    ``value`` is NaN where it was not tested or must not be shown; the reason then says so.
    """
    segmentation = run.segmentation(by)
    secret = hidden({s.id: s.size for s in segmentation.segments})
    rows = []
    for s in segmentation.placed:
        for e in run.evidence_for(by, s.id):
            kept = REASONS[secret[s.id]] if s.id in secret and e.check in PERSONAL else ""
            value = math.nan if kept or e.value is None else e.value
            low, high = (math.nan, math.nan) if kept or e.interval is None else e.interval
            label = CHECKS.get(e.check, e.check.replace("_", " "))
            rows.append(
                (s.id, s.name, e.question, e.check, label, e.verdict.value, value, low, high, e.unit, e.n,
                 kept or e.reason)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
