"""A measure by one way to divide the customers: everyone's, or one segment's."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from discovery.charts.crossed import Crossing
from discovery.charts.dots import Reference, dots
from discovery.charts.format import NONE, amount, count, rate, span
from discovery.charts.measures import CUSTOMERS
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, axis, figure, names_axis, plain, tall

#: Groups drawn as dots; a longer list is cut after the largest.
SHOWN = 14


def broken_down_data(crossing: Crossing, who: str = "") -> pd.DataFrame:
    """Return one row per group: group, name, about, rest, customers, n, value, low, high, state, everyone, share.

    Parameters
    ----------
    crossing : Crossing
        The grouping as rows, the segments as columns.
    who : str
        Id of the segment; empty for everyone. Of a segment, share of customers is how many of the group's customers
        are in it; of everyone, how many of all customers are in the group, which is counted and has no interval.

    Notes
    -----
    ``rest`` marks what was left over: other values, or none. ``everyone`` is the value without the grouping, NaN where
    it is the measure itself; ``share`` is the group's share of the customers looked at, 0 to 1.
    """
    c = crossing
    j = c.column(who)
    size = c.customers[-1, j]
    counted = c.measure.name == CUSTOMERS and not who
    rows = []
    for i, group in enumerate(c.rows.groups):
        share = c.customers[i, j] / size if size else math.nan
        rows.append(
            {
                "group": group.id,
                "name": group.name,
                "about": group.about,
                "rest": group.rest,
                "customers": int(c.customers[i, j]),
                "n": int(c.customers[i, j] if counted else c.n[i, j]),
                "value": share if counted else c.value[i, j],
                "low": math.nan if counted else c.low[i, j],
                "high": math.nan if counted else c.high[i, j],
                "state": "" if counted else c.state[i, j],
                "everyone": math.nan if counted else c.value[-1, j],
                "share": share,
            }
        )
    return pd.DataFrame(rows)


def broken_down_title(crossing: Crossing, who: str = "") -> str:
    """Return the finding: the group whose interval lies furthest above the value of all, or that none does."""
    c, data = crossing, broken_down_data(crossing, who)
    label = measure_label(c, who)
    shown = data[(data["state"] == "") & ~data["rest"]].to_dict("records")
    if not shown:
        return f"{label}: too few customers in every {c.rows.label} to show a number"
    if c.measure.name == CUSTOMERS and not who:
        top = max(shown, key=lambda r: r["value"])
        return f"Most customers: {top['name']}, {rate(top['value'])}"
    top = max(shown, key=lambda r: r["low"] - r["everyone"])
    base = amount(top["everyone"], c.measure.unit, c.currency)
    if not top["low"] > top["everyone"]:
        return f"{label}: no {c.rows.label} is clear of the {base} of {_all(c, who)}"
    value = amount(top["value"], c.measure.unit, c.currency)
    return f"{label}: highest for “{top['name']}”, {value} ({_all(c, who)}: {base})"


def broken_down_table(crossing: Crossing, who: str = "") -> pd.DataFrame:
    """Return the chart's numbers as people read them, of every group."""
    c, data = crossing, broken_down_data(crossing, who)
    rows = [
        (
            name,
            count(r["customers"]),
            rate(r["share"]),
            r["state"] or amount(r["value"], c.measure.unit, c.currency),
            span((r["low"], r["high"]), c.measure.unit, c.currency),
            NONE if r["state"] == NONE else count(r["n"]),
        )
        for name, r in zip(_names(data), data.to_dict("records"), strict=True)
    ]
    looked_at = _segment(c, who) if who else "all customers"
    said = measure_label(c, who)
    heads = [c.rows.title, "Customers", f"Of {looked_at}", said, "95% interval", "Measured on"]
    return pd.DataFrame(rows, columns=heads)


def broken_down(crossing: Crossing, who: str = "", look: Theme = LIGHT) -> go.Figure:
    """Return a dot per group with its 95 % interval, beside the value of everyone looked at."""
    c = crossing
    data = _drawn(broken_down_data(c, who))
    base = data["everyone"].dropna()
    said = [amount(v, c.measure.unit, c.currency) for v in base[:1]]
    lines = [Reference(float(base.iloc[0]), f"{_all(c, who)} {said[0]}", dashed=False)] if said else []
    drawn = data.assign(
        segment_id=data["group"],
        segment=_names(data),
        state=data["state"].replace({"": "shown", NONE: "nobody to measure"}),
        colour=look.accent,
        symbol="circle",
    )
    label, unit = measure_label(c, who), "%" if c.measure.unit == "share" else c.currency
    out = dots(
        drawn,
        title=broken_down_title(c, who),
        axis_title=f"{label[:1].lower()}{label[1:]} ({unit})",
        look=look,
        unit=c.measure.unit,
        currency=c.currency,
        lines=lines,
    )
    low, high = out.layout.xaxis.range
    # A value of nothing is else printed over the names.
    return out.update_layout(
        yaxis_title_text=plain(c.rows.label, 32), xaxis_range=[min(low, -0.07 * (high - low)), high]
    )


