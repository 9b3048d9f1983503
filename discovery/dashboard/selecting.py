"""The map of customers, and who stands in a part of it that the reader drew."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import customer_map, html, selected
from discovery.charts.format import SMALL_CELL, count
from discovery.core.errors import DiscoveryError
from discovery.core.many import many
from discovery.dashboard import frame
from discovery.dashboard.frame import Selection

_FEWER, _ALL = f"{count(customer_map.QUICK)} of them", "All of them"
HOW = (
    "Draw a box or a lasso around customers to see who they are. Distance and gaps in the picture prove nothing; "
    "numbers below it do."
)
_WORDS = "Or say in words whom to select, of all customers and not only of those drawn."
ANY = "All segments"
_RULE, _EXAMPLE = "selected", "orders >= 3 AND days_since_last_order <= 90"
_FEW = "Too few to describe without describing one of them: select at least {least}."


def show_map(selection: Selection) -> None:
    """Show the map; below it, who was selected."""
    run, by = selection.run, selection.by
    most = None
    if len(run.embedding) > customer_map.QUICK:
        points = st.segmented_control(
            "Customers drawn", [_FEWER, _ALL], default=_FEWER, required=True, key="points", bind="query-params"
        )
        most = None if points == _ALL else customer_map.QUICK
    select = (most or len(run.embedding)) <= selected.MOST
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
    asked = _asked(selection)
    if asked is not None:
        _show_selected(selection, asked)
    elif found:
        _show_selected(selection, selected.selected_ids(run, by, found, most))


def _asked(selection: Selection) -> pd.Index | None:
    """Let the reader select without drawing, as a keyboard can; None where nothing is asked."""
    st.html(html.block(html.text(_WORDS, css="muted")))
    left, right = st.columns([1, 2])
    names = {s.name: s.id for s in selection.segmentation.segments if s.size}
    with left:
        of = names.get(st.selectbox("Select from", [ANY, *names], key="among", bind="query-params") or "")
    with right:
        rule = st.text_input("Whom a rule selects", key="selects", placeholder=_EXAMPLE, bind="query-params").strip()
    if of is None and not rule:
        return None
    labels = selection.segmentation.labels
    inside = labels == of if of else labels.notna()
    if rule:
        try:
            inside &= service.evaluate_rules(selection.run.table, {_RULE: rule})[_RULE]
        except DiscoveryError as error:
            st.error(str(error))
            return None
    return labels.index[inside]


def _show_selected(selection: Selection, customers: pd.Index) -> None:
    run, by = selection.run, selection.by
    if not len(customers):
        st.html(html.block(html.text("Nobody is selected.")))
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
        f"Download the {'id' if len(customers) == 1 else 'ids'} of {many(len(customers), 'customer')}",
        service.list_of(selection.segmentation, customers),
        f"{run.id}-{by}-selected.csv",
        "text/csv",
        on_click="ignore",
    )
