"""A report as a workbook: one sheet a table, numbers as numbers, and no text that could be a formula."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from discovery.charts.checks import checks_data
from discovery.charts.decisions import decisions_data, decisions_title
from discovery.charts.drift import drift_data
from discovery.charts.movement import Boundaries, movement_data
from discovery.charts.rates import rates_data
from discovery.core.currency import currency_sign
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.report.methods import methods, running_title
from discovery.report.sources import of_review, of_run

#: A unit's number format; the currency's sign stands in `money`, and `by row` takes the unit each row names.
FORMATS: Mapping[str, str] = {
    "text": "@",
    "date": "d mmm yyyy",
    "customers": "#,##0",
    "months": "#,##0",
    "reviews": "#,##0",
    "share": "0.0%",
    "points": "+0.0%;-0.0%;0.0%",
    "money": '"{sign}"#,##0.00',
    "days": "#,##0",
    "": "0.00",
}
BY_ROW = "by row"
_WIDEST = 70


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table: its rows, the heading and the unit of each column, and where the numbers come from."""

    name: str
    rows: pd.DataFrame
    columns: Mapping[str, tuple[str, str]]
    source: str
    say: str = ""


def write(to: Path, review: Review, now: Run) -> str:
    """Write the workbook; nothing is ever missing."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # The writer asks for a name with its own ending; the file is renamed when it is whole.
    with to.open("wb") as file, xlsxwriter.Workbook(file, {**options, "in_memory": True}) as book:
        book.set_properties(
            {"title": running_title(review, now), "created": datetime(*review.as_of_now.timetuple()[:3])}
        )
        for sheet in sheets(review, now):
            _write(book, sheet, review.currency)
    return ""


def sheets(review: Review, now: Run) -> tuple[Sheet, ...]:
    """Return every table of the report, typed."""
    decisions, rates = decisions_data(review), rates_data(review)
    segment = {"segment": ("Segment", "text")}
    return (
        _said("Summary", decisions_title(review), review.summary, review),
        Sheet(
            "Decisions",
            decisions,
            {**segment, "action": ("What to do", "text"), "reason": ("Why", "text"),
             "merge_with": ("Merge with", "text"), "campaign": ("Campaign", "text")},
            of_review(review, "review.json"),
        ),
        Sheet(
            "Segments",
            decisions,
            {**segment, "segment_id": ("Id", "text"), "size_before": ("Customers before", "customers"),
             "size_now": ("Customers now", "customers"), "change": ("Change", "share"), "since": ("First seen", "date"),
             "age_months": ("Age in months", "months"), "silent_reviews": ("Reviews without a response", "reviews"),
             "verdict": ("Response", "text"), "response": ("Response, value", BY_ROW),
             "response_low": ("Response, low end", BY_ROW), "response_high": ("Response, high end", BY_ROW),
             "unit": ("Unit", "text"), "n": ("n", "customers")},
            of_review(review, "review.json"),
        ),
        Sheet(
            "Rates",
            rates,
            {**segment, "label": ("Measure", "text"), "campaign": ("Campaign", "text"), "unit": ("Unit", "text"),
             **{f"{when}{end}": (f"{when.capitalize()}{words}", BY_ROW) for when in ("before", "now", "change")
                for end, words in (("", ""), ("_low", ", low end"), ("_high", ", high end"))},
             "n_before": ("n before", "customers"), "n_now": ("n now", "customers"),
             "state_before": ("Shown before", "text"), "state_now": ("Shown now", "text")},
            of_review(review, "rates.parquet"),
            "Low and high ends bound 95% intervals.",
        ),
        _moved(review, "Moved, fresh", "fresh", "By today's boundaries."),
        _moved(review, "Moved, frozen", "frozen", "By the boundaries of before: who is elsewhere moved."),
        Sheet(
            "Drift",
            drift_data(review, now).assign(drifted=lambda d: d["drifted"].map({True: "yes", False: "no"})),
            {**segment, "label": ("Feature", "text"), "unit": ("Unit", "text"), "psi": ("PSI", ""),
             "limit": ("Limit", ""), "drifted": ("Drifted", "text"), "before": ("Median before", BY_ROW),
             "now": ("Median now", BY_ROW), "n_before": ("n before", "customers"), "n_now": ("n now", "customers")},
            of_review(review, "drift.parquet"),
        ),
        Sheet(
            "Evidence",
            checks_data(now, review.segmentation),
            {**segment, "question": ("Question", "text"), "label": ("Check", "text"), "verdict": ("Verdict", "text"),
             "value": ("Value", BY_ROW), "low": ("Low end", BY_ROW), "high": ("High end", BY_ROW),
             "unit": ("Unit", "text"), "n": ("n", "customers"), "reason": ("Reason", "text")},
            of_run(now.id, "evidence.json"),
        ),
        _said("Methods", "How this was measured", methods(review), review),
    )  # fmt: skip


def _said(name: str, heading: str, words: Sequence[str], review: Review) -> Sheet:
    return Sheet(name, pd.DataFrame({"words": words}), {"words": (heading, "text")}, of_review(review, "review.json"))


def _moved(review: Review, name: str, boundaries: Boundaries, say: str) -> Sheet:
    columns = {"before": ("Before", "text"), "now": ("Now", "text"), "customers": ("Customers", "customers"),
               "share_of_before": ("Share of those before", "share"), "kind": ("Kind", "text")}  # fmt: skip
    return Sheet(name, movement_data(review, boundaries), columns, of_review(review, "review.json"), say)


def _write(book: Any, sheet: Sheet, currency: str) -> None:
    sign = currency_sign(currency)
    formats = {
        unit: book.add_format({"num_format": shape.replace("{sign}", sign), "valign": "top",
                               "text_wrap": unit == "text"})
        for unit, shape in FORMATS.items()
    }  # fmt: skip
    bold, quiet = book.add_format({"bold": True}), book.add_format({"font_color": "#5C6570"})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    page = book.add_worksheet(sheet.name)
    page.hide_gridlines(2)
    page.write_string(0, 0, sheet.name, bold)
    page.write_string(1, 0, f"From {sheet.source}", quiet)
    page.write_string(2, 0, sheet.say)
    top = 4
    for column, (key, (heading, unit)) in enumerate(sheet.columns.items()):
        page.write_string(top, column, heading, head)
        texts = [heading]
        for row, record in enumerate(sheet.rows.to_dict("records")):
            own = str(record["unit"]) if unit == BY_ROW else unit
            _cell(page, top + 1 + row, column, record[key], formats.get(own, formats[""]))
            texts.append(str(record[key]) if unit == "text" else "123,456.00")
        page.set_column(column, column, min(max(map(len, texts)) + 2, _WIDEST))
    several = len(sheet.columns) > 1
    page.freeze_panes(top + 1, int(several))
    if several and len(sheet.rows):
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)


def _cell(page: Any, row: int, column: int, value: object, shape: Any) -> None:
    if isinstance(value, date):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), shape)
    elif isinstance(value, str):
        page.write_string(row, column, value, shape)
    elif value is None or not math.isfinite(float(value)):  # type: ignore[arg-type]
        page.write_blank(row, column, None, shape)
    else:
        page.write_number(row, column, float(value), shape)  # type: ignore[arg-type]
