"""The rule library of a run and of its workspace: what is kept there, and what is added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from discovery import service
from discovery.charts import beside, html
from discovery.charts.format import count, joined, rate
from discovery.charts.overlap import Measure
from discovery.charts.scorecard import method_name
from discovery.core.errors import DiscoveryError, UsageError
from discovery.core.headed import headed
from discovery.core.rule import Rule
from discovery.core.run import LibraryRule, Run
from discovery.dashboard import frame
from discovery.dashboard.rule_edits import Bench, start_from

#: What the overlap may show, as its buttons say.
SHOWN: Mapping[str, Measure] = {
    "Share of the cluster": "share_of_cluster",
    "Share of the rule": "share_of_rule",
    "Jaccard": "jaccard",
    "Customers": "both",
}
SAID = "A rule describes a cluster where F1 reaches {f1:.2f}: then the cluster needs no name of its own."
CUT = "These select 40% to 60% of a cluster: what they ask runs through it. Split there, or leave the rule out."
_OLD = "This run was made by an older version, without the library. Make it again on the page Discover."
_AS_BEFORE = "The conditions above are those of the last rule that could be read."
_SAVED, _REMOVED = "library.saved", "library.removed"


@dataclass(frozen=True)
class Desk:
    """Where rules are written: a run, and the workspace that keeps them."""

    workspace: service.Workspace
    run: Run

    @property
    def words(self) -> service.Words:
        """What a rule over the run may speak of."""
        return _words(str(self.workspace.path), self.run.id, self._data(), self.run)

    def draft(self, text: str) -> service.Draft:
        """Return a rule counted on the run, checked beside its library."""
        return _draft(str(self.workspace.path), self.run.id, self._data(), text, self.run)

    def saved(self) -> tuple[tuple[LibraryRule, ...], Mapping[str, str]]:
        """Return the rules saved in the workspace, counted on the run."""
        # What stands in the file is part of the key: a rule of one's own measures is counted once.
        kept = repr(service.own_entries(self.workspace))
        return _saved(str(self.workspace.path), self.run.id, self._data(), kept, self.run)

    def _data(self) -> str:
        dataset = self.workspace.dataset()
        return dataset.fingerprint if dataset else ""


def about(run: Run, clusters: str) -> str:
    """Return which clusters no rule describes, or why nothing is known."""
    if not run.beside:
        return _OLD
    names = beside.unsaid(run, clusters)
    found = [f"“{name}”" for name in names]
    if len(names) == run.segmentation(clusters).k:
        # The title has said it; a list of all names would say it again.
        return ""
    return f"{method_name(clusters)} finds what no rule describes: {joined(found)}." if found else ""


def said_f1(run: Run) -> float:
    """Return from which F1 on a cluster counts as said, as the run was made."""
    rules = run.settings.get("rules", {})
    return float(rules["said_f1"]) if isinstance(rules, Mapping) and "said_f1" in rules else 0.7


def choose_start(desk: Desk, bench: Bench) -> None:
    """Let a rule of the library be the start of another."""
    saved, _ = _saved_or_fault(desk)
    known = {r.rule.name: r.rule for r in (*saved, *desk.run.library)}

    def put() -> None:
        name = st.session_state["start"]
        if name:
            start_from(bench, service.rule_text(known[name].where))

    st.selectbox("Start from a rule of the library", list(known), index=None, key="start", on_change=put)


def show_result(desk: Desk, text: str, fault: Exception | None) -> service.Draft | None:
    """Show whom the rule selects, its sentence and its faults; return it if it can be kept."""
    if fault is None and not text.strip():
        st.html(html.block(html.text("Nothing is asked yet. Add a condition, or write one as text: orders >= 2")))
        return None
    if fault is None:
        try:
            draft = desk.draft(text)
        except UsageError as error:
            fault = error
    if fault is not None:
        told = f"{html.text(str(fault))}{_marked(text, fault)}{html.text(_AS_BEFORE, css='muted')}"
        st.html(html.block(f'<div role="alert" class="sd-fault">{told}</div>'))
        return None
    who = f"{rate(draft.share)} of {count(len(desk.run.table))}"
    noun = "customer" if draft.customers == 1 else "customers"
    st.html(
        html.block(
            f'<div class="sd-count" aria-live="polite"><b>{count(draft.customers)}</b> {noun}, {who}</div>'
            f"{html.text(draft.english)}"
        )
    )
    if draft.findings:
        faults = "".join(
            f"<li><b>{escape(headed(f.fault.value))}.</b> {escape(f.sentence)}</li>" for f in draft.findings
        )
        st.html(html.block(f"<h3>What the linter says</h3><ul>{faults}</ul>"))
    else:
        st.html(html.block(html.text("The linter finds nothing wrong with it.", css="muted")))
    return draft


def show_saving(desk: Desk, draft: service.Draft) -> None:
    """Let the rule be kept in the workspace's library."""
    with st.form("save-rule", border=False):
        st.html(html.block(html.text("Save it to the library", "h3")))
        left, right = st.columns(2)
        name = left.text_input("Name", max_chars=80, placeholder="Whom it selects, in two or three words")
        campaign = right.text_input("What to send them", max_chars=300)
        why = st.text_input("Why it matters", max_chars=300)
        if st.form_submit_button("Save to the library", type="primary"):
            _save(desk, name, draft, why, campaign)
    if said := st.session_state.pop(_SAVED, ""):
        st.success(said)


