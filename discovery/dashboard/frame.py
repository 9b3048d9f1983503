"""The frame of every page: what is selected, the Run behind it, the title, tiles, charts with their tables."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from threading import Thread
from typing import Any, NoReturn

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import day
from discovery.charts.scorecard import method_name
from discovery.charts.theme import Theme, theme
from discovery.core.errors import DiscoveryError
from discovery.core.many import many
from discovery.core.run import Run
from discovery.core.segment import Segment, Segmentation
from discovery.dashboard import words
from discovery.dashboard.settled import settle
from discovery.dashboard.style import sheet

VARIABLE = "SEGMENT_DISCOVERY_WORKSPACE"
_GO_TO = "go-to"
#: Plain pictures on a page that scrolls: no tool bar, no zoom that catches the finger.
STILL = {
    "displayModeBar": False,
    "displaylogo": False,
    "scrollZoom": False,
    # Outlines of maps: plotly would fetch them from another host. Relative, so that it holds under a base path.
    "topojsonURL": "app/static/topojson/",
}
#: The map alone is worth a closer look.
ZOOM = {
    "displayModeBar": True,
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d"]],
}
#: And who stands in a part of it.
SELECT = {**ZOOM, "modeBarButtons": [["lasso2d", "select2d", "zoom2d", "pan2d", "resetScale2d"]]}


@dataclass(frozen=True, eq=False)
class Selection:
    """What a page shows: a run, one of its segmentations, and the theme it is drawn in."""

    run: Run
    segmentation: Segmentation
    look: Theme

    @property
    def by(self) -> str:
        """Name of the segmentation."""
        return self.segmentation.name


def workspace_path(arguments: Sequence[str] | None = None) -> str:
    """Return the workspace named after ``--workspace``, or in the environment; empty where neither is."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--workspace", default="")
    known, _ = parser.parse_known_args(sys.argv[1:] if arguments is None else list(arguments))
    return str(known.workspace) or os.environ.get(VARIABLE, "")


@dataclass(frozen=True)
class Place:
    """Where a page looks: a workspace, its runs and those that cannot be read, the latest job, the page's theme."""

    path: str
    runs: tuple[service.RunSummary, ...]
    unreadable: Mapping[str, str]
    latest: service.Status | None
    look: Theme


def begin() -> Selection:
    """Return what the reader selected; where there is nothing to show, say what to do and end the page."""
    return select(begin_with_runs())


def begin_with_runs() -> Place:
    """Return the workspace; where there is none, or no run in it, say what to do and end the page."""
    place = begin_in()
    if not place.runs:
        title, why = words.no_run(place.latest, place.unreadable)
        stop(title, why, f"discovery run CONFIG --workspace {place.path}", onward="Discover")
    return place


def begin_in() -> Place:
    """Return the workspace; where there is none, say what to do and end the page."""
    look = theme(st.context.theme.type)
    st.html(sheet(look))
    path = workspace_path()
    if not path:
        stop(
            "No workspace was given, so there is nothing to show yet.",
            "Make one from a simulated store and open it:",
            "discovery simulate store --customers 5000 --seed 7\n"
            "discovery run configs/demo.yaml --workspace demo\n"
            "discovery dashboard --workspace demo",
        )
    try:
        workspace = service.open_workspace(path)
        latest = next((job.status for job in service.jobs(workspace)), None)
        return Place(path, workspace.runs(), workspace.unreadable(), latest, look)
    except DiscoveryError as error:
        stop("The workspace cannot be opened.", str(error), f"discovery run CONFIG --workspace {path}")


def select(place: Place) -> Selection:
    """Return the run and the segmentation that the reader selects in the side bar; there must be a run."""
    runs = place.runs
    # A widget's value can be set only before it is drawn.
    st.session_state.update(st.session_state.pop(_GO_TO, {}))
    with st.sidebar:
        # Options show as they stand in the link, so they must not change with what else is in the workspace.
        run_id = st.selectbox("Run", [r.id for r in runs], key="run", bind="query-params")
    chosen = next((r for r in runs if r.id == run_id), runs[0])
    run = load(place, chosen.id)
    with st.sidebar:
        names = [s.name for s in run.segmentations]
        by = st.selectbox(
            "Segments made by",
            names,
            index=names.index(run.recommended),
            format_func=method_name,
            key="by",
            bind="query-params",
        )
        about = f"{day(run.as_of)}, {many(len(run.table), 'customer')}. Recommended: {method_name(run.recommended)}."
        st.html(html.block(html.text(about, css="muted")))
        for unread, why in place.unreadable.items():
            st.html(html.block(html.text(f"Run {unread} cannot be read: {why}", css="muted")))
    return Selection(run, run.segmentation(by or run.recommended), place.look)


def load(place: Place, run_id: str) -> Run:
    """Return a run under what people decided; where it cannot be read, say why and end the page."""
    try:
        # The summary and the decisions are part of the key: what is written anew is read anew.
        decided = service.decisions(service.open_workspace(place.path))
        summary = next((r for r in place.runs if r.id == run_id), None)
        return _load(place.path, run_id, repr((summary, decided)))
    except DiscoveryError as error:
        stop("This run cannot be read.", str(error), f"discovery runs --workspace {place.path}")


