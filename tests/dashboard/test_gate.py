"""Logging in: while it is asked for, nobody sees a page before; who did decides under that name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.errors import StreamlitAuthError
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.cli import app as command_line
from tests.dashboard.conftest import APP, PAGES
from tests.dashboard.test_pages import charts, text
from tests.dashboard.test_review_page import button, write_example

OUTSIDE: dict[str, object] = {"is_logged_in": False}
ANA: dict[str, object] = {"is_logged_in": True, "name": "Ana", "email": "Ana@example.com", "email_verified": True}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_example(tmp_path / "w")
    monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.delenv("SEGMENT_DISCOVERY_LOGIN", raising=False)
    monkeypatch.setattr(sys, "argv", ["app.py", "--login"])
    return tmp_path / "w"


def opened(page: str, user: dict[str, object], allowed: object = None) -> AppTest:
    st.cache_data.clear()
    st.cache_resource.clear()
    app = AppTest.from_file(APP, default_timeout=60)
    app.user = dict(user)
    if allowed is not None:
        app.secrets["dashboard"] = {"allowed": allowed}
    if page != "overview":
        app.switch_page(str(PAGES / f"{page}.py"))
    return app.run()


def everything(app: AppTest) -> str:
    return "".join(str(e.proto) for e in app.main) + "".join(str(e.proto) for e in app.sidebar)


@pytest.mark.parametrize("page", sorted(p.stem for p in PAGES.glob("*.py")))
@pytest.mark.parametrize("how", ["argument", "variable"])
def test_nobody_sees_a_page_before_they_log_in(
    place: Path, monkeypatch: pytest.MonkeyPatch, page: str, how: str
) -> None:
    if how == "variable":
        monkeypatch.setattr(sys, "argv", ["app.py"])
        monkeypatch.setenv("SEGMENT_DISCOVERY_LOGIN", "1")
    # A page that was asked for would fail, whatever it shows.
    monkeypatch.setattr("discovery.service.open_workspace", None)
    app = opened(page, OUTSIDE)
    assert not app.exception
    assert [b.label for b in app.button] == ["Log in"]
    assert not charts(app)
    assert not app.sidebar.children
    assert text(app).count("<h1>") == 1
    assert "Log in to see the segments" in text(app)


def test_without_a_provider_it_says_how_to_name_one(place: Path) -> None:
    app = opened("overview", {})
    assert not app.exception
    shown = text(app)
    assert "There is no way to log in yet." in shown
    assert all(key in shown for key in ("[auth]", "redirect_uri", "client_id", "server_metadata_url", "--login"))
    assert not app.button
    assert not charts(app)


@pytest.mark.parametrize(("user", "called"), [(ANA, "Ana"), ({"is_logged_in": True, "email": "b@x.org"}, "b@x.org")])
def test_who_logged_in_decides_under_that_name(place: Path, user: dict[str, object], called: str) -> None:
    app = opened("review", user)
    assert not app.exception
    assert charts(app)
    assert f"Logged in as {called}." in text(app)
    assert not any(t.label == "Your name" for t in app.text_input)
    button(app, "Retire “").click().run()
    [decision] = service.decisions(service.open_workspace(place))
    assert decision.who == called


def test_without_the_gate_nothing_changes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py"])
    app = opened("review", {})
    assert not app.exception
    assert "Logged in" not in text(app)
    assert any(t.label == "Your name" for t in app.text_input)


@pytest.mark.parametrize(
    ("allowed", "passes"),
    [
        (["@example.com"], True),
        (["ana@example.com"], True),
        ("@example.com", True),
        (["@example.org"], False),
        (["na@example.com", "example.com"], False),
        ([], False),
    ],
)
def test_only_who_is_listed_may_pass(place: Path, allowed: object, passes: bool) -> None:
    app = opened("overview", ANA, allowed)
    assert not app.exception
    assert bool(charts(app)) is passes
    assert ("Ana may not see these pages" in text(app)) is not passes
    assert [b.label for b in app.button if b.label == "Log out"] == ["Log out"]


def test_nobody_is_on_no_list(place: Path) -> None:
    unnamed = {claim: said for claim, said in ANA.items() if claim != "email"}
    assert not charts(opened("overview", unnamed, ""))
    assert not charts(opened("overview", unnamed, ["", "@"]))


def test_an_address_that_nobody_verified_is_none(place: Path) -> None:
    app = opened("overview", {**ANA, "email_verified": False}, ["@example.com"])
    assert not charts(app)


def test_a_provider_that_cannot_be_used_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def login() -> None:
        raise StreamlitAuthError("Authentication requires Authlib>=1.3.2.")

    app = opened("overview", OUTSIDE)
    monkeypatch.setattr(st, "login", login)
    button(app, "Log in").click().run()
    assert "pip install 'segment-discovery[login]'" in app.error[0].value


def test_who_logs_out_is_outside(place: Path) -> None:
    app = opened("overview", ANA)
    button(app, "Log out").click().run()
    app.run()
    assert not charts(app)
    assert [b.label for b in app.button] == ["Log in"]


def test_the_command_switches_it_on_and_names_the_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    secrets = place / "login.toml"
    secrets.touch()
    words = ["dashboard", "-w", str(place), "--base-path", "shop/segments", "--login", str(secrets)]
    for asked in (words[:3], words):
        with pytest.raises(SystemExit):
            command_line(asked, standalone_mode=False)
    plain, full = started
    assert "--login" not in plain
    assert "--server.baseUrlPath" not in plain
    assert full[full.index("--server.baseUrlPath") + 1] == "shop/segments"
    assert full[full.index("--secrets.files") + 1] == str(secrets)
    assert full[full.index("--") :] == ["--", "--workspace", str(place), "--login"]
