"""Making two segments one: which, on what evidence, what is left then, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import combinations

import streamlit as st

from discovery import service
from discovery.charts import html, merge_pairs
from discovery.charts.format import joined
from discovery.core.evidence import MergeVerdict
from discovery.core.many import many
from discovery.dashboard import deciding, frame, running
from discovery.dashboard.frame import Place, Selection
from discovery.dashboard.words import quoted

_NOT_COMPARED = "not compared"
NEW_RUN = (
    "It makes a new run, with its evidence judged anew; this one stays, and the merge can be taken back. The new "
    "segment is named anew, after what its customers are like."
)


def arrive(place: Place) -> None:
    """Once the merge that the reader waits for is made, show the new run."""
    job = running.arrived(deciding.workspace(), "merge")
    # Somebody may have taken it back since.
    if job and any(r.id == job.status.run for r in place.runs):
        asked = job.config["merge"]
        segmentation = frame.load(place, job.status.run).segmentation(asked["segmentation"])
        made = next(s for s in segmentation.segments if s.id in asked["segments"])
        deciding.say(
            f"Merged: {quoted(made.name)} holds {many(made.size, 'customer')} in the new run {job.status.run}. "
            "To take the merge back, see what was decided, at the end of the page."
        )
        frame.go_to(job.status.run, segmentation.name)


def in_progress() -> str:
    """Return whose merge of what is in progress; empty where none is."""
    job = _latest()
    return f"{job.config['merge']['who']} is making {_both(job)} one." if job and not job.status.final else ""


def choose_pair(selection: Selection) -> tuple[str, str]:
    """Return the two segments to look at: a suggested pair unless the reader chooses another."""
    options = _pairs(selection)
    chosen = st.selectbox("Which two", list(options), key="pair", bind="query-params")
    return options.get(chosen or "", next(iter(options.values())))


def show_pair(selection: Selection, pair: tuple[str, str]) -> None:
    """Show what the verdict on two segments rests on, and the segments as they would be with the two as one."""
    run, by = selection.run, selection.by
    verdict = _verdict(selection, pair)
    if verdict:
        why = html.text(merge_pairs.reason(run, verdict))
        st.html(html.block(f"<h3>{html.pair_verdict(verdict.decision.value)}</h3>{why}"))
        frame.table(merge_pairs.evidence_table(run, verdict))
    else:
        st.html(html.block(html.text("Too little was seen of one of the two to compare them.")))
    frame.section("The segments after it")
    frame.table(merge_pairs.after_table(run, by, *pair), selection.segmentation.segments)


def show_accept(selection: Selection, pair: tuple[str, str]) -> str:
    """Let the reader make the two one, or show the merge in progress; return the reader's name."""
    workspace, going_on = deciding.workspace(), in_progress()
    names = {i: selection.segmentation.segment(i).name for i in pair}
    left, right = st.columns([1, 2], vertical_alignment="bottom", gap="large")
    with left:
        who = deciding.ask_who()
    if going_on:
        st.html(html.block(html.text(f"{going_on} {running.GOES_ON}", css="muted")))
        running.show_progress(workspace, "merge")
        return who
    with right:
        label = f"Merge {joined([quoted(name) for name in names.values()])} into one"
        pressed = st.button(label, type="primary", disabled=not who)
    st.html(html.block(html.text(NEW_RUN if who else f"Type your name to accept. {NEW_RUN}", css="muted")))
    if job := _latest_of(selection):
        running.show_unmade(job, f"merge of {_both(job)}")
    if pressed:
        running.begin(partial(service.start_merge, workspace, selection.run.id, selection.by, names, who))
    return who


def show_made(selection: Selection) -> None:
    """Lead a reader who did not wait for the latest merge of these segments to what it made."""
    job = _latest_of(selection)
    if job is None or not job.status.run or not deciding.workspace().holds(job.status.run):
        return
    if st.button(f"See what {job.config['merge']['who']} made of {_both(job)}"):
        frame.go_to(job.status.run, selection.by)


def _pairs(selection: Selection) -> Mapping[str, tuple[str, str]]:
    """Return every two segments by what they are called and what was found, suggested merges first."""
    placed = selection.segmentation.placed
    names = {s.id: s.name for s in placed}
    found = {m.pair: m.decision.value for m in merge_pairs.verdicts(selection.run, selection.by)}
    rest = [p for p in combinations(names, 2) if p not in found and p[::-1] not in found]
    known = {p: said for p, said in found.items() if set(p) <= set(names)}
    return {
        f"{names[a]} and {names[b]} ({said})": (a, b)
        for (a, b), said in {**known, **dict.fromkeys(rest, _NOT_COMPARED)}.items()
    }


def _verdict(selection: Selection, pair: tuple[str, str]) -> MergeVerdict | None:
    return next((m for m in merge_pairs.verdicts(selection.run, selection.by) if set(m.pair) == set(pair)), None)


def _latest() -> service.Job | None:
    return next(iter(service.jobs(deciding.workspace(), "merge")), None)


def _latest_of(selection: Selection) -> service.Job | None:
    """Return the latest merge where it is one of the segments shown."""
    job = _latest()
    of = job and (job.config["merge"]["run"], job.config["merge"]["segmentation"])
    return job if of == (selection.run.id, selection.by) else None


def _both(job: service.Job) -> str:
    return joined([quoted(name) for name in job.config["merge"]["segments"].values()])
