"""Pairs of segments: how far apart they are, what that says about making them one, and what would be left then."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import NONE, count, difference, number_word, on_axis, rate, span
from discovery.charts.small_cells import REASONS, hidden
from discovery.charts.theme import LIGHT, NOTHING, Theme, axis, figure, names_axis, note, plain, tall
from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict
from discovery.core.run import Run

#: What a comparison is called, and what its axis says.
COMPARED: Mapping[str, tuple[str, str]] = {
    "campaign_rate_difference": ("Answers to campaigns", "difference in recipients who answer (percentage points)"),
    "campaign_click_difference": ("Clicks on campaigns", "difference in recipients who click (percentage points)"),
    "campaign_revenue_difference": ("Revenue from campaigns", "difference in revenue per recipient ({currency})"),
    "rate_difference": ("Response", "difference in customers who respond within {days} days (percentage points)"),
    "revenue_difference": ("Revenue", "difference in revenue per customer within {days} days ({currency})"),
    "heldout_auc": ("Held-out features", "how well the two are told apart (AUC; 0.5 is a coin)"),
}
#: Shape and word of a decision.
DECISIONS: Mapping[str, tuple[str, str]] = {
    MergeDecision.MERGE.value: ("●", "merge"),
    MergeDecision.KEEP.value: ("■", "keep both"),
    MergeDecision.CANNOT_TELL.value: ("▨", "cannot tell"),
}
#: Heads the columns of tables that hold decisions.
PAIR_VERDICT = "Verdict on the pair"
#: Pairs drawn, the most alike first; the table holds all.
SHOWN = 8


def verdicts(run: Run, by: str) -> tuple[MergeVerdict, ...]:
    """Return what was found about the pairs of a segmentation, suggested merges first."""
    return tuple(m for m in run.merges if m.segmentation == by)


def comparisons(run: Run, by: str) -> tuple[str, ...]:
    """Return what the pairs were compared by, the main outcome first."""
    found = dict.fromkeys(e.check for m in verdicts(run, by) for e in m.evidence if e.value is not None)
    return tuple(check for check in found if check in COMPARED)


def merges_title(run: Run, by: str) -> str:
    """Return the page's answer: how many segments, and whether any two of them should be one."""
    k = run.segmentation(by).k
    head = f"{number_word(k)} {'segment' if k == 1 else 'segments'}"
    if k < 2:
        return f"{head}: there is nothing to merge"
    found = [m.decision for m in verdicts(run, by)]
    alike, unknown = found.count(MergeDecision.MERGE), found.count(MergeDecision.CANNOT_TELL)
    verb, rest = ("answer", " campaigns") if "campaign_rate_difference" in comparisons(run, by) else ("respond", "")
    if alike == 1:
        return f"{head}; one pair {verb}s{rest} alike: merge it?"
    if alike:
        return f"{head}; {number_word(alike, small=True)} pairs {verb}{rest} alike: merge them?"
    if unknown:
        noun = "pair" if unknown == 1 else "pairs"
        return f"{head}; no two are known to be alike, {number_word(unknown, small=True)} {noun} cannot be told yet"
    if found:
        return f"{head}; any two of them differ: keep them all"
    return f"{head}; no two were compared, for too little was seen of what they did next"


def pairs_data(run: Run, by: str, check: str) -> pd.DataFrame:
    """Return one row per compared pair, suggested merges first: a, b, pair, decision, value, low, high, margin, n.

    Differences are the first less the second; ``margin_low`` and ``margin_high`` bound what counts as alike (for
    held-out features, what chance gives). Where a segment of the pair is too small, ``state`` says so and there is no
    number.
    """
    names = {s.id: s.name for s in run.segmentation(by).segments}
    rows = []
    for m in verdicts(run, by):
        found = next((e for e in m.evidence if e.check == check and e.value is not None), None)
        state = _secret(run, m) or ("shown" if found else "not tested")
        shown = found if state == "shown" else None
        low, high = shown.interval if shown and shown.interval else (math.nan, math.nan)
        alike = shown.null if shown and shown.null else (math.nan, math.nan)
        rows.append(
            {
                "a": m.pair[0],
                "b": m.pair[1],
                "pair": f"{names.get(m.pair[0], m.pair[0])} and {names.get(m.pair[1], m.pair[1])}",
                "decision": m.decision.value,
                "needed": m.customers_needed or 0,
                "value": shown.value if shown and shown.value is not None else math.nan,
                "low": low,
                "high": high,
                "margin_low": alike[0],
                "margin_high": alike[1],
                "unit": shown.unit if shown else "",
                "n": shown.n if shown else 0,
                "state": state,
                "reason": reason(run, m),
            }
        )
    columns = ["a", "b", "pair", "decision", "needed", "value", "low", "high", "margin_low", "margin_high", "unit"]
    return pd.DataFrame(rows, columns=[*columns, "n", "state", "reason"])


