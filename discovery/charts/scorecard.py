"""The scorecard: every segment against every question, and the segmentations side by side."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from discovery.charts.format import NONE, amount, count, rate, span
from discovery.charts.small_cells import PERSONAL, REASONS, hidden
from discovery.core.evidence import Evidence, Question, Verdict
from discovery.core.run import Run
from discovery.core.segment import TITLES, Segmentation, Structure

#: What makes a segment good, in the order a marketer asks.
QUESTIONS: tuple[Question, ...] = ("measurable", "accessible", "substantial", "distinct", "actionable", "response")
#: From good to bad. A question is as good as its worst check, unless one check answers over its parts; what was not
#: tested is no pass.
ORDER = (Verdict.PASS, Verdict.NOT_TESTED, Verdict.WARN, Verdict.FAIL)

CHECKS = {
    "size": "customers",
    "detectable_difference": "smallest difference it can show",
    "distinct": "the answer over its parts",
    "heldout_auc": "told apart on other features (AUC)",
    "largest_effect": "strongest feature (Cliff's delta)",
    "forward_order_rate": "orders again",
    "forward_click_rate": "clicks",
    "forward_event_rate": "responds",
    "stated_rate": "responded, at a time not known",
    "forward_revenue": "revenue per customer",
    "single_value": "mostly one value of one feature",
    "one_threshold": "mostly one side of one threshold",
    "dip": "several humps of one feature (dip)",
    "half_jaccard": "found again in halves (Jaccard)",
    # Of runs made while draws were of as many customers, some of them twice.
    "bootstrap_jaccard": "found again on other draws (Jaccard)",
    "forward_auc": "orders customers by who buys next (AUC)",
    "campaign": "a campaign or flow is named",
    "consent": "reachable",
    "filled": "features filled",
    "structure": "natural groups, or a useful cut",
}
CLAIMS = {
    Structure.DISCOVERED: "discovered",
    Structure.CONSTRUCTED: "constructed, not discovered",
    Structure.NONE: "no groups found",
}


def method_name(name: str) -> str:
    """Return what people call a segmentation."""
    return TITLES.get(name, name)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of several checks on one question; nothing was tested where there is none.

    Examples
    --------
    >>> worst([Verdict.PASS, Verdict.NOT_TESTED]).value, worst([]).value
    ('NOT_TESTED', 'NOT_TESTED')
    """
    return max(verdicts, key=ORDER.index, default=Verdict.NOT_TESTED)


def scorecard_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per placed segment and question: verdict and the reason behind it.

    A reason that would name a number of too few customers says so instead.
    """
    segmentation = run.segmentation(by)
    secret = hidden({s.id: s.size for s in segmentation.segments})
    rows = []
    for s in segmentation.placed:
        about = run.evidence_for(by, s.id)
        for question in QUESTIONS:
            asked = [e for e in about if e.question == question]
            found = [e for e in asked if e.check == question] or asked
            verdict = worst(e.verdict for e in found)
            reasons = [_reason(e, secret.get(s.id, "")) for e in found if e.verdict is verdict]
            rows.append((s.id, s.name, question, verdict.value, " ".join(reasons) or "No check was made."))
    return pd.DataFrame(rows, columns=["segment_id", "segment", "question", "verdict", "reason"])


def reasons_table(run: Run, by: str) -> pd.DataFrame:
    """Return why a question was not passed, for those who cannot point at a verdict."""
    data = scorecard_data(run, by)
    open_ones = data[data["verdict"] != Verdict.PASS.value]
    # What holds for every segment alike is said once.
    alike = open_ones.groupby(["question", "verdict", "reason"], sort=False)["segment"].agg(list).reset_index()
    everyone = len(run.segmentation(by).placed)
    rows = [
        ("Every segment" if len(r["segment"]) == everyone > 1 else name, r["question"], r["verdict"], r["reason"])
        for r in alike.to_dict("records")
        for name in (r["segment"][:1] if len(r["segment"]) == everyone > 1 else r["segment"])
    ]
    return pd.DataFrame(rows, columns=["Segment", "Question", "Verdict", "Reason"])


def evidence_table(run: Run, by: str, passed: bool = True) -> pd.DataFrame:
    """Return every check as people read it, the segmentation as a whole first; small cells carry no number.

    `passed` False leaves out the checks that passed.
    """
    segmentation = run.segmentation(by)
    secret = hidden({s.id: s.size for s in segmentation.segments})
    rows = [_line("All segments", e, run.currency, "") for e in run.evidence_for(by)]
    for s in segmentation.placed:
        for e in run.evidence_for(by, s.id):
            rows.append(_line(s.name, e, run.currency, secret.get(s.id, "")))
    columns = ["Segment", "Question", "Check", "Verdict", "Value (95% interval)", "Chance, or everyone", "Needed"]
    table = pd.DataFrame(rows, columns=[*columns, "Reason"])
    return table if passed else table[table["Verdict"] != Verdict.PASS.value].reset_index(drop=True)


def problems_table(run: Run) -> pd.DataFrame:
    """Return the rows that could not be used, by reason, most first."""
    rows = sorted(run.problems.items(), key=lambda item: (-item[1], item[0]))
    return pd.DataFrame([(k.replace("_", " "), count(n)) for k, n in rows], columns=["Reason", "Rows"])


def tiles(run: Run, by: str) -> tuple[tuple[str, str, str], ...]:
    """Return the four numbers of the first page: value, label, what stands under it."""
    segmentation = run.segmentation(by)
    lost = sum(run.problems.values())
    reasons = len([n for n in run.problems.values() if n])
    under = f"{reasons} reasons, listed below" if reasons > 1 else "reason below" if lost else "none were lost"
    return (
        (count(len(run.table)), "customers", "with everything they did before the date"),
        (count(segmentation.k), "segments", CLAIMS[segmentation.structure]),
        (rate(segmentation.coverage), "of customers placed", _left(segmentation)),
        (count(lost), "rows not usable", under),
    )


def _left(segmentation: Segmentation) -> str:
    left = len(segmentation.labels) - sum(s.size for s in segmentation.placed)
    return f"{count(left)} unassigned" if left else "nobody left out"


def _reason(e: Evidence, secret: str) -> str:
    return REASONS[secret] if secret and e.check in PERSONAL else e.reason


def _line(who: str, e: Evidence, currency: str, secret: str) -> tuple[str, ...]:
    null = amount(e.null[0], e.unit, currency) if e.null and e.null[0] == e.null[1] else span(e.null, e.unit, currency)
    # A campaign is named or not: its reason says which one, a number would say nothing.
    value = NONE if e.check == "campaign" else amount(e.value, e.unit, currency)
    if e.interval and e.value is not None:
        value = f"{value} ({span(e.interval, e.unit, currency)})"
    return (
        who,
        e.question,
        CHECKS.get(e.check, e.check.replace("_", " ")),
        e.verdict.value,
        secret if secret and e.check in PERSONAL else value,
        null,
        amount(e.threshold, e.unit, currency),
        _reason(e, secret),
    )
