"""What changed since the last time, and what is to be done with each segment?"""

import streamlit as st

from discovery.charts import decisions, drift, html, movement, rates
from discovery.charts.reviewed import OTHERS, places, reviewed
from discovery.dashboard import deciding, frame, merging, reviewing
from discovery.dashboard.frame import Selection
from discovery.report.methods import methods

BOUNDARIES: dict[str, movement.Boundaries] = {"Today's boundaries": "fresh", "Those of before": "frozen"}

place = frame.begin_with_runs()
merging.arrive(place)
shown = reviewing.choose(place)
if shown is None:
    reviewing.need_two_dates(place)
    under = "Compare two runs to see who moved, what changed, and which segments to keep, merge, redefine or retire."
    st.html(html.block(html.text("No two runs have been compared yet", "h1") + html.text(under)))
    reviewing.show_compare(place, None)
    st.stop()

review = reviewing.load(place, shown)
now = frame.load(place, review.now)
look = place.look
selection = Selection(now, now.segmentation(review.segmentation), look)
segments = reviewed(review)
everywhere = (*segments, *places(review, OTHERS))

frame.heading(selection, decisions.decisions_title(review), f"What changed from {reviewing.dates(review)}.")
deciding.show_said()
frame.tiles(decisions.decisions_tiles(review))

frame.section("What to do with each segment")
frame.table(decisions.decisions_table(review), segments)
for note in review.notes:
    st.html(html.block(html.text(note, css="muted")))

frame.section("Take the report along", "This page and one for each segment, as files for people who do not come here.")
reviewing.show_files(place, review, now)

frame.section("Accept what it says", "Kept in the workspace for everyone, with who and when.")
reviewing.show_decide(selection, review)

frame.section("Who moved")
how = st.segmented_control(
    "Segments now by", list(BOUNDARIES), default=next(iter(BOUNDARIES)), required=True, key="moved", bind="query-params"
)
boundaries = BOUNDARIES.get(how or "", "fresh")
frame.chart(
    movement.movement(review, look, boundaries),
    movement.movement_table(review, boundaries),
    key=f"movement-{boundaries}",
    alt="Bands from the segments before to those now, as wide as their customers are many.",
    segments=everywhere,
    wide=True,
)
st.html(html.block(f"<ul>{''.join(html.text(flow, 'li') for flow in review.flows)}</ul>"))

frame.section("What they do now")
measures = {m.title: m for m in rates.measures(review) if m.charted}
if measures:
    asked = st.selectbox("Measure", list(measures), key="rate", bind="query-params")
    measure = measures.get(asked or "", next(iter(measures.values())))
    frame.chart(
        rates.rates(review, measure, look),
        rates.rates_table(review, measure),
        key=f"rates-{measure.measure}",
        alt="Two dots per segment with 95% intervals: hollow before, filled now.",
        segments=segments,
    )
else:
    st.html(html.block(html.text("Nothing was measured at both dates.")))

frame.section("What drifted")
frame.chart(
    drift.drift(review, now, look),
    drift.drift_table(review, now),
    key="drift",
    alt="A table of features by segments: the darker, the further beyond what chance does; blank where it did not.",
    segments=segments,
    wide=True,
)

frame.section("How old they are, and what they are used for")
frame.table(decisions.readiness_table(review), segments)

frame.section("One segment")
named = {s.name: s for s in segments}
name = st.selectbox("Which", list(named), key="reviewed", bind="query-params")
reviewing.show_segment(selection, review, named.get(name or "", segments[0]))

if reviewing.two_dates(place):
    frame.section("Compare two runs", reviewing.AGAIN)
    reviewing.show_compare(place, shown)

frame.measured(*methods(review))
