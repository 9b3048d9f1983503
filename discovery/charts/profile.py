"""What each segment is like, feature by feature, beside everyone else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.format import NOBODY, SMALL_CELL, TOO_FEW, amount, effect_word, span, unit_words
from discovery.charts.theme import FONT, LIGHT, Theme, figure, heads, names_axis, note, plain, top_axis
from discovery.core.feature import Feature
from discovery.core.run import Run
from discovery.core.segment import Description, Segment

#: Features shown: those that tell the segments apart most. A heat table of seventy rows tells nobody anything.
FEATURES_SHOWN = 12
#: Features shown of a segment beside the one most like it.
NEAREST_SHOWN = 8


def profile_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per segment and feature, the features that tell the segments apart most first.

    ``effect`` is Cliff's delta against all other placed customers, -1 to 1; medians and quartiles are in the
    feature's unit. All are NaN for a segment of fewer than 10 customers; ``hidden``
    then says so in words.
    """
    rows = []
    for s in run.segmentation(by).placed:
        secret = "" if s.size >= SMALL_CELL else TOO_FEW if s.size else NOBODY
        for name, d in s.profile.items():
            feature = run.table.feature(name)
            found = (d.effect, d.median, d.q1, d.q3)
            effect, median, q1, q3 = (math.nan,) * 4 if secret else found
            rows.append(
                {
                    "segment_id": s.id,
                    "segment": s.name,
                    "feature": name,
                    "label": feature.label,
                    "unit": feature.unit,
                    "effect": effect,
                    "median": median,
                    "q1": q1,
                    "q3": q3,
                    "everyone": d.everyone,
                    "hidden": secret,
                }
            )
    columns = [
        "segment_id",
        "segment",
        "feature",
        "label",
        "unit",
        "effect",
        "median",
        "q1",
        "q3",
        "everyone",
        "hidden",
    ]
    data = pd.DataFrame(rows, columns=columns)
    # The widest gap between any two segments, not the mean: a feature that marks one segment is worth a row.
    spread = data.groupby("feature")["effect"].agg(lambda e: e.max() - e.min()).fillna(-1.0)
    return data.assign(spread=data["feature"].map(spread)).sort_values(
        ["spread", "feature"], ascending=[False, True], kind="stable", ignore_index=True
    )


def telling(run: Run, by: str) -> tuple[str, ...]:
    """Return the features that tell the segments apart most, each measure once: by the window that tells most."""
    first: dict[Feature, str] = {}
    for name in dict.fromkeys(profile_data(run, by)["feature"]):
        first.setdefault(_measure(run.table.feature(name)), name)
    return tuple(first.values())


def profile_title(run: Run, by: str) -> str:
    """Return the finding: the one segment that stands out most, and on what."""
    rows = profile_data(run, by).dropna(subset=["effect"]).to_dict("records")
    if not rows:
        return "No segment holds enough customers to describe"
    top = max(rows, key=lambda r: abs(r["effect"]))
    value = amount(top["median"], top["unit"], run.currency)
    everyone = amount(top["everyone"], top["unit"], run.currency)
    return f"Furthest from the others: {top['segment']}, by {top['label']}: median {value} (everyone: {everyone})"


def profile_table(run: Run, by: str) -> pd.DataFrame:
    """Return medians as people read them: one row per feature of the chart, one column per segment."""
    out: dict[str, dict[str, str]] = {}
    for r in _shown(run, by).to_dict("records"):
        everyone = amount(r["everyone"], r["unit"], run.currency)
        line = out.setdefault(r["feature"], {"Feature (median)": r["label"], "Everyone": everyone})
        line[r["segment"]] = _cell(r, run.currency)
    return pd.DataFrame(list(out.values()))


