"""Two ways to divide the customers, crossed: a rate or an amount in every cell that is large enough to show one."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from discovery.charts.format import NONE, SMALL_CELL, TOO_FEW, WITHHELD, amount, count
from discovery.charts.groups import Group, Grouping
from discovery.charts.measures import CUSTOMERS, Measure, Numbers
from discovery.charts.subtraction import hidden_cells
from discovery.charts.theme import FONT, LIGHT, Theme, figure, heads, names_axis, plain, top_axis
from discovery.core.intervals import Amounts
from discovery.core.run import Run

EVERYONE = Group("", "Everyone")
#: Rows and columns drawn; of a longer list the largest.
SHOWN = 12
#: What a cell of the picture says in place of words that do not fit.
SHORT = {TOO_FEW: f"n &lt; {SMALL_CELL}", WITHHELD: "withheld", NONE: ""}


@dataclass(frozen=True, eq=False)
class Crossing:
    """A measure by two groupings. Arrays are one longer both ways: the last row and the last column are everyone.

    Parameters
    ----------
    rows, columns : Grouping
        How the customers are divided.
    measure : Measure
        What is measured. Share of customers is that of the row's customers.
    currency : str
        Of amounts.
    customers, n : array of float
        Customers of the cell, and those of them (for a share of customers: of the row) behind the value.
    value, low, high : array of float
        The mean and its 95 % interval; NaN where `state` holds words.
    state : array of str
        Empty where the value may be shown, else what is shown instead.
    """

    rows: Grouping
    columns: Grouping
    measure: Measure
    currency: str
    customers: Numbers
    n: Numbers
    value: Numbers
    low: Numbers
    high: Numbers
    state: NDArray[np.object_]

    @property
    def row_groups(self) -> tuple[Group, ...]:
        """The groups of the rows, everyone last."""
        return (*self.rows.groups, EVERYONE)

    @property
    def column_groups(self) -> tuple[Group, ...]:
        """The groups of the columns, everyone last."""
        return (*self.columns.groups, EVERYONE)

    def column(self, who: str) -> int:
        """Return the place of a column by the id of its group; everyone's is empty."""
        return [g.id for g in self.column_groups].index(who)

    def said(self, i: int, j: int) -> str:
        """Return the value of a cell as people read it, or the words shown instead."""
        return str(self.state[i, j]) or amount(self.value[i, j], self.measure.unit, self.currency)


def cross(run: Run, rows: Grouping, columns: Grouping, measure: Measure) -> Crossing:
    """Return `measure` in every cell of two groupings, with totals.

    Cells of fewer than 10 customers show no value, nor do those that would give one of them away by subtraction.
    Crossing the other way round hides the same cells.
    """
    values = measure.values(run)

    def summed(weights: Numbers) -> Numbers:
        width = len(columns.groups)
        flat = np.bincount(rows.codes * width + columns.codes, weights, len(rows.groups) * width)
        inner = flat.reshape(len(rows.groups), width)
        tall = np.vstack([inner, inner.sum(axis=0)])
        return np.column_stack([tall, tall.sum(axis=1)])

    customers = summed(np.ones(len(values)))
    sums = Amounts.each(values).summed(summed)
    if measure.name == CUSTOMERS:
        sums = replace(sums, n=np.repeat(customers[:, -1:], customers.shape[1], axis=1))
        hide = np.where((sums.n > 0) & (sums.n < SMALL_CELL), TOO_FEW, "").astype(object)
    else:
        whole = sums.n[:-1, :-1].astype(np.int64)
        hide = hidden_cells(whole) if rows.name <= columns.name else hidden_cells(whole.T).T
    n = sums.n
    state = np.where(n > 0, hide, NONE).astype(object)
    silent = state != ""
    low, high = measure.interval(sums, Amounts.of(values))
    mean = np.divide(sums.total, n, out=np.full_like(n, math.nan), where=n > 0)
    value, low, high = (np.where(silent, math.nan, each) for each in (mean, low, high))
    return Crossing(rows, columns, measure, run.currency, customers, n, value, low, high, state)


def largest(crossing: Crossing, most: int = SHOWN) -> Crossing:
    """Return the crossing with its `most` largest rows and columns that hold anybody. What is hidden stays hidden."""
    c = crossing
    return _cut(c, _largest(c.customers[:-1, -1], most), _largest(c.customers[-1, :-1], most))


def only(crossing: Crossing, rows: Container[str]) -> Crossing:
    """Return the crossing with just the rows of these ids, and everyone. What is hidden stays hidden."""
    kept = [i for i, g in enumerate(crossing.rows.groups) if g.id in rows]
    return _cut(crossing, kept, list(range(len(crossing.columns.groups))))


def _largest(sizes: Numbers, most: int) -> list[int]:
    """Return the places of the `most` largest that are not empty, in their own order."""
    return sorted(int(i) for i in np.argsort(-sizes, kind="stable")[:most] if sizes[i])


def _cut(c: Crossing, rows: list[int], columns: list[int]) -> Crossing:
    cut = np.ix_([*rows, -1], [*columns, -1])
    arrays = {n: getattr(c, n)[cut] for n in ("customers", "n", "value", "low", "high", "state")}
    return replace(
        c,
        rows=replace(c.rows, groups=tuple(c.rows.groups[i] for i in rows)),
        columns=replace(c.columns, groups=tuple(c.columns.groups[j] for j in columns)),
        **arrays,
    )


