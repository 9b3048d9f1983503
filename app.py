"""The browser's entry: page set-up, navigation and the gate before it, nothing else."""

from pathlib import Path

import streamlit as st

from discovery import dashboard
from discovery.dashboard import gate

PAGES = Path(dashboard.__file__).parent / "pages_"

st.set_page_config(page_title="Segment discovery", layout="wide")
passed = gate.passed()
page = st.navigation(
    [
        st.Page(PAGES / "overview.py", title="Overview", default=True),
        st.Page(PAGES / "discover.py", title="Discover", url_path="discover"),
        st.Page(PAGES / "segments.py", title="Segments", url_path="segments"),
        st.Page(PAGES / "rules.py", title="Rules beside clusters", url_path="rules"),
        st.Page(PAGES / "validate.py", title="Validate", url_path="validate"),
        st.Page(PAGES / "merges.py", title="Merges", url_path="merges"),
        st.Page(PAGES / "breakdowns.py", title="Breakdowns", url_path="breakdowns"),
        st.Page(PAGES / "review.py", title="Review", url_path="review"),
        st.Page(PAGES / "export.py", title="Export", url_path="export"),
    ],
    position="sidebar" if passed else "hidden",
)
gate.show(passed)
if passed:
    page.run()
