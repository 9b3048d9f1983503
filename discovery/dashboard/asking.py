"""What a run is asked for: the question, the date, features and method; and all of it as a config."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.core.question import QUESTIONS
from discovery.core.settings import ClusterSettings, ValidateSettings

END, DAY = "The end of the data", "A date before it"
_CHOSEN, _FIXED = "By evidence", "A number I name"
_USUAL = ClusterSettings()
_HORIZON = ValidateSettings().horizon_days
_TEXTS = ("text", "boolean", "date")


def choose_question() -> str:
    """Return the business question that is asked."""
    names = list(QUESTIONS)
    asked = st.radio(
        "The question",
        names,
        format_func=lambda n: QUESTIONS[n].sentence,
        captions=[_about(n) for n in names],
        key="question",
        persist_state="session",
        label_visibility="collapsed",
    )
    return str(asked)


def choose_day(workspace: service.Workspace, own: bool) -> str:
    """Return the date to look from, as a config states it."""
    dataset = workspace.dataset() if own else None
    when = st.segmented_control(
        "Look from", [END, DAY], default=DAY if own else END, required=True, key=f"when-{own}", persist_state="session"
    )
    if when == END:
        told = f"Everything is seen, so nothing is left to see how they respond within {_HORIZON} days."
        later = "" if own else " Once the data are in, run again from a date before their end."
        st.html(html.block(html.text(told + later, css="muted")))
        return "data_end"
    end = dataset.data_end if dataset else datetime.now(UTC).date()
    chosen: date | None = st.date_input(
        "The date",
        end - timedelta(days=_HORIZON),
        max_value=end,
        key=f"day-{end}",
        persist_state="session",
        help=f"What customers did in the {_HORIZON} days after it tests the segments; features see nothing of it.",
    )
    return (chosen or end).isoformat()


def choose_method() -> dict[str, Any]:
    """Return the settings of the clustering that differ from the usual ones."""
    labels = {row.name: row.label for row in service.vocabulary() if row.unit not in _TEXTS}
    features = st.multiselect(
        "Features to cluster on",
        list(labels),
        format_func=lambda n: labels[n],
        placeholder="The usual ones for the question",
        key="features",
        persist_state="session",
    )
    left, right = st.columns(2)
    with left:
        how = st.segmented_control(
            "How many segments",
            [_CHOSEN, _FIXED],
            default=_CHOSEN,
            required=True,
            key="how-many",
            persist_state="session",
        )
    with right:
        if how == _FIXED:
            found: dict[str, Any] = {"k": st.number_input("Segments", 2, 12, 6, key="k", persist_state="session")}
        else:
            low, high = st.slider(
                "From and to", 2, 12, (_USUAL.k_low, _USUAL.k_high), key="k-range", persist_state="session"
            )
            found = {"k_low": low, "k_high": high}
    draws, layout, chance = st.columns(3)
    found["null_draws"] = draws.number_input(
        "Data sets without structure",
        3,
        200,
        _USUAL.null_draws,
        key="null-draws",
        persist_state="session",
        help="Each number of segments is held against as many data sets of the same shape that have no groups.",
    )
    found["embedding"] = layout.selectbox(
        "Layout of the map", ["pca", "umap"], format_func=str.upper, key="embedding", persist_state="session"
    )
    seed = chance.number_input(
        "Seed", 0, 2**31 - 1, 7, key="seed", persist_state="session", help="The only source of chance."
    )
    cluster = {name: value for name, value in found.items() if value != getattr(_USUAL, name)}
    return {"seed": seed, "cluster": cluster | ({"features": features} if features else {})}


def config_of(source: Mapping[str, Any], question: str, as_of: str, method: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config as its YAML would be read.

    Examples
    --------
    >>> config_of({"kind": "canonical", "path": "/s"}, "churn", "data_end", {"seed": 7, "cluster": {}})
    {'source': {'kind': 'canonical', 'path': '/s'}, 'as_of': 'data_end', 'question': 'churn', 'seed': 7}
    """
    asked = {"source": dict(source), "as_of": as_of, "question": question, **method}
    return {name: value for name, value in asked.items() if value != {}}


def _about(name: str) -> str:
    """Return who a question looks at, and what counts as an answer."""
    question = QUESTIONS[name]
    answer = {"ordered": "who orders afterwards", "revenue": "revenue afterwards", "clicked": "who clicks afterwards"}
    return f"Left out: who {question.population_words}. Judged by {answer[question.outcome]}."
