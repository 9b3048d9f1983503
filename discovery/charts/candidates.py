"""How many segments: every number considered, each statistic beside the same on data without structure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import amount, number
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, axis, figure, note
from discovery.core.run import Run
from discovery.core.settings import ClusterSettings

#: What a statistic is called, and its unit.
STATISTICS: Mapping[str, tuple[str, str]] = {
    "silhouette": ("Silhouette", "silhouette (−1 to 1)"),
    "calinski_harabasz": ("Calinski-Harabasz", "variance ratio (number)"),
    "stability": ("Stability", "adjusted Rand (0 to 1)"),
    "dispersion": ("Tightness", "log within-segment spread (number)"),
}


def band(run: Run) -> tuple[int, int]:
    """Return the fewest and the most segments a team can work with, from the run's settings."""
    return int(cluster_setting(run, "band_low")), int(cluster_setting(run, "band_high"))


def cluster_setting(run: Run, name: str) -> Any:
    """Return a setting of the clusterings of a run; the default in one of a release that did not know it."""
    part = run.settings.get("cluster", {})
    return {**vars(ClusterSettings()), **(part if isinstance(part, Mapping) else {})}[name]


def statistics(run: Run, by: str) -> tuple[str, ...]:
    """Return the names of the statistics that were measured for `by`, in order."""
    return tuple(dict.fromkeys(name for c in run.segmentation(by).candidates for name in c.statistics))


def chosen_among(run: Run, by: str) -> str:
    """Return `by` if its number of segments was chosen among several, else the first segmentation whose was."""
    return next((name for name in (by, *(s.name for s in run.segmentations)) if statistics(run, name)), by)


def words(statistic: str) -> tuple[str, str]:
    """Return what a statistic is called, and its name with the unit."""
    return STATISTICS.get(
        statistic, (statistic.replace("_", " ").capitalize(), f"{statistic.replace('_', ' ')} (number)")
    )


def figure_of(value: float) -> str:
    """Return a statistic as people read it: two decimals where it is small, whole where it is large."""
    return amount(value, "auc") if abs(value) < 10 else number(value)


def candidates_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per statistic and k: value, null_mean, null_low, null_high, beyond (above the null), chosen."""
    segmentation = run.segmentation(by)
    rows = [
        {
            "statistic": name,
            "k": c.k,
            "value": s.value,
            "null_mean": s.null_mean,
            "null_low": s.null_low,
            "null_high": s.null_high,
            "beyond": s.value > s.null_high,
            "chosen": c.k == segmentation.k,
        }
        for c in segmentation.candidates
        for name, s in c.statistics.items()
    ]
    columns = ["statistic", "k", "value", "null_mean", "null_low", "null_high", "beyond", "chosen"]
    return pd.DataFrame(rows, columns=columns).sort_values(["statistic", "k"], kind="stable", ignore_index=True)


def candidates_title(run: Run, by: str, statistic: str) -> str:
    """Return the finding at the chosen k: beyond what structureless data show, or not."""
    data = candidates_data(run, by)
    chosen = data[(data["statistic"] == statistic) & data["chosen"]]
    name = words(statistic)[0]
    if chosen.empty:
        return f"{name} was not measured at the number of segments used"
    row = chosen.iloc[0]
    where = "beyond" if row["beyond"] else "within"
    return (
        f"{name} at {row['k']} segments is {figure_of(row['value'])}, {where} what data without structure show "
        f"(up to {figure_of(row['null_high'])})"
    )


def candidates_table(run: Run, by: str, statistic: str) -> pd.DataFrame:
    """Return the chart's numbers as people read them: one row per k, the statistic beside its null."""
    rows = [
        (
            f"{r['k']} (used)" if r["chosen"] else str(r["k"]),
            figure_of(r["value"]),
            f"{figure_of(r['null_low'])} to {figure_of(r['null_high'])}",
            "yes" if r["beyond"] else "no",
        )
        for r in candidates_data(run, by).to_dict("records")
        if r["statistic"] == statistic
    ]
    return pd.DataFrame(rows, columns=["Segments", words(statistic)[0], "Without structure", "Beyond it"])


