"""What segments did next: who ordered again, and what each customer brought; or how they answered a campaign."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.dots import Reference, dots
from discovery.charts.format import amount, count, lift, span
from discovery.charts.small_cells import REASONS, hidden
from discovery.charts.theme import LIGHT, Theme
from discovery.core.evidence import Verdict
from discovery.core.run import Run

Outcome = Literal[
    "forward_order_rate",
    "forward_click_rate",
    "forward_event_rate",
    "forward_revenue",
    "campaign_order_rate",
    "campaign_click_rate",
    "campaign_event_rate",
    "campaign_revenue",
    "campaign_uplift",
    "campaign_unsubscribe_rate",
    "campaign_spam_rate",
]

#: A difference: of those it was meant for, less those held out.
UPLIFT: Outcome = "campaign_uplift"

#: What an outcome is called at the head of a title, on an axis, and in a table.
TITLES: dict[Outcome, str] = {
    "forward_order_rate": "Most likely to order again",
    "forward_click_rate": "Most likely to click",
    "forward_event_rate": "Most likely to respond",
    "forward_revenue": "Most revenue per customer",
    "campaign_order_rate": "Most likely to order",
    "campaign_click_rate": "Most likely to click",
    "campaign_event_rate": "Most likely to respond",
    "campaign_revenue": "Most revenue per recipient",
    "campaign_uplift": "Most moved by it",
    "campaign_unsubscribe_rate": "Most likely to unsubscribe",
    "campaign_spam_rate": "Most likely to mark it as spam",
}
AXES: dict[Outcome, str] = {
    "forward_order_rate": "customers who order again within {days} days (%)",
    "forward_click_rate": "customers who click within {days} days (%)",
    "forward_event_rate": "customers who respond within {days} days (%)",
    "forward_revenue": "revenue per customer within {days} days ({currency})",
    "campaign_order_rate": "recipients who order (%)",
    "campaign_click_rate": "recipients who click (%)",
    "campaign_event_rate": "recipients who respond (%)",
    "campaign_revenue": "revenue per recipient ({currency})",
    "campaign_uplift": "more who order than of those held out (percentage points)",
    "campaign_unsubscribe_rate": "recipients who unsubscribe (%)",
    "campaign_spam_rate": "recipients who mark it as spam (%)",
}
COLUMNS: dict[Outcome, str] = {
    "forward_order_rate": "Order again within {days} days",
    "forward_click_rate": "Click within {days} days",
    "forward_event_rate": "Respond within {days} days",
    "forward_revenue": "Revenue per customer within {days} days",
    "campaign_order_rate": "Order",
    "campaign_click_rate": "Click",
    "campaign_event_rate": "Respond",
    "campaign_revenue": "Revenue per recipient",
    "campaign_uplift": "Uplift over a hold-out",
    "campaign_unsubscribe_rate": "Unsubscribe",
    "campaign_spam_rate": "Mark as spam",
}
#: Heads what to expect next time.
EXPECTED = "To expect next time"


def campaigns(run: Run, by: str) -> tuple[str, ...]:
    """Return the campaigns that segments of `by` were judged on, in the run's order."""
    about = (e for s in run.segmentation(by).placed for e in run.evidence_for(by, s.id))
    return tuple(dict.fromkeys(e.campaign for e in about if e.campaign and e.value is not None and e.check in TITLES))


def response_data(run: Run, by: str, outcome: Outcome = "forward_order_rate", campaign: str = "") -> pd.DataFrame:
    """Return one row per placed segment, highest first: value, interval, everyone's value, n, verdict, reason.

    ``shrunk`` is what to expect next time, where that was measured: the value drawn towards everyone's.
    ``state`` is ``shown``, ``too few to show``, ``withheld`` (it would give away one that is too small) or ``not
    tested``; only ``shown`` rows carry numbers.
    """
    segmentation = run.segmentation(by)
    about = {
        s.id: e
        for s in segmentation.placed
        for e in run.evidence_for(by, s.id)
        if e.check == outcome and e.campaign == campaign
    }
    # Of a campaign, few may have been asked in a segment that holds many.
    secret = hidden({s.id: s.size for s in segmentation.segments}) | hidden({i: e.n for i, e in about.items()})
    rows = []
    for s in segmentation.placed:
        if e := about.get(s.id):
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
                    "shrunk": e.shrunk if state == "shown" and e.shrunk is not None else math.nan,
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
    names = ["segment_id", "segment", "value", "low", "high", "shrunk", "everyone", "n", "unit", "verdict", "reason"]
    data = pd.DataFrame(rows, columns=[*names, "state", "colour", "symbol"])
    return data.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)


