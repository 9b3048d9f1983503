"""The numbers of the pages as JSON values: what ``discovery show --json`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from discovery.charts.comparison import comparison_data
from discovery.charts.distances import distances_data
from discovery.charts.distinctness import distinctness_data
from discovery.charts.merge_pairs import comparisons, pairs_data
from discovery.charts.merge_path import path_data
from discovery.charts.response import campaigns, outcomes, response_data
from discovery.charts.scorecard import scorecard_data
from discovery.charts.sizes import sizes_data
from discovery.core.evidence import MergeDecision
from discovery.core.run import Run

_RESPONSE = ("segment_id", "value", "low", "high", "shrunk", "everyone", "n", "state")
_PAIRS = ("a", "b", "decision", "needed", "value", "low", "high", "margin_low", "margin_high", "unit", "n", "state")


def run_summary(run: Run) -> dict[str, Any]:
    """Return the scorecard of a run and every number that the pages show of its segments.

    What the pages withhold, because it would speak of too few customers, is withheld here.
    """
    return {
        "run": run.id,
        "question": run.question_asked,
        "as_of": run.as_of.isoformat(),
        "customers": len(run.table),
        "currency": run.currency,
        "recommended": run.recommended,
        "segmentations": [
            {
                **each,
                "segments": _segments(run, each["name"]),
                "responses": _responses(run, each["name"]),
                "pairs": [
                    {"check": check, **row}
                    for check in comparisons(run, each["name"])
                    for row in _records(pairs_data(run, each["name"], check), _PAIRS)
                ],
                "distance_shares": _records(distances_data(run, each["name"])),
                "merge_path": _records(path_data(run, each["name"])),
            }
            for each in comparison_data(run)
        ],
        "merges": [m.reason for m in run.merges if m.decision is MergeDecision.MERGE],
        "problems": dict(run.problems),
        "notes": list(run.notes),
    }


def _segments(run: Run, by: str) -> list[dict[str, Any]]:
    sizes = sizes_data(run, by).set_index("segment_id")
    apart = distinctness_data(run, by).set_index("segment_id")
    verdicts = scorecard_data(run, by)
    return [
        {
            "id": s.id,
            "name": s.name,
            "why_named": s.why_named,
            "note": s.note,
            "retired": s.retired,
            "size": s.size,
            "share": s.share,
            **{name: sizes.loc[s.id, name] for name in ("revenue", "revenue_share", "hidden")},
            "heldout_auc": {name: apart.loc[s.id, name] for name in ("value", "low", "high")}
            if s.id in apart.index
            else None,
            "answers": [{**vars(a), "effect": a.effect} for a in s.answers],
            "verdicts": {
                row.question: row.verdict for row in verdicts[verdicts["segment_id"] == s.id].itertuples()
            },
        }
        for s in run.segmentation(by).placed
    ]  # fmt: skip


def _responses(run: Run, by: str) -> list[dict[str, Any]]:
    return [
        {"outcome": outcome, "campaign": campaign, **row}
        for campaign in ("", *campaigns(run, by))
        for outcome in outcomes(run, by, campaign)
        for row in _records(response_data(run, by, outcome, campaign), _RESPONSE)
    ]


def _records(data: pd.DataFrame, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    return [
        {str(k): v for k, v in row.items()} for row in (data[list(columns)] if columns else data).to_dict("records")
    ]
