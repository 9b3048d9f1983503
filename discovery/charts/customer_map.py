"""Every customer of a sample as a point, laid out so that like stand near like. For seeing, not for proof."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import count, rate
from discovery.charts.theme import FONT, LIGHT, Theme, axis, figure, plain
from discovery.core.many import many
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED, Segment

#: Up to so many points are drawn one by one: beyond, the graphics card is quicker, though it takes a second to begin.
QUICK = 3_000
#: The drawing's size in pixels that labels are kept apart for.
WIDE, HIGH = 980.0, 420.0
LINE, LETTER = 15.0, 6.6


def customer_map_data(run: Run, by: str, most: int | None = None) -> pd.DataFrame:
    """Return one row per customer of the sample: x, y (float32), segment_id, segment. No customer id leaves here.

    `most` thins the sample evenly to that many.
    """
    return _points(run, by, most).reset_index(drop=True)


def drawn(run: Run, by: str, most: int | None = None) -> list[tuple[Segment, pd.Index]]:
    """Return the customers of each segment as they are drawn: unassigned first, so that it lies under the rest.

    What a reader selects in the picture is told by the place in this list and the place among its customers.
    """
    return [(s, points.index) for s, points in _layers(run, by, _points(run, by, most))]


def customer_map_title(run: Run, points: int) -> str:
    """Return what a picture of so many points shows, and the warning that goes with it."""
    shown = count(points)
    total = count(len(run.table))
    of = f"{total} customers" if shown == total else f"{shown} of {total} customers"
    return f"{of}, like beside like ({run.embedding_method}): a picture, no proof"


def customer_map_table(run: Run, by: str, most: int | None = None) -> pd.DataFrame:
    """Return how many customers of each segment the picture holds."""
    segmentation = run.segmentation(by)
    points = customer_map_data(run, by, most)["segment_id"].value_counts()
    rows = [(s.name, count(int(points.get(s.id, 0))), count(s.size), rate(s.share)) for s in segmentation.segments]
    return pd.DataFrame(rows, columns=["Segment", "Points drawn", "Customers", "Share of customers"])


def customer_map(run: Run, by: str, look: Theme = LIGHT, most: int | None = None) -> go.Figure:
    """Return the points by segment, each by colour and symbol, with the segment's name at its middle."""
    data = _points(run, by, most)
    kind, size = (go.Scatter, 6) if len(data) <= QUICK else (go.Scattergl, 5)
    traces, middles = [], []
    for s, points in _layers(run, by, data):
        traces.append(
            kind(
                mode="markers",
                name=plain(s.name),
                # Plain float32 arrays travel as binary; lists would be written out as text.
                x=points["x"].to_numpy("float32"),
                y=points["y"].to_numpy("float32"),
                marker={"color": s.colour, "symbol": s.symbol, "size": size, "opacity": 0.9},
                hovertemplate=f"<b>{plain(s.name)}</b><br>{many(s.size, 'customer')}<extra></extra>",
            )
        )
        if s.id != UNASSIGNED:
            middles.append((s, float(points["x"].median()), float(points["y"].median())))
    return figure(
        customer_map_title(run, len(data)),
        look,
        520,
        traces,
        annotations=_labels(middles, data, look),
        dragmode="pan",
        xaxis=axis(
            f"{run.embedding_method}, first direction (no unit)", look, showticklabels=False, showgrid=False, ticks=""
        ),
        yaxis=axis(
            f"{run.embedding_method}, second direction (no unit)", look, showticklabels=False, showgrid=False, ticks=""
        ),
    )


def _layers(run: Run, by: str, points: pd.DataFrame) -> list[tuple[Segment, pd.DataFrame]]:
    """Return the points of each segment that has any, in the order they are drawn."""
    ordered = sorted(run.segmentation(by).segments, key=lambda s: (s.id != UNASSIGNED, s.rank))
    found = ((s, points[points["segment_id"] == s.id]) for s in ordered)
    return [(s, mine) for s, mine in found if len(mine)]


def _points(run: Run, by: str, most: int | None) -> pd.DataFrame:
    """Return the points drawn, by customer id."""
    segmentation = run.segmentation(by)
    names = {s.id: s.name for s in segmentation.segments}
    ids = pd.Index(run.embedding["customer_id"])
    data = pd.DataFrame(
        {
            "x": run.embedding["x"].to_numpy("float32"),
            "y": run.embedding["y"].to_numpy("float32"),
            "segment_id": segmentation.labels.reindex(ids).to_numpy(),
        },
        index=ids,
    )
    data["segment"] = data["segment_id"].map(names)
    data = data.dropna(subset=["segment", "x", "y"])
    if most is None or len(data) <= most:
        return data
    return data.iloc[np.linspace(0, len(data) - 1, most).round().astype(int)]


def _labels(middles: list[tuple[Segment, float, float]], data: pd.DataFrame, look: Theme) -> list[dict[str, object]]:
    """Return one label per segment, moved up or down where two would be printed over each other."""
    if not middles:
        return []
    span_x = float(np.ptp(data["x"])) or 1.0
    span_y = float(np.ptp(data["y"])) or 1.0
    placed: list[tuple[float, float, float, float]] = []
    labels: list[dict[str, object]] = []
    for s, x, y in sorted(middles, key=lambda m: -m[2]):
        text = plain(s.name, 24)
        rows = text.split("<br>")
        half_w, half_h = LETTER * max(len(r) for r in rows) / 2 + 6, LINE * len(rows) / 2 + 5
        px, py = x / span_x * WIDE, -y / span_y * HIGH
        moved = py
        for ox, oy, ow, oh in placed:
            if abs(px - ox) < half_w + ow and abs(moved - oy) < half_h + oh:
                moved = oy + oh + half_h
        placed.append((px, moved, half_w, half_h))
        labels.append(
            {
                "x": x,
                "y": y,
                "text": text,
                "ax": 0,
                "ay": moved - py,
                "showarrow": True,
                "arrowhead": 0,
                "arrowwidth": 1,
                "arrowcolor": look.muted,
                "font": {"family": FONT, "size": 13, "color": look.ink},
                "bgcolor": look.ground,
                "opacity": 0.92,
                # The colour of its points says whose name it is where segments lie over each other.
                "bordercolor": s.colour,
                "borderwidth": 1.5,
                "borderpad": 3,
            }
        )
    return labels
