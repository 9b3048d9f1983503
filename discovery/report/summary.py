"""A report of one page in plain words, as Markdown."""

from __future__ import annotations

import re

from discovery.charts.decisions import decisions_data, decisions_title
from discovery.charts.drift import drift_title
from discovery.charts.movement import movement_title
from discovery.charts.rates import measures, rates_title
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.report.methods import running_title
from discovery.report.sources import of_review

_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")


def summary(review: Review, now: Run) -> str:
    """Return the decisions, who moved, what changed and what limits it."""
    general = [m for m in measures(review) if m.charted]
    rows = decisions_data(review).to_dict("records")
    return "\n".join(
        [
            f"# {_plain(running_title(review, now))}",
            "",
            f"**{_plain(decisions_title(review))}.** {_plain(review.question_asked)}",
            "",
            *(f"- {_plain(s)}" for s in review.summary),
            "",
            "## Decisions",
            "",
            "| Segment | What to do | Why |",
            "|---|---|---|",
            *(f"| {_plain(r['segment'])} | {r['action']} | {_plain(r['reason'])} |" for r in rows),
            "",
            "## What changed",
            "",
            *(
                f"- {_plain(s)}"
                for s in (
                    f"{movement_title(review)}.",
                    *review.flows,
                    *(f"{rates_title(review, m)}." for m in general),
                    f"{drift_title(review, now)}.",
                )
            ),
            "",
            "## Limits",
            "",
            *(f"- {_plain(s)}" for s in review.notes),
            f"- Every number is from `{of_review(review, '')}`; report.html shows which file.",
            "",
        ]
    )


def _plain(text: str) -> str:
    """Return `text` so that Markdown takes no character of it for its own."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
