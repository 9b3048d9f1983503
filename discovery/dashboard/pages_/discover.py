"""Which segments are there, for this question and these data?"""

from functools import partial
from pathlib import Path

import streamlit as st

from discovery import service
from discovery.charts import candidates, html
from discovery.charts.scorecard import method_name
from discovery.dashboard import asking, frame, null, running, sources

place = frame.begin_in()
workspace = service.open_workspace(place.path)
jobs = service.jobs(workspace)
busy = bool(jobs) and not jobs[0].status.final

title = "A run is in progress" if busy else "What do you want to find out?"
under = "Ask a question, bring the data, and start. It takes from half a minute to some minutes."
if busy:
    under = running.GOES_ON
st.html(html.block(f"{html.text(title, 'h1')}{html.text(under)}"))

if busy:
    running.show_progress(workspace)
else:
    if jobs:
        if jobs[0].status.state == "done":
            # What was brought in is in the dataset now; a copy would only lie about.
            service.drop_source(workspace, Path(jobs[0].config["source"]["path"]))
        running.show_end(workspace, jobs[0])
    frame.section("1. The question")
    question = asking.choose_question()
    frame.section("2. The data", "They stay on this machine: nothing is sent anywhere.")
    source = sources.choose_source(workspace)
    frame.section("3. The date")
    as_of = asking.choose_day(workspace, own=bool(source and source["kind"] == "canonical"))
    frame.section("4. Features and method", "The usual ones are a good start.")
    with st.expander("Change features, the number of segments, or the seed"):
        method = asking.choose_method()
    if source is None:
        other = ", or choose the data in this workspace" if workspace.dataset() else ""
        st.html(
            html.block(
                html.text(f"Bring in the data and say what they are first{other}: then the run can start.", css="muted")
            )
        )
    if st.button("Find the segments", type="primary", disabled=source is None) and source is not None:
        running.begin(partial(service.start_job, workspace, asking.config_of(source, question, as_of, method)))

ended = jobs[1:] if busy else jobs
if ended:
    frame.section("Runs started here")
    running.show_jobs(ended)

if place.runs:
    selection = frame.select(place)
    run = selection.run
    by = candidates.chosen_among(run, selection.by)
    frame.section(
        "How many segments has the run?",
        f"{method_name(by)} of run {run.id}. {null.BAND}",
    )
    if candidates.statistics(run, by):
        null.show_candidates(run, by, selection.look)
    else:
        st.html(html.block(html.text("The number was stated when the run was made, so no other was tried.")))
    frame.measured(run.segmentation(by).structure_reason, run.segmentation(by).method)
