"""How far are the segments to be believed?"""

import streamlit as st

from discovery.charts import candidates, distances, distinctness, html, response, scorecard
from discovery.dashboard import frame, null, words

selection = frame.begin()
frame.nothing(selection)
run, segmentation, look = selection.run, selection.segmentation, selection.look

frame.heading(selection, words.validate_title(run, segmentation), words.worth(segmentation))
if untested := distinctness.untested(run, selection.by):
    frame.section(distinctness.distinctness_title(run, selection.by), untested)
else:
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
    st.html(html.block(html.text(words.no_response(run))))

campaigns = response.campaigns(run, selection.by)
frame.section("How they answered a campaign", words.EXPECTED if campaigns else words.NO_CAMPAIGNS)
if campaigns:
    left, right = st.columns(2)
    with left:
        given = st.selectbox("Campaign", campaigns, key="campaign", bind="query-params")
        campaign = given if given in campaigns else campaigns[0]
    answers = {response.COLUMNS[o]: o for o in response.outcomes(run, selection.by, campaign)}
    with right:
        asked = st.selectbox("Their answer", list(answers), key="answer", bind="query-params")
    answer = answers.get(asked or "", next(iter(answers.values())))
    frame.chart(
        response.response(run, selection.by, answer, look, campaign),
        response.response_table(run, selection.by, answer, campaign),
        key=f"campaign-{answer}",
        alt="A dot and interval for each segment, beside a line for everyone; an open diamond is what to expect.",
        segments=segmentation.placed,
    )

if candidates.statistics(run, selection.by):
    frame.section("How many segments?", null.BAND)
    null.show_candidates(run, selection.by, look)

if len(distances.distances_data(run, selection.by)):
    frame.section("What the distances are made of", words.DISTANCES)
    frame.chart(
        distances.distances(run, selection.by, look),
        distances.distances_table(run, selection.by),
        key="distances",
        alt="A bar for each feature's share of the distances between customers, and where one decides alone.",
    )

frame.section("Every check")
show = st.segmented_control(
    "Checks", ["All", "Not passed"], default="All", required=True, key="checks", bind="query-params"
)
frame.table(scorecard.evidence_table(run, selection.by, passed=show != "Not passed"), segmentation.placed, long=True)

frame.measured(
    segmentation.structure_reason,
    segmentation.method,
    "Held-out AUC: features that were kept out of the clustering are used to tell members from the rest; it is "
    "measured on customers that the model did not see.",
    "Rates carry Wilson intervals. Groups of fewer than 10 customers show no rate and no amount, nor does a group that "
    "would give one of them away by subtraction (withheld).",
    words.horizon(run),
)
