"""Recency by frequency, as a grid coloured by what customers there bring or do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.broken_down import broken_down_data, measure_label
from discovery.charts.crossed import Crossing, in_cell
from discovery.charts.format import amount, count
from discovery.charts.groups import Group, Grouping, grouped
from discovery.charts.theme import FONT, LIGHT, TITLE, Theme, axis, figure, names_axis, plain
from discovery.core.many import many
from discovery.core.run import Run

#: Scores a grid is made of, recency first, by what people call them.
SCORES: Mapping[str, tuple[str, str]] = {
    "Fifths, 1 to 5": ("r_quintile", "f_quintile"),
    "Thirds, 1 to 3": ("r_score", "f_score"),
}


@dataclass(frozen=True, eq=False)
class Grid:
    """Scores of recency and frequency, and the customers divided by both; who never ordered is in no cell."""

    recency: tuple[Group, ...]
    frequency: tuple[Group, ...]
    cells: Grouping


def scores(run: Run) -> tuple[str, ...]:
    """Return the kinds of scores that the run's table holds."""
    have = {f.name for f in run.table.features}
    return tuple(name for name, pair in SCORES.items() if have.issuperset(pair))


def grid(run: Run, by: str, kind: str) -> Grid:
    """Return the cells of recency by frequency; a score that nobody has keeps its place."""
    r, f = (grouped(run, by, name) for name in SCORES[kind])
    cells = tuple(Group(f"{i.id}|{j.id}", f"recency {i.id}, frequency {j.id}") for i in r.groups for j in f.groups)
    codes = r.codes * len(f.groups) + f.codes
    return Grid(_scored(r), _scored(f), Grouping("rfm_cell", "recency by frequency", cells, codes))


def rfm_grid_data(crossing: Crossing, at: Grid, who: str = "") -> pd.DataFrame:
    """Return one row per cell, the best scores first: recency, frequency, and what a breakdown says of it.

    Parameters
    ----------
    crossing : Crossing
        The cells of `at` as rows, the segments as columns.
    who : str
        Id of the segment; empty for everyone.
    """
    scored = {f"{i.id}|{j.id}": (i, j) for i in at.recency for j in at.frequency}
    data = broken_down_data(crossing, who)
    data = data[data["group"].isin(list(scored))]
    recency, frequency = zip(*(scored[g] for g in data["group"]), strict=True)
    return data.assign(recency=[_named(g) for g in recency], frequency=[_named(g) for g in frequency])[::-1]


def rfm_grid_title(crossing: Crossing, at: Grid, who: str = "") -> str:
    """Return the finding: the cell with the highest value that may be shown, beside that of all cells."""
    c = crossing
    shown = [r for r in rfm_grid_data(c, at, who).to_dict("records") if not r["state"]]
    if not shown:
        return "Too few customers in every cell to show a number"
    top = max(shown, key=lambda r: r["value"])
    value = amount(top["value"], c.measure.unit, c.currency)
    return f"{measure_label(c, who)} is highest at {top['name']}: {value}, of {many(top['customers'], 'customer')}"


def rfm_grid_table(crossing: Crossing, at: Grid, who: str = "") -> pd.DataFrame:
    """Return the chart's numbers as people read them: one row per cell that holds somebody, the best scores first."""
    rows = [
        (r["recency"], r["frequency"], count(r["customers"]), _said(crossing, r))
        for r in rfm_grid_data(crossing, at, who).to_dict("records")
        if r["customers"]
    ]
    heads = ["Recency: days since last order", "Frequency: orders", "Customers", measure_label(crossing, who)]
    return pd.DataFrame(rows, columns=heads)


def rfm_grid(crossing: Crossing, at: Grid, who: str = "", look: Theme = LIGHT) -> go.Figure:
    """Return the grid: recency to the right, frequency upwards, the value and its customers in each cell."""
    cells = {r["group"]: r for r in rfm_grid_data(crossing, at, who).to_dict("records")}
    order = [[cells[f"{i.id}|{j.id}"] for i in at.recency] for j in at.frequency]
    heat = go.Heatmap(
        z=[[r["value"] for r in row] for row in order],
        x=[_named(g) for g in at.recency],
        y=[_named(g) for g in at.frequency],
        text=[[_text(crossing, r, look) for r in row] for row in order],
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=[[_hover(crossing, r) for r in row] for row in order],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=True,
        zmin=0,
        colorscale=[[0, look.middle], [1, look.deep]],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    quiet = {"showgrid": False, "ticks": "", "type": "category", "tickmode": "array"}
    small = {"family": FONT, "size": 12, "color": look.ink}
    return figure(
        rfm_grid_title(crossing, at, who),
        look,
        TITLE + 100 + 58 * len(at.frequency),
        [heat],
        xaxis=axis("recency score (days since the last order)", look, **quiet, tickangle=0, tickfont=small,
                   tickvals=[_named(g) for g in at.recency], ticktext=[plain(_named(g), 12) for g in at.recency]),
        yaxis=names_axis(look, {_named(g): plain(_named(g), 16) for g in at.frequency},
                         "frequency score (orders, ever)", size=12, **quiet, autorange=True),
    )  # fmt: skip


def _scored(grouping: Grouping) -> tuple[Group, ...]:
    return tuple(g for g in grouping.groups if g.about)


def _named(group: Group) -> str:
    return f"{group.id}: {group.about}"


def _said(c: Crossing, row: Mapping[Any, Any]) -> str:
    return str(row["state"]) or amount(row["value"], c.measure.unit, c.currency)


def _text(c: Crossing, row: Mapping[Any, Any], look: Theme) -> str:
    if not row["customers"]:
        return ""
    said = _said(c, row)
    return f'{in_cell(said, look)}<br><span style="font-size:11px">n {count(row["customers"])}</span>'


def _hover(c: Crossing, row: Mapping[Any, Any]) -> str:
    people = f"{count(row['customers'])} customers"
    return f"<b>Recency {row['recency']}</b><br><b>Frequency {row['frequency']}</b><br>{people}<br>{_said(c, row)}"
