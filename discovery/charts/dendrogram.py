"""Which segments would be joined first, as a tree on its side."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.candidates import band, band_words
from discovery.charts.format import DASH, NONE, rate
from discovery.charts.merge_pairs import DECISIONS, PAIR_VERDICT
from discovery.charts.merge_path import joins, path_data
from discovery.charts.theme import LIGHT, NOTHING, Theme, axis, figure, names_axis, note, plain, tall
from discovery.core.evidence import MergeDecision
from discovery.core.run import Run


@dataclass(frozen=True)
class Join:
    """One join of the tree: where its two branches start, and where they meet."""

    k: int
    decision: str
    x: float
    branches: tuple[tuple[float, float], tuple[float, float]]


def leaves(run: Run, by: str) -> list[str]:
    """Return the segment ids from top to bottom, so that no branch crosses another."""
    order: dict[str, list[str]] = {s.id: [s.id] for s in run.segmentation(by).placed}
    for a, b in path_data(run, by)[["a", "b"]].itertuples(index=False):
        if a:
            order[a] += order.pop(b)
    return [i for group in order.values() for i in group]


def dendrogram_data(run: Run, by: str) -> list[Join]:
    """Return the joins, first one first: x is the cost so far, y the place from the top."""
    at = {i: (0.0, float(y)) for y, i in enumerate(leaves(run, by))}
    found = []
    for r in path_data(run, by).to_dict("records"):
        if r["a"]:
            both = (at[r["a"]], at.pop(r["b"]))
            found.append(Join(r["k"], r["decision"], r["so_far"], both))
            at[r["a"]] = (r["so_far"], (both[0][1] + both[1][1]) / 2)
    return found


def dendrogram_title(run: Run, by: str) -> str:
    """Return which two come together first, and at what cost."""
    first, said = path_data(run, by).iloc[1], joins(run, by)[1]
    return f"First to be joined: {said}, at {rate(first['cost'])} of response and distinctness"


def dendrogram_table(run: Run, by: str) -> pd.DataFrame:
    """Return the joins as people read them, first one first."""
    rows = [
        (said, str(r["k"]), rate(r["cost"]), rate(r["so_far"]), r["decision"] or "not compared")
        for r, said in zip(path_data(run, by).to_dict("records"), joins(run, by), strict=True)
        if r["a"]
    ]
    return pd.DataFrame(rows, columns=["Joined", "Segments left", "Cost", "Cost so far", PAIR_VERDICT])


def dendrogram(run: Run, by: str, look: Theme = LIGHT) -> go.Figure:
    """Return the tree: names at the left, cost to the right, the numbers of segments a team can serve shaded."""
    segments = {s.id: s for s in run.segmentation(by).placed}
    ids, found, data = leaves(run, by), dendrogram_data(run, by), path_data(run, by)
    labels = [plain(segments[i].name, 26) for i in ids]
    traces = [_branch(join, look) for join in found]
    traces.append(
        go.Scatter(
            mode="markers", x=[0.0] * len(ids), y=list(range(len(ids))),
            marker={"color": [segments[i].colour for i in ids], "symbol": [segments[i].symbol for i in ids],
                    "size": 11},
            hovertext=labels, hovertemplate="%{hovertext}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip
    notes = [
        note(str(join.k), look, x=join.x * 100, y=(join.branches[0][1] + join.branches[1][1]) / 2, xanchor="left",
             xshift=4, yshift=9)
        for join in found
    ]  # fmt: skip
    shapes = []
    low, high = band(run)
    cost = data.set_index("k")["so_far"] * 100
    if len(ids) >= low:
        start, end = cost[min(high, len(ids))], cost[max(low - 1, 1)]
        words = f"{low}{DASH}{high}" if len(ids) > low else band_words(low, high)
        shapes.append(
            {
                "type": "rect", "xref": "x", "yref": "paper", "layer": "below", "x0": start, "x1": end, "y0": 0,
                "y1": 1, "fillcolor": look.middle, "line": {"width": 0, "color": NOTHING},
            }
        )  # fmt: skip
        notes.append(note(words, look, x=start, xanchor="left", y=1, yref="paper", yanchor="bottom"))
    return figure(
        dendrogram_title(run, by),
        look,
        tall(labels) + 20,
        traces,
        annotations=notes,
        shapes=shapes,
        margin={"l": 8, "r": 28, "t": 82, "b": 8},
        xaxis=axis("cost so far (% of response and distinctness)", look, ticksuffix="%", nticks=6, rangemode="tozero"),
        # The names stand clear of the symbols at the leaves.
        yaxis=names_axis(look, dict(enumerate(labels)), range=[len(ids) - 0.5, -0.5], autorange=False,
                         ticklabelstandoff=12),
    )  # fmt: skip


def _branch(join: Join, look: Theme) -> go.Scatter:
    (xa, ya), (xb, yb) = join.branches
    alike, unknown = join.decision == MergeDecision.MERGE.value, join.decision == MergeDecision.CANNOT_TELL.value
    said = DECISIONS[join.decision][1] if join.decision else NONE
    return go.Scatter(
        mode="lines", x=[100 * x for x in (xa, join.x, join.x, xb)], y=[ya, ya, yb, yb],
        line={
            "color": look.passed if alike else look.ink if not unknown else look.muted,
            "width": 3.2 if alike else 1.6,
            "dash": "dot" if unknown else "solid",
        },
        hovertemplate=f"{join.k} segments left: {said}<extra></extra>",
    )  # fmt: skip
