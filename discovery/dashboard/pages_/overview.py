"""How many segments are there, of what kind, and are they real?"""

import streamlit as st

from discovery.charts import comparison, html, scorecard, sizes
from discovery.dashboard import frame, words

selection = frame.begin()
run, segmentation, look = selection.run, selection.segmentation, selection.look

under = words.worth(segmentation) if segmentation.k else segmentation.structure_reason
frame.heading(selection, words.overview_title(run, segmentation), under)
if changed := words.lineage(segmentation):
    st.html(html.block(html.text(changed, css="muted")))
frame.tiles(scorecard.tiles(run, selection.by))

if segmentation.k:
    frame.chart(
        sizes.sizes(run, selection.by, look),
        sizes.sizes_table(run, selection.by),
        key="sizes",
        alt="Bars of every segment's share of customers and of revenue.",
        segments=segmentation.segments,
        opened=True,
    )
    frame.section(
        words.scorecard_title(run, segmentation),
        "The reasons stand below the table.",
    )
    cards = scorecard.scorecard_data(run, selection.by)
    wide = cards.pivot(index="segment", columns="question", values="verdict").reindex(
        index=[s.name for s in segmentation.placed], columns=list(scorecard.QUESTIONS)
    )
    reasons = {(r["segment"], r["question"]): r["reason"] for r in cards.to_dict("records")}
    frame.table(wide.reset_index(names="Segment"), segmentation.placed, verdicts=reasons)
    if len(why := scorecard.reasons_table(run, selection.by)):
        frame.fold("Why not all passed", why, segmentation.placed)

frame.section("What to do next")
st.html(html.block("<ul>" + "".join(html.text(s, "li") for s in words.next_steps(run, segmentation)) + "</ul>"))

frame.section("Segmentations side by side", words.recommended(run))
compared = comparison.comparison_table(run)
frame.table(compared.drop(columns="Why"))
frame.fold("What each claim rests on", compared[["Made by", "Claim", "Why"]])

left, right = st.columns(2, gap="large")
with left:
    frame.section("Which segments are alike?")
    st.html(html.block(html.text(words.merges_sentence(run, segmentation))))
    if segmentation.k > 1:
        st.page_link(
            "discovery/dashboard/pages_/merges.py",
            label="See the evidence and decide",
            query_params={"run": run.id, "by": scorecard.method_name(selection.by)},
        )
with right:
    frame.section("Rows that could not be used")
    if run.problems:
        frame.table(scorecard.problems_table(run), narrow=True)
    else:
        st.html(html.block(html.text("Every row could be used.")))

frame.measured(
    segmentation.structure_reason, segmentation.method, words.coverage(segmentation), words.horizon(run), *run.notes
)
