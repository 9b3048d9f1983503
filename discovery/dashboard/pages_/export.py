"""Hand the segments over: as rules for the tools that send, or as lists of members."""

import streamlit as st

from discovery.charts.handover import handover_table, handover_title
from discovery.dashboard import frame, handover

selection = frame.begin()
frame.nothing(selection)
run, by = selection.run, selection.by

frame.heading(selection, handover_title(run, by), handover.ABOUT)
frame.table(handover_table(run, by), selection.segmentation.placed)

frame.section("What do you want to take along?")
form = st.segmented_control(
    "As", list(handover.FORMS), default=next(iter(handover.FORMS)), required=True, key="form", bind="query-params"
)
handover.FORMS[form](selection)

frame.measured(handover.FIDELITY, handover.STALE)
