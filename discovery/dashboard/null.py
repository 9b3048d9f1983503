"""Every number of segments that was considered, beside the same on data without structure."""

from __future__ import annotations

import streamlit as st

from discovery.charts import candidates
from discovery.charts.theme import Theme
from discovery.core.run import Run
from discovery.dashboard import frame

BAND = "The grey band is what data of the same shape without structure show."
#: More charts in a row leave none of them room for its labels.
_IN_A_ROW = 3


def show_candidates(run: Run, by: str, look: Theme) -> None:
    """Show one chart for each statistic that was measured, at most three in a row."""
    names = candidates.statistics(run, by)
    for first in range(0, len(names), _IN_A_ROW):
        for column, name in zip(st.columns(_IN_A_ROW, gap="medium"), names[first : first + _IN_A_ROW], strict=False):
            with column:
                frame.chart(
                    candidates.candidates(run, by, name, look),
                    candidates.candidates_table(run, by, name),
                    key=f"candidates-{name}",
                    alt="The statistic against the number of segments, the null as a grey band.",
                )
