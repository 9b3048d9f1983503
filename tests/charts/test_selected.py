"""Customers selected on the map: the right ones, told beside everyone, and never a handful."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from discovery.charts import customer_map, selected
from discovery.core.run import Run


def everything(run: Run, most: int | None = None) -> list[dict[str, int]]:
    traces = customer_map.customer_map(run, "kmeans", most=most).data
    return [{"curve_number": n, "point_index": i} for n, t in enumerate(traces) for i in range(len(t.x))]


def test_a_point_of_the_picture_is_the_customer_it_was_drawn_for(run: Run) -> None:
    traces = customer_map.customer_map(run, "kmeans").data
    places = run.embedding.set_index("customer_id")[["x", "y"]].astype("float32")
    for point in everything(run)[::37]:
        [customer] = selected.selected_ids(run, "kmeans", [point])
        trace = traces[point["curve_number"]]
        i = point["point_index"]
        assert (trace.x[i], trace.y[i]) == tuple(places.loc[customer])


def test_everything_selected_is_everyone(run: Run) -> None:
    ids = selected.selected_ids(run, "kmeans", everything(run))
    assert list(ids) == sorted(run.embedding["customer_id"])
    table = selected.selected_table(run, "kmeans", ids)
    assert list(table["Share of selected"]) == list(table["Share of everyone"])
    assert np.allclose(selected.features_data(run, ids)["median"], selected.features_data(run, ids)["everyone"])


def test_a_thinned_map_tells_the_same_customers(run: Run) -> None:
    ids = selected.selected_ids(run, "kmeans", everything(run, 100), 100)
    assert len(ids) == 100
    assert set(ids) <= set(run.embedding["customer_id"])


def test_points_that_are_not_there_select_nobody(run: Run) -> None:
    assert not len(selected.selected_ids(run, "kmeans", [{"curve_number": 99, "point_index": 0}]))
    assert not len(selected.selected_ids(run, "kmeans", [{"curve_number": 0, "point_index": 10**6}]))


def test_what_sets_a_selection_apart_is_what_pandas_says(run: Run) -> None:
    ids = run.segmentation("kmeans").members("wholesale")
    data = selected.features_data(run, ids).set_index("label")
    values = run.table.values["average_order_value"]
    row = data.loc["average order value"]
    assert row["median"] == values.loc[ids].median()
    assert row["above"] == (values.loc[ids] > values.median()).mean()
    assert data["above"].sub(0.5).abs().is_monotonic_decreasing


def test_nine_customers_are_not_described(run: Run) -> None:
    nine = run.table.values.index[:9]
    assert selected.features_data(run, nine).empty
    assert len(selected.features_table(run, run.table.values.index[:10]))
    gap = pd.Series(np.nan, index=run.table.values.index)
    gap.iloc[:9] = 30.0
    rare = replace(run, table=replace(run.table, values=run.table.values.assign(median_gap_days=gap)))
    assert "median days between orders" not in set(selected.features_data(rare, rare.table.values.index)["label"])
