"""What drifted: features whose customers now lie elsewhere than before, beside what chance does."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import SMALL_CELL, amount, count, part_of
from discovery.charts.reviewed import reviewed
from discovery.charts.theme import FONT, LIGHT, Theme, figure, heads, names_axis, plain, top_axis
from discovery.core.review import Review
from discovery.core.run import Run

#: Features of the chart and rows of the table: those furthest beyond their limit.
SHOWN = 10
#: So many times its limit is as dark as it gets, by equal steps for equal factors.
FAR = 16.0


def drift_data(review: Review, now: Run, segment_id: str = "") -> pd.DataFrame:
    """Return the drift of every feature and segment, or of one segment, furthest beyond its limit first.

    Medians are NaN where fewer than 10 customers stand behind one: they come close to saying what one of them did.
    """
    looks = {s.id: s for s in reviewed(review)}
    features = {f.name: f for f in now.table.features}
    data = review.drift[review.drift["segment_id"].isin([segment_id] if segment_id else list(looks))].copy()
    few = data[["n_before", "n_now"]].min(axis=1) < SMALL_CELL
    data.loc[few, ["before", "now"]] = math.nan
    known = [features.get(name) for name in data["feature"]]
    data["label"] = [f.label if f else name for f, name in zip(known, data["feature"], strict=True)]
    data["unit"] = [f.unit if f else "" for f in known]
    for name in ("name", "colour", "symbol"):
        data["segment" if name == "name" else name] = [getattr(looks[i], name) for i in data["segment_id"]]
    order = (data["psi"] / data["limit"]).argsort(kind="stable")[::-1]
    return data.iloc[order].reset_index(drop=True)


def drift_title(review: Review, now: Run) -> str:
    """Return the finding: how many segments drifted, and where most."""
    data = drift_data(review, now)
    if data.empty:
        return "Drift could not be measured: too few customers"
    over = data[data["drifted"]]
    if over.empty:
        return "Nothing drifted further than chance does"
    top = over.iloc[0]
    values = [amount(float(top[when]), str(top["unit"]), review.currency) for when in ("before", "now")]
    segments, of = over["segment_id"].nunique(), data["segment_id"].nunique()
    return (
        f"{part_of(segments, of, 'segments')} drifted; furthest: {top['segment']} in {top['label']}, "
        f"median {values[0]} before, {values[1]} now"
    )


def drift_table(review: Review, now: Run) -> pd.DataFrame:
    """Return the rows furthest beyond their limit as people read them."""
    data = drift_data(review, now).head(SHOWN)
    return pd.DataFrame(
        {
            "Segment": data["segment"],
            **_columns(data, review.currency),
            "n before": [count(n) for n in data["n_before"]],
            "n now": [count(n) for n in data["n_now"]],
        }
    )


def segment_drift_table(review: Review, now: Run, segment_id: str) -> pd.DataFrame:
    """Return every feature of one segment as people read it, furthest beyond its limit first."""
    return pd.DataFrame(_columns(drift_data(review, now, segment_id), review.currency))


def _columns(data: pd.DataFrame, currency: str) -> dict[str, list[str]]:
    rows = data.to_dict("records")
    return {
        "Feature": [r["label"] for r in rows],
        "Median before": [amount(r["before"], r["unit"], currency) for r in rows],
        "Median now": [amount(r["now"], r["unit"], currency) for r in rows],
        "PSI": [f"{r['psi']:.2f}" for r in rows],
        "Limit": [f"{r['limit']:.2f}" for r in rows],
        "Drifted": ["yes" if r["drifted"] else "no" for r in rows],
    }


def drift(review: Review, now: Run, look: Theme = LIGHT) -> go.Figure:
    """Return a heat table of features (rows) by segments: colour is how far beyond the limit, text the two medians."""
    data = drift_data(review, now)
    order = list(dict.fromkeys(data["feature"]))[:SHOWN]
    data = data[data["feature"].isin(order)]
    cells = {(r["feature"], r["segment_id"]): r for r in data.to_dict("records")}
    segments = [s for s in reviewed(review) if s.id in set(data["segment_id"])]
    labels = {r["feature"]: r["label"] for r in cells.values()}

    def each(say: Callable[[Mapping[Hashable, Any]], Any], nothing: Any) -> list[list[Any]]:
        return [[say(cells[f, s.id]) if (f, s.id) in cells else nothing for s in segments] for f in order]

    def medians(r: Mapping[Hashable, Any], between: str) -> str:
        return between.join(amount(r[when], r["unit"], review.currency) for when in ("before", "now"))

    def cell(r: Mapping[Hashable, Any]) -> str:
        # The same median twice would look like no drift at all.
        before, now = (amount(r[when], r["unit"], review.currency) for when in ("before", "now"))
        return "" if not r["drifted"] else f"{before}<br>→ {now}" if before != now else f"still {now}<br>spread moved"

    heat = go.Heatmap(
        z=each(lambda r: math.log(min(max(r["psi"] / r["limit"], 1.0), FAR)), math.nan),
        x=[s.id for s in segments],
        y=order,
        text=each(cell, ""),
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=each(
            lambda r: (
                f"<b>{plain(r['segment'])}</b>: {plain(r['label'])}<br>median {medians(r, ' before, ')} now<br>"
                f"PSI {r['psi']:.2f}, limit {r['limit']:.2f}"
            ),
            "",
        ),
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        zmax=math.log(FAR),
        colorscale=[[0, look.middle], [1, look.deep]],
        showscale=False,
        xgap=2,
        ygap=2,
    )
    # A page of paper leaves many columns little room.
    tops = [plain(s.name, 15 if len(segments) < 6 else 11) for s in segments]
    return figure(
        drift_title(review, now),
        look,
        heads(tops) + 24 + 42 * max(len(order), 2),
        [heat],
        margin={"l": 8, "r": 16, "t": heads(tops), "b": 8},
        xaxis=top_axis(look, "segment (medians before and now, where they drifted)", [s.id for s in segments], tops),
        yaxis=names_axis(look, {f: plain(labels[f], 30) for f in order}, "feature", size=12),
    )