def show_library(desk: Desk) -> None:
    """Show every rule with its customers; those saved here can be taken out."""
    saved, absent = _saved_or_fault(desk)
    table = beside.library_table(desk.run, saved, absent)
    if table.empty:
        st.html(html.block(html.text(_OLD)))
        return
    shown = st.segmented_control(
        "Rules",
        ["All", "Nobody matches", "Saved here"],
        default="All",
        required=True,
        key="library",
        bind="query-params",
    )
    chosen = {"Nobody matches": table["Customers"] == "0", "Saved here": table["Kind"] == "saved here"}.get(shown)
    rows = table if chosen is None else table[chosen]
    if rows.empty:
        empty = {
            "Saved here": "No rule is saved here yet. Build one above.",
            "Nobody matches": "Every rule selects somebody.",
        }
        st.html(html.block(html.text(empty[shown])))
    else:
        frame.table(rows, long=True)
    _show_removing(desk, [*(r.rule for r in saved)])


def _show_removing(desk: Desk, saved: list[Rule]) -> None:
    removed: Rule | None = st.session_state.get(_REMOVED)
    if removed is not None and st.button(f"Put “{removed.name}” back"):
        service.save_rule(desk.workspace, removed)
        del st.session_state[_REMOVED]
        st.rerun()
    if not saved:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("A rule saved here", [r.name for r in saved], key="saved-rule")
        if st.button("Take it out of the library"):
            st.session_state[_REMOVED] = next(r for r in saved if r.name == name)
            service.forget_rule(desk.workspace, name)
            st.rerun()


def _save(desk: Desk, name: str, draft: service.Draft, why: str, campaign: str) -> None:
    try:
        service.save_rule(desk.workspace, Rule(name.strip(), draft.where, why.strip(), campaign.strip(), "own"))
    except DiscoveryError as error:
        st.error(str(error))
        return
    st.session_state[_SAVED] = f"“{name.strip()}” is in the library. Runs started on the page Discover will use it."
    st.rerun()


def _saved_or_fault(desk: Desk) -> tuple[tuple[LibraryRule, ...], Mapping[str, str]]:
    """Return what is saved; a file that somebody broke by hand is said to be so, and the page goes on."""
    try:
        return desk.saved()
    except DiscoveryError as error:
        return (), {"segments.yaml of the workspace": str(error)}


def _marked(text: str, fault: Exception) -> str:
    """Return the rule's text with the place where reading stopped marked; empty where that is not known."""
    position = getattr(fault, "position", None)
    if position is None:
        return ""
    before, rest = escape(text[:position]), escape(text[position : position + 1]) or "&nbsp;"
    return f"<pre><code>{before}<mark>{rest}</mark>{escape(text[position + 1 :])}</code></pre>"


@st.cache_data(max_entries=16, show_spinner=False)
def _words(path: str, run_id: str, data: str, _run: Run) -> service.Words:
    return service.rule_words(_run, service.open_workspace(path))


@st.cache_data(max_entries=256, show_spinner="Counting ...")
def _draft(path: str, run_id: str, data: str, text: str, _run: Run) -> service.Draft:
    workspace = service.open_workspace(path)
    words = _words(path, run_id, data, _run)
    return service.draft_rule(_run, workspace, words, text, [r.rule for r in _run.library])


@st.cache_data(max_entries=16, show_spinner=False)
def _saved(
    path: str, run_id: str, data: str, kept: str, _run: Run
) -> tuple[tuple[LibraryRule, ...], Mapping[str, str]]:
    return service.saved_rules(_run, service.open_workspace(path), _words(path, run_id, data, _run))