def go_to(run_id: str, by: str) -> NoReturn:
    """Draw the page anew on another run."""
    st.session_state[_GO_TO] = {"run": run_id, "by": by}
    st.rerun()


def heading(selection: Selection, title: str, under: str = "") -> None:
    """Show the business question, the answer as the page's title, and a sentence under it."""
    run = selection.run
    eyebrow = f'<div class="sd-eyebrow">{escape(run.question_asked)}</div>'
    after = html.text(under) if under else ""
    about = html.text(words.provenance(run, selection.by), css="muted")
    st.html(html.block(f"{eyebrow}{html.text(title, 'h1')}{after}{about}"))


def section(title: str, under: str = "") -> None:
    """Show the heading of a part of the page."""
    st.html(html.block(html.text(title, "h2") + (html.text(under, css="muted") if under else "")))


def tiles(items: Sequence[tuple[str, str, str]]) -> None:
    """Show at most four numbers in a row that wraps."""
    st.html(html.tiles(items))


def table(frame: pd.DataFrame, segments: Sequence[Segment] = (), **more: Any) -> None:
    """Show a table that stands on its own."""
    st.html(html.table(frame, segments, **more))


def chart(
    figure: go.Figure,
    frame: pd.DataFrame,
    key: str,
    alt: str,
    segments: Sequence[Segment] = (),
    opened: bool = False,
    wide: bool = False,
    zoom: bool = False,
    keyed: bool = False,
    select: bool = False,
) -> Sequence[Mapping[str, int]]:
    """Show a figure, its finding above it and its table under it; return the points that the reader selected in it.

    Parameters
    ----------
    figure, frame
        The picture, and the same numbers as people read them.
    key : str
        Stable name of the chart on its page.
    alt : str
        What the picture shows, for those who do not see it.
    segments : sequence of Segment
        Whose names in the table get their symbol.
    opened : bool
        The table is unfolded from the start.
    wide : bool
        The picture keeps its width and scrolls inside itself on a narrow screen.
    zoom : bool
        The reader may zoom and pan.
    keyed : bool
        Name the segments above the picture where it is too narrow to hold their names.
    select : bool
        The reader may draw a box or a lasso around points.
    """
    finding = (figure.layout.title.text or "").replace("<br>", " ")
    # Here the page sets the title, because plotly cannot break a line where the screen is narrow.
    lifted = max((figure.layout.margin.t or 0) - 44, 12)
    figure.update_layout(title={"text": ""}, margin={"t": lifted}, height=(figure.layout.height or 400) - 44)
    st.html(html.block(f"<h3>{finding}</h3>{html.key(segments) if keyed else ''}"))
    with st.container(key=f"wide-{key}" if wide else key):
        event: Any = st.plotly_chart(
            figure,
            width="stretch",
            theme=None,
            key=f"chart-{key}",
            alt=f"{alt} {finding}",
            config=SELECT if select else ZOOM if zoom else STILL,
            on_select="rerun" if select else "ignore",
            selection_mode=("box", "lasso"),
        )
    st.html(html.folded("The numbers as a table", html.table(frame, segments), opened))
    return event.selection.points if select else ()


def fold(title: str, frame: pd.DataFrame, segments: Sequence[Segment] = ()) -> None:
    """Show a table under a line that opens it."""
    st.html(html.folded(title, html.table(frame, segments)))


def measured(*sentences: str) -> None:
    """Show how the page's numbers came about, folded."""
    inner = "".join(html.text(s) for s in sentences if s)
    st.html(html.folded("How this was measured", inner))


def nothing(selection: Selection) -> None:
    """Where the segmentation has no segments, say why and what to do, and end the page."""
    if selection.segmentation.k:
        return
    heading(
        selection, words.overview_title(selection.run, selection.segmentation), selection.segmentation.structure_reason
    )
    steps = "".join(html.text(s, "li") for s in words.next_steps(selection.run, selection.segmentation))
    st.html(html.block(f"<ul>{steps}</ul>"))
    st.stop()


def stop(title: str, under: str, command: str, onward: str = "") -> NoReturn:
    """Say in one sentence why there is nothing to show, the command that changes it, and the page; end this one."""
    st.html(html.block(f"{html.text(title, 'h1')}{html.text(under)}<pre><code>{escape(command)}</code></pre>"))
    if onward:
        st.page_link(f"discovery/dashboard/pages_/{onward.lower()}.py", label=f"Go to {onward}")
    st.stop()


# A Run is never changed, so all sessions share one; copies of a million customers' labels would be made at each click.
@st.cache_resource(max_entries=4, show_spinner="Reading the run ...")
def _load(path: str, run_id: str, state: str) -> Run:
    run = service.load_run(service.open_workspace(path), run_id)
    # While the first page is looked at.
    Thread(target=settle, daemon=True).start()
    return run
