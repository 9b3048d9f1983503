"""Tables, chips and swatches as HTML: every text that comes from data is escaped here, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from discovery.charts.format import NOBODY, NONE, NOT_MEASURED, TOO_FEW, WITHHELD
from discovery.charts.merge_pairs import DECISIONS, PAIR_VERDICT
from discovery.core.evidence import Verdict
from discovery.core.review import Action
from discovery.core.segment import Segment

#: Word and shape of every verdict; the colour comes from the style sheet.
VERDICTS: Mapping[str, tuple[str, str]] = {
    Verdict.PASS.value: ("●", "pass"),
    Verdict.WARN.value: ("▲", "weak"),
    Verdict.FAIL.value: ("■", "fail"),
    Verdict.NOT_TESTED.value: ("○", "not tested"),
}
#: Shape of every decision of a review, and the verdict whose colour it has; it stands in columns of this heading.
DECISION = "What to do"
ACTIONS: Mapping[str, tuple[str, str]] = {
    Action.KEEP.value: ("●", Verdict.PASS.value),
    Action.WATCH.value: ("▲", Verdict.WARN.value),
    Action.REDEFINE.value: ("◆", Verdict.WARN.value),
    Action.MERGE.value: ("◆", Verdict.WARN.value),
    Action.RETIRE.value: ("■", Verdict.FAIL.value),
    Action.TOO_SMALL_TO_TELL.value: ("○", Verdict.NOT_TESTED.value),
}
#: The field's terms, explained where they head a column.
TERMS: Mapping[str, str] = {
    "measurable": "Are the features that define it filled in?",
    "accessible": "May and can its customers be reached: consent, not suppressed?",
    "substantial": "Is it large enough to show a difference that matters?",
    "distinct": "Does it differ from the rest, also on features it was not made from?",
    "actionable": "Is a campaign or flow named for it?",
    "response": "Did it answer differently from everyone, after the date it was made at?",
    "Held-out AUC": "Chance that a member ranks above a non-member on features kept out of clustering; 0.5 is a coin.",
    "By chance": "Where the same number falls when members are drawn by lot.",
    "95% interval": "The range that holds the true value in 95 of 100 such samples.",
    "Against everyone else": "Cliff's delta, -1 to 1: how much more often a member lies above others than below.",
    "Middle half": "A quarter of the segment lies below, a quarter above.",
    "Chance, or everyone": "What data without structure show, or everyone's value.",
    "Customers placed": "Share of customers that stand in a segment.",
    "Precision": "Of those the rule selects, how many are in the cluster.",
    "Recall": "Of the cluster, how many the rule selects.",
    "F1": "Precision and recall in one, 0 to 1.",
    "Found": "Of the customers of the segment, how many its rule selects.",
    "Right": "Of those its rule selects, how many belong to the segment.",
    "PSI": "Population stability index: how far the whole spread of values has moved; 0 is not at all.",
    "Limit": "Beyond it lies what chance alone seldom does to so few customers.",
    "Without structure": "The middle 90% of the same number on data of the same shape without groups.",
}
_NUMBER = re.compile(r"^[−+]?(?:[A-Z]{0,3}[$£€¥₹]|[A-Z]{3} )?\d")


def block(inner: str) -> str:
    """Return `inner`, already safe, in the pages' own type."""
    return f'<div class="sd">{inner}</div>'


def text(words: str, tag: str = "p", css: str = "") -> str:
    """Return words as one element, escaped."""
    return f"<{tag}{f' class={css!r}' if css else ''}>{escape(words)}</{tag}>"


def chip(verdict: str, reason: str = "") -> str:
    """Return a verdict as shape, word and colour, its reason on hover."""
    shape, word = VERDICTS[verdict]
    title = f' title="{escape(reason)}"' if reason else ""
    return f'<span class="sd-chip sd-{verdict}"{title}><i aria-hidden="true">{shape}</i>{word}</span>'


def decision(action: str) -> str:
    """Return what a review says to do, as shape, word and colour."""
    shape, verdict = ACTIONS[action]
    return f'<span class="sd-chip sd-{verdict}"><i aria-hidden="true">{shape}</i>{action}</span>'


def pair_verdict(said: str) -> str:
    """Return a decision on a pair of segments as shape, word and colour."""
    shape, word = DECISIONS[said]
    css = said.replace(" ", "-")
    return f'<span class="sd-chip sd-pair-{css}"><i aria-hidden="true">{shape}</i>{word}</span>'


