"""The sentences of the page Breakdowns."""

from __future__ import annotations

import math

from discovery.charts.broken_down import shares_data
from discovery.charts.crossed import Crossing
from discovery.charts.format import amount, rate
from discovery.charts.measures import CUSTOMERS
from discovery.core.many import many
from discovery.dashboard.words import quoted

NO_BREAKDOWN = {
    "country": "No customer's country is known, so there is no map of countries.",
    "region": "No customer's state is known, so there is no map of states.",
    "latitude": "No customer's latitude and longitude are known, so there are no points to draw.",
    "aov_band": "The customers have no order values, so there are no bands of them.",
    "engagement_tier": "Neither orders nor e-mails are known, so there are no engagement tiers.",
    "rfm_group": "No orders are known, so nobody has a recency and a frequency.",
}
NO_BREAKDOWN_STEP = (
    "Name the columns that hold it in the config (source.columns), and run again: "
    "discovery run CONFIG --workspace W. Or choose another way to break the customers down."
)
BREAKDOWN_COLOURS = "Blue cells lie below the whole of their column, orange ones above. The last row is the whole."
BREAKDOWN_MEASURED = (
    "Every number is of what customers did before the date. Rates carry Wilson intervals, means normal ones, of 95%; "
    "the average order value of a group is the mean of its customers' own."
)
BREAKDOWN_HIDDEN = (
    "Groups of fewer than 10 customers show no rate and no amount. Where the others and the totals would give one of "
    "them away by subtraction, further ones are withheld. Counts are always shown."
)
BREAKDOWN_OUTLINES = (
    "Outlines come with plotly.js: borders of countries as the United Nations publish them, states by Natural Earth. "
    "The smallest countries have no outline at this scale; the table holds them."
)


def breakdown_title(crossing: Crossing, who: str = "") -> str:
    """Return the group that brings most of the revenue, or the largest where revenue is not known."""
    data = shares_data(crossing, who)
    rows = data[~data["rest"]].to_dict("records") or data.to_dict("records")
    of = "" if not who else f" of {quoted(next(g.name for g in crossing.columns.groups if g.id == who))}"
    earners = [r for r in rows if math.isfinite(r["revenue_share"])]
    top = max(earners or rows, key=lambda r: r["revenue_share"] if earners else r["customers"])
    group = f"{crossing.rows.label} {quoted(top['name'])}"
    if not earners:
        return f"{rate(top['share'])} of customers{of}: {group}"
    return f"{rate(top['revenue_share'])} of revenue{of} comes from {rate(top['share'])} of customers: {group}"


def crossing_title(crossing: Crossing) -> str:
    """Return what is crossed, and everyone's value."""
    c = crossing
    pair = f"{c.rows.title} by {c.columns.label}"
    if c.measure.name == CUSTOMERS:
        return f"{pair}: how {many(int(c.customers[-1, -1]), 'customer')} are spread"
    value = amount(c.value[-1, -1], c.measure.unit, c.currency)
    return f"{pair}: {c.measure.label[:1].lower()}{c.measure.label[1:]}, {value} of everyone"
