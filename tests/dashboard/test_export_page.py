"""The page Export: every form on the planted run, and the same files as the command line writes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.charts.format import number_word
from discovery.charts.handover import handover_title
from discovery.core.run import Run
from discovery.dashboard.handover import FORMS
from tests.dashboard.conftest import APP, PAGES


@pytest.fixture
def page(planted_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("sys.argv", ["app.py"])
    monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", str(planted_workspace))
    app = AppTest.from_file(APP, default_timeout=60).switch_page(str(PAGES / "export.py"))
    app.query_params["by"] = "kmeans"
    return app.run()


def text(app: AppTest) -> str:
    return "\n".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)


def test_each_segment_shows_its_rule_and_how_well_it_holds(page: AppTest, planted_run: Run) -> None:
    assert not page.exception
    for ruled in planted_run.rules:
        if ruled.segmentation == "kmeans":
            assert ruled.rule.fidelity is not None
            assert ruled.rule.name in text(page)
            assert f"{ruled.rule.fidelity.f1:.2f} (" in text(page)


def test_the_title_speaks_of_what_is_handed_over(planted_run: Run) -> None:
    segmentation = planted_run.segmentation("kmeans")
    first = segmentation.placed[0]
    one = replace(segmentation, segments=(replace(first, retired="Nobody answers"), *segmentation.segments[1:]))
    run = replace(planted_run, segmentations=tuple(one if s.name == "kmeans" else s for s in planted_run.segmentations))
    rest = [r.rule for r in run.rules if r.segmentation == "kmeans" and r.rule.segment_id != first.id]
    assert handover_title(run, "kmeans").startswith(f"{number_word(len(rest))} segment")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_taken_along(page: AppTest, form: str) -> None:
    app = page.segmented_control(key="form").set_value(form).run()
    assert not app.exception
    assert len(app.get("download_button")) == 1
    assert "sd-fault" not in text(app)


def test_klaviyo_says_what_is_lost_and_that_the_files_are_for_reading(page: AppTest) -> None:
    assert "Klaviyo goes on counting cancelled orders" in text(page)
    assert text(page).count("Klaviyo goes on counting cancelled orders") == 1


def test_klaviyos_conditions_are_told_in_words(page: AppTest) -> None:
    said = text(page).lower()
    assert "at least" in said
    assert "_days" not in said
    assert ">=" not in said


def test_the_archive_holds_the_files_of_the_command_line(planted_run: Run) -> None:
    files = service.export_run(planted_run, "sql", "postgres", "kmeans")
    with zipfile.ZipFile(io.BytesIO(service.zipped(files))) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == files
