"""Runs, comparisons and merges in progress: begun, where they stand, how they ended, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import day
from discovery.core.errors import DiscoveryError
from discovery.core.question import QUESTIONS
from discovery.dashboard import frame

_STATES = {
    "starting": "starting",
    "running": "in progress",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
_SHOWN = 8
#: The job whose result the reader waits for.
_ASKED = "asked-job"
GOES_ON = "You may leave this page or close it: it goes on while the dashboard does."


def begin(start: Callable[[datetime], service.Job]) -> None:
    """Start what the reader then waits for, or say why it cannot start."""
    try:
        st.session_state[_ASKED] = start(datetime.now(UTC))
    except DiscoveryError as error:
        st.error(str(error))
    else:
        st.rerun()


def arrived(workspace: service.Workspace, kind: service.Kind) -> service.Job | None:
    """Return the job of a kind that the reader waits for, once, when it is done."""
    asked: service.Job | None = st.session_state.get(_ASKED)
    for job in service.jobs(workspace, kind):
        if asked and job.folder == asked.folder and job.status.state == "done":
            del st.session_state[_ASKED]
            return job
    return None


@st.fragment(run_every=1.0)
def show_progress(workspace: service.Workspace, kind: service.Kind = "run") -> None:
    """Show where the latest job stands, every second; when it has ended the whole page is drawn anew."""
    job = service.jobs(workspace, kind)[0]
    if job.status.final:
        st.rerun()
    steps = job.status.steps
    name, done = list(steps.items())[-1] if steps else ("Starting", 0.0)
    st.progress(min(max(done, 0.0), 1.0), text=f"{name} ...")
    before = [step for step in steps if step != name]
    gone = f"{_lasted(datetime.now(UTC) - job.started)} so far."
    st.html(html.block(html.text(f"{gone} Done: {', '.join(before)}." if before else gone, css="muted")))
    if st.button(f"Cancel this {kind}", key="cancel"):
        try:
            service.cancel_job(job)
        except DiscoveryError as error:
            st.error(str(error))
        else:
            st.html(html.block(html.text("Cancelling: the workspace will be as it was.")))


def show_unmade(job: service.Job, what: str) -> None:
    """Say why a job that has ended made nothing, if so, and what to do next."""
    if job.status.state == "failed":
        st.error(f"The {what} failed. {job.status.error}")
    elif job.status.state == "cancelled":
        st.info(f"The {what} was cancelled; the workspace is as it was. Change what you like and start again.")


def show_end(workspace: service.Workspace, job: service.Job) -> None:
    """Say how the latest run ended, and what to do next."""
    show_unmade(job, "run")
    if job.status.state == "done":
        st.success(f"The run is finished: {job.status.run}")
        st.page_link(
            "discovery/dashboard/pages_/overview.py",
            label="See its segments",
            query_params={"run": job.status.run},
        )
    elif st.button("Start it again as it was"):
        begin(partial(service.start_job, workspace, job.config))


def show_jobs(jobs: Sequence[service.Job]) -> None:
    """Show the latest jobs as a table."""
    rows = [
        (
            f"{day(job.started.date())}, {job.started:%H:%M} UTC",
            QUESTIONS[str(job.config["question"])].sentence,
            _STATES[job.status.state],
            f"Run {job.status.run}" if job.status.run else job.status.error,
        )
        for job in jobs[:_SHOWN]
    ]
    frame.table(pd.DataFrame(rows, columns=["Started", "Question", "State", "What came of it"]))


def _lasted(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