def outcomes(run: Run, by: str, campaign: str = "") -> tuple[Outcome, ...]:
    """Return the outcomes that were measured for any segment: after the date, or of a campaign; a rate first."""
    about = (e for s in run.segmentation(by).placed for e in run.evidence_for(by, s.id))
    found = {e.check for e in about if e.value is not None and e.campaign == campaign}
    return tuple(outcome for outcome in TITLES if outcome in found)


def response_title(run: Run, by: str, outcome: Outcome = "forward_order_rate", campaign: str = "") -> str:
    """Return the finding, or that there is none: a segment counts only where its interval leaves everyone out."""
    data = response_data(run, by, outcome, campaign)
    shown = data[data["state"] == "shown"]
    if shown.empty:
        return "Nothing was measured after the date, so no response can be shown"
    top = shown.iloc[0]
    base = float(top["everyone"])
    when = "" if campaign else f" within {run.horizon_days} days"
    if not top["low"] > top["everyone"]:
        return "No segment is clear of " + _against(outcome, base, run.currency, "everyone's ") + when
    value = amount(top["value"], top["unit"], run.currency)
    return f"{TITLES[outcome]}: {top['segment']}, {value}{when} ({_against(outcome, base, run.currency, 'everyone: ')})"


def response_table(run: Run, by: str, outcome: Outcome = "forward_order_rate", campaign: str = "") -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    rows = []
    data = response_data(run, by, outcome, campaign)
    for r in data.to_dict("records"):
        shown = r["state"] == "shown"
        ratio = r["value"] / r["everyone"] if shown and r["everyone"] else math.nan
        value = amount(r["value"], r["unit"], run.currency) if shown else r["state"]
        expected = amount(r["shrunk"], r["unit"], run.currency)
        interval = span((r["low"], r["high"]), r["unit"], run.currency)
        rows.append((r["segment"], value, interval, expected, lift(ratio), count(r["n"])))
    measure = COLUMNS[outcome].format(days=run.horizon_days)
    who = "Recipients" if campaign else "Customers"
    columns = ["Segment", measure, "95% interval", EXPECTED, "Against everyone", who]
    table = pd.DataFrame(rows, columns=columns)
    return table if data["shrunk"].notna().any() else table.drop(columns=EXPECTED)


def response(
    run: Run, by: str, outcome: Outcome = "forward_order_rate", look: Theme = LIGHT, campaign: str = ""
) -> go.Figure:
    """Return a dot per segment with its 95 % interval, beside everyone's value as a line.

    Where it was measured, an open diamond is what to expect next time.
    """
    data = response_data(run, by, outcome, campaign)
    base = data["everyone"].dropna()
    lines = []
    if not base.empty:
        everyone = float(base.iloc[0])
        lines.append(Reference(everyone, _against(outcome, everyone, run.currency), dashed=False))
    return dots(
        data,
        title=response_title(run, by, outcome, campaign),
        axis_title=AXES[outcome].format(days=run.horizon_days, currency=run.currency),
        look=look,
        unit=_unit(outcome),
        currency=run.currency,
        lines=lines,
    )


def _against(outcome: Outcome, value: float, currency: str, whose: str = "everyone ") -> str:
    """Return what segments are held against: everyone's value; of an uplift, no effect."""
    if outcome == UPLIFT:
        return "no effect"
    return f"{whose}{amount(value, _unit(outcome), currency)}"


def _unit(outcome: str) -> str:
    return "money" if outcome.endswith("revenue") else "points" if outcome == UPLIFT else "share"
