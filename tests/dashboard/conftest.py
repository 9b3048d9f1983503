"""A workspace that holds made-up runs, and the app run against it without a server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.core.errors import WorkspaceError
from discovery.core.run import Run
from discovery.store.decisions import Ledger
from tests.merge_factory import with_merges
from tests.run_factory import example_run, with_small_segment

APP = str(Path(__file__).parents[2] / "app.py")
PAGES = Path(__file__).parents[2] / "discovery" / "dashboard" / "pages_"


def ended(workspace: service.Workspace, kind: service.Kind = "run", seconds: float = 180) -> service.Status:
    """Return how the latest job of a kind ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = service.jobs(workspace, kind)[0].status
        if status.final:
            return status
        time.sleep(0.2)
    pytest.fail(f"The job did not end: {status}")


@dataclass(frozen=True)
class Summary:
    """What a workspace says of a run."""

    id: str
    as_of: date
    question_asked: str
    customers: int
    recommended: str
    segments: int


@dataclass(frozen=True)
class FakeWorkspace:
    """Runs in memory."""

    kept: tuple[Run, ...]

    @property
    def path(self) -> Path:
        return Path("nowhere")

    @property
    def ledger(self) -> Ledger:
        return Ledger(Path("nowhere") / "decisions.sqlite")

    def runs(self) -> tuple[Summary, ...]:
        return tuple(
            Summary(r.id, r.as_of, r.question_asked, len(r.table), r.recommended, r.segmentation(r.recommended).k)
            for r in self.kept
        )

    def unreadable(self) -> dict[str, str]:
        return {}

    def holds(self, run_id: str) -> bool:
        return any(each.id == run_id for each in self.kept)

    def load(self, run_id: str) -> Run:
        for each in self.kept:
            if each.id == run_id:
                return each
        raise WorkspaceError(f"No run {run_id!r}.")


@pytest.fixture(scope="session")
def runs() -> tuple[Run, ...]:
    base = with_merges(example_run())
    return (
        base,
        replace(with_small_segment(base), id="2011-06-10-repeat-5m411000"),
        replace(example_run(seed=3, forward=False), id="2011-03-10-repeat-51137000", problems={}),
    )


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch, runs: tuple[Run, ...]) -> Callable[..., AppTest]:
    """Return a function that opens a page of the app on a workspace of the given runs."""

    def opened(page: str = "overview", kept: tuple[Run, ...] | None = None, path: str = "W", **query: str) -> AppTest:
        def open_workspace(given: str | Path) -> FakeWorkspace:
            if str(given) == "nowhere":
                raise WorkspaceError("A workspace must be a folder, got 'nowhere', which does not exist.")
            return FakeWorkspace(runs if kept is None else kept)

        monkeypatch.setattr("discovery.service.open_workspace", open_workspace)
        return _opened(monkeypatch, path, page, 30, query)

    return opened


@pytest.fixture
def open_on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Return a function that opens a page of the app on a workspace that lies on disk."""

    def opened(workspace: Path, page: str, **query: str) -> AppTest:
        return _opened(monkeypatch, str(workspace), page, 120, query)

    return opened


def _opened(
    monkeypatch: pytest.MonkeyPatch, workspace: str, page: str, seconds: float, query: Mapping[str, str]
) -> AppTest:
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", workspace)
    app = AppTest.from_file(APP, default_timeout=seconds)
    if page != "overview":
        app.switch_page(str(PAGES / f"{page}.py"))
    # A page switch here starts with an empty link, unlike in a browser (tests/browser goes that way).
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()
