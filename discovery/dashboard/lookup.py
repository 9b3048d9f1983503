"""One customer, looked up by id: why they are where they are, which segment is next, what would move them."""

from __future__ import annotations

import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import rate
from discovery.core.errors import DiscoveryError
from discovery.dashboard.frame import Selection
from discovery.dashboard.words import quoted

ABOUT = "The id as your data have it. It is not put into the link, and nothing else that names the customer is shown."


def show_lookup(selection: Selection) -> None:
    """Ask for an id, and explain the customer it belongs to."""
    with st.form("lookup", border=False):
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        customer = left.text_input("Customer id", key="customer", max_chars=200).strip()
        right.form_submit_button("Look up")
    if not customer:
        return
    try:
        found = service.explain_customer(selection.run, customer, selection.by)
    except DiscoveryError as error:
        st.html(html.block(html.text(str(error), css="sd-fault")))
        return
    segments = {s.id: s for s in selection.segmentation.segments}
    mine = segments[found.segment_id]
    st.html(
        html.block(
            f"<h3>{html.name(mine)}</h3>"
            f"{html.text(f'How clearly they belong: {rate(found.strength)}.', css='muted')}"
            f"{_listed(found.why)}"
        )
    )
    if found.next_segment_id:
        title = html.text(f"Next: {quoted(found.next_segment_name)}", "h3")
        st.html(html.block(f"{title}{_listed(found.move)}"))


def _listed(sentences: tuple[str, ...]) -> str:
    return "<ul>" + "".join(html.text(s, "li") for s in sentences) + "</ul>" if sentences else ""
