"""What people decide about one segment: its name, a note, what to send it, and whether it is still used."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.core.decision import DecisionKind
from discovery.core.segment import Segment
from discovery.dashboard import deciding, frame
from discovery.dashboard.frame import Selection
from discovery.dashboard.words import quoted


@dataclass(frozen=True)
class _Desk:
    """One thing to decide: its field, its button, and what is said afterwards."""

    kind: DecisionKind
    label: str
    button: str
    said: str


_DESKS = {
    "Rename": _Desk(DecisionKind.NAME, "What to call it", "Rename {name}", "{name} is now called {value}."),
    "Note": _Desk(DecisionKind.NOTE, "What to remember about it", "Keep the note on {name}", "The note is kept."),
    "Campaign": _Desk(
        DecisionKind.CAMPAIGN, "What to send it", "Plan this for {name}", "The campaign for {name} is kept."
    ),
    "Retire": _Desk(
        DecisionKind.RETIRE, "Why it is no longer used", "Retire {name}", "{name} is retired: exports leave it out."
    ),
}
_RETIRED = "Its customers stay in it, so that sizes add up; exports leave it out."
_SHOWN = "segment.shown"
_BACK = "Take {name} back into use"


def choose_segment(selection: Selection) -> Segment:
    """Return the segment to look at closely, the same one under whatever name it has by now."""
    names = {s.id: s.name for s in selection.segmentation.placed}
    place = (selection.run.id, selection.by)
    before, shown, name = st.session_state.get(_SHOWN, (place, "", ""))
    # The box holds on to a name: of a segment renamed since it would lose sight, and the first be decided about.
    if before == place and names.get(shown, name) != name:
        st.session_state["segment"] = shown
    chosen = st.selectbox("Segment", list(names), format_func=lambda i: names[i], key="segment", bind="query-params")
    segment = selection.segmentation.segment(chosen or next(iter(names)))
    st.session_state[_SHOWN] = (place, segment.id, segment.name)
    return segment


def show_words(selection: Selection, segment: Segment) -> None:
    """Show what people said of a segment: that it is retired, the note, the campaign."""
    said = []
    if segment.retired:
        said.append(html.text(f"Retired: {segment.retired.rstrip('.')}. {_RETIRED}"))
    if segment.note:
        said.append(html.text(segment.note, css="sd-note"))
    if campaign := _now(selection, segment, DecisionKind.CAMPAIGN):
        said.append(html.text(f"What to send: {campaign}"))
    if said:
        st.html(html.block("".join(said)))


def show_desk(selection: Selection, segment: Segment) -> None:
    """Let the reader decide about a segment; list what was decided, each to be taken back."""
    frame.section(f"Decide about {quoted(segment.name)}", "Kept in the workspace for everyone, with who and when.")
    left, _ = st.columns(2)
    with left:
        who = deciding.ask_who()
    chosen = st.segmented_control(
        "What", list(_DESKS), default="Rename", required=True, key="decide", bind="query-params"
    )
    desk = _DESKS.get(chosen or "", _DESKS["Rename"])
    if desk.kind is DecisionKind.RETIRE and segment.retired:
        _show_unretire(selection, segment, who)
    else:
        _show_form(selection, segment, desk, who)
    found = [
        d
        for d in service.history(deciding.workspace(), selection.run.id)
        if d.segmentation == selection.by and segment.id in d.segments
    ]
    deciding.show_ledger(selection, found, who, "Nothing has been decided about it yet.")


def _show_form(selection: Selection, segment: Segment, desk: _Desk, who: str) -> None:
    now = _now(selection, segment, desk.kind)
    # Another segment, another question or another answer is another field: what stands in it is what holds now.
    with st.form(f"decide-{desk.kind}-{selection.by}-{segment.id}-{now}", border=False):
        field = st.text_area if desk.kind is DecisionKind.NOTE else st.text_input
        value = field(desk.label, now, max_chars=80 if desk.kind is DecisionKind.NAME else 600)
        name = quoted(segment.name)
        pressed = st.form_submit_button(desk.button.format(name=name), type="primary")
    if not pressed:
        return
    if not who:
        st.error("Type your name first: it is kept beside what you decide.")
    elif desk.kind is DecisionKind.RETIRE and not value.strip():
        st.error("Say why it is retired: whoever looks for it will want to know.")
    elif value.strip() == now:
        st.info("That is what it says already.")
    else:
        said = desk.said.format(name=name, value=quoted(value.strip()))
        deciding.keep(selection, segment.id, desk.kind, value, who, said)


def _show_unretire(selection: Selection, segment: Segment, who: str) -> None:
    name = quoted(segment.name)
    if st.button(_BACK.format(name=name), type="primary", disabled=not who):
        deciding.keep(selection, segment.id, DecisionKind.RETIRE, "", who, f"{name} is in use again.")


def _now(selection: Selection, segment: Segment, kind: DecisionKind) -> str:
    """Return what holds now."""
    match kind:
        case DecisionKind.NAME:
            return segment.name
        case DecisionKind.NOTE:
            return segment.note
        case DecisionKind.RETIRE:
            return segment.retired
    run = selection.run
    found = [e for e in run.evidence_for(selection.by, segment.id) if e.check == "campaign" and e.value]
    return found[0].reason if found else ""
