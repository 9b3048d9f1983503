"""Whether each segment is told apart on features it was not made from."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.dots import Reference, dots
from discovery.charts.format import amount, count, part_of, span
from discovery.charts.theme import LIGHT, Theme
from discovery.core.evidence import Verdict
from discovery.core.run import Run

CHECK = "heldout_auc"


def distinctness_data(run: Run, by: str) -> pd.DataFrame:
    """Return one row per placed segment, best told apart first: AUC, interval, null, threshold, verdict, reason.

    AUC is the chance that a member is ranked above a non-member on features kept out of the clustering, 0 to 1;
    0.5 is a coin.
    """
    rows = []
    for s in run.segmentation(by).placed:
        for e in run.evidence_for(by, s.id):
            if e.check != CHECK:
                continue
            low, high = e.interval or (math.nan, math.nan)
            null_low, null_high = e.null or (math.nan, math.nan)
            rows.append(
                {
                    "segment_id": s.id,
                    "segment": s.name,
                    "value": math.nan if e.value is None else e.value,
                    "low": low,
                    "high": high,
                    "null_low": null_low,
                    "null_high": null_high,
                    "threshold": math.nan if e.threshold is None else e.threshold,
                    "n": e.n,
                    "verdict": e.verdict.value,
                    "reason": e.reason,
                    "state": "not tested" if e.value is None else "shown",
                    "colour": s.colour,
                    "symbol": s.symbol,
                }
            )
    names = ["segment_id", "segment", "value", "low", "high", "null_low", "null_high", "threshold", "n", "verdict"]
    data = pd.DataFrame(rows, columns=[*names, "reason", "state", "colour", "symbol"])
    return data.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)


def distinctness_title(run: Run, by: str) -> str:
    """Return the finding: how many segments pass."""
    data = distinctness_data(run, by)
    tested = data[data["state"] == "shown"]
    if tested.empty:
        return "Whether the segments differ on what they were not made from was not tested"
    return (
        f"{part_of(told_apart(run, by), len(data), 'segments')} can be told apart on features they were not made from"
    )


def told_apart(run: Run, by: str) -> int:
    """Return how many segments are told from the rest on what they were not made from."""
    return int((distinctness_data(run, by)["verdict"] == Verdict.PASS.value).sum())


def untested(run: Run, by: str) -> str:
    """Return why no segment was tested; empty where one was. A picture of it would be empty."""
    data = distinctness_data(run, by)
    if (data["state"] == "shown").any():
        return ""
    return " ".join(dict.fromkeys(data["reason"])) or "No features were kept out of the clustering."


def distinctness_table(run: Run, by: str) -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    rows = [
        (
            r["segment"],
            amount(r["value"], "auc") if r["state"] == "shown" else r["state"],
            span((r["low"], r["high"]), "auc"),
            span((r["null_low"], r["null_high"]), "auc"),
            amount(r["threshold"], "auc"),
            count(r["n"]),
        )
        for r in distinctness_data(run, by).to_dict("records")
    ]
    names = ["Segment", "Held-out AUC", "95% interval", "By chance", "Needed", "Customers"]
    return pd.DataFrame(rows, columns=names)


def distinctness(run: Run, by: str, look: Theme = LIGHT) -> go.Figure:
    """Return a dot per segment with its interval, its null as a grey bar behind it, the threshold as a line."""
    data = distinctness_data(run, by)
    lines = []
    if data["threshold"].notna().any():
        needed = float(data["threshold"].dropna().iloc[0])
        lines.append(Reference(needed, f"needed: {amount(needed, 'auc')}"))
    lowest = min([0.45, *data["low"].dropna(), *data["value"].dropna(), *data["null_low"].dropna()])
    return dots(
        data,
        title=distinctness_title(run, by),
        axis_title="held-out AUC (0.5 is a coin, 1 always right)",
        look=look,
        unit="auc",
        lines=lines,
        limits=(max(0.0, lowest - 0.02), 1.02),
    )
