"""Two dots for each segment, before and now, each with its interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import amount, on_axis, span
from discovery.charts.theme import FONT, NOTHING, TITLE, Theme, axis, dense, figure, names_axis, note, plain

#: How far the two dots of a row lie from its middle, in rows.
_APART = 0.17
#: Between a dot's interval and the words beside it.
_GAP = "\u2002\u2009"
#: What words beside a dot take of the width, on a narrow page.
_WORDS = 0.2


def before_now(
    data: pd.DataFrame, title: str, axis_title: str, look: Theme, unit: str, currency: str = ""
) -> go.Figure:
    """Return the figure for `data`, one row per segment in the order given.

    Parameters
    ----------
    data : DataFrame
        segment, before, before_low, before_high, now, now_low, now_high, state_before, state_now, colour, symbol. A dot
        is drawn only where its state is ``shown``; otherwise its state stands in words: it is not a zero.
    """
    scale, suffix = on_axis(unit)
    low, high = _ends(data)
    labels = [plain(name, 25) for name in data["segment"]]
    places = list(range(len(data)))
    traces = [_dots(data, when, scale, unit, currency, look) for when in ("before", "now")]
    said = data[data["state_now"] == "shown"]
    # On the side where it was not before, if there is room: the interval of before would go through the words.
    falls = (said["before"] > said["now"]) & (said["state_before"] == "shown")
    left = (falls & (said["now_low"].fillna(said["now"]) - low > _WORDS * (high - low))).tolist()
    traces.append(
        go.Scatter(
            mode="text",
            x=pd.Series(np.where(left, said["now_low"].fillna(said["now"]), said["now_high"].fillna(said["now"])))
            * scale,
            y=[i + _APART for i in places if data["state_now"].iloc[i] == "shown"],
            text=[
                f"{amount(v, unit, currency)}{_GAP}" if beside else f"{_GAP}{amount(v, unit, currency)}"
                for v, beside in zip(said["now"], left, strict=True)
            ],
            textposition=["middle left" if beside else "middle right" for beside in left],
            textfont={"family": FONT, "size": 12, "color": look.ink},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    for when, above in (("before", -_APART), ("now", _APART)):
        words = data[f"state_{when}"]
        silent = [i for i in places if words.iloc[i] != "shown"]
        traces.append(
            go.Scatter(
                mode="text",
                x=[low * scale] * len(silent),
                y=[i + above for i in silent],
                text=[f"{when}: {words.iloc[i]}" for i in silent],
                textposition="middle right",
                textfont={"family": FONT, "size": 11, "color": look.muted},
                hoverinfo="skip",
                cliponaxis=False,
            )
        )
    return figure(
        title,
        look,
        42 + dense(labels),
        [t for t in traces if len(t.y)],
        margin={"l": 8, "r": 16, "t": TITLE + 14, "b": 8},
        annotations=[
            note("hollow: before, filled: now", look, x=1, y=1, xref="paper", yref="paper", xanchor="right",
                 yanchor="bottom", yshift=2)
        ],
        xaxis=axis(
            axis_title,
            look,
            range=[low * scale, high * scale],
            ticksuffix=suffix,
            nticks=6,
        ),
        yaxis=names_axis(
            look, dict(zip(places, labels, strict=True)), size=12, autorange=False, range=[len(data) - 0.4, -0.6]
        ),
    )  # fmt: skip


def _dots(data: pd.DataFrame, when: str, scale: float, unit: str, currency: str, look: Theme) -> go.Scatter:
    mine = (data[f"state_{when}"] == "shown").to_numpy()
    shown, now = data[mine], when == "now"
    values, low, high = (shown[c].astype(float) for c in (when, f"{when}_low", f"{when}_high"))
    words = [amount(v, unit, currency) for v in values]
    hover = [
        f"<b>{plain(name)}</b><br>{when}: {w}<br>95% interval {span((a, b), unit, currency)}"
        for name, w, a, b in zip(shown["segment"], words, low, high, strict=True)
    ]
    colours = shown["colour"].tolist()
    return go.Scatter(
        mode="markers",
        x=values * scale,
        y=[i + (_APART if now else -_APART) for i, here in enumerate(mine) if here],
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        marker={
            "color": colours if now else NOTHING,
            "symbol": shown["symbol"].tolist(),
            "size": 11 if now else 9,
            "line": {"color": colours, "width": 0 if now else 1.6},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": ((high - values) * scale).fillna(0),
            "arrayminus": ((values - low) * scale).fillna(0),
            "visible": bool(low.notna().any()),
            "color": look.muted,
            "thickness": 1.6 if now else 1.0,
            "width": 4 if now else 3,
        },
        cliponaxis=False,
    )


def _ends(data: pd.DataFrame) -> tuple[float, float]:
    columns = [c for when in ("before", "now") for c in (when, f"{when}_low", f"{when}_high")]
    finite = [0.0, *(float(v) for c in columns for v in data[c] if math.isfinite(v))]
    low, high = min(finite), max(finite)
    # Room at the right for words; a dot at zero needs some as well, or it would stand on the names.
    room = (high - low) * 0.05 or 1.0
    return low - room, high + 3 * room
