"""Which segments should be one, and what would be lost?"""

import streamlit as st

from discovery import service
from discovery.charts import dendrogram, html, merge_pairs, merge_path
from discovery.charts.format import number_word
from discovery.dashboard import deciding, frame, merging, words

place = frame.begin_with_runs()
merging.arrive(place)
selection = frame.select(place)
frame.nothing(selection)
run, segmentation, look = selection.run, selection.segmentation, selection.look

under = f"{words.lineage(segmentation)} {merging.in_progress()}".strip()
frame.heading(selection, merge_pairs.merges_title(run, selection.by), under)
deciding.show_said()

checks = merge_pairs.comparisons(run, selection.by)
if checks:
    labels = {merge_pairs.COMPARED[check][0]: check for check in checks}
    shown = st.segmented_control(
        "Compare them by", list(labels), default=next(iter(labels)), required=True, key="compare", bind="query-params"
    )
    check = labels.get(shown or "", checks[0])
    frame.chart(
        merge_pairs.pairs(run, selection.by, check, look),
        merge_pairs.pairs_table(run, selection.by, check),
        key=f"pairs-{check}",
        alt="A dot and interval for each pair of segments over the margin within which they count as alike.",
    )
elif segmentation.k > 1:
    st.html(html.block(html.text(words.no_response(run))))

who = ""
if segmentation.k > 1:
    frame.section("Make two segments one")
    pair = merging.choose_pair(selection)
    merging.show_pair(selection, pair)
    who = merging.show_accept(selection, pair)
    merging.show_made(selection)

measured = merge_path.measures(run, selection.by)
if run.merge_path(selection.by):
    frame.section(f"From {number_word(segmentation.k, small=True)} segments to one", words.PATH)
    for column, check in zip(st.columns(2, gap="large"), measured, strict=False):
        with column:
            frame.chart(
                merge_path.merge_path(run, selection.by, check, look),
                merge_path.path_table(run, selection.by, check),
                key=f"path-{check}",
                alt="Steps from all segments to one: what is left at each number of segments.",
            )
    frame.section("Which belong together", words.TREE)
    frame.chart(
        dendrogram.dendrogram(run, selection.by, look),
        dendrogram.dendrogram_table(run, selection.by),
        key="dendrogram",
        alt="A tree on its side: segments at the left, joined one pair at a time to the right.",
    )
elif segmentation.k > 1:
    frame.section("From all segments to one")
    st.html(html.block(html.text(words.NO_PATH)))

frame.section("What was decided", "About this run, and about those it was made of.")
deciding.show_ledger(
    selection, service.history(deciding.workspace(), run.id), who, "Nothing has been decided about this run yet."
)

frame.measured(words.MERGE_MEASURED, words.PATH_MEASURED, words.horizon(run))