def crossed_data(crossing: Crossing) -> pd.DataFrame:
    """Return one row per cell and total: row, column (ids, empty for everyone), customers, n, value, low, high, state.

    ``value`` is NaN where ``state`` says why it is not shown.
    """
    c = crossing
    return pd.DataFrame(
        [
            {
                "row": row.id,
                "column": column.id,
                "customers": int(c.customers[i, j]),
                "n": int(c.n[i, j]),
                "value": c.value[i, j],
                "low": c.low[i, j],
                "high": c.high[i, j],
                "state": c.state[i, j],
            }
            for i, row in enumerate(c.row_groups)
            for j, column in enumerate(c.column_groups)
        ]
    )


def crossed_title(crossing: Crossing) -> str:
    """Return the finding: the cell that lies furthest from the whole of its column, or that none does for sure."""
    c = crossing
    whole = c.value[-1]
    clear = np.maximum(c.low - whole, whole - c.high)[:-1, :-1]
    # What was left over is no finding.
    clear[[g.rest for g in c.rows.groups]] = math.nan
    clear[:, [g.rest for g in c.columns.groups]] = math.nan
    label = measured(c)
    if not np.isfinite(clear).any():
        return f"{label}: too few customers in every cell to show a number"
    i, j = (int(x) for x in np.unravel_index(np.nanargmax(clear), clear.shape))
    row, column, base = c.row_groups[i].name, c.column_groups[j].name, c.said(-1, j)
    pair = f"{c.rows.label} “{row}” within {c.columns.label} “{column}”"
    if not clear[i, j] > 0:
        return f"{label}: no group differs for sure from the whole of its column"
    if c.measure.name == CUSTOMERS:
        return f"Most unlike everyone: {c.said(i, j)} of “{row}” are “{column}” (everyone: {base})"
    return f"{label}: {c.said(i, j)} for {pair}, {base} for all of that {c.columns.label}"


def measured(crossing: Crossing) -> str:
    """Return what is measured, in words."""
    return f"Share of each {crossing.rows.label}" if crossing.measure.name == CUSTOMERS else crossing.measure.label


def crossed_table(crossing: Crossing) -> pd.DataFrame:
    """Return the chart's numbers as people read them: every cell with the customers behind it, and the totals."""
    c = crossing
    by_row = c.measure.name == CUSTOMERS
    cells = {
        c.rows.title: [g.name for g in c.row_groups],
        "Customers": [count(n) for n in c.customers[:, -1]],
    }
    last = len(c.column_groups) - 1
    for j, column in enumerate(c.column_groups):
        if by_row and j == last:
            continue
        n = c.customers[:, j] if by_row else c.n[:, j]
        # An answer may be called what another group is called.
        head = column.name if column.name not in cells else f"{column.name} ({j + 1})"
        cells[head] = [_with_n(c.said(i, j), n[i]) for i in range(len(c.row_groups))]
    return pd.DataFrame(cells)


def crossed(crossing: Crossing, look: Theme = LIGHT) -> go.Figure:
    """Return a heat table: colour is the difference from the whole of the column, which is the last row."""
    c = crossing
    width = len(c.columns.groups) + (c.measure.name != CUSTOMERS)
    shape = (len(c.row_groups), width)
    whole = c.value[-1]
    # Where the whole of a column may not be shown, neither may the difference from it.
    away = np.where(np.isnan(whole) & ~np.isnan(c.value), 0.0, c.value - whole)[:, :width]
    widest = np.nanmax(np.abs(away), initial=0.0) or 1.0
    # By place: an id may be an answer somebody typed.
    rows, columns = [f"r{i}" for i in range(shape[0])], [f"c{j}" for j in range(width)]

    def each(what: str) -> list[list[str]]:
        return [[_text(c, i, j, what, look) for j in range(shape[1])] for i in range(shape[0])]

    heat = go.Heatmap(
        z=away,
        x=columns,
        y=rows,
        text=each("cell"),
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=each("hover"),
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=True,
        zmin=-widest,
        zmid=0,
        zmax=widest,
        colorscale=[[0, look.low], [0.5, look.middle], [1, look.high]],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    tops = [plain(g.name, 11) for g in c.column_groups[:width]]
    labels = [plain(g.name, 26) for g in c.row_groups]
    unit = "%" if c.measure.unit == "share" else c.currency
    return figure(
        crossed_title(c),
        look,
        heads(tops) + 24 + 40 * max(shape[0], 2),
        [heat],
        margin={"l": 8, "r": 16, "t": heads(tops), "b": 8},
        xaxis=top_axis(look, f"{c.columns.label} ({unit})", columns, tops),
        yaxis=names_axis(look, dict(zip(rows, labels, strict=True)), c.rows.label),
    )  # fmt: skip


def _with_n(said: str, n: float) -> str:
    return said if said == NONE else f"{said} (n {count(n)})"


def in_cell(said: str, look: Theme) -> str:
    """Return what stands in a cell of a picture: a value in ink, the reason for none short and in secondary ink."""
    return f'<span style="color:{look.muted}">{SHORT[said]}</span>' if said in SHORT else said


def _text(c: Crossing, i: int, j: int, what: str, look: Theme) -> str:
    said = c.said(i, j)
    if what == "cell":
        return in_cell(said, look)
    n = c.customers[i, j] if c.measure.name == CUSTOMERS else c.n[i, j]
    head = f"<b>{plain(c.row_groups[i].name)}</b> and <b>{plain(c.column_groups[j].name)}</b>"
    return f"{head}<br>{plain(c.measure.label)}: {said}<br>{count(n)} customers"
