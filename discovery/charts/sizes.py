"""How large each segment is, in customers and in revenue."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import NONE, count, money, rate
from discovery.charts.small_cells import hidden
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, axis, figure, names_axis, plain, tall
from discovery.core.feature import Feature, FeatureTable
from discovery.core.many import many
from discovery.core.run import Run


def revenue_feature(table: FeatureTable) -> Feature | None:
    """Return the feature that says what a customer has spent: the money summed over the longest time.

    None where nobody spent anything: data without orders hold no revenue, and a column of zeros would claim to know it.
    """
    sums = [f for f in table.features if f.unit == "money" and f.aggregate == "sum"]
    # Net before gross where both are there: what was sent back was not earned.
    preferred = sorted(sums, key=lambda f: (-(f.window or math.inf), "net" not in f.name.split("_")))
    # A column is read only if none before it tells: a million values each, for every picture of sizes.
    return next((f for f in preferred if _any_spent(table, f.name)), None)


def sizes_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per segment, largest first and unassigned last: customers, share, revenue, revenue share.

    ``revenue`` and ``revenue_share`` are NaN where they must not be shown (``hidden`` then says in words why), or
    where the table holds no revenue. Shares are of all customers and of all their revenue, 0 to 1.
    """
    segmentation = run.segmentation(by)
    feature = revenue_feature(run.table)
    spent = run.table.column(feature.name).astype("float64").fillna(0.0) if feature else None
    total = float(spent.sum()) if spent is not None else math.nan
    per_segment = spent.groupby(segmentation.labels).sum() if spent is not None else pd.Series(dtype="float64")
    secret = hidden({s.id: s.size for s in segmentation.segments})
    rows = []
    for s in sorted(segmentation.segments, key=lambda s: (s.rank < 0, -s.size, s.id)):
        revenue = math.nan if s.id in secret else float(per_segment.get(s.id, math.nan))
        rows.append(
            {
                "segment_id": s.id,
                "segment": s.name,
                "customers": s.size,
                "share": s.share,
                "revenue": revenue,
                "revenue_share": revenue / total if total > 0 else math.nan,
                "hidden": secret.get(s.id, ""),
                "colour": s.colour,
            }
        )
    return pd.DataFrame(rows)


def sizes_title(run: Run, by: str) -> str:
    """Return the finding: who is most of the customers, and who brings most of the revenue."""
    data = sizes_data(run, by)
    placed = data[data["segment_id"].isin([s.id for s in run.segmentation(by).placed])]
    if placed.empty:
        return f"None of {many(len(run.table), 'customer')} is in a segment"
    first = placed.to_dict("records")[0]
    head = f"Largest segment: {first['segment']}, {rate(first['share'])} of customers"
    earners = placed.dropna(subset=["revenue_share"]).to_dict("records")
    if not earners:
        return head
    top = max(earners, key=lambda r: r["revenue_share"])
    if top["segment_id"] == first["segment_id"]:
        return f"{head} and {rate(top['revenue_share'])} of revenue"
    return f"{head}; most revenue: {top['segment']}, {rate(top['revenue_share'])}"


def sizes_table(run: Run, by: str) -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    data = sizes_data(run, by)

    def shown(values: str, of: str) -> list[str]:
        return [
            h or (money(v, run.currency) if of == "money" else rate(v))
            for h, v in zip(data["hidden"], data[values], strict=True)
        ]

    known = revenue_feature(run.table) is not None
    spent = {_revenue_words(run).capitalize(): "revenue", "Share of revenue": "revenue_share"} if known else {}
    return pd.DataFrame(
        {
            "Segment": data["segment"],
            "Customers": [count(n) for n in data["customers"]],
            "Share of customers": [rate(s) for s in data["share"]],
            **{head: shown(column, "money" if column == "revenue" else "share") for head, column in spent.items()},
        }
    )


def sizes(run: Run, by: str, look: Theme = LIGHT) -> go.Figure:
    """Return bars per segment, largest first: share of customers filled, share of revenue hatched."""
    data = sizes_data(run, by)
    ids, colours = data["segment_id"].tolist(), data["colour"].tolist()
    top = max(float(data["share"].max()), float(data["revenue_share"].fillna(0).max()))
    labels = [plain(name, 24) for name in data["segment"]]
    text_font = {"family": FONT, "size": 12, "color": look.ink}
    people = go.Bar(
        orientation="h",
        name="share of customers",
        y=ids,
        x=data["share"] * 100,
        marker={"color": colours, "line": {"width": 0}},
        text=[rate(s, n) for s, n in zip(data["share"], data["customers"], strict=True)],
        textposition="outside",
        constraintext="none",
        textfont=text_font,
        cliponaxis=False,
        hovertemplate="%{text}<extra></extra>",
    )
    traces = [people]
    if data["revenue_share"].notna().any():
        words = [
            f"revenue: {h}" if h else NONE if math.isnan(v) else f"{rate(v)} of revenue"
            for h, v in zip(data["hidden"], data["revenue_share"], strict=True)
        ]
        traces.append(
            go.Bar(
                orientation="h",
                name="share of revenue",
                y=ids,
                x=data["revenue_share"].fillna(0).clip(lower=0) * 100,
                marker={
                    "color": colours,
                    "line": {"width": 1, "color": colours},
                    # Hatched in the segment's colour on the bare ground.
                    "pattern": {"shape": "/", "fillmode": "replace", "bgcolor": NOTHING, "size": 5, "solidity": 0.3},
                },
                text=words,
                textposition="outside",
                constraintext="none",
                textfont={**text_font, "color": look.muted},
                cliponaxis=False,
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return figure(
        sizes_title(run, by),
        look,
        tall(labels, 54),
        traces,
        barmode="group",
        bargap=0.3,
        bargroupgap=0.08,
        # Room at the right for the words that stand at the bars' ends, also where the page is narrow.
        xaxis=axis(
            f"share of all customers{f', and of all {_revenue_words(run)}' if len(traces) > 1 else ''} (%)",
            look,
            range=[0, top * 180],
            ticksuffix="%",
            nticks=5,
        ),
        yaxis=names_axis(look, dict(zip(ids, labels, strict=True))),
    )


def _any_spent(table: FeatureTable, name: str) -> bool:
    return bool((table.column(name).fillna(0) != 0).any())


def _revenue_words(run: Run) -> str:
    feature = revenue_feature(run.table)
    return feature.label if feature else "revenue"
