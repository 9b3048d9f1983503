"""How far are the segments to be believed?"""

import streamlit as st

from discovery.charts import candidates, distinctness, response, scorecard
from discovery.dashboard import frame, html, words

selection = frame.begin()
frame.nothing(selection)
run, segmentation, look = selection.run, selection.segmentation, selection.look

frame.heading(selection, words.validate_title(run, segmentation), segmentation.structure_reason)
frame.chart(
    distinctness.distinctness(run, selection.by, look),
    distinctness.distinctness_table(run, selection.by),
    key="distinctness",
    alt="A dot and interval for each segment's held-out AUC.",
    segments=segmentation.placed,
)

frame.section("What they did next", words.horizon(run))
outcomes = response.outcomes(run, selection.by)
if outcomes:
    for column, outcome in zip(st.columns(len(outcomes), gap="large"), outcomes, strict=True):
        with column:
            frame.chart(
                response.response(run, selection.by, outcome, look),
                response.response_table(run, selection.by, outcome),
                key=outcome,
                alt="A dot and interval for each segment, beside a line for everyone.",
                segments=segmentation.placed,
            )
else:
    st.html(html.block(html.text(words.NO_RESPONSE.format(days=run.horizon_days))))

statistics = candidates.statistics(run, selection.by)
if statistics:
    frame.section("How many segments?", "The grey band is what data of the same shape without structure show.")
    for column, name in zip(st.columns(len(statistics), gap="medium"), statistics, strict=True):
        with column:
            frame.chart(
                candidates.candidates(run, selection.by, name, look),
                candidates.candidates_table(run, selection.by, name),
                key=f"candidates-{name}",
                alt="The statistic against the number of segments, the null as a grey band.",
            )

frame.section("Every check")
show = st.segmented_control(
    "Checks", ["All", "Not passed"], default="All", required=True, key="checks", bind="query-params"
)
frame.table(scorecard.evidence_table(run, selection.by, passed=show != "Not passed"), segmentation.placed, long=True)

frame.measured(
    segmentation.method,
    "Held-out AUC: features that were kept out of the clustering are used to tell members from the rest; it is "
    "measured on customers that the model did not see.",
    "Rates carry Wilson intervals. Groups of fewer than 10 customers show no rate and no amount, nor does a group that "
    "would give one of them away by subtraction (withheld).",
    words.horizon(run),
)
