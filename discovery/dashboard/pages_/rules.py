"""Do rules describe the clusters already, and what would another rule select?"""

from dataclasses import replace

import streamlit as st

from discovery import service
from discovery.charts import beside, html, overlap
from discovery.charts.scorecard import method_name
from discovery.dashboard import frame, library
from discovery.dashboard.builder import show_builder
from discovery.dashboard.rule_edits import Bench

selection = frame.begin()
run, look = selection.run, selection.look
clusters = beside.clusters_of(run, selection.by)
segmentation = run.segmentation(clusters)
selection = replace(selection, segmentation=segmentation)

frame.heading(selection, beside.beside_title(run, clusters), library.about(run, clusters))
if run.library:
    frame.tiles(beside.beside_tiles(run, clusters))

if segmentation.k:
    measure = st.segmented_control(
        "What the cells show",
        list(library.SHOWN),
        default=next(iter(library.SHOWN)),
        required=True,
        key="cells",
        bind="query-params",
    )
    cells = library.SHOWN[measure]
    frame.chart(
        overlap.overlap(run, clusters, "rules", look, cells),
        overlap.overlap_table(run, clusters, "rules", cells),
        key="overlap",
        alt="Heat table of clusters by rules: what they share of their customers.",
        segments=segmentation.segments,
        wide=True,
    )

matches = beside.beside_table(run, clusters)
if len(matches):
    frame.section("Which rule describes each cluster?", library.SAID.format(f1=library.said_f1(run)))
    frame.table(matches, segmentation.segments)
    frame.section("Which rule cuts a cluster in half?", library.CUT)
    cuts = beside.cuts_table(run, clusters)
    if len(cuts):
        frame.table(cuts, segmentation.segments)
    else:
        st.html(html.block(html.text("No rule of the library does.")))

frame.section("Build a rule", "Counted on the customers of this run as you write; change the conditions or the text.")
workspace = service.open_workspace(frame.workspace_path())
desk = library.Desk(workspace, run)
bench = Bench(run, desk.words)
library.choose_start(desk, bench)
text, fault = show_builder(bench)
draft = library.show_result(desk, text, fault)
if draft is not None:
    library.show_saving(desk, draft)

frame.section("The library", "Whom every rule selects. A rule that nobody matches sends nothing.")
library.show_library(desk)

frame.measured(
    f"{method_name(clusters)} beside the rules that divide the customers, the first that holds winning. Jaccard is the "
    "customers of both, of those of either.",
    "Precision: of those a rule selects, how many are in the cluster. Recall: of the cluster, how many it selects. F1 "
    "joins both. Every rule of the library was tried, alone and in pairs joined by AND or OR.",
    "A comparison with a missing value selects nobody, nor does its NOT.",
)
