"""Decisions about one segment, made on the page Segments: kept with who and when, seen everywhere, taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.charts.crossed import EVERYONE
from discovery.charts.reviewed import OTHERS
from discovery.core.decision import NO_NAMES
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED
from discovery.dashboard import selecting
from tests.dashboard.test_merges_page import button
from tests.dashboard.test_pages import text

Open = Callable[..., AppTest]
BUTTONS = {"Rename": "Rename", "Note": "Keep the note", "Campaign": "Plan this", "Retire": "Retire"}


def decide(app: AppTest, what: str, value: str, who: str = "Ana") -> AppTest:
    app.text_input(key="who").set_value(who).run()
    app.segmented_control(key="decide").set_value(what).run()
    field = app.text_area[-1] if what == "Note" else next(t for t in app.text_input if t.form_id.startswith("decide"))
    field.set_value(value)
    return button(app, BUTTONS[what]).click().run()


def test_a_segment_is_renamed_everywhere_and_back(open_on: Open, place: Path, planted_run: Run) -> None:
    first = planted_run.segmentation("kmeans").placed[0]
    app = decide(open_on(place, "segments", by="KMeans"), "Rename", "The devoted ones")
    assert not app.exception
    assert not app.error
    assert app.toast[0].value == f"“{first.name}” is now called “The devoted ones”."
    assert "The devoted ones" in text(app)
    assert "Named by Ana" in text(app)
    for page in ("overview", "validate", "merges", "export"):
        other = open_on(place, page, by="KMeans")
        assert "The devoted ones" in text(other) + "".join(c.proto.spec for c in other.get("plotly_chart")), page
    app.text_input(key="who").set_value("Ben").run()
    button(app, "Take it back").click().run()
    assert first.name in text(open_on(place, "overview", by="KMeans"))
    [decision] = service.decisions(service.open_workspace(place))
    assert (decision.who, decision.undone_by, decision.value) == ("Ana", "Ben", "The devoted ones")


def test_a_note_and_a_campaign_are_shown_and_count(open_on: Open, place: Path) -> None:
    app = decide(open_on(place, "segments", by="KMeans"), "Note", "Ask the shop about <these>.")
    assert "Ask the shop about &lt;these&gt;." in text(app)
    app = decide(app, "Campaign", "Early access")
    assert "What to send: Early access" in text(app)
    run = service.load_run(service.open_workspace(place), service.open_workspace(place).runs()[0].id)
    segment = run.segmentation("kmeans").placed[0]
    assert segment.note == "Ask the shop about <these>."
    assert next(e for e in run.evidence_for("kmeans", segment.id) if e.check == "campaign").verdict == "PASS"


def test_a_retired_segment_is_marked_left_out_and_comes_back(open_on: Open, place: Path, planted_run: Run) -> None:
    workspace = service.open_workspace(place)
    before = planted_run.segmentation("kmeans")
    app = decide(open_on(place, "segments", by="KMeans"), "Retire", "Nobody answers.")
    assert "Retired: Nobody answers. Its customers" in text(app)
    run = service.load_run(workspace, planted_run.id)
    first = run.segmentation("kmeans").placed[0]
    assert (first.retired, first.size) == ("Nobody answers.", before.placed[0].size)
    listed = service.export_members(run, workspace, "machine", None, "kmeans")
    assert [s.name for s in listed.segments] == [s.name for s in before.placed[1:]]
    assert first.name not in service.export_run(run, "english", segmentation="kmeans")["segments.txt"]
    assert "retired</small>" in text(open_on(place, "overview", by="KMeans"))
    assert "Left out, for it is retired: Nobody answers" in text(open_on(place, "export", by="KMeans"))
    app.text_input(key="who").set_value("Ana").run()
    button(app, "back into use").click().run()
    assert not service.load_run(workspace, planted_run.id).segmentation("kmeans").placed[0].retired
    assert len(service.decisions(workspace)) == 2


@pytest.mark.parametrize(
    ("what", "value", "who", "says"),
    [
        ("Rename", "X", "", "Type your name first"),
        ("Retire", " ", "Ana", "Say why it is retired"),
        ("Rename", "", "Ana", "A name must not be empty"),
    ],
)
def test_what_is_no_decision_is_not_kept(
    open_on: Open, place: Path, what: str, value: str, who: str, says: str
) -> None:
    app = decide(open_on(place, "segments", by="KMeans"), what, value, who)
    assert says in app.error[0].value
    assert not service.decisions(service.open_workspace(place))


def test_the_name_of_another_segment_is_refused(open_on: Open, place: Path, planted_run: Run) -> None:
    other = planted_run.segmentation("kmeans").placed[1].name
    app = decide(open_on(place, "segments", by="KMeans"), "Rename", other)
    assert "is another one's" in app.error[0].value


def test_no_segment_is_called_what_stands_beside_segments(open_on: Open, place: Path) -> None:
    assert {*OTHERS.values(), EVERYONE.name, selecting.ANY} - {OTHERS[UNASSIGNED]} <= NO_NAMES
    app = decide(open_on(place, "segments", by="KMeans"), "Rename", EVERYONE.name)
    assert "stands for others" in app.error[0].value


def test_one_customer_is_explained_and_named_nowhere_else(open_on: Open, place: Path, planted_run: Run) -> None:
    customer = planted_run.table.values.index[0]
    app = open_on(place, "segments", by="KMeans")
    assert customer not in text(app)
    app.text_input(key="customer").set_value(customer)
    app = button(app, "Look up").click().run()
    assert not app.exception
    found = service.explain_customer(planted_run, customer, "kmeans")
    assert found.segment_name in text(app)
    assert "How clearly they belong" in text(app)
    assert customer not in text(app) + str(app.query_params)
    app.text_input(key="customer").set_value("nobody")
    app = button(app, "Look up").click().run()
    assert "No customer &#x27;nobody&#x27; was known" in text(app)
