"""The rule builder: groups, lines and the rule's text, each changing the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

import streamlit as st

from discovery import service
from discovery.charts.format import SMALL_CELL
from discovery.core.errors import RuleError, UsageError
from discovery.core.feature import Feature
from discovery.core.rule import Scalar
from discovery.core.run import Run
from discovery.core.stated import EVENT_MEASURES, FILTER_COLUMNS, event_measure
from discovery.dashboard.rule_tree import (
    ASKED,
    ASKED_OF,
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

_TEXT, _TREE, _KEPT, _FAULT, _IDS, _ABOUT = (
    "rule-text",
    "rule.tree",
    "rule.kept",
    "rule.fault",
    "rule.ids",
    "rule.about",
)
#: Chosen in place of a feature: a measure that the rule states itself.
_OWN = "events counted, valued or dated as you say ..."
_STATED = "Stated in a rule"
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
        return usual(next(_ids()), self.feature(name), self.common(name), self.run.as_of.isoformat())


def show_builder(bench: Bench) -> tuple[str, RuleError | UsageError | None]:
    """Show the builder; return the rule's text, and what is wrong with what was typed last."""
    state = st.session_state
    about = (bench.run.id, bench.words.measurable)
    if _TREE not in state:
        _put(Group(next(_ids()), "all", False, (_new_line(bench),)))
    elif state[_ABOUT] != about:
        # What was said of another run may speak of what this one does not have.
        state[_TREE] = Group(next(_ids()), "all", False, ())
        start_from(bench, state[_KEPT])
    state[_ABOUT] = about
    state.setdefault(_TEXT, state[_KEPT])
    _show_group(bench, state[_TREE], top=True)
    st.text_area(
        "The rule as text",
        key=_TEXT,
        on_change=_read,
        args=(bench,),
        help="The same rule as it stands in a rule file. Change it here, or above.",
    )
    return state[_KEPT], state.get(_FAULT)


def start_from(bench: Bench, text: str) -> None:
    """Put a rule into the builder."""
    st.session_state[_TEXT] = text
    _read(bench)


def _show_group(bench: Bench, group: Group, top: bool = False) -> None:
    with st.container(key=f"group-{group.id}"):
        stated = (group.join, group.negated)
        st.selectbox(
            "Whom these conditions select" if top else "A group inside",
            list(JOINS),
            index=[*JOINS.values()].index(stated),
            key=f"join-{group.id}",
            on_change=_join,
            args=(group.id,),
        )
        for part in group.parts:
            if isinstance(part, Group):
                _show_group(bench, part)
            else:
                _show_line(bench, part)
        with st.container(horizontal=True, gap="small"):
            for label, make in (("Add a condition", _new_line), ("Add a group", _new_group)):
                st.button(label, key=f"{label}-{group.id}", on_click=_add, args=(bench, group.id, make))
            if not top:
                st.button(
                    "Remove this group", key=f"out-{group.id}", type="tertiary", on_click=_remove, args=(group.id,)
                )


def _show_line(bench: Bench, line: Line) -> None:
    feature = bench.feature(line.feature)
    names = [*bench.words.features, _OWN] if bench.words.measurable else list(bench.words.features)
    at = _OWN if feature.family == _STATED and _function(line) in EVENT_MEASURES else line.feature
    with st.container(key=f"line-{line.id}"):
        what, how, which, away = st.columns([4.4, 2.2, 3.2, 1.2], vertical_alignment="bottom")
        options = names if at in names else [at, *names]
        what.selectbox(
            "What",
            options,
            index=options.index(at),
            format_func=lambda n: n if n == _OWN else _named(bench.feature(n)),
            key=f"what-{line.id}",
            on_change=_about,
            args=(bench, line.id),
        )
        asked = ASKED_OF[feature.kind]
        how.selectbox(
            "Is",
            asked,
            index=asked.index(line.asked),
            format_func=ASKED.__getitem__,
            key=f"how-{line.id}",
            on_change=_ask,
            args=(line.id,),
        )
        with which:
            _show_values(bench, line, feature)
        away.button("Remove", key=f"out-{line.id}", type="tertiary", on_click=_remove, args=(line.id,))
        if at == _OWN:
            _show_measure(bench, line, feature)


def _show_values(bench: Bench, line: Line, feature: Feature) -> None:
    key = f"value-{line.id}-{line.asked}"
    unit = {"money": bench.run.currency, "share": "share, 0 to 1"}.get(feature.unit, feature.unit)
    label = f"Value ({unit})" if unit else "Value"
    given: dict[str, Any] = {"on_change": _value, "args": (line.id, key, feature.kind)}
    if line.asked == "in":
        offered = list(dict.fromkeys((*map(str, line.values), *bench.common(line.feature))))
        st.multiselect(label, offered, [*map(str, line.values)], key=key, accept_new_options=True, **given)
        return
    if line.asked in ("missing", "known"):
        return
    values = line.values or ("",)
    for number, (column, value) in enumerate(zip(st.columns(len(values)), values, strict=True)):
        own = f"{key}-{number}"
        given["args"] = (line.id, own, feature.kind, number)
        name = label if not number else "and"
        with column:
            if feature.kind == "boolean":
                st.selectbox(name, ["yes", "no"], index=0 if value else 1, key=own, **given)
            elif feature.kind == "number" and isinstance(value, (int, float)):
                step = 0.05 if feature.unit == "share" else 1.0
                st.number_input(name, value=float(value), step=step, format="%g", key=own, **given)
            elif feature.kind == "date":
                st.date_input(name, date.fromisoformat(str(value)), key=own, **given)
            elif line.asked in ("=", "<>"):
                offered = list(
                    dict.fromkeys((str(value), *bench.common(line.feature)) if value else bench.common(line.feature))
                )
                at = offered.index(str(value)) if value else None
                st.selectbox(name, offered, index=at, key=own, accept_new_options=True, **given)
            else:
                st.text_input(name, str(value), key=own, **given)


