"""What segments did in the forward window: who ordered again, and what each customer brought."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.dots import Reference, dots
from discovery.charts.format import NONE, amount, count, lift, span
from discovery.charts.small_cells import REASONS, hidden
from discovery.charts.theme import LIGHT, Theme
from discovery.core.evidence import Verdict
from discovery.core.run import Run

Outcome = Literal["forward_order_rate", "forward_click_rate", "forward_event_rate", "forward_revenue"]

#: What an outcome is called at the head of a title, on an axis, and in a table.
TITLES: dict[Outcome, str] = {
    "forward_order_rate": "Most likely to order again",
    "forward_click_rate": "Most likely to click",
    "forward_event_rate": "Most likely to respond",
    "forward_revenue": "Most revenue per customer",
}
AXES: dict[Outcome, str] = {
    "forward_order_rate": "customers who order again within {days} days (%)",
    "forward_click_rate": "customers who click within {days} days (%)",
    "forward_event_rate": "customers who respond within {days} days (%)",
    "forward_revenue": "revenue per customer within {days} days ({currency})",
}
COLUMNS: dict[Outcome, str] = {
    "forward_order_rate": "Order again within {days} days",
    "forward_click_rate": "Click within {days} days",
    "forward_event_rate": "Respond within {days} days",
    "forward_revenue": "Revenue per customer within {days} days",
}


def response_data(run: Run, by: str, outcome: Outcome = "forward_order_rate") -> pd.DataFrame:
    """Return one row per placed segment, highest first: value, interval, everyone's value, n, verdict, reason.

    ``state`` is ``shown``, ``too few to show``, ``withheld`` (it would give away one that is too small) or ``not
    tested``; only ``shown`` rows carry numbers.
    """
    segmentation = run.segmentation(by)
    secret = hidden({s.id: s.size for s in segmentation.segments})
    rows = []
    for s in segmentation.placed:
        for e in run.evidence_for(by, s.id):
            if e.check != outcome:
                continue
            tested = e.value is not None and e.verdict is not Verdict.NOT_TESTED
            state = "not tested" if not tested else secret.get(s.id, "shown")
            value = e.value if state == "shown" and e.value is not None else math.nan
            low, high = e.interval if state == "shown" and e.interval else (math.nan, math.nan)
            rows.append(
                {
                    "segment_id": s.id,
                    "segment": s.name,
                    "value": value,
                    "low": low,
                    "high": high,
                    "everyone": e.null[0] if e.null else math.nan,
                    "n": e.n,
                    "unit": e.unit,
                    "verdict": e.verdict.value,
                    "reason": REASONS.get(state, e.reason),
                    "state": state,
                    "colour": s.colour,
                    "symbol": s.symbol,
                }
            )
    names = ["segment_id", "segment", "value", "low", "high", "everyone", "n", "unit", "verdict", "reason", "state"]
    data = pd.DataFrame(rows, columns=[*names, "colour", "symbol"])
    return data.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)


def outcomes(run: Run, by: str) -> tuple[Outcome, ...]:
    """Return the outcomes that were measured after the date for any segment: a rate first, then revenue."""
    about = (e for s in run.segmentation(by).placed for e in run.evidence_for(by, s.id))
    found = {e.check for e in about if e.value is not None}
    return tuple(outcome for outcome in TITLES if outcome in found)


def response_title(run: Run, by: str, outcome: Outcome = "forward_order_rate") -> str:
    """Return the finding, or that there is none: a segment counts only where its interval leaves everyone out."""
    data = response_data(run, by, outcome)
    shown = data[data["state"] == "shown"]
    if shown.empty:
        return "Nothing was measured after the date, so no response can be shown"
    top = shown.iloc[0]
    base = amount(top["everyone"], top["unit"], run.currency)
    if not top["low"] > top["everyone"]:
        return f"No segment is clear of everyone's {base} within {run.horizon_days} days"
    value = amount(top["value"], top["unit"], run.currency)
    return f"{TITLES[outcome]}: {top['segment']}, {value} within {run.horizon_days} days (everyone: {base})"


def response_table(run: Run, by: str, outcome: Outcome = "forward_order_rate") -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    rows = []
    for r in response_data(run, by, outcome).to_dict("records"):
        shown = r["state"] == "shown"
        ratio = r["value"] / r["everyone"] if shown and r["everyone"] else math.nan
        value = amount(r["value"], r["unit"], run.currency) if shown else r["state"]
        interval = (r["low"], r["high"]) if shown and not math.isnan(r["low"]) else None
        rows.append((r["segment"], value, span(interval, r["unit"], run.currency), lift(ratio), count(r["n"])))
    measure = COLUMNS[outcome].format(days=run.horizon_days)
    return pd.DataFrame(rows, columns=["Segment", measure, "95% interval", "Against everyone", "Customers"]).replace(
        "nan", NONE
    )


def response(run: Run, by: str, outcome: Outcome = "forward_order_rate", look: Theme = LIGHT) -> go.Figure:
    """Return a dot per segment with its 95 % interval, beside everyone's value as a line."""
    data = response_data(run, by, outcome)
    base = data["everyone"].dropna()
    lines = []
    if not base.empty:
        everyone = float(base.iloc[0])
        shown = amount(everyone, "money" if outcome == "forward_revenue" else "share", run.currency)
        lines.append(Reference(everyone, f"everyone {shown}", dashed=False))
    return dots(
        data,
        title=response_title(run, by, outcome),
        axis_title=AXES[outcome].format(days=run.horizon_days, currency=run.currency),
        look=look,
        unit="money" if outcome == "forward_revenue" else "share",
        currency=run.currency,
        lines=lines,
    )
