"""Customers that a reader selected on the map: who they are, beside everyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from discovery.charts.customer_map import drawn
from discovery.charts.format import SMALL_CELL, amount, count, rate
from discovery.core.headed import headed
from discovery.core.many import many
from discovery.core.run import Run

#: Points that a browser hands back in good time when some of them are selected.
MOST = 20_000
#: Features shown, those that set the selection apart most.
SHOWN = 12


def selected_ids(run: Run, by: str, points: Iterable[Mapping[str, int]], most: int | None = None) -> pd.Index:
    """Return the customers behind points of the map, in increasing order.

    Parameters
    ----------
    points : iterable of mapping
        ``curve_number`` and ``point_index``, as the picture tells them.
    most : int or None
        To how many points the picture was thinned.
    """
    shown = [customers for _, customers in drawn(run, by, most)]
    places = {(p["curve_number"], p["point_index"]) for p in points}
    return pd.Index(sorted(str(shown[n][i]) for n, i in places if n < len(shown) and i < len(shown[n])))


def selected_title(run: Run, by: str, customers: pd.Index) -> str:
    """Return how many were selected, and where most of them are."""
    first = selected_table(run, by, customers).iloc[0]
    return f"{many(len(customers), 'customer')} selected: {first['Share of selected']} in {first['Segment']}"


def selected_table(run: Run, by: str, customers: pd.Index) -> pd.DataFrame:
    """Return how many of the selected customers are in each segment, most first."""
    segmentation = run.segmentation(by)
    inside = segmentation.labels.reindex(customers).value_counts()
    rows = [
        (s.name, count(n), rate(n / len(customers)), rate(s.share))
        for s in sorted(segmentation.segments, key=lambda s: -int(inside.get(s.id, 0)))
        if (n := int(inside.get(s.id, 0)))
    ]
    return pd.DataFrame(rows, columns=["Segment", "Selected", "Share of selected", "Share of everyone"])


def features_data(run: Run, customers: pd.Index) -> pd.DataFrame:
    """Return one row per numeric feature, those that set the customers apart first.

    label, unit, median, q1, q3, everyone (median), above: the share of the selected who lie above everyone's median,
    ties counted half, so that 0.5 is like everyone. Fewer than 10 with a value give no row: it would describe single
    people.
    """
    rows = []
    for f in run.table.features:
        if f.kind != "number" or f.aggregate == "band":
            continue
        everyone = run.table.column(f.name).dropna().astype("float64")
        mine = everyone[everyone.index.isin(customers)]
        if len(mine) >= SMALL_CELL:
            q1, median, q3 = (float(q) for q in mine.quantile([0.25, 0.5, 0.75]))
            middle = float(everyone.median())
            above = float((mine > middle).mean() + (mine == middle).mean() / 2)
            rows.append((f.label, f.unit, median, q1, q3, middle, above))
    data = pd.DataFrame(rows, columns=["label", "unit", "median", "q1", "q3", "everyone", "above"])
    apart = (data["above"] - 0.5).abs()
    return data.loc[apart.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def features_table(run: Run, customers: pd.Index) -> pd.DataFrame:
    """Return what sets the selected customers apart as people read it, most first."""
    rows = [
        (
            headed(str(r["label"])),
            amount(r["median"], r["unit"], run.currency),
            f"{amount(r['q1'], r['unit'], run.currency)} to {amount(r['q3'], r['unit'], run.currency)}",
            amount(r["everyone"], r["unit"], run.currency),
            rate(r["above"]),
        )
        for r in features_data(run, customers).head(SHOWN).to_dict("records")
    ]
    columns = ["Feature", "Selected, median", "Middle half", "Everyone, median", "Above everyone's median"]
    return pd.DataFrame(rows, columns=columns)
