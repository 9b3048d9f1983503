"""The sections of a report, in a reader's order: decisions, who moved, what changed, each segment, the methods."""

from __future__ import annotations

from functools import partial
from html import escape

import pandas as pd

from discovery.charts import html
from discovery.charts.decisions import (
    decisions_table,
    decisions_tiles,
    decisions_title,
    readiness_table,
    segment_tiles,
)
from discovery.charts.drift import SHOWN, drift, drift_table, segment_drift_table
from discovery.charts.exchange import exchange, exchange_table
from discovery.charts.format import count, day
from discovery.charts.movement import movement, movement_table
from discovery.charts.rates import campaigns_table, measures, rates, rates_table, segment_rates_table
from discovery.charts.reviewed import OTHERS, places, reviewed
from discovery.charts.scorecard import scorecard_data
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.core.segment import Segment
from discovery.report.blocks import chart, section, sentences, table, whence
from discovery.report.methods import identity, methods
from discovery.report.sources import of_review, of_run

#: Rows of drift on a segment's own page.
OF_A_SEGMENT = 5


def decisions(review: Review) -> str:
    """Return the first page: what to do with every segment, and why."""
    segments, file = reviewed(review), of_review(review, "review.json")
    return (
        '<section class="first" id="decisions">'
        f"{html.text(decisions_title(review), 'h1')}{html.text(review.question_asked, 'p', 'lead muted')}"
        f"{sentences(review.summary)}"
        f"{html.tiles(decisions_tiles(review))}"
        f"{html.text('Decisions', 'h2')}"
        f'<div class="stacked">{table(decisions_table(review), file, segments)}</div></section>'
    )


def moved(review: Review) -> str:
    """Return who moved, by themselves and because boundaries did, and how old the segments are."""
    file, segments = of_review(review, "review.json"), _places(review)
    return section(
        "moved",
        "Who moved",
        chart(
            partial(movement, review),
            "Bands from the segments before to those now, as wide as their customers are many.",
            sentences(review.flows) + table(movement_table(review), file, segments, "Customers, by today's boundaries"),
            wide=True,
        )
        + table(movement_table(review, "frozen"), file, segments, "The same, by the boundaries of before")
        + table(readiness_table(review), file, segments, "Age and use"),
    )


def changed(review: Review, now: Run) -> str:
    """Return what the segments do now and did before, measure by measure, and what drifted."""
    segments, file = reviewed(review), of_review(review, "rates.parquet")
    parts = [
        '<div class="keep">'
        + chart(
            partial(rates, review, each),
            "Two dots per segment with 95% intervals: before and now.",
            table(rates_table(review, each), file, segments),
        )
        + "</div>"
        for each in measures(review)
        if each.charted
    ]
    drifted = chart(
        partial(drift, review, now),
        "A table of features by segments: the darker, the further beyond what chance does; blank where it did not.",
        table(drift_table(review, now), of_review(review, "drift.parquet"), segments),
    )
    return section("changed", "What they do now", "".join(parts)) + section(
        "drift",
        "What drifted",
        html.text(f"The {SHOWN} features, and the {SHOWN} rows, furthest beyond their limit.", "p", "muted") + drifted,
    )


def one(review: Review, now: Run, segment: Segment) -> str:
    """Return the page of one segment: what to do and why, what it did, who came and went, what drifted."""
    found = review.segment(segment.id)
    exchanged = chart(
        partial(exchange, review, segment.id),
        "Bars to the right: who came; to the left, hatched: who went.",
        # On paper the bars' own numbers are enough.
        f'<div class="screen">{html.table(exchange_table(review, segment.id), _places(review))}</div>'
        f"{whence(of_review(review, 'review.json'))}",
        half=True,
    )
    drifted = table(
        segment_drift_table(review, now, segment.id).head(OF_A_SEGMENT),
        of_review(review, "drift.parquet"),
        caption="What changed most within it",
    )
    return section(
        f"segment-{segment.id}",
        segment.name,
        f'<p class="verdict">{html.decision(found.action.value)} {escape(found.reason)}</p>'
        + html.tiles(segment_tiles(found))
        + table(segment_rates_table(review, segment.id), of_review(review, "rates.parquet"), caption="Before and now")
        + table(
            campaigns_table(review, segment.id),
            of_review(review, "rates.parquet"),
            caption="Campaigns of the quarter, each with its 95% interval",
        )
        + f'<div class="pair"><div>{exchanged}</div><div>{drifted}</div></div>'
        + _verdicts(review, now, segment, found.id_now),
        before=html.swatch(segment),
    )


def last(review: Review, before: Run, now: Run) -> str:
    """Return how everything was measured, what limits it, and where the files are."""
    runs = pd.DataFrame(
        [
            ("before", day(review.as_of_before), review.before, count(len(before.table))),
            ("now", day(review.as_of_now), review.now, count(len(now.table))),
        ],
        columns=["Run", "As of", "Id", "Customers"],
    )
    return section(
        "methods",
        "How this was measured",
        sentences(methods(review))
        + html.text("Which segment became which", "h3")
        + sentences(identity(review, before, now) or ("Every segment of before was found again, and none is new.",))
        + whence(of_review(review, "review.json"))
        + table(runs, of_run(review.now, "run.json"), caption="The two runs"),
    )


def _places(review: Review) -> tuple[Segment, ...]:
    """Return all that a table of movement may name."""
    return (*reviewed(review), *places(review, OTHERS))


def _verdicts(review: Review, now: Run, segment: Segment, id_now: str) -> str:
    data = scorecard_data(now, review.segmentation)
    mine = data[data["segment_id"] == id_now]
    if mine.empty:
        return ""
    shown = {"Segment": segment.name, **dict(zip(mine["question"], mine["verdict"], strict=True))}
    return table(pd.DataFrame([shown]), of_run(now.id, "evidence.json"), (segment,), "Is it a good segment?")
