"""One segment, closely."""

from __future__ import annotations

import pandas as pd

from discovery.charts.format import NONE, count, money, rate
from discovery.charts.response import response_data
from discovery.charts.sizes import sizes_data
from discovery.core.rule import Fidelity
from discovery.core.run import Run


def detail_tiles(run: Run, by: str, segment_id: str) -> tuple[tuple[str, str, str], ...]:
    """Return a segment's four numbers: value, label, what stands under it."""
    row = next(r for r in sizes_data(run, by).to_dict("records") if r["segment_id"] == segment_id)
    secret = row["hidden"]
    revenue = secret or rate(row["revenue_share"])
    spent = "" if secret else money(row["revenue"], run.currency)
    again, everyone = NONE, "not tested"
    for r in response_data(run, by).to_dict("records"):
        if r["segment_id"] == segment_id:
            again = rate(r["value"]) if r["state"] == "shown" else r["state"]
            everyone = f"everyone: {rate(r['everyone'])}" if r["state"] == "shown" else ""
    return (
        (count(row["customers"]), "customers", ""),
        (rate(row["share"]), "of customers", f"of {count(len(run.table))}"),
        (revenue, "of revenue", spent),
        (again, f"order again within {run.horizon_days} days", everyone),
    )


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
