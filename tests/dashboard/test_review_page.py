"""The page Review without a browser: its answer, its numbers, accepting what it says, and what is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.charts.format import amount, count
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.review import Action, Review
from discovery.core.run import Run
from discovery.report import report_file
from discovery.report.pdf import NO_BROWSER
from tests.conftest import ALONE, ROOT
from tests.dashboard.conftest import ended
from tests.dashboard.test_numbers import answered
from tests.dashboard.test_pages import charts, text
from tests.review_factory import example_review

Open = Callable[..., AppTest]


def compared(place: Path, kind: service.Kind = "review") -> service.Status:
    """Return how the latest comparison ended, or another job."""
    return ended(service.Workspace(place), kind)


def write_example(folder: Path) -> tuple[Review, Run, Run]:
    """Write the made-up review and its runs into a workspace."""
    made, before, now = example_review()
    review = replace(made, id="2011-09-10-kmeans-0a0b0c0d")
    with service.Workspace(folder).writing() as staging:
        staging.put_run(before)
        staging.put_run(now)
        staging.put_review(review, "made up")
    return review, before, now


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    write_example(tmp_path / "w")
    return tmp_path / "w"


@pytest.fixture(scope="module")
def simulated(simulated_store: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A workspace with the review of one quarter of the simulated store."""

    def make(folder: Path) -> None:
        overrides = (*ALONE, "cluster.k=5", f"source.path={simulated_store}")
        config = service.read_config(ROOT / "configs" / "demo.yaml", overrides)
        service.review_quarter(config, service.Workspace(folder), "2025Q3", "kmeans")

    return once("reviewed-workspace", make)


