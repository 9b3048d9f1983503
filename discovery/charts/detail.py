"""One segment, closely."""

from __future__ import annotations

import pandas as pd

from discovery.charts import response
from discovery.charts.format import NONE, count, money, rate
from discovery.charts.sizes import revenue_feature, sizes_data
from discovery.core.rule import Fidelity
from discovery.core.run import Run
from discovery.core.segment import Segment


def detail_tiles(run: Run, by: str, segment_id: str) -> tuple[tuple[str, str, str], ...]:
    """Return a segment's numbers, at most four: value, label, what stands under it; none of what cannot be known."""
    row = next(r for r in sizes_data(run, by).to_dict("records") if r["segment_id"] == segment_id)
    secret = row["hidden"]
    revenue = secret or rate(row["revenue_share"])
    spent = "" if secret else money(row["revenue"], run.currency)
    answer, under, label = NONE, "", f"response within {run.horizon_days} days"
    for outcome in [o for o in response.outcomes(run, by) if o != "forward_revenue"]:
        label = response.COLUMNS[outcome].format(days=run.horizon_days).lower()
        for r in response.response_data(run, by, outcome).to_dict("records"):
            if r["segment_id"] == segment_id:
                shown = r["state"] == "shown"
                answer = rate(r["value"]) if shown else r["state"]
                under = f"everyone: {rate(r['everyone'])}" if shown else ""
    tiles = [
        (count(row["customers"]), "customers", ""),
        (rate(row["share"]), "of customers", f"of {count(len(run.table))}"),
    ]
    if revenue_feature(run.table):
        tiles.append((revenue, "of revenue", spent))
    if run.horizon_days:
        tiles.append((answer, label, "not tested" if answer == NONE else under))
    return tuple(tiles)


def fidelity_table(fidelity: Fidelity) -> pd.DataFrame:
    """Return how well a rule selects its segment, on customers it was not induced on."""
    rows = [
        ("Of those it selects, in the segment (precision)", rate(fidelity.precision)),
        ("Of the segment, selected (recall)", rate(fidelity.recall)),
        ("Both in one (F1)", f"{fidelity.f1:.2f}"),
        ("Selected, of all customers", rate(fidelity.coverage)),
        ("Customers it was measured on", count(fidelity.n)),
    ]
    return pd.DataFrame(rows, columns=["How well the rule selects", "Measured"])


def answers_table(run: Run, segment: Segment) -> pd.DataFrame:
    """Return what the customers of a segment told of themselves, by question, the furthest from everyone first."""
    furthest: dict[str, float] = {}
    for a in segment.answers:
        furthest[a.feature] = max(furthest.get(a.feature, 0.0), abs(a.effect))
    ordered = sorted(segment.answers, key=lambda a: (-furthest[a.feature], a.feature))
    rows = [
        (run.table.feature(a.feature).label, a.said, count(a.customers), rate(a.share), rate(a.everyone))
        for a in ordered
    ]
    return pd.DataFrame(rows, columns=["Asked", "Said", "Customers", "Of those who answered", "Of everyone who did"])
