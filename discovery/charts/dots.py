"""A dot and its interval for each segment, beside reference lines: the shape shared by several charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import amount, count, on_axis, span
from discovery.charts.theme import FONT, NOTHING, Theme, axis, figure, names_axis, note, plain, tall


@dataclass(frozen=True)
class Reference:
    """A value to compare with: a line and its words."""

    value: float
    words: str
    dashed: bool = True


def dots(
    data: pd.DataFrame,
    title: str,
    axis_title: str,
    look: Theme,
    unit: str,
    currency: str = "",
    lines: Sequence[Reference] = (),
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """Return the figure for `data`, one row per segment in the order given.

    Parameters
    ----------
    data : DataFrame
        segment_id, segment, value, low, high, n, state, colour, symbol. Rows whose ``state`` is not ``shown`` are
        drawn as a hatched strip with the state in words: it is not a zero. Where there are ``null_low`` and
        ``null_high``, chance is a grey bar behind each dot: a small segment's is wider. Where there is ``shrunk``, an
        open diamond stands at it.
    limits : (float, float) or None
        Ends of the axis in the unit of `data`; none: from 0 to a little beyond what is drawn.
    """
    scale, suffix = on_axis(unit)
    low, high = limits or _ends(data, lines)
    shown, silent = data[data["state"] == "shown"], data[data["state"] != "shown"]
    traces = [_silent(silent, low * scale, high * scale, look)] if len(silent) else []
    chance: list[dict[str, object]] = []
    if "null_low" in shown and shown["null_low"].notna().any():
        traces.append(_chance(shown, scale, unit, look))
        chance = [
            note("grey: by chance", look, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom",
                 yshift=2 + 15 * len(lines))
        ]  # fmt: skip
    traces.append(_points(shown, scale, unit, currency, look))
    if "shrunk" in shown and shown["shrunk"].notna().any():
        traces.append(_expected(shown, scale, unit, currency, look))
    shapes, notes = _references(lines, scale, look)
    notes += chance + _values(shown, scale, unit, currency, look)
    labels = [
        f'{plain(name, 25)}<br><span style="font-size:11px;color:{look.muted}">n {count(n)}</span>'
        for name, n in zip(data["segment"], data["n"], strict=True)
    ]
    return figure(
        title,
        look,
        tall(labels) + 24,
        traces,
        barmode="overlay",
        shapes=shapes,
        annotations=notes,
        margin={"l": 8, "r": 16, "t": 82, "b": 8},
        xaxis=axis(axis_title, look, range=[low * scale, high * scale], ticksuffix=suffix, nticks=6),
        yaxis=names_axis(
            look,
            dict(zip(data["segment_id"], labels, strict=True)),
            categoryorder="array",
            categoryarray=data["segment_id"].tolist(),
        ),
    )


def _points(shown: pd.DataFrame, scale: float, unit: str, currency: str, look: Theme) -> go.Scatter:
    words = [amount(v, unit, currency) for v in shown["value"]]
    hover = [
        f"<b>{plain(r['segment'])}</b><br>{w}, n {count(r['n'])}<br>"
        f"95% interval {span((r['low'], r['high']), unit, currency)}"
        for r, w in zip(shown.to_dict("records"), words, strict=True)
    ]
    return go.Scatter(
        mode="markers",
        x=shown["value"] * scale,
        y=shown["segment_id"],
        text=words,
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        marker={"color": shown["colour"].tolist(), "symbol": shown["symbol"].tolist(), "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": ((shown["high"] - shown["value"]) * scale).fillna(0),
            "arrayminus": ((shown["value"] - shown["low"]) * scale).fillna(0),
            "color": look.muted,
            "thickness": 1.6,
            "width": 4,
        },
        cliponaxis=False,
    )


def _values(shown: pd.DataFrame, scale: float, unit: str, currency: str, look: Theme) -> list[dict[str, object]]:
    """Return each value above its dot, on the ground: a line that passes there would be printed through it."""
    return [
        note(
            amount(r["value"], unit, currency), look, x=r["value"] * scale, y=r["segment_id"], yshift=15,
            bgcolor=look.ground, borderpad=0, font={"family": FONT, "size": 12, "color": look.ink},
        )
        for r in shown.to_dict("records")
    ]  # fmt: skip


def _expected(shown: pd.DataFrame, scale: float, unit: str, currency: str, look: Theme) -> go.Scatter:
    return go.Scatter(
        mode="markers",
        x=shown["shrunk"] * scale,
        y=shown["segment_id"],
        customdata=[amount(v, unit, currency) for v in shown["shrunk"]],
        hovertemplate="to expect next time: %{customdata}<extra></extra>",
        marker={"color": look.ink, "symbol": "diamond-open", "size": 9, "line": {"width": 1.4}},
        cliponaxis=False,
    )


def _chance(shown: pd.DataFrame, scale: float, unit: str, look: Theme) -> go.Bar:
    low, high = shown["null_low"], shown["null_high"]
    return go.Bar(
        orientation="h",
        y=shown["segment_id"],
        x=(high - low) * scale,
        base=low * scale,
        width=0.62,
        marker={"color": look.band, "line": {"width": 0}},
        customdata=[span(ends, unit) for ends in zip(low, high, strict=True)],
        hovertemplate="by chance: %{customdata}<extra></extra>",
    )


def _silent(silent: pd.DataFrame, low: float, high: float, look: Theme) -> go.Bar:
    return go.Bar(
        orientation="h",
        y=silent["segment_id"],
        x=[high - low] * len(silent),
        base=low,
        width=0.5,
        marker={
            "color": look.band,
            "line": {"width": 0},
            "pattern": {"shape": "/", "fillmode": "replace", "bgcolor": NOTHING, "size": 7, "solidity": 0.3},
        },
        text=silent["state"],
        textposition="inside",
        insidetextanchor="start",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        hoverinfo="skip",
    )


def _references(
    lines: Sequence[Reference], scale: float, look: Theme
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    shapes: list[dict[str, object]] = []
    notes: list[dict[str, object]] = []
    for row, line in enumerate(lines):
        shapes.append(
            {
                "type": "line", "xref": "x", "yref": "paper", "layer": "below",
                "x0": line.value * scale, "x1": line.value * scale, "y0": 0, "y1": 1,
                "line": {"color": look.muted, "width": 1.4, "dash": "dash" if line.dashed else "solid"},
            }
        )  # fmt: skip
        # One line of words per reference: two that lie close would else be printed over each other.
        notes.append(
            note(plain(line.words), look, x=line.value * scale, xref="x", xanchor="left", y=1, yref="paper",
                 yanchor="bottom", yshift=2 + 15 * (len(lines) - 1 - row), xshift=-4)
        )  # fmt: skip
    return shapes, notes


def _ends(data: pd.DataFrame, lines: Sequence[Reference]) -> tuple[float, float]:
    ends = [*data["value"], *data["low"], *data["high"], *(line.value for line in lines)]
    finite = [0.0, *(float(v) for v in ends if math.isfinite(v))]
    low, high = min(finite), max(finite)
    room = (high - low) * 0.12 or 1.0
    # Room on the left too: the words above a dot at nothing would be printed over the segment's name.
    return low - (room if low < 0 else room / 2), high + room
