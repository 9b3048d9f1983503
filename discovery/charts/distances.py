"""What the distances between customers are made of: the share that each feature has in them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.candidates import cluster_setting
from discovery.charts.format import rate
from discovery.charts.theme import FONT, LIGHT, Theme, axis, dense, figure, names_axis, note, plain
from discovery.core.headed import headed
from discovery.core.run import Run


def alone_from(run: Run) -> float:
    """Return from which share of the distances on a feature counts as deciding alone, from the run's settings."""
    return float(cluster_setting(run, "max_distance_share"))


def distances_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per feature that `by` took distances in, the largest share first: feature, share, alone.

    Empty where it took none, as rules do. `alone`: its share is beyond the limit.
    """
    shares = run.segmentation(by).model.get("distance_shares", {})
    rows = shares.items() if isinstance(shares, Mapping) else ()
    data = pd.DataFrame([(_label(run, name), float(share)) for name, share in rows], columns=["feature", "share"])
    ordered = data.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return ordered.assign(alone=ordered["share"] > alone_from(run))


def _label(run: Run, name: str) -> str:
    """Return a coordinate in people's words: a feature, an answer to a question, or one made of records."""
    question, of, answer = name.partition(": ")
    return run.table.feature(question).label + of + answer if run.table.holds(question) else name


def distances_title(run: Run, by: str) -> str:
    """Return whether one feature decides who is near whom."""
    first = distances_data(run, by).iloc[0]
    share, limit = rate(first["share"]), f"{alone_from(run):.0%}"
    if first["alone"]:
        return f"“{first['feature']}” makes {share} of the distances, more than {limit}: it decides alone"
    return f"No feature decides alone: “{first['feature']}” makes the most, {share} of the distances"


def distances_table(run: Run, by: str) -> pd.DataFrame:
    """Return the shares as people read them."""
    rows = [
        (headed(r["feature"]), rate(r["share"]), "decides alone" if r["alone"] else "")
        for r in distances_data(run, by).to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["Feature", "Share of the distances", "Beyond the limit"])


def distances(run: Run, by: str, look: Theme = LIGHT) -> go.Figure:
    """Return a bar per feature, hatched where it decides alone, and a line where that begins."""
    data, limit = distances_data(run, by), alone_from(run) * 100
    labels = [plain(name, 34) for name in data["feature"]]
    bars = go.Bar(
        orientation="h",
        y=list(range(len(data))),
        x=data["share"] * 100,
        marker={
            "color": look.accent,
            "pattern": {"shape": ["/" if alone else "" for alone in data["alone"]], "size": 5, "solidity": 0.3},
        },
        text=[rate(share) for share in data["share"]],
        textposition="outside",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        # Or the words would shrink to the height of the bars.
        constraintext="none",
        cliponaxis=False,
        hovertemplate="%{text} of the distances<extra></extra>",
    )
    edge = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": limit, "x1": limit}
    return figure(
        distances_title(run, by),
        look,
        dense(labels) + 32,
        [bars],
        bargap=0.35,
        margin={"l": 8, "r": 16, "t": 78, "b": 8},
        shapes=[{**edge, "line": {"color": look.muted, "width": 1.2, "dash": "dot"}}],
        annotations=[note("decides alone", look, x=limit, y=1, yref="paper", xanchor="right", yanchor="bottom")],
        xaxis=axis(
            "share of the squared distances between customers (%)",
            look,
            range=[0, max(limit, 100 * float(data["share"].max())) * 1.25],
            ticksuffix="%",
            nticks=5,
        ),
        yaxis=names_axis(look, dict(enumerate(labels)), "feature", size=12),
    )
