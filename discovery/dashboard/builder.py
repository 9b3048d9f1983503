"""The rule builder: groups, lines and the rule's text, each changing the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from discovery.core.errors import RuleError, UsageError
from discovery.core.feature import Feature
from discovery.core.filters import FILTER_COLUMNS
from discovery.core.headed import headed
from discovery.core.stated import EVENT_MEASURES
from discovery.dashboard import rule_edits
from discovery.dashboard.rule_edits import Bench
from discovery.dashboard.rule_tree import ASKED, ASKED_OF, JOINS, Group, Line

_STATED = "Stated in a rule"


def show_builder(bench: Bench) -> tuple[str, RuleError | UsageError | None]:
    """Show the builder; return the rule's text, and what is wrong with what was typed last."""
    rule_edits.begin(bench)
    state = st.session_state
    _show_group(bench, state[rule_edits.TREE], top=True)
    st.text_area(
        "The rule as text",
        key=rule_edits.TEXT,
        on_change=rule_edits.read,
        args=(bench,),
        help="The same rule as it stands in a rule file. Change it here, or above.",
    )
    return state[rule_edits.KEPT], state.get(rule_edits.FAULT)


def _show_group(bench: Bench, group: Group, top: bool = False) -> None:
    with st.container(key=f"group-{group.id}"):
        stated = (group.join, group.negated)
        st.selectbox(
            "Whom these conditions select" if top else "A group inside",
            list(JOINS),
            index=[*JOINS.values()].index(stated),
            key=f"join-{group.id}",
            on_change=rule_edits.join,
            args=(group.id,),
        )
        for part in group.parts:
            if isinstance(part, Group):
                _show_group(bench, part)
            else:
                _show_line(bench, part)
        with st.container(horizontal=True, gap="small"):
            for label, make in (("Add a condition", rule_edits.new_line), ("Add a group", rule_edits.new_group)):
                st.button(label, key=f"{label}-{group.id}", on_click=rule_edits.add, args=(bench, group.id, make))
            if not top:
                st.button(
                    "Remove this group",
                    key=f"out-{group.id}",
                    type="tertiary",
                    on_click=rule_edits.remove,
                    args=(group.id,),
                )


def _show_line(bench: Bench, line: Line) -> None:
    feature = bench.feature(line.feature)
    names = [*bench.words.features, rule_edits.OWN] if bench.words.measurable else list(bench.words.features)
    at = rule_edits.OWN if feature.family == _STATED and _function(line) in EVENT_MEASURES else line.feature
    with st.container(key=f"line-{line.id}"):
        what, how, which, away = st.columns([4.4, 2.2, 3.2, 1.2], vertical_alignment="bottom")
        options = names if at in names else [at, *names]
        what.selectbox(
            "What",
            options,
            index=options.index(at),
            format_func=lambda n: n if n == rule_edits.OWN else _named(bench.feature(n)),
            key=f"what-{line.id}",
            on_change=rule_edits.about,
            args=(bench, line.id),
        )
        asked = ASKED_OF[feature.kind]
        how.selectbox(
            "Is",
            asked,
            index=asked.index(line.asked),
            format_func=ASKED.__getitem__,
            key=f"how-{line.id}",
            on_change=rule_edits.ask,
            args=(bench, line.id),
        )
        with which:
            _show_values(bench, line, feature)
        away.button("Remove", key=f"out-{line.id}", type="tertiary", on_click=rule_edits.remove, args=(line.id,))
        if at == rule_edits.OWN:
            _show_measure(bench, line, feature)


def _show_values(bench: Bench, line: Line, feature: Feature) -> None:
    key = f"value-{line.id}-{line.asked}"
    unit = {"money": bench.run.currency, "share": "share, 0 to 1"}.get(feature.unit, feature.unit)
    label = f"Value ({unit})" if unit else "Value"
    given: dict[str, Any] = {"on_change": rule_edits.value, "args": (line.id, key, feature.kind)}
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
                st.date_input(name, date.fromisoformat(str(value)) if value else None, key=own, **given)
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
    given: dict[str, Any] = {"on_change": rule_edits.measure, "args": (bench, line.id, keys)}
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


def _named(feature: Feature) -> str:
    return headed(feature.label)


def _function(line: Line) -> str:
    return line.feature.partition("(")[0]


def _measured(function: str) -> str:
    return EVENT_MEASURES[function].said_of("an event", "events counted")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
