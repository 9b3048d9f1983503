"""The way from all segments to one, a pair at a time: what each step costs in response and in distinctness."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.candidates import band, band_words
from discovery.charts.format import NONE, amount, difference, on_axis
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, axis, figure, note
from discovery.core.run import Run

#: What a measure of the path is called, its axis, and its unit.
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "response_kept": ("Response", "what is left of the differences in response (%)", "share"),
    "heldout_auc": ("Distinctness", "two segments told apart on held-out features (AUC; 0.5 is a coin)", "auc"),
    "forward_auc": ("Foresight", "who responds, ranked by segment alone (AUC; 0.5 is a coin)", "auc"),
}


def measures(run: Run, by: str) -> tuple[str, ...]:
    """Return what was measured along the path of `by`; nothing where there is no path."""
    path = run.merge_path(by)
    known = {loss.check for step in path.steps for loss in step.losses} if path else set()
    return tuple(check for check in MEASURES if check in known)


def path_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per number of segments, from all to one: k, a, b (ids joined), cost, so_far, decision, in_band.

    One column for each of `MEASURES`: its value at that number of segments, NaN where it is not defined. The first row
    is the start, where nothing is joined yet; ``so_far`` adds up the costs.
    """
    path = run.merge_path(by)
    if path is None:
        return pd.DataFrame(columns=["k", "a", "b", "cost", "so_far", "decision", "in_band", *MEASURES])
    low, high = band(run)
    steps = path.steps
    k = len(steps) + 1
    start = {loss.check: loss.before for loss in steps[0].losses}
    rows = [{"k": k, "a": "", "b": "", "cost": 0.0, "decision": "", "in_band": low <= k <= high, **_known(start)}]
    rows += [
        {
            "k": step.k,
            "a": step.pair[0],
            "b": step.pair[1],
            "cost": step.cost,
            "decision": step.verdict.decision.value if step.verdict else "",
            "in_band": step.in_band,
            **_known({loss.check: loss.after for loss in step.losses}),
        }
        for step in steps
    ]
    data = pd.DataFrame(rows)
    data.insert(4, "so_far", data["cost"].cumsum())
    return data


def joins(run: Run, by: str) -> list[str]:
    """Return what is joined on each row of `path_data`, in words: a group goes by its first segment."""
    names = {s.id: s.name for s in run.segmentation(by).segments}
    groups = dict.fromkeys(names, 1)
    said = []
    for a, b in path_data(run, by)[["a", "b"]].itertuples(index=False):
        if not a:
            said.append(NONE)
            continue
        both = [names[i] + (f" (and {groups[i] - 1} more)" if groups[i] > 1 else "") for i in (a, b)]
        said.append(" with ".join(both))
        groups[a] += groups.pop(b)
    return said


def path_title(run: Run, by: str, check: str) -> str:
    """Return what is left at the fewest segments that a team would still work with, or one step on."""
    data = path_data(run, by).set_index("k")[check]
    name, _, unit = MEASURES[check]
    start = int(data.index[0])
    k = min(band(run)[0], start - 1)
    then, where = amount(data[k], unit), f"{k} segments" if k > 1 else "one segment"
    if check == "response_kept":
        return f"{name}: at {where}, {then} of what they differ by is left"
    return f"{name}: {then} at {where}, {amount(data[start], unit)} at {start}"


def path_table(run: Run, by: str, check: str) -> pd.DataFrame:
    """Return the chart's numbers as people read them: one row per number of segments, and what the step to it lost."""
    data = path_data(run, by)
    unit = MEASURES[check][2]
    lost = data[check].shift() - data[check]
    rows = [
        (str(k), joined, amount(value, unit), _lost(gone, unit))
        for k, joined, value, gone in zip(data["k"], joins(run, by), data[check], lost, strict=True)
    ]
    return pd.DataFrame(rows, columns=["Segments left", "Joined to get there", MEASURES[check][0], "Lost by it"])


def merge_path(run: Run, by: str, check: str, look: Theme = LIGHT) -> go.Figure:
    """Return a measure from all segments to one as a step line, the working band shaded, every loss written at it."""
    data = path_data(run, by)
    unit = MEASURES[check][2]
    scale, suffix = on_axis(unit)
    low, high = band(run)
    shown = data[data[check].notna()]
    ends = max(high, int(data["k"].max())) + 0.5
    values = shown[check] * scale
    hover = [f"{r['k']} segments: {amount(r[check], unit)}" for r in shown.to_dict("records")]
    line = go.Scatter(
        mode="lines+markers+text", x=shown["k"], y=values, customdata=hover,
        line={"color": look.ink, "width": 1.8, "shape": "hv"},
        marker={
            "color": [look.accent if n == 0 else look.ink for n in range(len(shown))],
            "symbol": ["diamond" if n == 0 else "circle" for n in range(len(shown))],
            "size": [13 if n == 0 else 7 for n in range(len(shown))],
        },
        text=_words(shown[check], unit),
        textposition="top right", textfont={"family": FONT, "size": 12, "color": look.ink},
        hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    room = {"range": [0, 112]} if unit == "share" else {"range": [0.48, max(float(values.max()) + 0.06, 0.6)]}
    return figure(
        path_title(run, by, check),
        look,
        340,
        [line],
        annotations=[note(band_words(low, high), look, x=(low + high) / 2, y=1, yref="paper", yanchor="bottom")],
        shapes=[
            {
                "type": "rect", "xref": "x", "yref": "paper", "layer": "below", "x0": low - 0.4, "x1": high + 0.4,
                "y0": 0, "y1": 1, "fillcolor": look.middle, "line": {"width": 0, "color": NOTHING},
            }
        ],
        margin={"l": 8, "r": 28, "t": 82, "b": 8},
        xaxis=axis("segments left (number)", look, dtick=1, range=[ends, 0.5], showgrid=False),
        yaxis=axis(MEASURES[check][1], look, ticksuffix=suffix, nticks=5, **room),
    )  # fmt: skip


def _known(found: Mapping[str, float | None]) -> dict[str, float]:
    return {check: math.nan if (value := found.get(check)) is None else value for check in MEASURES}


def _words(values: pd.Series, unit: str) -> list[str]:
    """Return what is written at each step: nothing where it says what the step before it says."""
    said = [amount(v, unit) if unit != "share" else f"{v:.0%}" for v in values]
    return ["" if n and said[n - 1] == word else word for n, word in enumerate(said)]


def _lost(gone: float, unit: str) -> str:
    if not math.isfinite(gone):
        return NONE
    return difference(gone, unit).removeprefix("+") if unit == "share" else amount(gone, unit)