def pairs_title(run: Run, by: str, check: str) -> str:
    """Return which of the pairs is nearest in what they are compared by."""
    data = pairs_data(run, by, check)
    shown = data[data["state"] == "shown"]
    name = COMPARED[check][0]
    if shown.empty:
        return f"{name}: no pair is large enough to show"
    nearest = shown.sort_values("value", key=abs, kind="stable").iloc[0]
    said = difference(nearest["value"], nearest["unit"], run.currency)
    title = f"{name}: nearest are {nearest['pair']} ({said})"
    if check == "heldout_auc":
        return title
    inside = int(((shown["low"] >= shown["margin_low"]) & (shown["high"] <= shown["margin_high"])).sum())
    if not inside and (shown["decision"] == MergeDecision.MERGE.value).any():
        # All campaigns together may tell what no interval of this picture does.
        return title
    return f"{title}; {number_word(inside, small=True) if inside else 'none'} surely alike"


def pairs_table(run: Run, by: str, check: str) -> pd.DataFrame:
    """Return every pair as people read it."""
    rows = []
    for r in pairs_data(run, by, check).to_dict("records"):
        shown = r["state"] == "shown"
        value = difference(r["value"], r["unit"], run.currency) if shown else r["state"]
        ends = tuple(difference(r[side], r["unit"], run.currency) for side in ("low", "high"))
        alike = tuple(difference(r[side], r["unit"], run.currency) for side in ("margin_low", "margin_high"))
        interval, margin = (f"{low} to {high}" if shown else NONE for low, high in (ends, alike))
        needed = f"{count(r['needed'])} each" if r["needed"] else NONE
        rows.append((r["pair"], r["decision"], value, interval, margin, needed, r["reason"]))
    alike_words = "By chance" if check == "heldout_auc" else "Alike within"
    columns = ["Pair", PAIR_VERDICT, COMPARED[check][0], "95% interval", alike_words, "Needed to tell", "Why"]
    return pd.DataFrame(rows, columns=columns)


def pairs(run: Run, by: str, check: str, look: Theme = LIGHT) -> go.Figure:
    """Return a dot and interval per pair over the margin in grey; what cannot be told is hatched."""
    data = pairs_data(run, by, check).head(SHOWN)
    data["key"] = data["a"] + "|" + data["b"]
    keys, shown = data["key"].tolist(), data[data["state"] == "shown"]
    scale = on_axis(shown["unit"].iloc[0])[0] if len(shown) else 1.0
    labels = [_label(r["pair"], r["decision"], r["needed"], look) for r in data.to_dict("records")]
    traces = [_margins(shown, scale, look, "by chance" if check == "heldout_auc" else "alike")]
    unknown = shown["decision"] == MergeDecision.CANNOT_TELL.value
    if unknown.any():
        traces.append(_hatched(shown[unknown], scale, look))
    for decision in MergeDecision:
        mine = shown[shown["decision"] == decision.value]
        if len(mine):
            traces.append(_points(mine, decision, scale, run.currency, look))
    zero = 0.5 if check == "heldout_auc" else 0.0
    silent = [
        note(r["state"], look, x=zero * scale, y=r["key"], xanchor="left")
        for r in data[data["state"] != "shown"].to_dict("records")
    ]
    words = "grey: by chance" if check == "heldout_auc" else "grey: alike"
    silent.append(note(words, look, x=zero * scale, y=1, yref="paper", yanchor="bottom"))
    title = COMPARED[check][1].format(days=run.horizon_days, currency=run.currency)
    # What people stated has no date, so no window followed it.
    title = title if run.horizon_days else title.replace(" within 0 days", "")
    return figure(
        pairs_title(run, by, check),
        look,
        tall(labels) + 24,
        traces,
        barmode="overlay",
        annotations=silent,
        margin={"l": 8, "r": 16, "t": 78, "b": 8},
        shapes=[
            {
                "type": "line", "xref": "x", "yref": "paper", "layer": "below", "y0": 0, "y1": 1,
                "x0": zero * scale, "x1": zero * scale, "line": {"color": look.muted, "width": 1.2},
            }
        ],
        xaxis=axis(title, look, nticks=7),
        yaxis=names_axis(
            look, dict(zip(keys, labels, strict=True)), "pair of segments", categoryorder="array", categoryarray=keys
        ),
    )  # fmt: skip


def reason(run: Run, verdict: MergeVerdict) -> str:
    """Return why the verdict on a pair is what it is; without numbers where a segment is too small to show them."""
    return REASONS.get(_secret(run, verdict), verdict.reason)


