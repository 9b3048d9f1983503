"""The page that starts runs, and the runs it starts: asked, in progress, cancelled, failed, done."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.core.errors import DataError, SettingError, UsageError, WorkspaceError
from discovery.core.question import QUESTIONS
from discovery.core.rule import Compare, Rule
from discovery.dashboard.mapping import COLUMNS, guess, properties
from discovery.usecases import jobs
from tests.conftest import QUICK
from tests.dashboard.conftest import APP, PAGES, ended

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
Start = Callable[[Path], AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a function that opens the page on a workspace."""

    def page(workspace: Path) -> AppTest:
        workspace.mkdir(exist_ok=True)
        st.cache_data.clear()
        st.cache_resource.clear()
        monkeypatch.setattr("sys.argv", ["app.py"])
        monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", str(workspace))
        return AppTest.from_file(APP, default_timeout=60).switch_page(str(PAGES / "discover.py")).run()

    return page


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The configs that runs are started with, in place of starting them."""
    found: list[Mapping[str, Any]] = []
    monkeypatch.setattr(service, "start_job", lambda workspace, config, now: found.append(config))
    return found


def test_no_column_about_the_customer_takes_the_name_of_another() -> None:
    columns = ["Skin type?", "skin type", "肌質", "好み", "?", "!"]
    assert list(properties(columns).values()) == columns


def text(app: AppTest) -> str:
    return "\n".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def config(store: Path, **more: Any) -> dict[str, Any]:
    quick = dict(setting.removeprefix("cluster.").split("=") for setting in QUICK if setting.startswith("cluster."))
    return {"source": {"kind": "canonical", "path": str(store)}, "as_of": "2025-07-01", "cluster": quick, **more}


def at_work(workspace: service.Workspace) -> jobs.Job:
    """Return the job once its worker says that it is at work."""
    for _ in range(600):
        job = service.jobs(workspace)[0]
        if job.status.steps:
            return job
        assert not job.status.final, job.status.error
        time.sleep(0.1)
    pytest.fail("The worker never began.")


def test_an_empty_workspace_asks_for_data_and_for_a_question(opened: Start, tmp_path: Path) -> None:
    app = opened(tmp_path / "w")
    assert not app.exception
    assert "<h1>What do you want to find out?</h1>" in text(app)
    assert app.radio[0].options == [q.sentence for q in QUESTIONS.values()]
    assert "Bring in the data and say what they are first" in text(app)
    assert next(b for b in app.button if b.label == "Find the segments").disabled


def test_without_a_workspace_it_says_how_to_begin(
    opened: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = opened(tmp_path / "w")
    monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", str(tmp_path / "nowhere"))
    assert "The workspace cannot be opened." in text(app.run())


def test_what_is_asked_becomes_the_config(
    opened: Start, planted_workspace: Path, started: list[Mapping[str, Any]]
) -> None:
    app = opened(planted_workspace)
    app.radio[0].set_value("churn")
    app = app.date_input[0].set_value(datetime(2025, 7, 1)).run()
    app = app.segmented_control(key="how-many").set_value("A number I name").run()
    next(n for n in app.number_input if n.label == "Segments").set_value(4)
    app = press(app, "Find the segments")
    assert not app.exception
    dataset = service.open_workspace(planted_workspace).dataset()
    assert dataset is not None
    assert started == [
        {
            "source": {"kind": "canonical", "path": str(dataset.folder), "currency": "EUR"},
            "as_of": "2025-07-01",
            "question": "churn",
            "seed": 7,
            "cluster": {"k": 4},
        }
    ]


def test_the_number_of_segments_stands_beside_the_null(opened: Start, planted_workspace: Path) -> None:
    app = opened(planted_workspace)
    assert "How many segments has the run?" in text(app)
    charts = app.get("plotly_chart")
    assert len(charts) == text(app).count("The numbers as a table") > 0
    assert "without structure" in charts[0].proto.spec


def test_columns_are_guessed_and_mapped_in_the_page(
    opened: Start, started: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    app = opened(tmp_path / "w")
    place = service.open_workspace(tmp_path / "w")
    session = app.session_state["session"]
    rows = "Invoice;Customer ID;InvoiceDate;Qty;Price;Colour\n1;17850;2025-01-02 10:00;2;3.5;blue\n"
    path = service.keep_upload(place, f"{session}-table", "../my orders.csv", rows.encode())
    assert path.parent == tmp_path / "w" / "uploads" / f"{session}-table"
    app = app.segmented_control(key="source").set_value("Any table").run()
    assert not app.exception
    assert "17850" not in text(app)
    assert "Still to be said: the currency." in text(app)
    next(t for t in app.text_input if t.label == "Currency (needed)").set_value("gbp")
    app = app.run()
    next(m for m in app.multiselect if m.label.startswith("Anything else")).set_value(["Colour"])
    press(app, "Find the segments")
    assert started[0]["source"] == {
        "kind": "table",
        "path": str(path),
        "shape": "order_lines",
        "columns": {
            "customer_id": "Customer ID",
            "order_id": "Invoice",
            "at": "InvoiceDate",
            "quantity": "Qty",
            "unit_price": "Price",
            "property.colour": "Colour",
        },
        "currency": "GBP",
    }


def test_a_guess_never_reads_a_column_twice() -> None:
    found = guess(["Order", "Customer", "Date", "Total", "E-Mail"], list(COLUMNS))
    assert found == {"customer_id": "Customer", "order_id": "Order", "at": "Date", "value": "Total", "email": "E-Mail"}
    assert guess(["date"], ["at", "customer_id"]) == {"at": "date"}


def test_uploads_are_capped_named_safely_and_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = service.Workspace(tmp_path)
    monkeypatch.setattr("discovery.store.uploads.LARGEST_SESSION", 10)
    kept = service.keep_upload(place, "s", "..\\evil/.. name?.csv", b"12345")
    assert kept.parent == tmp_path / "uploads" / "s"
    service.keep_upload(place, "s", kept.name, b"123456789")
    with pytest.raises(DataError, match="must not exceed"):
        service.keep_upload(place, "s", "b.csv", b"12")
    with pytest.raises(WorkspaceError):
        service.keep_upload(place, "../s", "b.csv", b"1")
    service.drop_source(place, tmp_path / "elsewhere")
    assert kept.exists()
    service.drop_old_uploads(place, datetime(2100, 1, 1, tzinfo=UTC))
    assert not kept.exists()


def test_a_run_goes_from_the_page_to_its_end_and_uses_the_saved_rules(
    opened: Start, planted_store: Path, tmp_path: Path
) -> None:
    place = service.Workspace(tmp_path / "w")
    place.path.mkdir()
    service.save_rule(place, Rule("Mine", Compare("orders", ">=", 3)))
    started = service.start_job(place, config(planted_store, question="repeat"), NOW)
    assert started.started == NOW
    with pytest.raises(WorkspaceError, match="One thing at a time"):
        service.start_job(place, config(planted_store, question="repeat"), NOW)
    app = opened(tmp_path / "w")
    assert "A run is in progress" in text(app)
    assert not [b for b in app.button if b.label == "Find the segments"]
    status = ended(place)
    assert status.state == "done", status.error
    assert status.run == place.runs()[0].id
    assert "Mine" in [r.rule.name for r in place.load(status.run).library]
    assert status.steps["Choosing the number of segments"] == 1
    app = opened(tmp_path / "w")
    assert app.success[0].value == f"The run is finished: {status.run}"
    # Its data are the workspace's now: the next run reads them where they are.
    before = (tmp_path / "w" / "dataset" / "events.parquet").stat().st_ino
    own = service.read_config(started.folder / "config.yaml", [f"source.path={tmp_path / 'w' / 'dataset'}"])
    assert service.ingest(own, tmp_path / "w").fingerprint == place.load(status.run).table.fingerprint
    assert (tmp_path / "w" / "dataset" / "events.parquet").stat().st_ino == before


def test_a_cancelled_run_leaves_the_workspace_as_it_was(opened: Start, planted_store: Path, tmp_path: Path) -> None:
    place = service.Workspace(tmp_path / "w")
    service.start_job(place, config(planted_store, question="repeat"), NOW)
    job = at_work(place)
    service.cancel_job(job)
    assert ended(place, seconds=30).state == "cancelled"
    assert not place.runs()
    assert not list((tmp_path / "w").glob(".staging-*"))
    app = opened(tmp_path / "w")
    assert "the workspace is as it was" in app.info[0].value
    assert [b for b in app.button if b.label == "Start it again as it was"]


def test_an_error_of_an_interrupted_engine_is_a_cancelled_run_too(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom discovery.core.errors import DataError\n"
        "from discovery.commands.progress_file import told_in\n"
        "def work(tell):\n    try:\n        print('at work', flush=True)\n        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n        raise DataError('The query was interrupted.')\n"
        "told_in(Path(sys.argv[1]), work)"
    )
    status = tmp_path / "status.json"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(status)], **pipes) as worker:
        # Cancelled before it is at work, it would end without a word of the engine's.
        assert worker.stdout.readline() == b"at work\n"
        said = worker.communicate()[1]
    assert b"The query was interrupted." in said
    assert json.loads(status.read_text("utf-8"))["state"] == "cancelled"


def test_a_worker_that_dies_without_a_word_is_an_error(planted_store: Path, tmp_path: Path) -> None:
    place = service.Workspace(tmp_path / "w")
    service.start_job(place, config(planted_store, question="repeat"), NOW)
    job = at_work(place)
    worker = jobs._WORKERS.pop(job.folder)
    # Another server knows it by its lock alone.
    assert not service.jobs(place)[0].status.final
    with pytest.raises(UsageError, match="another server"):
        service.cancel_job(job)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    status = service.jobs(place)[0].status
    assert status.state == "failed"
    assert "killed, or the machine ran out of memory" in status.error


def test_a_failed_run_says_why_and_can_be_started_again(opened: Start, tmp_path: Path) -> None:
    place = service.Workspace(tmp_path / "w")
    (tmp_path / "shop").mkdir()
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "shop" / "orders.csv")
    source = {"kind": "shopify", "path": str(tmp_path / "shop")}
    service.start_job(place, {"source": source, "as_of": "data_end", "question": "repeat"}, NOW)
    assert ended(place).state == "failed"
    app = opened(tmp_path / "w")
    assert app.error[0].value.startswith("The run failed. orders.csv is no export that can be read here")
    assert "failed" in text(app)


def test_a_wrong_config_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        service.start_job(service.Workspace(tmp_path), {"source": {"kind": "shopify"}, "as_of": "soon"}, NOW)
    assert not list(tmp_path.iterdir())


def test_a_finished_job_leaves_no_copy_of_what_was_brought_in(
    opened: Start, planted_workspace: Path, tmp_path: Path
) -> None:
    workspace = Path(shutil.copytree(planted_workspace, tmp_path / "w"))
    place = service.open_workspace(workspace)
    kept = service.keep_upload(place, "s-shopify", "orders.csv", b"x")
    folder = workspace / "jobs" / "20260105-093000-000000"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(f"source: {{kind: shopify, path: {kept.parent}}}\nquestion: churn\n", "utf-8")
    jobs.write_status(folder / "status.json", jobs.Status("done", run=place.runs()[0].id))
    app = opened(workspace)
    assert QUESTIONS["churn"].sentence in text(app)
    assert not kept.exists()
