"""What is each segment like?"""

import streamlit as st

from discovery import service
from discovery.charts import detail, html, profile
from discovery.dashboard import deciding, frame, lookup, segment_desk, selecting, words

selection = frame.begin()
frame.nothing(selection)
run, segmentation, look = selection.run, selection.segmentation, selection.look

frame.heading(selection, words.segments_title(run, segmentation))
deciding.show_said()
frame.chart(
    profile.profile(run, selection.by, look),
    profile.profile_table(run, selection.by),
    key="profile",
    alt="Heat table of features by segments: colour is the difference from everyone else, text the median.",
    wide=True,
)

frame.section("Where they stand", selecting.HOW)
selecting.show_map(selection)

frame.section("One segment, closely")
segment = segment_desk.choose_segment(selection)
st.html(html.block(f"<h3>{html.name(segment)}</h3>{html.text(segment.why_named)}"))
segment_desk.show_words(selection, segment)
frame.tiles(detail.detail_tiles(run, selection.by, segment.id))
features = profile.segment_table(run, segment)
if features.empty:
    st.html(html.block(html.text(words.undescribed(segment), css="muted")))
else:
    frame.table(features, long=True)

beside = profile.nearest_table(run, selection.by, segment)
if len(beside):
    frame.section(f"Beside {words.quoted(segmentation.segment(segment.nearest).name)}, the segment most like it")
    frame.table(beside)

if segment.answers:
    frame.section("What its customers told of themselves", words.ANSWERS)
    frame.table(detail.answers_table(run, segment), long=True)

rules = [r for r in run.rules if r.segmentation == selection.by and r.rule.segment_id == segment.id]
frame.section("The rule that selects it")
if not rules:
    st.html(html.block(html.text(words.without_rule(segmentation), css="muted")))
for each in rules:
    st.html(html.block(html.text(each.english)))
    st.code(service.rule_text(each.rule.where), language="sql", wrap_lines=True)
    if each.rule.fidelity:
        frame.table(detail.fidelity_table(each.rule.fidelity), narrow=True)

segment_desk.show_desk(selection, segment)

frame.section("Look up one customer", lookup.ABOUT)
lookup.show_lookup(selection)

frame.measured(
    "Medians and quartiles are in real units. The difference is Cliff's delta: how much more often a member lies "
    "above a customer of another segment than below.",
    "The map keeps like beside like as far as two directions can. Distance and gaps in it prove nothing.",
    words.coverage(segmentation),
)
