"""Where the customers of one segment came from, and where they went."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import NONE, count
from discovery.charts.movement import movement_data
from discovery.charts.reviewed import places
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, axis, dense, figure, names_axis, plain
from discovery.core.many import many
from discovery.core.review import Review


def exchange_data(review: Review, segment_id: str) -> pd.DataFrame:
    """Return one row per other segment, the busiest first: customers who came from it, and who went to it.

    Customers not known before, and those not known now, are rows too. By today's boundaries.
    """
    flows = movement_data(review)
    flows = flows[flows["before_id"] != flows["now_id"]]
    came = flows[flows["now_id"] == segment_id].set_index("before_id")["customers"].rename("came")
    went = flows[flows["before_id"] == segment_id].set_index("now_id")["customers"].rename("went")
    data = pd.concat([came, went], axis=1).fillna(0).astype(int).rename_axis("segment_id").reset_index()
    looks = places(review, data["segment_id"])
    data = data.assign(segment=[s.name for s in looks], colour=[s.colour for s in looks])
    busiest = (data["came"] + data["went"]).sort_values(ascending=False, kind="stable").index
    return data.loc[busiest].reset_index(drop=True)


def exchange_title(review: Review, segment_id: str) -> str:
    """Return the finding: how many came, how many went."""
    data = exchange_data(review, segment_id)
    if data.empty:
        return "Nobody came and nobody went"
    return f"{many(int(data['came'].sum()), 'customer')} came, {count(data['went'].sum())} went"


def exchange_table(review: Review, segment_id: str) -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    data = exchange_data(review, segment_id)
    return pd.DataFrame(
        {
            "Other segment": data["segment"],
            "Came from it": [count(n) if n else NONE for n in data["came"]],
            "Went to it": [count(n) if n else NONE for n in data["went"]],
        }
    )


def exchange(review: Review, segment_id: str, look: Theme = LIGHT) -> go.Figure:
    """Return bars from the middle: to the right who came, to the left, hatched, who went."""
    data = exchange_data(review, segment_id)
    ids = data["segment_id"].tolist()
    labels = [plain(name, 28) for name in data["segment"]]
    most = max(float(data["came"].max()), float(data["went"].max()), 1.0) if len(data) else 1.0

    def bars(column: str, sign: int, words: str) -> go.Bar:
        return go.Bar(
            orientation="h",
            y=ids,
            x=data[column] * sign,
            marker={
                "color": data["colour"].tolist(),
                "line": {"width": 1, "color": data["colour"].tolist()},
                "pattern": {"shape": "" if sign > 0 else "/", "fillmode": "replace", "bgcolor": NOTHING, "size": 5,
                            "solidity": 0.3},
            },
            text=[count(n) if n else "" for n in data[column]],
            textposition="outside",
            # Bars are thin here, and plotly shrinks the words to them.
            constraintext="none",
            textfont={"family": FONT, "size": 12, "color": look.ink},
            cliponaxis=False,
            hovertemplate=f"%{{text}} {words}<extra></extra>",
        )  # fmt: skip

    return figure(
        exchange_title(review, segment_id),
        look,
        dense(labels),
        [bars("went", -1, "went"), bars("came", 1, "came")],
        barmode="overlay",
        bargap=0.5,
        xaxis=axis(
            "customers: ← went (hatched), came →",
            look,
            range=[-most * 1.25, most * 1.25],
            showticklabels=False,
            showgrid=False,
            ticks="",
            zeroline=True,
            zerolinecolor=look.muted,
        ),
        yaxis=names_axis(look, dict(zip(ids, labels, strict=True)), "other segment", size=12),
    )