def _show_measure(bench: Bench, line: Line, feature: Feature) -> None:
    """Show what a measure over events is made of: function, event, window, and which events count."""
    made = _function(line)
    keys = {part: f"{part}-{line.id}" for part in ("function", "event", "days", "skip", "column", "given")}
    given: dict[str, Any] = {"on_change": _measure, "args": (bench, line.id, keys)}
    first, second, third, fourth = st.columns([2.4, 3, 1.6, 1.6], vertical_alignment="bottom")
    functions = list(EVENT_MEASURES)
    first.selectbox("Measure", functions, functions.index(made), format_func=_measured, key=keys["function"], **given)
    events = list(dict.fromkeys((*bench.words.events, *feature.events)))
    fixed = bool(EVENT_MEASURES[made].event)
    shown = events.index(feature.events[0])
    second.selectbox("Event", events, shown, format_func=_spoken, key=keys["event"], disabled=fixed, **given)
    third.number_input("In the last days (0: ever)", 0, value=feature.window or 0, key=keys["days"], **given)
    fourth.number_input("But not the last days", 0, value=feature.skip, key=keys["skip"], **given)
    texts = [c for c, kind in FILTER_COLUMNS.items() if kind is str]
    stated = next(iter(feature.where), ("", "=", ""))
    if len(feature.where) < 2 and stated[1] == "=" and stated[0] in ("", *texts):
        column, value = st.columns([2.4, 6.2], vertical_alignment="bottom")
        names = ["", *texts]
        at = names.index(stated[0])
        column.selectbox(
            "Only where", names, at, format_func=lambda n: _spoken(n) or "any", key=keys["column"], **given
        )
        value.text_input("is", str(stated[2]), key=keys["given"], **given)


def _join(id: int) -> None:
    join, negated = JOINS[st.session_state[f"join-{id}"]]
    _change(id, lambda part: replace(part, join=join, negated=negated) if isinstance(part, Group) else part)


def _add(bench: Bench, id: int, make: Callable[[Bench], Line | Group]) -> None:
    new = make(bench)
    _change(id, lambda part: replace(part, parts=(*part.parts, new)) if isinstance(part, Group) else part)


def _new_line(bench: Bench) -> Line:
    return bench.usual(_FIRST if _FIRST in bench.words.features else next(iter(bench.words.features)))


def _new_group(bench: Bench) -> Group:
    return Group(next(_ids()), "any", False, (_new_line(bench),))


def _remove(id: int) -> None:
    _change(id, lambda part: None)


def _about(bench: Bench, id: int) -> None:
    """Ask about another feature: a new line in the place of the old, since nothing of it need fit."""
    name = st.session_state[f"what-{id}"]
    new = bench.usual(event_measure("orders", days=30).name if name == _OWN else name)
    _change(id, lambda part: new)


def _ask(id: int) -> None:
    asked = st.session_state[f"how-{id}"]
    _change(id, lambda part: asked_anew(part, asked) if isinstance(part, Line) else part)


def _value(id: int, key: str, kind: str, number: int = -1) -> None:
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


def _measure(bench: Bench, id: int, keys: Mapping[str, str]) -> None:
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
        st.session_state[_FAULT] = error


def _change(id: int, change: Callable[[Line | Group], Line | Group | None]) -> None:
    _put(changed(st.session_state[_TREE], id, change))


def _put(tree: Group) -> None:
    """Keep the tree and write it as text; a tree that does not hold together leaves the text as it was."""
    state = st.session_state
    state[_TREE] = tree
    try:
        found = condition_of(tree)
    except UsageError as error:
        state[_FAULT] = error
        return
    state[_TEXT] = state[_KEPT] = service.rule_text(found) if found else ""
    state[_FAULT] = None


def _read(bench: Bench) -> None:
    """Read the text as typed; what cannot be read stays as typed, with the tree as it was."""
    state = st.session_state
    text = state[_TEXT]
    try:
        tree = group_from(service.read_rule(text, bench.words), _ids()) if text.strip() else None
    except UsageError as error:
        state[_FAULT], state[_KEPT] = error, text
        return
    state[_TREE] = tree or Group(next(_ids()), "all", False, ())
    state[_FAULT], state[_KEPT] = None, text


def _ids() -> Iterator[int]:
    """Return numbers that name the parts of the tree: a part in the place of another is another widget."""
    found: Iterator[int] = st.session_state.setdefault(_IDS, count(1))
    return found


def _named(feature: Feature) -> str:
    return feature.label[:1].upper() + feature.label[1:]


def _function(line: Line) -> str:
    return line.feature.partition("(")[0]


def _measured(function: str) -> str:
    return EVENT_MEASURES[function].label.format(event="an event")


def _spoken(name: str) -> str:
    return name.replace("_", " ")


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
    if name not in _run.table.values:
        return ()
    counted = _run.table.values[name].value_counts()
    return tuple(str(v) for v in counted.index[counted >= SMALL_CELL][:_OFFERED])
