"""Reviews in the page: which one, making one of two runs, accepting what it says, one segment of it, its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.decisions import segment_tiles
from discovery.charts.drift import segment_drift_table
from discovery.charts.exchange import exchange, exchange_table
from discovery.charts.format import day
from discovery.charts.rates import campaigns_table, segment_rates_table
from discovery.charts.reviewed import OTHERS, places, reviewed
from discovery.charts.scorecard import method_name
from discovery.core.decision import DecisionKind
from discovery.core.errors import DiscoveryError
from discovery.core.review import Action, Review
from discovery.core.run import Run
from discovery.core.segment import Segment
from discovery.dashboard import deciding, frame, merging, running
from discovery.dashboard.frame import Place, Selection
from discovery.dashboard.words import quoted
from discovery.report import Format, Paper, report_file
from discovery.report.pdf import NO_BROWSER, browser

_USUAL = "As in the review before, or as recommended"
_FILES: Mapping[Format, tuple[str, str]] = {
    "html": ("web page", "text/html"),
    "pdf": ("PDF", "application/pdf"),
    "xlsx": ("workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "md": ("one-page summary", "text/markdown"),
}
_NOTHING = (
    "There is no retirement and no merge to accept in this review. Other decisions about a segment are made on the "
    "page Segments, merges of any two on the page Merges."
)
_RUN_GONE = (
    "The report cannot be made: it needs run {run} too, which is no longer here or cannot be read. "
    "Bring its folder back, or compare two other runs below."
)
AGAIN = "Compared again, a review takes in what was decided since it was made."


def choose(place: Place) -> service.ReviewSummary | None:
    """Return the review that the reader selects in the side bar; None where there is none yet."""
    workspace = service.open_workspace(place.path)
    found = service.reviews(workspace)
    _arrive(workspace)
    with st.sidebar:
        chosen = st.selectbox("Review", [r.id for r in found], key="review", bind="query-params") if found else ""
        shown = next((r for r in found if r.id == chosen), found[0] if found else None)
        if shown:
            st.html(html.block(html.text(f"{method_name(shown.segmentation)}, {dates(shown)}.", css="muted")))
        for unread, why in workspace.unreadable_reviews().items():
            st.html(html.block(html.text(f"Review {unread} cannot be read: {why}", css="muted")))
    return shown


def dates(review: service.ReviewSummary | Review) -> str:
    """Return from when to when a review looks."""
    return f"{day(review.as_of_before)} to {day(review.as_of_now)}"


def load(place: Place, summary: service.ReviewSummary) -> Review:
    """Return a review; where it cannot be read, say why and end the page."""
    try:
        return _load(place.path, summary.id, summary.inputs)
    except DiscoveryError as error:
        command = f"discovery review {summary.before} {summary.now} --workspace {place.path}"
        frame.stop("This review cannot be read.", str(error), command)


def two_dates(place: Place) -> bool:
    """Return whether there are runs of two dates, so that one can be compared with another."""
    return len({r.as_of for r in place.runs}) > 1


def need_two_dates(place: Place) -> None:
    """Where all runs are of one date, say how to make another, and end the page."""
    if two_dates(place):
        return
    newest = place.runs[0].as_of
    frame.stop(
        f"A review compares two dates, and what is here is of one: {day(newest)}.",
        "Make a run at another date on the page Discover, or let a quarter's review make those that are missing:",
        f"discovery review --quarter {quarter_before(newest)} --config CONFIG --workspace {place.path}",
        onward="Discover",
    )


def quarter_before(when: date) -> str:
    """Return the last quarter of a year that was over at midnight on that day.

    Examples
    --------
    >>> quarter_before(date(2025, 10, 1)), quarter_before(date(2025, 3, 31))
    ('2025Q3', '2024Q4')
    """
    number = (when.month - 1) // 3
    return f"{when.year}Q{number}" if number else f"{when.year - 1}Q4"


def show_compare(place: Place, shown: service.ReviewSummary | None) -> None:
    """Let the reader compare two runs; the review of them is shown then."""
    runs = {r.id: r.as_of for r in place.runs}
    oldest = min(runs.values())
    later = [i for i in runs if runs[i] > oldest]
    left, right = st.columns(2)
    # Another review is another pair to begin with.
    of = shown.id if shown else ""
    with right:
        now = st.selectbox("The run now", later, index=_at(later, shown.now if shown else ""), key=f"now-{of}")
    earlier = [i for i in runs if runs[i] < runs[now]]
    with left:
        before = st.selectbox(
            "The run before", earlier, index=_at(earlier, shown.before if shown else ""), key=f"before-{of}-{now}"
        )
    workspace = service.open_workspace(place.path)
    if _show_job(workspace, shown):
        return
    second = workspace.segmentations(now)
    both = {method_name(name): name for name in workspace.segmentations(before) if name in second}
    names = [_USUAL, *both]
    usual = _at(names, method_name(shown.segmentation)) if shown else 0
    by = st.selectbox("Segments made by", names, index=usual, key=f"compare-by-{of}-{before}-{now}")
    if st.button("Compare these two runs", type="secondary" if shown else "primary"):
        running.begin(partial(service.start_review, workspace, before, now, both.get(by, "")))


def show_files(place: Place, review: Review, now: Run) -> None:
    """Hand over the report, each file made when it is asked for; it is made of the run before too."""
    if not any(r.id == review.before for r in place.runs):
        st.html(html.block(html.text(_RUN_GONE.format(run=review.before))))
        return
    papers: list[Paper] = ["A4", "Letter"]
    paper = st.radio("Paper of the PDF", papers, horizontal=True, key="paper", bind="query-params")
    with st.container(horizontal=True):
        for form, (label, kind) in _FILES.items():
            st.download_button(
                f"Download the {label}",
                partial(_report, place, review, now, form, paper),
                f"review-{review.id}.{form}",
                kind,
                type="primary" if form == "html" else "secondary",
                on_click="ignore",
                disabled=form == "pdf" and browser() is None,
                key=f"report-{form}",
            )
    if browser() is None:
        st.html(html.block(html.text(NO_BROWSER, css="muted")))


def _report(place: Place, review: Review, now: Run, form: Format, paper: Paper) -> bytes:
    before = service.load_run(service.open_workspace(place.path), review.before)
    return report_file(review, before, now, form, paper)


def show_decide(selection: Selection, review: Review) -> None:
    """Let the reader accept what the review says, and list what was decided, each to be taken back."""
    decided = service.history(deciding.workspace(), review.now)
    steps = suggested(selection, review, decided)
    if steps:
        chosen = steps[st.selectbox("What the review says", list(steps), key="accept")]
        who = merging.show_accept(selection, chosen) if len(chosen) == 2 else _show_retire(selection, review, *chosen)
    else:
        st.html(html.block(html.text(_NOTHING, css="muted")))
        who = deciding.ask_who() if decided else ""
    deciding.show_ledger(selection, decided, who, "Nothing has been decided about the later run yet.")


def suggested(
    selection: Selection, review: Review, decided: tuple[service.Decision, ...]
) -> dict[str, tuple[str] | tuple[str, str]]:
    """Return what a review says and nobody has accepted yet: in words, with the ids of the segments in the run now."""
    names = {s.segment_id: s.name for s in review.segments}
    ids = {s.segment_id: s.id_now for s in review.segments if s.id_now}
    done = {
        frozenset(d.segments)
        for d in decided
        if d.stands and d.kind is DecisionKind.MERGE and (d.run, d.segmentation) == (review.now, review.segmentation)
    }
    out: dict[str, tuple[str] | tuple[str, str]] = {}
    for s in review.with_action(Action.RETIRE):
        if s.id_now and not selection.segmentation.segment(s.id_now).retired:
            out[f"Retire {quoted(s.name)}"] = (s.id_now,)
    told = set[frozenset[str]]()
    for s in review.with_action(Action.MERGE):
        for other in s.merge_with:
            pair = (ids[s.segment_id], ids[other])
            if frozenset(pair) not in done | told:
                out[f"Merge {quoted(s.name)} and {quoted(names[other])}"] = pair
            told.add(frozenset(pair))
    return out


def show_segment(selection: Selection, review: Review, segment: Segment) -> None:
    """Show one segment: what to do and why, what it did, who came and went, what drifted."""
    found = review.segment(segment.id)
    st.html(html.block(f"<h3>{html.decision(found.action.value)}</h3>{html.text(found.reason)}"))
    frame.tiles(segment_tiles(found))
    frame.table(segment_rates_table(review, segment.id))
    campaigns = campaigns_table(review, segment.id)
    if len(campaigns):
        frame.table(campaigns)
    swapped = exchange_table(review, segment.id)
    drifted = segment_drift_table(review, selection.run, segment.id)
    left, right = st.columns([2, 3], gap="large")
    with left:
        if len(swapped):
            frame.chart(
                exchange(review, segment.id, selection.look),
                swapped,
                key=f"exchange-{segment.id}",
                alt="Bars to the right: customers who came; to the left, hatched: who went.",
                segments=(*reviewed(review), *places(review, OTHERS)),
            )
        else:
            st.html(html.block(html.text("Nobody came and nobody went.")))
    with right:
        if len(drifted):
            st.html(html.block("<h3>What changed within it, the most first</h3>"))
            frame.table(drifted, long=True)
        else:
            st.html(html.block(html.text("It was not there both times with enough customers to measure drift.")))


def _show_retire(selection: Selection, review: Review, id_now: str) -> str:
    found = next(s for s in review.segments if s.id_now == id_now)
    left, right = st.columns([1, 2], vertical_alignment="bottom", gap="large")
    with left:
        who = deciding.ask_who()
    with right:
        name = quoted(found.name)
        pressed = st.button(f"Retire {name}", type="primary", disabled=not who)
    told = f"{found.reason} Exports will leave it out; its customers stay in it, and it can be taken back."
    st.html(html.block(html.text(told if who else f"Type your name to accept. {told}", css="muted")))
    if pressed:
        said = f"{name} is retired: exports leave it out."
        deciding.keep(selection, id_now, DecisionKind.RETIRE, found.reason, who, said)
    return who


def _arrive(workspace: service.Workspace) -> None:
    """Once the review that the reader waits for is made, choose it."""
    if job := running.arrived(workspace, "review"):
        st.session_state["review"] = job.status.run
        deciding.say("Compared: this is what came of it.")


def _show_job(workspace: service.Workspace, shown: service.ReviewSummary | None) -> bool:
    """Show the comparison in progress and return True, or say how the latest one ended."""
    job = next(iter(service.jobs(workspace, "review")), None)
    if job is None:
        return False
    if not job.status.final:
        st.html(html.block(html.text(f"Comparing the two runs. {running.GOES_ON}", css="muted")))
        running.show_progress(workspace, "review")
        return True
    running.show_unmade(job, "comparison")
    if job.status.state == "done" and (shown is None or job.status.run != shown.id):
        st.html(html.block(html.text(f"Compared last: review {job.status.run}. Choose it at the side.", css="muted")))
    return False


def _at(ids: list[str], wanted: str) -> int:
    return ids.index(wanted) if wanted in ids else 0


@st.cache_data(max_entries=8, show_spinner="Reading the review ...")
def _load(path: str, review_id: str, inputs: str) -> Review:
    return service.load_review(service.open_workspace(path), review_id)