def profile(run: Run, by: str, look: Theme = LIGHT) -> go.Figure:
    """Return a heat table of features (rows) by segments: colour is the effect, text the median in real units."""
    data = _shown(run, by)
    segments = run.segmentation(by).placed
    effects = data.pivot(index="feature", columns="segment_id", values="effect")
    order = list(dict.fromkeys(data["feature"]))
    effects = effects.reindex(index=order, columns=[s.id for s in segments])
    rows = data.to_dict("records")
    cells = {(r["feature"], r["segment_id"]): r for r in rows}
    labels = {r["feature"]: _with_unit(r["label"], unit_words(r["unit"], run.currency)) for r in rows}

    def each(what: str) -> list[list[str]]:
        return [[_text(cells.get((f, s.id)), run.currency, what) for s in segments] for f in order]

    heat = go.Heatmap(
        z=effects.to_numpy(),
        x=[s.id for s in segments],
        y=order,
        text=each("cell"),
        texttemplate="%{text}",
        textfont={"family": FONT, "size": 12, "color": look.ink},
        customdata=each("hover"),
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        zmin=-1,
        zmid=0,
        zmax=1,
        colorscale=[[0, look.low], [0.5, look.middle], [1, look.high]],
        xgap=2,
        ygap=2,
        colorbar={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yanchor": "top",
            "len": 0.62,
            "thickness": 9,
            "outlinewidth": 0,
            "tickmode": "array",
            "tickvals": [-0.94, 0, 0.94],
            "ticktext": ["all lower", "same as everyone", "all higher"],
            "ticks": "",
            "tickfont": {"family": FONT, "size": 12, "color": look.muted},
            "title": {
                "text": "Cliff's delta against everyone else (−1 to 1)",
                "side": "top",
                "font": {"family": FONT, "size": 12, "color": look.muted},
            },
            "ypad": 14,
        },
    )
    # As wide as a column is: at most 15 letters for eight of them.
    tops = [plain(s.name, 15 if len(segments) < 9 else 10) for s in segments]
    return figure(
        profile_title(run, by),
        look,
        heads(tops) + 92 + 34 * len(order),
        [heat],
        margin={"l": 8, "r": 16, "t": heads(tops), "b": 8},
        annotations=[
            note(TOO_FEW if s.size else NOBODY, look, x=s.id, y=0.5, yref="paper", textangle=-90)
            for s in segments
            if s.size < SMALL_CELL
        ],
        xaxis=top_axis(look, "segment", [s.id for s in segments], tops),
        yaxis=names_axis(look, {f: plain(labels[f], 34) for f in order}, "feature (unit)", size=12),
    )


def segment_table(run: Run, segment: Segment) -> pd.DataFrame:
    """Return every feature of one segment as people read it, the most telling first."""
    known = segment.profile if segment.size >= SMALL_CELL else {}
    return _described(run, known, "Against everyone else", "Everyone's median")


def nearest_table(run: Run, by: str, segment: Segment) -> pd.DataFrame:
    """Return what tells a segment from the one most like it, most first; nothing where either is too small."""
    if not segment.nearest:
        return _described(run, {}, "Against it", "Its median")
    sizes = (segment.size, run.segmentation(by).segment(segment.nearest).size)
    known = segment.versus_nearest if min(sizes) >= SMALL_CELL else {}
    return _described(run, known, "Against it", "Its median").head(NEAREST_SHOWN)


def _described(run: Run, known: Mapping[str, Description], against: str, beside: str) -> pd.DataFrame:
    columns = ["Feature", against, "Median", "Middle half", beside, "Missing"]
    anything = any(d.missing_share for d in known.values())
    rows = []
    for name, d in sorted(known.items(), key=lambda item: -abs(_finite(item[1].effect))):
        feature = run.table.feature(name)
        rows.append(
            (
                feature.label,
                f"{effect_word(d.effect)} ({amount(d.effect, 'delta')})",
                amount(d.median, feature.unit, run.currency),
                span((d.q1, d.q3), feature.unit, run.currency),
                amount(d.everyone, feature.unit, run.currency),
                amount(d.missing_share, "share"),
            )
        )
    table = pd.DataFrame(rows, columns=columns)
    # A column of nothing but 0.0% tells nothing.
    return table if anything else table.drop(columns="Missing")


def _shown(run: Run, by: str) -> pd.DataFrame:
    data = profile_data(run, by)
    return data[data["feature"].isin(telling(run, by)[:FEATURES_SHOWN])]


def _measure(feature: Feature) -> Feature:
    """Return a feature without its window, gross and net being one: what stands twice in a picture fills it."""
    return replace(
        feature, name="x", label="", window=None, skip=0, since="", until="", events=feature.events[:1],
        of=feature.of or (() if feature.events else (feature.name,)),
        cluster=False, holdout=False, missing="never", fill=None, human_step=(), words=(),
    )  # fmt: skip


def _cell(row: Mapping[Any, Any], currency: str) -> str:
    return row["hidden"] or amount(row["median"], row["unit"], currency)


def _text(row: Mapping[Any, Any] | None, currency: str, what: str) -> str:
    if row is None:
        return ""
    value = _cell(row, currency)
    if what == "cell":
        return "" if row["hidden"] else value
    everyone = amount(row["everyone"], row["unit"], currency)
    head = f"<b>{plain(row['segment'])}</b><br>{plain(row['label'])}: {value}<br>everyone: {everyone}"
    return head if row["hidden"] else f"{head}<br>{effect_word(row['effect'])}"


def _with_unit(label: str, unit: str) -> str:
    # "orders in the last 90 days (orders)" says nothing twice, nor does "income (asked) (answer)".
    said = unit == "answer" or unit in label.split() or f"{unit}," in label.split()
    return label if said else f"{label} ({unit})"


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
