"""The map of customers, and who stands in a part of it that the reader drew."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import customer_map, html, selected
from discovery.charts.format import SMALL_CELL, count
from discovery.dashboard import frame
from discovery.dashboard.frame import Selection

_ALL, _FEWER = "All of them", f"At most {count(selected.MOST)}, to select from"
HOW = (
    "Draw a box or a lasso around customers to see who they are. Distance and gaps in the picture prove nothing; "
    "numbers below it do."
)
_FEW = "Too few to describe without describing one of them: select at least {least}."


def show_map(selection: Selection) -> None:
    """Show the map; below it, who was selected."""
    run, by = selection.run, selection.by
    most = None
    if len(run.embedding) > selected.MOST:
        points = st.segmented_control(
            "Customers drawn", [_ALL, _FEWER], default=_ALL, required=True, key="points", bind="query-params"
        )
        most = selected.MOST if points == _FEWER else None
    select = most is not None or len(run.embedding) <= selected.MOST
    found = frame.chart(
        customer_map.customer_map(run, by, selection.look, most),
        customer_map.customer_map_table(run, by, most),
        key="map",
        alt="Every customer as a point, coloured by segment.",
        segments=selection.segmentation.segments,
        zoom=True,
        keyed=True,
        select=select,
    )
    if found:
        _show_selected(selection, selected.selected_ids(run, by, found, most))


def _show_selected(selection: Selection, customers: pd.Index) -> None:
    run, by = selection.run, selection.by
    if not len(customers):
        return
    frame.section(selected.selected_title(run, by, customers))
    if len(customers) < SMALL_CELL:
        st.html(html.block(html.text(_FEW.format(least=SMALL_CELL), css="muted")))
    else:
        left, right = st.columns([2, 3], gap="large")
        with left:
            frame.table(selected.selected_table(run, by, customers), selection.segmentation.segments)
        with right:
            frame.table(selected.features_table(run, customers))
    st.download_button(
        f"Download the ids of {count(len(customers))} customers",
        service.list_of(selection.segmentation, customers),
        f"{run.id}-{by}-selected.csv",
        "text/csv",
        on_click="ignore",
    )
