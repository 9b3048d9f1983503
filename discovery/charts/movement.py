"""Who moved between two reviews: a Sankey of customers by segment before and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import count, day, rate
from discovery.charts.reviewed import places
from discovery.charts.theme import FONT, LIGHT, Theme, axis, figure, note, plain
from discovery.core.many import many
from discovery.core.review import ENTRANTS, LEAVERS, Review
from discovery.core.segment import Segment

#: By today's boundaries, or by those of before.
Boundaries = Literal["fresh", "frozen"]
#: All customers are so many pixels high, and so much lies between two segments.
_FLOW, _GAP = 400.0, 10.0
#: Height of a line of text: a name has room for all of its own, and a flow is labelled where one fits into it.
_LINE = 15.0
_NODE = 0.022
_CURVE = np.linspace(0.0, 1.0, 25)
_SMOOTH = 3 * _CURVE**2 - 2 * _CURVE**3


@dataclass(frozen=True)
class _Node:
    """One segment on one side: who it is, its customers, and where it stands, in pixels from the top."""

    segment: Segment
    customers: int
    top: float
    height: float


def movement_data(review: Review, boundaries: Boundaries = "fresh") -> pd.DataFrame:
    """Return one row per flow of at least one customer: before, now, customers, share_of_before, kind.

    ``kind`` is ``stayed``, ``moved``, ``came`` (not known before) or ``left`` (not known now). Shares are of the
    customers of before, 0 to 1.
    """
    matrix = _matrix(review, boundaries)
    names = {s.id: s.name for s in (*places(review, matrix.index), *places(review, matrix.columns))}
    rows = [(a, b, int(n)) for a, row in matrix.iterrows() for b, n in row.items()]
    long = pd.DataFrame(rows, columns=["before_id", "now_id", "customers"])
    totals = long["before_id"].map(matrix.sum(axis=1))
    kinds = [
        "came" if a == ENTRANTS else "left" if b == LEAVERS else "stayed" if a == b else "moved"
        for a, b in zip(long["before_id"], long["now_id"], strict=True)
    ]
    data = long.assign(
        before=long["before_id"].map(names),
        now=long["now_id"].map(names),
        share_of_before=(long["customers"] / totals).where(totals > 0),
        kind=kinds,
    )
    columns = ["before_id", "before", "now_id", "now", "customers", "share_of_before", "kind"]
    return data.loc[data["customers"] > 0, columns].reset_index(drop=True)


def movement_title(review: Review) -> str:
    """Return the finding: how many moved, how many boundaries moved over, and how many stayed."""
    found = review.movement
    known = found.moved + found.redrawn + found.both + found.stayed
    if not known:
        return "No customer is known at both dates"
    changed = found.moved + found.both
    return (
        f"Of {many(known, 'customer')} known both times, {count(changed)} moved ({rate(changed / known)}); "
        f"boundaries alone moved {count(found.redrawn)} more"
    )


def movement_table(review: Review, boundaries: Boundaries = "fresh") -> pd.DataFrame:
    """Return the matrix as people read it: rows before, columns now."""
    matrix = _matrix(review, boundaries)
    columns = [s.name for s in places(review, matrix.columns)]
    shown = pd.DataFrame([[count(n) for n in row] for row in matrix.to_numpy()], columns=columns)
    shown.insert(0, "Before", [s.name for s in places(review, matrix.index)])
    shown["All"] = [count(n) for n in matrix.sum(axis=1)]
    return shown


def movement(review: Review, look: Theme = LIGHT, boundaries: Boundaries = "fresh") -> go.Figure:
    """Return a Sankey: who stayed faintly, who moved in the colour of where they were."""
    matrix = _matrix(review, boundaries)
    left, right, height = _nodes(review, matrix)
    traces = [*_ribbons(matrix, left, right, look), _names(left, "before", look), _names(right, "now", look)]
    return figure(
        movement_title(review),
        look,
        round(height) + 134,
        traces,
        margin={"l": 134, "r": 134, "t": 84, "b": 42},
        hovermode="closest",
        shapes=[_bar(n, x, look) for nodes, x in ((left, 0.0), (right, 1.0)) for n in nodes],
        annotations=[
            note(f"<b>{day(when)}</b>", look, x=x, y=1, xref="paper", yref="paper", yanchor="bottom", yshift=12,
                 xanchor="center")
            for x, when in enumerate((review.as_of_before, review.as_of_now))
        ],
        xaxis=axis(
            "width of a band: customers; faint: stayed or came",
            look,
            range=[-3 * _NODE, 1 + 3 * _NODE],
            showgrid=False,
            showticklabels=False,
            ticks="",
        ),
        yaxis=axis("", look, range=[height, 0], showgrid=False, showticklabels=False, ticks=""),
    )  # fmt: skip


def _matrix(review: Review, boundaries: Boundaries) -> pd.DataFrame:
    found = review.movement.fresh if boundaries == "fresh" else review.movement.frozen
    return found.rename(index=str, columns=str)


def _nodes(review: Review, matrix: pd.DataFrame) -> tuple[list[_Node], list[_Node], float]:
    """Return both sides, each with room for its names, spread over the same height."""
    total = max(int(matrix.to_numpy().sum()), 1)
    sides = []
    for ids, sizes in ((matrix.index, matrix.sum(axis=1)), (matrix.columns, matrix.sum(axis=0))):
        sides.append([(s, int(n)) for s, n in zip(places(review, ids), sizes, strict=True) if n])
    slots = [[max(_FLOW * n / total, _LINE * (_label(s).count("<br>") + 2)) for s, n in side] for side in sides]
    height = max(sum(slot) + _GAP * (len(slot) - 1) for slot in slots)
    placed = []
    for side, slot in zip(sides, slots, strict=True):
        gap = (height - sum(slot)) / max(len(slot) - 1, 1)
        nodes, top = [], 0.0
        for (segment, n), room in zip(side, slot, strict=True):
            thick = _FLOW * n / total
            nodes.append(_Node(segment, n, top + (room - thick) / 2, thick))
            top += room + gap
        placed.append(nodes)
    return placed[0], placed[1], height


def _ribbons(matrix: pd.DataFrame, left: Sequence[_Node], right: Sequence[_Node], look: Theme) -> list[go.Scatter]:
    starts, ends = {n.segment.id: n.top for n in left}, {n.segment.id: n.top for n in right}
    quiet: list[go.Scatter] = []
    loud: list[go.Scatter] = []
    words: list[tuple[float, str]] = []
    for a in left:
        for b in right:
            n = int(matrix[b.segment.id][a.segment.id])
            if not n:
                continue
            thick = a.height * n / a.customers
            y0, y1 = starts[a.segment.id], ends[b.segment.id]
            starts[a.segment.id] += thick
            ends[b.segment.id] += thick
            moved = a.segment.id not in (b.segment.id, ENTRANTS)
            upper = y0 + (y1 - y0) * _SMOOTH
            ribbon = go.Scatter(
                mode="lines",
                x=np.concatenate([_CURVE, _CURVE[::-1]]).round(4),
                y=np.concatenate([upper, (upper + thick)[::-1]]).round(2),
                fill="toself",
                fillcolor=a.segment.colour if moved else look.band,
                line={"width": 0.6 if moved else 0, "color": a.segment.colour if moved else look.band},
                opacity=0.62 if moved else 1.0,
                hoveron="fills",
                name="",
                text=f"<b>{plain(a.segment.name)}</b> → <b>{plain(b.segment.name)}</b><br>{many(n, 'customer')}, "
                f"{rate(n / a.customers)} of those before",
                hoverinfo="text",
            )
            (loud if moved else quiet).append(ribbon)
            if moved and thick >= _LINE:
                words.append((y0 + thick / 2, count(n)))
    said = go.Scatter(
        mode="text",
        x=[_NODE] * len(words),
        y=[y for y, _ in words],
        text=[text for _, text in words],
        textposition="middle right",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        hoverinfo="skip",
    )
    return [*quiet, *loud, *([said] if words else [])]


def _names(nodes: Sequence[_Node], side: Literal["before", "now"], look: Theme) -> go.Scatter:
    before = side == "before"

    def apart(text: str) -> str:
        # A thin space between a name's lines and its symbol, on the side where that stands.
        return (
            text.replace("<br>", "\u2009<br>") + "\u2009" if before else "\u2009" + text.replace("<br>", "<br>\u2009")
        )

    return go.Scatter(
        mode="markers+text",
        x=[-2.4 * _NODE if before else 1 + 2.4 * _NODE] * len(nodes),
        y=[n.top + n.height / 2 for n in nodes],
        marker={
            "color": [n.segment.colour for n in nodes],
            "symbol": [n.segment.symbol for n in nodes],
            "size": 9,
        },
        text=[
            apart(f'{_label(n.segment)}<br><span style="font-size:11px;color:{look.muted}">{count(n.customers)}</span>')
            for n in nodes
        ],
        textposition="middle left" if before else "middle right",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _label(segment: Segment) -> str:
    return plain(segment.name, 17)


def _bar(node: _Node, x: float, look: Theme) -> dict[str, object]:
    return {
        "type": "rect", "xref": "x", "yref": "y", "layer": "above",
        "x0": x - _NODE if x == 0 else x, "x1": x if x == 0 else x + _NODE,
        "y0": node.top, "y1": node.top + node.height,
        "fillcolor": node.segment.colour, "line": {"width": 0, "color": look.ground},
    }  # fmt: skip
