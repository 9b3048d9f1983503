"""Rules beside clusters: how much of each cluster each rule holds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import SMALL_CELL, TOO_FEW, count, part_of, rate
from discovery.charts.theme import FONT, FRAME, LIGHT, Theme, figure, heads, names_axis, plain, tall, top_axis
from discovery.core.many import many
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED

Measure = Literal["share_of_cluster", "share_of_rule", "jaccard", "both"]
#: What may be shown of a cluster and a rule, and what the axis calls it.
MEASURES: Mapping[Measure, str] = {
    "share_of_cluster": "share of the cluster's customers it holds, %",
    "share_of_rule": "share of its customers that are in the cluster, %",
    "jaccard": "customers of both, of those of either: Jaccard, 0 to 1",
    "both": "customers of both",
}
#: A cluster lies in one rule where the rule holds at least this share of it.
MOSTLY = 0.5


def overlap_data(run: Run, clusters: str = "kmeans", rules: str = "rules") -> pd.DataFrame:
    """Return one row per cluster and rule: both, customers of each, share_of_cluster, share_of_rule, jaccard.

    Shares are of the cluster's and of the rule's customers, 0 to 1. Which of the two the run names first does not
    matter.
    """
    flip = {"a": "b", "b": "a"}
    table = run.overlap
    straight = table[(table["segmentation_a"] == clusters) & (table["segmentation_b"] == rules)]
    turned = table[(table["segmentation_a"] == rules) & (table["segmentation_b"] == clusters)]
    turned = turned.rename(
        columns={form.format(x): form.format(flip[x]) for form in ("segment_{}", "{}_only") for x in "ab"}
    )
    names = ["segment_a", "segment_b", "both", "a_only", "b_only", "jaccard"]
    both = pd.concat([straight[names], turned[names]], ignore_index=True)
    left = {s.id: s.name for s in run.segmentation(clusters).segments}
    right = {s.id: s.name for s in run.segmentation(rules).segments}
    cluster_size, rule_size = both["both"] + both["a_only"], both["both"] + both["b_only"]
    return pd.DataFrame(
        {
            "cluster_id": both["segment_a"],
            "cluster": both["segment_a"].map(left),
            "rule_id": both["segment_b"],
            "rule": both["segment_b"].map(right),
            "both": both["both"],
            "cluster_customers": cluster_size,
            "rule_customers": rule_size,
            "share_of_cluster": (both["both"] / cluster_size).where(cluster_size > 0),
            "share_of_rule": (both["both"] / rule_size).where(rule_size > 0),
            "jaccard": both["jaccard"],
        }
    )


def overlap_title(run: Run, clusters: str = "kmeans", rules: str = "rules") -> str:
    """Return the finding: how many clusters lie mostly in one rule."""
    data = overlap_data(run, clusters, rules)
    if data.empty:
        return "These two segmentations were not compared"
    data = data[data["cluster_id"] != UNASSIGNED]
    # Who is in no rule is not said by one.
    best = data["share_of_cluster"].where(data["rule_id"] != UNASSIGNED).groupby(data["cluster_id"]).max()
    said = int((best >= MOSTLY).sum())
    who = part_of(said, len(best), "clusters")
    return f"{who} lie mostly in one rule ({rate(MOSTLY)} or more of their customers)"


def overlap_table(
    run: Run, clusters: str = "kmeans", rules: str = "rules", measure: Measure = "share_of_cluster"
) -> pd.DataFrame:
    """Return the chart's numbers as people read them: one row per cluster, one column per rule."""
    data = overlap_data(run, clusters, rules)
    data["shown"] = [_shown(r, measure) for r in data.to_dict("records")]
    order = {c: list(dict.fromkeys(data[c])) for c in ("cluster_id", "rule_id")}
    wide = data.pivot(index="cluster_id", columns="rule_id", values="shown").loc[order["cluster_id"], order["rule_id"]]
    names = dict(zip(data["rule_id"], data["rule"], strict=True))
    wide = wide.rename(columns=names)
    wide.insert(0, "Cluster", [run.segmentation(clusters).segment(i).name for i in wide.index])
    return wide.reset_index(drop=True).rename_axis(columns=None)


def _shown(row: Mapping[Hashable, Any], measure: Measure) -> str:
    of = {"share_of_cluster": "cluster_customers", "share_of_rule": "rule_customers"}.get(measure)
    if measure == "both":
        return count(row["both"])
    if row["cluster_customers"] < SMALL_CELL or (of and row[of] < SMALL_CELL):
        return TOO_FEW
    return f"{row[measure]:.2f}" if measure == "jaccard" else rate(row[measure])


def overlap(
    run: Run,
    clusters: str = "kmeans",
    rules: str = "rules",
    look: Theme = LIGHT,
    measure: Measure = "share_of_cluster",
) -> go.Figure:
    """Return a heat map of clusters (rows) by rules: what they share of their customers."""
    data = overlap_data(run, clusters, rules)
    left = [s for s in run.segmentation(clusters).segments if s.id in set(data["cluster_id"])]
    right = [s for s in run.segmentation(rules).segments if s.id in set(data["rule_id"])]
    shares = data.pivot(index="cluster_id", columns="rule_id", values=measure).reindex(
        index=[s.id for s in left], columns=[s.id for s in right]
    )
    shares = shares.astype(float)
    if measure != "both":
        shares.loc[[s.id for s in left if s.size < SMALL_CELL]] = float("nan")
    if measure == "share_of_rule":
        shares[[s.id for s in right if s.size < SMALL_CELL]] = float("nan")
    scale = 100.0 if measure.startswith("share") else 1.0
    together = {(r["cluster_id"], r["rule_id"]): int(r["both"]) for r in data.to_dict("records")}
    hover = [
        [
            f"<b>{plain(a.name)}</b> and <b>{plain(b.name)}</b><br>"
            f"{many(together.get((a.id, b.id), 0), 'customer')} in both"
            for b in right
        ]
        for a in left
    ]
    heat = go.Heatmap(
        z=shares.to_numpy() * scale,
        x=[s.id for s in right],
        y=[s.id for s in left],
        text=[[_inked(v, measure) for v in row] for row in shares.to_numpy()],
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=max(float(shares.fillna(0).to_numpy().max()), 1.0) if measure == "both" else scale,
        colorscale=[[0, look.middle], [1, look.deep]],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    tops, names = [plain(s.name, 11) for s in right], {s.id: plain(s.name, 24) for s in left}
    return figure(
        overlap_title(run, clusters, rules),
        look,
        heads(tops) + tall(list(names.values()), 44) - FRAME + 24,
        [heat],
        margin={"l": 8, "r": 16, "t": heads(tops), "b": 8},
        xaxis=top_axis(look, f"rule ({MEASURES[measure]})", [s.id for s in right], tops),
        yaxis=names_axis(look, names, "cluster"),
    )


def _inked(value: float, measure: Measure) -> str:
    """Return what stands in a cell: a number that rounds to nothing would only be ink."""
    if not value >= (0.5 if measure == "both" else 0.005):
        return ""
    if measure == "both":
        return count(value)
    return f"{value:.2f}" if measure == "jaccard" else f"{value * 100:.0f}%"