def candidates(run: Run, by: str, statistic: str, look: Theme = LIGHT) -> go.Figure:
    """Return one statistic against k, the null as a grey band behind it, the working band shaded, the k used marked."""
    everything = candidates_data(run, by)
    data = everything[everything["statistic"] == statistic]
    low, high = band(run)
    ks = data["k"].tolist()
    edge = go.Scatter(
        mode="lines",
        x=ks,
        y=data["null_low"],
        line={"width": 0, "color": look.band},
        hoverinfo="skip",
    )
    null = go.Scatter(
        mode="lines",
        x=ks,
        y=data["null_high"],
        line={"width": 0, "color": look.band},
        fill="tonexty",
        fillcolor=look.band,
        hoverinfo="skip",
    )
    line = go.Scatter(
        mode="lines+markers",
        x=ks,
        y=data["value"],
        line={"color": look.ink, "width": 1.6},
        marker={
            "color": [look.accent if c else look.ink for c in data["chosen"]],
            "symbol": ["diamond" if c else "circle" for c in data["chosen"]],
            "size": [13 if c else 6 for c in data["chosen"]],
            "line": {"width": 0},
        },
        customdata=[
            f"{figure_of(a)} to {figure_of(b)}" for a, b in zip(data["null_low"], data["null_high"], strict=True)
        ],
        hovertemplate="%{x} segments: %{y:.3g}<br>without structure: %{customdata}<extra></extra>",
    )
    notes = [
        note(
            band_words(low, high),
            look,
            x=(low + high) / 2,
            xref="x",
            y=1,
            yref="paper",
            yanchor="bottom",
        )
    ]
    if not data.empty:
        # In the corner that the line leaves free, as the words beside the number used do.
        rises = data["value"].iloc[-1] > data["value"].iloc[0]
        notes.append(
            note("grey: without structure", look, x=int(rises), xref="paper", xanchor="right" if rises else "left",
                 y=0, yref="paper", yanchor="bottom")
        )  # fmt: skip
    notes += [_used(data["k"].tolist(), data["value"].tolist(), int(i), look) for i in np.flatnonzero(data["chosen"])]
    return figure(
        candidates_title(run, by, statistic),
        look,
        320,
        [edge, null, line],
        annotations=notes,
        shapes=[
            {
                "type": "rect", "xref": "x", "yref": "paper", "layer": "below", "x0": low - 0.4, "x1": high + 0.4,
                "y0": 0, "y1": 1, "fillcolor": look.middle, "line": {"width": 0, "color": NOTHING},
            }
        ],
        margin={"l": 8, "r": 12, "t": 82, "b": 8},
        xaxis=axis("segments considered (number)", look, dtick=1, showgrid=False),
        yaxis=axis(words(statistic)[1], look, nticks=5),
    )  # fmt: skip


def _used(ks: list[int], values: list[float], i: int, look: Theme) -> dict[str, Any]:
    """Return the words beside the number used, on the side where the line does not pass."""
    before = values[i - 1] if i else values[i]
    after = values[i + 1] if i + 1 < len(values) else -math.inf
    rising, valley = values[i] > before, before > values[i] < after
    return note(
        f"used: {ks[i]}",
        look,
        x=ks[i],
        y=values[i],
        xanchor="center" if valley else "right" if rising else "left",
        xshift=0 if valley else -4 if rising else 8,
        yshift=-17 if valley else 14 if rising else 8,
        font={"size": 12, "color": look.ink, "family": FONT},
    )


def band_words(low: int, high: int) -> str:
    """Return what the shaded numbers of segments are."""
    return f"{low} to {high}: what a team can serve"