def shares_data(crossing: Crossing, who: str = "") -> pd.DataFrame:
    """Return one row per group: group, name, about, rest, customers, share, revenue_share, state.

    Parameters
    ----------
    crossing : Crossing
        Revenue per customer, the grouping as rows, the segments as columns.
    who : str
        Id of the segment; empty for everyone.

    Notes
    -----
    Shares are of the customers looked at and of all their revenue, 0 to 1; ``revenue_share`` is NaN where ``state``
    says why it is not shown.
    """
    c, data = crossing, broken_down_data(crossing, who)
    j = c.column(who)
    total = c.value[-1, j] * c.n[-1, j]
    revenue = (data["value"] * data["n"]).mask(data["state"] == NONE, 0.0)
    share = revenue / total if total > 0 else revenue * math.nan
    return data[["group", "name", "about", "rest", "customers", "share", "state"]].assign(revenue_share=share)


def shares_title(crossing: Crossing, who: str = "") -> str:
    """Return the finding: which group brings least of the revenue for its size."""
    rows = [r for r in shares_data(crossing, who).to_dict("records") if r["customers"] and not r["rest"]]
    earners = [r for r in rows if math.isfinite(r["revenue_share"])]
    if not earners:
        return f"Revenue is not known, or too few customers in every {crossing.rows.label} to show it"
    least = min(earners, key=lambda r: r["revenue_share"] / r["share"])
    brings = f"{rate(least['revenue_share'])} of revenue from {rate(least['share'])} of customers"
    return f"Least revenue for its size: {least['name']}, {brings}"


def shares_table(crossing: Crossing, who: str = "") -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    data = shares_data(crossing, who)
    return pd.DataFrame(
        {
            crossing.rows.title: _names(data),
            "Customers": [count(n) for n in data["customers"]],
            "Share of customers": [rate(s) for s in data["share"]],
            "Share of revenue": _revenue_said(data),
        }
    )


def shares(crossing: Crossing, who: str = "", look: Theme = LIGHT) -> go.Figure:
    """Return bars per group: share of customers filled, share of revenue hatched."""
    data = _drawn(shares_data(crossing, who))
    top = float(np.nanmax([*data["share"], *data["revenue_share"]]))
    labels = [plain(name, 26) for name in _names(data)]
    font = {"family": FONT, "size": 12, "color": look.ink}
    people = go.Bar(
        orientation="h",
        y=data["group"],
        x=data["share"] * 100,
        marker={"color": look.accent, "line": {"width": 0}},
        text=[rate(s, n) for s, n in zip(data["share"], data["customers"], strict=True)],
        textposition="outside",
        textfont=font,
        cliponaxis=False,
        hovertemplate="%{text}<extra></extra>",
    )
    spent = go.Bar(
        orientation="h",
        y=data["group"],
        x=data["revenue_share"].fillna(0).clip(lower=0) * 100,
        marker={
            "color": look.accent,
            "line": {"width": 1, "color": look.accent},
            "pattern": {"shape": "/", "fillmode": "replace", "bgcolor": NOTHING, "size": 5, "solidity": 0.3},
        },
        text=[f"{s} of revenue" if s.endswith("%") else f"revenue: {s}" for s in _revenue_said(data)],
        textposition="outside",
        textfont={**font, "color": look.muted},
        cliponaxis=False,
        hovertemplate="%{text}<extra></extra>",
    )
    return figure(
        shares_title(crossing, who),
        look,
        tall(labels, 54),
        [people, spent] if data["revenue_share"].notna().any() else [people],
        barmode="group",
        bargap=0.3,
        bargroupgap=0.08,
        xaxis=axis(
            f"share of customers, and of {crossing.measure.label[:1].lower()}{crossing.measure.label[1:]} (%)",
            look,
            range=[0, top * 165],
            ticksuffix="%",
            nticks=5,
        ),
        yaxis=names_axis(look, dict(zip(data["group"], labels, strict=True)), crossing.rows.label),
    )


def _revenue_said(data: pd.DataFrame) -> list[str]:
    return [
        rate(share) if math.isfinite(share) else state or NONE
        for share, state in zip(data["revenue_share"], data["state"], strict=True)
    ]


def _names(data: pd.DataFrame) -> list[str]:
    return [f"{n}, {a}" if a else n for n, a in zip(data["name"], data["about"], strict=True)]


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that hold somebody, in their order; of a long list the largest."""
    filled = data[data["customers"] > 0]
    return filled.loc[filled["customers"].nlargest(SHOWN).index.sort_values()]


def _all(crossing: Crossing, who: str) -> str:
    """Return who a group is compared with."""
    return f"all of “{_segment(crossing, who)}”" if who and crossing.measure.name != CUSTOMERS else "everyone"


def _segment(crossing: Crossing, who: str) -> str:
    return crossing.column_groups[crossing.column(who)].name


def measure_label(crossing: Crossing, who: str) -> str:
    """Return what is measured, in words: of one segment, share of customers is how common it is."""
    if crossing.measure.name == CUSTOMERS and who:
        return f"Share of each {crossing.rows.label}'s customers in “{_segment(crossing, who)}”"
    return crossing.measure.label