def swatch(segment: Segment) -> str:
    """Return a segment's symbol in its colour; the style sheet cuts the shape."""
    style = f"color:{escape(segment.colour)}"
    return f'<i class="sd-swatch sd-{escape(segment.symbol)}" style="{style}" aria-hidden="true"></i>'


def name(segment: Segment) -> str:
    """Return a segment's symbol and name."""
    retired = ' <small class="sd-retired" title="Exports leave it out">retired</small>' if segment.retired else ""
    return f'<span class="sd-name">{swatch(segment)}<span>{escape(segment.name)}{retired}</span></span>'


def key(segments: Sequence[Segment]) -> str:
    """Return symbols and names in a row that wraps."""
    return f'<div class="sd-key">{"".join(name(s) for s in segments)}</div>'


def tiles(items: Sequence[tuple[str, str, str]]) -> str:
    """Return a row of at most four numbers: value, label, and what stands under it."""
    cells = "".join(
        f'<div class="sd-tile"><b>{escape(value)}</b><span>{escape(label)}</span><small>{escape(under)}</small></div>'
        for value, label, under in items[:4]
    )
    return block(f'<div class="sd-tiles">{cells}</div>')


def table(
    frame: pd.DataFrame,
    segments: Sequence[Segment] = (),
    verdicts: Mapping[tuple[str, str], str] | None = None,
    long: bool = False,
    narrow: bool = False,
) -> str:
    """Return `frame` as a table that scrolls inside itself.

    Numbers stand right, words left; a cell that is a segment's name gets its symbol, one that is a verdict its chip.

    Parameters
    ----------
    segments : sequence of Segment
        Whose names may stand in the first column.
    verdicts : mapping or None
        Reason shown on hover for a verdict, by text of the first column and column name.
    long : bool
        Many rows: keep the head in sight and scroll.
    narrow : bool
        Few columns: only as wide as they need.
    """
    known = {s.name: name(s) for s in segments}
    reasons = verdicts or {}
    columns = [str(c) for c in frame.columns]
    right = {c for c in columns if _numeric(frame[c])}
    rows = []
    for record in frame.astype(str).to_dict("records"):
        first = str(record[columns[0]])
        cells = []
        for i, column in enumerate(columns):
            value = str(record[column])
            if i == 0:
                inner = known.get(value, escape(value))
            elif column == DECISION and value in ACTIONS:
                inner = decision(value)
            elif value in VERDICTS:
                inner = chip(value, reasons.get((first, column), ""))
            elif column == PAIR_VERDICT and value in DECISIONS:
                inner = pair_verdict(value)
            else:
                inner = escape(value)
            cells.append(f'<td class="{_css(i, column, value, right)}">{inner}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(
        f'<th scope="col" class="{_css(i, c, c, right)}"{_explained(c)}>{_breakable(c)}</th>'
        for i, c in enumerate(columns)
    )
    css = "sd-scroll sd-long" if long else "sd-scroll"
    return block(
        f'<div class="{css}" tabindex="0"><table class="sd-table{" sd-narrow" if narrow else ""}">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def folded(title: str, inner: str, opened: bool = False) -> str:
    """Return `inner`, already safe, under a line that opens it."""
    state = " open" if opened else ""
    return block(f'<details class="sd-fold"{state}><summary>{escape(title)}</summary>{inner}</details>')


def _breakable(words: str) -> str:
    # A column is as wide as its longest word; one of eighty letters would make all else on a printed page tiny.
    return "<wbr>".join(map(escape, re.findall(r"\S{1,18}|\s+", words)))


def _explained(column: str) -> str:
    return f' title="{escape(TERMS[column])}"' if column in TERMS else ""


def _css(i: int, column: str, value: str, right: set[str]) -> str:
    if i == 0:
        return "name sticky"
    if column in right:
        return "num ends" if " (" in value and value.endswith(")") else "num"
    return "prose" if len(value) > 40 else "words" if len(value) > 14 else ""


def _numeric(column: pd.Series) -> bool:
    cells = [str(v) for v in column if str(v) not in (NOBODY, NONE, NOT_MEASURED, TOO_FEW, WITHHELD, "", "not tested")]
    return bool(cells) and all(_NUMBER.match(c) for c in cells)