def evidence_table(run: Run, verdict: MergeVerdict) -> pd.DataFrame:
    """Return what the verdict on a pair rests on, one row per outcome; numbers of small segments are not shown."""
    state = _secret(run, verdict)
    rows = [_evidence_row(e, state, run.currency) for e in verdict.evidence]
    return pd.DataFrame(
        rows, columns=["Compared by", "Difference", "95% interval", "Alike within", "Customers or sends"]
    )


def after_table(run: Run, by: str, a: str, b: str) -> pd.DataFrame:
    """Return the segments as they would be with `b` part of `a`, beside what they are now."""
    now = run.segmentation(by)
    after = now.joined(a, b, name=f"{now.segment(a).name} with {now.segment(b).name}")
    before = {s.id: s.size for s in now.segments}
    ordered = sorted(after, key=lambda s: (s.rank < 0, -s.size, s.rank))
    rows = [
        (s.name, f"{count(before[a])} and {count(before[b])}" if s.id == a else count(before[s.id]), count(s.size),
         rate(s.share))
        for s in ordered
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Segment", "Customers now", "Customers then", "Share then"])


def _secret(run: Run, verdict: MergeVerdict) -> str:
    """Return why nothing may be said of a pair, for one of its segments is too small; empty where it may."""
    secret = hidden({s.id: s.size for s in run.segmentation(verdict.segmentation).segments})
    return next((secret[i] for i in verdict.pair if i in secret), "")


def _label(pair: str, decision: str, needed: int, look: Theme) -> str:
    shape, word = DECISIONS[decision]
    said = f"{shape} {word}{f': needs {count(needed)} each' if needed else ''}"
    return f'{plain(pair, 30)}<br><span style="font-size:11px;color:{look.muted}">{said}</span>'


def _margins(shown: pd.DataFrame, scale: float, look: Theme, words: str) -> go.Bar:
    low, high = shown["margin_low"] * scale, shown["margin_high"] * scale
    return go.Bar(
        orientation="h", y=shown["key"], x=high - low, base=low, width=0.78,
        marker={"color": look.band, "line": {"width": 0}},
        hovertemplate=f"{words}: %{{base:.2f}} to %{{x:.2f}}<extra></extra>",
    )  # fmt: skip


def _hatched(unknown: pd.DataFrame, scale: float, look: Theme) -> go.Bar:
    low, high = unknown["low"] * scale, unknown["high"] * scale
    return go.Bar(
        orientation="h", y=unknown["key"], x=high - low, base=low, width=0.34, hoverinfo="skip",
        marker={
            "color": look.muted,
            "line": {"width": 1, "color": look.muted},
            "pattern": {"shape": "/", "fillmode": "replace", "bgcolor": NOTHING, "size": 6, "solidity": 0.25},
        },
    )  # fmt: skip


def _points(mine: pd.DataFrame, decision: MergeDecision, scale: float, currency: str, look: Theme) -> go.Scatter:
    unknown = decision is MergeDecision.CANNOT_TELL
    colour = {MergeDecision.MERGE: look.passed, MergeDecision.KEEP: look.ink, MergeDecision.CANNOT_TELL: look.muted}
    symbol = {MergeDecision.MERGE: "circle", MergeDecision.KEEP: "square", MergeDecision.CANNOT_TELL: "circle-open"}
    hover = [
        f"<b>{plain(r['pair'])}</b><br>{DECISIONS[decision.value][1]}: {difference(r['value'], r['unit'], currency)}"
        f"<br>95% interval {difference(r['low'], r['unit'], currency)} to "
        f"{difference(r['high'], r['unit'], currency)}, n {count(r['n'])}"
        for r in mine.to_dict("records")
    ]
    return go.Scatter(
        mode="markers", x=mine["value"] * scale, y=mine["key"], customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        marker={"color": colour[decision], "symbol": symbol[decision], "size": 10, "line": {"width": 2}},
        error_x={
            "type": "data", "symmetric": False, "visible": not unknown, "color": look.muted, "thickness": 1.6,
            "width": 4, "array": (mine["high"] - mine["value"]) * scale,
            "arrayminus": (mine["value"] - mine["low"]) * scale,
        },
        cliponaxis=False,
    )  # fmt: skip


def _evidence_row(e: Evidence, state: str, currency: str) -> tuple[str, ...]:
    name = COMPARED.get(e.check, (e.check.replace("_", " ").capitalize(), ""))[0]
    if state or e.value is None or e.interval is None:
        return (name, state or "not tested", NONE, NONE, NONE)
    low, high = (difference(v, e.unit, currency) for v in e.interval)
    if e.unit == "auc":
        within = f"{span(e.null, 'auc')} by chance"
    else:
        within = difference(e.threshold or 0.0, e.unit, currency).removeprefix("+")
    return (name, difference(e.value, e.unit, currency), f"{low} to {high}", within, count(e.n))
