"""A rule under construction: kept for the session as a tree and as text, and every change to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

import streamlit as st

from discovery import service
from discovery.charts.format import SMALL_CELL
from discovery.core.errors import UsageError
from discovery.core.feature import Feature
from discovery.core.rule import Scalar
from discovery.core.run import Run
from discovery.core.stated import EVENT_MEASURES, event_measure
from discovery.dashboard.rule_tree import (
    JOINS,
    Group,
    Line,
    asked_anew,
    changed,
    condition_of,
    group_from,
    usual,
    whole,
)

TEXT, TREE, KEPT, FAULT, ABOUT = "rule-text", "rule.tree", "rule.kept", "rule.fault", "rule.about"
_IDS = "rule.ids"
#: Chosen in place of a feature: a measure that the rule states itself.
OWN = "events counted, valued or dated as you say ..."
_FIRST = "orders"
#: Values offered for a text; more are typed.
_OFFERED = 200


@dataclass(frozen=True)
class Bench:
    """What a rule is built from: the words it may use, and the values that customers of the run have."""

    run: Run
    words: service.Words

    def feature(self, name: str) -> Feature:
        """Return a feature, or a measure by its own text."""
        return self.words.features[name]

    def common(self, name: str) -> tuple[str, ...]:
        """Return the values of a text that enough customers of the run have, the most frequent first."""
        return _common(self.run.id, name, self.run)

    def usual(self, name: str) -> Line:
        """Return a new line on a feature."""
        return usual(next(ids()), self.feature(name), self.common(name), self.run.as_of.isoformat())


def begin(bench: Bench) -> None:
    """Start with one condition; where the reader has gone to another run, with what was said of the one before."""
    state = st.session_state
    now = (bench.run.id, bench.words.measurable)
    if TREE not in state:
        put(Group(next(ids()), "all", False, (new_line(bench),)))
    elif state[ABOUT] != now:
        # What was said of another run may speak of what this one does not have.
        state[TREE] = Group(next(ids()), "all", False, ())
        start_from(bench, state[KEPT])
    state[ABOUT] = now
    state.setdefault(TEXT, state[KEPT])


def start_from(bench: Bench, text: str) -> None:
    """Put a rule into the builder."""
    st.session_state[TEXT] = text
    read(bench)


def join(id: int) -> None:
    """Join the parts of a group otherwise."""
    join, negated = JOINS[st.session_state[f"join-{id}"]]
    _change(id, lambda part: replace(part, join=join, negated=negated) if isinstance(part, Group) else part)


def add(bench: Bench, id: int, make: Callable[[Bench], Line | Group]) -> None:
    """Add a condition or a group to a group."""
    new = make(bench)
    _change(id, lambda part: replace(part, parts=(*part.parts, new)) if isinstance(part, Group) else part)


def new_line(bench: Bench) -> Line:
    """Return a first condition."""
    return bench.usual(_FIRST if _FIRST in bench.words.features else next(iter(bench.words.features)))


def new_group(bench: Bench) -> Group:
    """Return a group with a first condition."""
    return Group(next(ids()), "any", False, (new_line(bench),))


def remove(id: int) -> None:
    """Take a condition or a group out."""
    _change(id, lambda part: None)


def about(bench: Bench, id: int) -> None:
    """Ask about another feature: a new line in the place of the old, since nothing of it need fit."""
    name = st.session_state[f"what-{id}"]
    new = bench.usual(event_measure("orders", days=30).name if name == OWN else name)
    _change(id, lambda part: new)


def ask(bench: Bench, id: int) -> None:
    """Ask otherwise about the same feature."""
    asked = st.session_state[f"how-{id}"]

    def anew(part: Line | Group) -> Line | Group:
        return asked_anew(part, asked, bench.usual(part.feature).values) if isinstance(part, Line) else part

    _change(id, anew)


def value(id: int, key: str, kind: str, number: int = -1) -> None:
    """Take a value as typed; `number` says which of several."""
    given = st.session_state[key]

    def valued(part: Line | Group) -> Line | Group:
        if not isinstance(part, Line):
            return part
        if number < 0:
            return replace(part, values=tuple(v for v in (_read_value(g, kind) for g in given) if v != ""))
        value = _read_value(given, kind)
        if value == "":
            return replace(part, values=())
        values = list(part.values or ("",))
        values[number] = value
        return replace(part, values=tuple(values))

    _change(id, valued)


def measure(bench: Bench, id: int, keys: Mapping[str, str]) -> None:
    """Take the parts of a measure over events as chosen."""
    chosen = {part: st.session_state.get(key) for part, key in keys.items()}
    function = str(chosen["function"])
    event = "" if EVENT_MEASURES[function].event else str(chosen["event"])

    def measured(part: Line | Group) -> Line | Group:
        if not isinstance(part, Line):
            return part
        old = bench.feature(part.feature)
        where = old.where
        if chosen["column"] is not None:
            where = ((chosen["column"], "=", chosen["given"]),) if chosen["column"] and chosen["given"] else ()
        new = event_measure(
            function,
            event,
            days=chosen["days"] or None,
            skip=int(chosen["skip"] or 0),
            since=old.since,
            until=old.until,
            where=where,
        )
        return replace(part, feature=new.name)

    try:
        _change(id, measured)
    except UsageError as error:
        st.session_state[FAULT] = error


def _change(id: int, change: Callable[[Line | Group], Line | Group | None]) -> None:
    put(changed(st.session_state[TREE], id, change))


def put(tree: Group) -> None:
    """Keep the tree and write it as text; a tree that does not hold together leaves the text as it was."""
    state = st.session_state
    state[TREE] = tree
    try:
        found = condition_of(tree)
    except UsageError as error:
        state[FAULT] = error
        return
    state[TEXT] = state[KEPT] = service.rule_text(found) if found else ""
    state[FAULT] = None


def read(bench: Bench) -> None:
    """Read the text as typed; what cannot be read stays as typed, with the tree as it was."""
    state = st.session_state
    text = state[TEXT]
    try:
        tree = group_from(service.read_rule(text, bench.words), ids()) if text.strip() else None
    except UsageError as error:
        state[FAULT], state[KEPT] = error, text
        return
    state[TREE] = tree or Group(next(ids()), "all", False, ())
    state[FAULT], state[KEPT] = None, text


def ids() -> Iterator[int]:
    """Return numbers that name the parts of the tree: a part in the place of another is another widget."""
    found: Iterator[int] = st.session_state.setdefault(_IDS, count(1))
    return found


def _read_value(given: Any, kind: str) -> Scalar:
    """Return a value as a widget gives it, in the kind of the feature; "" where it is none."""
    if kind == "boolean":
        return str(given) in ("yes", "True")
    if kind == "number":
        try:
            return whole(float(given))
        except (TypeError, ValueError):
            return ""
    return given.isoformat() if isinstance(given, date) else str(given or "")


@st.cache_data(max_entries=64, show_spinner=False)
def _common(run_id: str, name: str, _run: Run) -> tuple[str, ...]:
    if not _run.table.holds(name):
        return ()
    counted = _run.table.column(name).value_counts()
    return tuple(str(v) for v in counted.index[counted >= SMALL_CELL][:_OFFERED])
