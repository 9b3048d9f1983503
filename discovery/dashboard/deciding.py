"""What people decide: who they are, keeping a decision, taking one back, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import NONE, day, joined
from discovery.charts.scorecard import method_name
from discovery.core.decision import Decision, DecisionKind
from discovery.core.errors import DiscoveryError
from discovery.dashboard import frame, gate
from discovery.dashboard.frame import Selection
from discovery.dashboard.words import quoted

_SAID = "decided.said"
_WHAT: Mapping[DecisionKind, str] = {
    DecisionKind.NAME: "named",
    DecisionKind.NOTE: "noted",
    DecisionKind.CAMPAIGN: "campaign",
    DecisionKind.MERGE: "merged into one",
    DecisionKind.RETIRE: "retired",
}


def workspace() -> service.Workspace:
    """Return the workspace that decisions are kept in."""
    return service.open_workspace(frame.workspace_path())


def ask_who() -> str:
    """Return the reader's name: the one they logged in with, or one typed once and kept while the page is open."""
    if known := gate.user_name():
        st.html(html.block(html.text(f"You decide as {known}.", css="muted")))
        return known
    name = st.text_input(
        "Your name",
        key="who",
        max_chars=60,
        persist_state="session",
        placeholder="Typed once, kept beside what you decide",
    )
    return name.strip()


def keep(selection: Selection, segment_id: str, kind: DecisionKind, value: str, who: str, said: str) -> None:
    """Keep a decision about one segment and draw the page anew, or say why it cannot be kept."""
    try:
        service.decide(workspace(), selection.run.id, selection.by, segment_id, kind, value, who, datetime.now(UTC))
    except DiscoveryError as error:
        st.error(str(error))
    else:
        say(said)
        st.rerun()


def say(sentence: str) -> None:
    """Keep a sentence for the page as it is drawn next."""
    st.session_state[_SAID] = sentence


def show_said() -> None:
    """Show what has just been done."""
    if sentence := st.session_state.pop(_SAID, ""):
        # The reader may be anywhere on the page.
        st.toast(sentence, duration="long")


def show_ledger(selection: Selection, found: Sequence[Decision], who: str, none: str) -> None:
    """Show decisions with who and when, the newest first; each that stands can be taken back."""
    if not found:
        st.html(html.block(html.text(none, css="muted")))
        return
    newest = sorted(found, key=lambda d: -d.id)
    names = _names(newest)
    frame.table(ledger_table(newest, names), long=len(newest) > 12)
    standing = {f"{_when(d.at)}, {d.who}: {_said(d, names)}": d for d in newest if d.stands}
    if not standing:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("A decision that stands", list(standing), key="decision")
        pressed = st.button("Take it back", key="undo", disabled=not who)
    if not who:
        st.html(html.block(html.text("Type your name above to take one back.", css="muted")))
    if pressed:
        _undo(selection, standing[chosen], who, names)


def ledger_table(found: Sequence[Decision], names: Mapping[tuple[str, str, str], str]) -> pd.DataFrame:
    """Return decisions as people read them, in the order given.

    Parameters
    ----------
    found : sequence of Decision
        Which ones.
    names : mapping
        What segments are called, by run, segmentation and id.
    """
    rows = [
        (
            _when(d.at),
            d.who,
            f"{method_name(d.segmentation)}: {_said(d, names)}",
            f"{d.undone_by}, {_when(d.undone_at)}" if d.undone_at else NONE,
        )
        for d in found
    ]
    return pd.DataFrame(rows, columns=["When", "Who", "What", "Taken back by"])


def _said(d: Decision, names: Mapping[tuple[str, str, str], str]) -> str:
    who = joined([quoted(names.get((d.run, d.segmentation, i), i)) for i in d.segments])
    if d.kind is DecisionKind.MERGE:
        return f"{who} {_WHAT[d.kind]}"
    if not d.value:
        return f"{who}: {'no longer retired' if d.kind is DecisionKind.RETIRE else f'{d.kind.value} taken off'}"
    return f"{who} {_WHAT[d.kind]}: {d.value}"


def _when(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def _names(found: Sequence[Decision]) -> dict[tuple[str, str, str], str]:
    """Return what the segments that were decided on are called, as their runs were made."""
    out: dict[tuple[str, str, str], str] = {}
    for run, by in dict.fromkeys((d.run, d.segmentation) for d in found):
        try:
            named = workspace().segment_names(run, by)
        except DiscoveryError:
            # The run has been set aside: its segments are known by their ids alone.
            named = {}
        out |= {(run, by, i): name for i, name in named.items()}
    return out


def _undo(selection: Selection, decision: Decision, who: str, names: Mapping[tuple[str, str, str], str]) -> None:
    try:
        service.undo_decision(workspace(), decision.id, who, datetime.now(UTC))
    except DiscoveryError as error:
        st.error(str(error))
        return
    say(f"Taken back: {_said(decision, names).rstrip('.')}.")
    if decision.value == selection.run.id:
        frame.go_to(decision.run, selection.by)
    st.rerun()