@pytest.fixture(params=["made_up", "simulated"])
def place(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def the_review(place: Path) -> Review:
    workspace = service.open_workspace(place)
    return service.load_review(workspace, service.reviews(workspace)[0].id)


def button(app: AppTest, label: str) -> object:
    return next(b for b in app.button if label in b.label)


def options(app: AppTest, label: str) -> list[str]:
    return list(next(s for s in app.selectbox if s.label == label).options)


def test_the_first_line_answers_and_every_chart_has_its_table(open_on: Open, place: Path) -> None:
    app = open_on(place, "review")
    assert not app.exception
    assert not app.error
    shown = text(app)
    review = the_review(place)
    assert review.question_asked in shown.split("<h1>")[0]
    report = report_file(review, *(service.open_workspace(place).load(r) for r in (review.before, review.now)), "html")
    title = shown.split("<h1>")[1].split("</h1>")[0]
    assert title in report.decode()
    assert shown.count('class="sd-tile"') == 8
    assert len(charts(app)) == shown.count("The numbers as a table") == 4
    assert all(len(c.proto.alt) > 30 for c in charts(app))
    assert all(s.name in shown for s in review.segments)


def test_every_action_is_shape_word_and_colour(open_on: Open, made_up: Path) -> None:
    shown = text(open_on(made_up, "review"))
    for action, chip in {
        Action.RETIRE: "sd-FAIL",
        Action.MERGE: "sd-WARN",
        Action.REDEFINE: "sd-WARN",
        Action.WATCH: "sd-WARN",
        Action.TOO_SMALL_TO_TELL: "sd-NOT_TESTED",
        Action.KEEP: "sd-PASS",
    }.items():
        assert f"</i>{action.value}</span>" in shown
        assert f'sd-chip {chip}"><i aria-hidden="true">' in shown
    assert "<h1>Seven segments: retire one, merge one, redefine one, watch one and keep two; one is too small" in shown


def test_the_numbers_are_those_of_the_command(open_on: Open, simulated: Path) -> None:
    review = the_review(simulated)
    told = answered("review", review.before, review.now, "-w", simulated, "--segmentation", review.segmentation)
    app = open_on(simulated, "review")
    shown = text(app)
    for s in told["segments"]:
        assert f"{count(s['size_before'])}</td>" in shown
        assert f"{count(s['size_now'])}</td>" in shown
        assert escape(s["reason"]) in shown
    assert all(f"{count(cell)}</td>" in shown for row in told["movement"]["fresh"]["customers"] for cell in row)
    assert all(escape(flow) in shown for flow in told["flows"])
    measures = {r["measure"]: r for r in told["rates"] if not r["campaign"] and r["unit"] != "customers"}
    assert len(measures) >= 3
    for first in measures.values():
        app.selectbox(key="rate").select(first["label"][:1].upper() + first["label"][1:]).run()
        large = [r for r in told["rates"] if r["measure"] == first["measure"] and r["n_now"] >= 100]
        assert large
        for r in large:
            assert f">{amount(r['now'], r['unit'], told['currency'])}" in text(app)
    drifted = max(told["drift"], key=lambda r: r["psi"] / r["limit"])
    assert f"{drifted['psi']:.2f}</td>" in shown


def test_a_view_is_a_link(open_on: Open, made_up: Path) -> None:
    review = the_review(made_up)
    asked = {"review": review.id, "moved": "Those of before", "rate": "Revenue per customer within 90 days"}
    app = open_on(made_up, "review", **asked, reviewed="Gift buyers of the autumn")
    assert not app.exception
    shown = text(app)
    assert "Revenue per customer within 90 days: " in shown
    assert "first seen 10 Sep 2011" in shown
    frozen, fresh = review.movement.frozen, review.movement.fresh
    moved = next(count(n) for n in frozen.to_numpy().ravel() if n > 9 and n not in fresh.to_numpy())
    assert f"{moved}</td>" in shown
    lost = open_on(made_up, "review", review="<script>", moved="no", rate="no", reviewed="no")
    assert not lost.exception
    assert "Seven segments" in text(lost)


def test_a_retirement_is_accepted_seen_and_taken_back(open_on: Open, made_up: Path) -> None:
    review = the_review(made_up)
    [retired] = review.with_action(Action.RETIRE)
    app = open_on(made_up, "review")
    assert options(app, "What the review says")[0] == f"Retire “{retired.name}”"
    assert button(app, "Retire “").disabled
    app.text_input(key="who").set_value("Ana").run()
    button(app, "Retire “").click().run()
    assert not app.exception
    [decision] = service.decisions(service.open_workspace(made_up))
    assert (decision.who, decision.run, decision.segments) == ("Ana", review.now, (retired.id_now,))
    assert decision.value == retired.reason
    assert "is retired" in app.toast[0].value
    assert f"Retire “{retired.name}”" not in options(app, "What the review says")
    assert "Ana" in text(app)
    button(app, "Take it back").click().run()
    assert f"Retire “{retired.name}”" in options(app, "What the review says")


def test_a_merge_is_offered_once_for_both(open_on: Open, made_up: Path) -> None:
    app = open_on(made_up, "review")
    pair = "Merge “Frequent full-price buyers” and “Discount hunters who order at weekends”"
    assert [o for o in options(app, "What the review says") if o.startswith("Merge")] == [pair]
    app.selectbox(key="accept").select(pair).run()
    app.text_input(key="who").set_value("Ana").run()
    button(app, pair).click().run()
    assert compared(made_up, "merge").state == "failed"
    # Nothing is left of what the made-up runs were made of.
    assert "cannot be judged anew" in app.run().error[0].value


def test_a_merge_makes_a_run_that_is_compared_in_the_page(open_on: Open, simulated: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(simulated, tmp_path / "w"))
    review = the_review(place)
    one, other = [s for s in review.segments if s.size_now][:2]
    said = (replace(one, action=Action.MERGE, merge_with=(other.segment_id,)),)
    with service.open_workspace(place).writing() as staging:
        staging.put_review(replace(review, segments=(*said, *(s for s in review.segments if s is not one))), "changed")
    app = open_on(place, "review")
    app.text_input(key="who").set_value("Ana").run()
    button(app, "Merge “").click().run()
    assert "Ana is making “" in text(app)
    assert compared(place, "merge").state == "done"
    app.run()
    assert not app.exception
    assert not app.error
    [decision] = service.decisions(service.open_workspace(place))
    assert set(decision.segments) == {one.id_now, other.id_now}
    assert app.toast[0].value.startswith("Merged: ")
    assert "no retirement and no merge to accept" in text(app)
    next(s for s in app.selectbox if s.label == "The run now").select(decision.value).run()
    button(app, "Compare these two runs").click().run()
    assert compared(place).state == "done"
    app.run()
    assert not app.exception
    shown = next(r for r in service.reviews(service.open_workspace(place)) if r.now == decision.value)
    assert app.selectbox(key="review").value == shown.id
    assert f"{count(one.size_now + other.size_now)}</td>" in text(app)


def test_every_file_of_the_report_is_handed_over(open_on: Open, made_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {d.proto.label: d.proto for d in open_on(made_up, "review").get("download_button")}
    assert list(files) == [
        "Download the web page",
        "Download the PDF",
        "Download the workbook",
        "Download the one-page summary",
    ]
    monkeypatch.setattr("discovery.dashboard.reviewing.browser", lambda: None)
    app = open_on(made_up, "review")
    disabled = [d.proto.label for d in app.get("download_button") if d.proto.disabled]
    assert disabled == ["Download the PDF"]
    assert NO_BROWSER in text(app)
    review = the_review(made_up)
    runs = [service.open_workspace(made_up).load(run_id) for run_id in (review.before, review.now)]
    monkeypatch.setattr("discovery.report.pdf.browser", lambda: None)
    with pytest.raises(UsageError, match="Install one"):
        report_file(review, *runs, "pdf")


def test_one_run_is_not_enough(open_on: Open, tmp_path: Path) -> None:
    review, before, _ = write_example(tmp_path / "w")
    shutil.rmtree(tmp_path / "w" / "reviews")
    assert "No two runs have been compared yet" in text(open_on(tmp_path / "w", "review"))
    shutil.rmtree(tmp_path / "w" / "runs" / review.now)
    shown = text(open_on(tmp_path / "w", "review"))
    assert "A review compares two dates, and what is here is of one: 10 Jun 2011." in shown
    assert "discovery review --quarter 2011Q1 --config CONFIG --workspace " in shown
    shutil.rmtree(tmp_path / "w" / "runs" / before.id)
    assert "This workspace holds no run yet." in text(open_on(tmp_path / "w", "review"))


def test_two_runs_without_a_review_are_compared(open_on: Open, simulated: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(simulated, tmp_path / "w"))
    review = the_review(place)
    shutil.rmtree(place / "reviews")
    app = open_on(place, "review")
    next(s for s in app.selectbox if s.label == "Segments made by").select("KMeans").run()
    button(app, "Compare these two runs").click().run()
    assert not app.exception
    # It goes on without the page: another reader sees it too, and nothing else is begun meanwhile.
    with pytest.raises(WorkspaceError, match="One thing at a time"):
        service.start_review(service.Workspace(place), review.before, review.now, "", datetime.now(UTC))
    assert "You may leave this page" in text(open_on(place, "review"))
    assert compared(place).state == "done"
    app.run()
    assert not app.exception
    assert the_review(place).segments == review.segments
    assert review.segments[0].name in text(app)
    assert "You may leave this page" not in text(app)
    assert app.session_state["review"] == the_review(place).id
    # The page that starts runs knows nothing of it.
    assert not service.jobs(service.Workspace(place))
    # Without the data nothing can be compared.
    shutil.rmtree(place / "reviews")
    shutil.rmtree(place / "dataset")
    app = open_on(place, "review")
    button(app, "Compare these two runs").click().run()
    assert compared(place).state == "failed"
    assert "the workspace holds none. Make the run again" in app.run().error[0].value


def test_a_cancelled_comparison_leaves_no_review(open_on: Open, simulated: Path, tmp_path: Path) -> None:
    place = service.Workspace(Path(shutil.copytree(simulated, tmp_path / "w")))
    review = the_review(place.path)
    shutil.rmtree(place.path / "reviews")
    job = service.start_review(place, review.before, review.now, review.segmentation, datetime.now(UTC))
    service.cancel_job(job)
    assert compared(place.path).state == "cancelled"
    assert not place.reviews()
    app = open_on(place.path, "review")
    assert "The comparison was cancelled" in app.info[0].value
    assert button(app, "Compare these two runs")


def test_what_cannot_be_read_is_said_and_hides_nothing_whole(open_on: Open, made_up: Path) -> None:
    review = the_review(made_up)
    old = Path(shutil.copytree(made_up / "reviews" / review.id, made_up / "reviews" / "2010-01-01-kmeans-0"))
    document = json.loads((old / "review.json").read_text("utf-8"))
    (old / "review.json").write_text(json.dumps({**document, "schema_version": 0}), "utf-8")
    app = open_on(made_up, "review")
    assert "Seven segments" in text(app)
    assert "Review 2010-01-01-kmeans-0 cannot be read: review.json must have schema_version" in text(app)
    del document["segments"]
    (old / "review.json").write_text(json.dumps(document), "utf-8")
    assert "is not whole, or another release made it" in text(open_on(made_up, "review"))
    (made_up / "reviews" / review.id / "rates.parquet").unlink()
    shown = text(open_on(made_up, "review"))
    assert "This review cannot be read." in shown
    assert f"discovery review {review.before} {review.now} --workspace " in shown


def test_a_review_whose_run_is_gone_says_so(open_on: Open, made_up: Path) -> None:
    review = the_review(made_up)
    shutil.rmtree(made_up / "runs" / review.before)
    app = open_on(made_up, "review")
    assert not app.exception
    # What was found is in the review itself; only its report is made of the run before.
    assert "Seven segments" in text(app)
    assert f"The report cannot be made: it needs run {review.before} too" in text(app)
    assert not app.get("download_button")
    write_example(made_up)
    shutil.rmtree(made_up / "runs" / review.now)
    app = open_on(made_up, "review")
    assert not app.exception
    assert "This run cannot be read." in text(app)
    assert "discovery runs --workspace" in text(app)


def test_nothing_to_name_and_no_customer(open_on: Open, place: Path) -> None:
    app = open_on(place, "review")
    shown = text(app) + "".join(c.proto.spec for c in charts(app))
    assert "@" not in shown.replace("@media", "")
    assert "days_since_last_order" not in text(app)
    assert not any(str(i) in shown for i in the_review(place).customers["customer_id"].head(50))
