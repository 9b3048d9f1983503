"""Rules beside clusters: how much of each cluster each rule holds."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import TOO_FEW, count, many, part_of, rate
from discovery.charts.theme import FONT, LIGHT, Theme, figure, heads, names_axis, plain, top_axis
from discovery.core.run import Run

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
    swapped = {f"segment{e}": f"segment{flip_e}" for e, flip_e in (("_a", "_b"), ("_b", "_a"))}
    turned = turned.rename(columns={**swapped, **{f"{x}_only": f"{flip[x]}_only" for x in "ab"}})
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
    best = data.groupby("cluster_id")["share_of_cluster"].max()
    said = int((best >= MOSTLY).sum())
    who = part_of(said, len(best), "clusters")
    return f"{who} lie mostly in one rule ({rate(MOSTLY)} or more of their customers)"


def overlap_table(run: Run, clusters: str = "kmeans", rules: str = "rules") -> pd.DataFrame:
    """Return the nearest rule of every cluster as people read it."""
    data = overlap_data(run, clusters, rules)
    rows = []
    for _, pairs in data.groupby("cluster_id", sort=False):
        best = max(pairs.to_dict("records"), key=lambda r: r["both"])
        few = best["cluster_customers"] < 10
        rows.append(
            (
                best["cluster"],
                best["rule"],
                count(best["both"]),
                TOO_FEW if few else rate(best["share_of_cluster"]),
                TOO_FEW if few else rate(best["share_of_rule"]),
                f"{best['jaccard']:.2f}",
            )
        )
    names = ["Cluster", "Nearest rule", "Customers in both", "Of the cluster", "Of the rule", "Jaccard (0 to 1)"]
    return pd.DataFrame(rows, columns=names)


def overlap(run: Run, clusters: str = "kmeans", rules: str = "rules", look: Theme = LIGHT) -> go.Figure:
    """Return a heat map of clusters (rows) by rules: the share of the cluster that the rule holds."""
    data = overlap_data(run, clusters, rules)
    left = [s for s in run.segmentation(clusters).segments if s.id in set(data["cluster_id"])]
    right = [s for s in run.segmentation(rules).segments if s.id in set(data["rule_id"])]
    shares = data.pivot(index="cluster_id", columns="rule_id", values="share_of_cluster").reindex(
        index=[s.id for s in left], columns=[s.id for s in right]
    )
    few = {s.id for s in left if s.size < 10}
    shares.loc[shares.index.isin(few)] = float("nan")
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
        z=shares.to_numpy() * 100,
        x=[s.id for s in right],
        y=[s.id for s in left],
        # A share that rounds to nothing would only be ink.
        text=[["" if not v >= 0.005 else f"{v * 100:.0f}%" for v in row] for row in shares.to_numpy()],
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=100,
        colorscale=[[0, look.middle], [1, look.deep]],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    tops = [plain(s.name, 13) for s in right]
    return figure(
        overlap_title(run, clusters, rules),
        look,
        heads(tops) + 24 + 44 * max(len(left), 2),
        [heat],
        margin={"l": 8, "r": 16, "t": heads(tops), "b": 8},
        xaxis=top_axis(look, "rule (share of the cluster's customers it holds, %)", [s.id for s in right], tops),
        yaxis=names_axis(
            look,
            "cluster",
            tickmode="array",
            tickvals=[s.id for s in left],
            ticktext=[plain(s.name, 24) for s in left],
        ),
    )
