"""Making two segments one: which, on what evidence, what is left then, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import combinations

import streamlit as st

from discovery import service
from discovery.charts import html, merge_pairs
from discovery.charts.format import many
from discovery.core.errors import DiscoveryError
from discovery.core.evidence import MergeVerdict
from discovery.dashboard import deciding, frame
from discovery.dashboard.frame import Selection
from discovery.dashboard.words import quoted

_NOT_COMPARED = "not compared"
NEW_RUN = (
    "It makes a new run, with its evidence judged anew; this one stays, and the merge can be taken back. The new "
    "segment is named anew, after what its customers are like."
)


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
    """Let the reader make the two one; return the reader's name."""
    a, b = (selection.segmentation.segment(i).name for i in pair)
    left, right = st.columns([1, 2], vertical_alignment="bottom", gap="large")
    with left:
        who = deciding.ask_who()
    with right:
        pressed = st.button(f"Merge {quoted(a)} and {quoted(b)} into one", type="primary", disabled=not who)
    st.html(html.block(html.text(NEW_RUN if who else f"Type your name to accept. {NEW_RUN}", css="muted")))
    if pressed:
        _merge(selection, pair, who)
    return who


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


def _merge(selection: Selection, pair: tuple[str, str], who: str) -> None:
    bar = st.progress(0.0, text="Judging the segments anew ...")

    def tell(step: str, done: float) -> None:
        bar.progress(min(max(done, 0.0), 1.0), text=f"{step} ...")

    try:
        made, decision = service.merge(
            deciding.workspace(),
            selection.run.id,
            selection.by,
            pair,
            who,
            datetime.now(UTC),
            tell,
        )
    except DiscoveryError as error:
        bar.empty()
        st.error(str(error))
        return
    segmentation = made.segmentation(selection.by)
    joined = segmentation.segment(decision.segments[0])
    deciding.say(
        f"Merged: {quoted(joined.name)} holds {many(joined.size, 'customer')} in the new run {made.id}. "
        "To take the merge back, see what was decided, at the end of the page."
    )
    frame.go_to(made.id, selection.by)
