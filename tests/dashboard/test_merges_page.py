"""The page Merges without a browser: its answer, its evidence, accepting a merge and taking it back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.core.errors import WorkspaceError
from discovery.core.run import Run
from tests.dashboard.conftest import ended
from tests.dashboard.test_pages import charts, text
from tests.merge_factory import with_merges
from tests.run_factory import example_run, with_small_segment

Open = Callable[..., AppTest]
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def run() -> Run:
    return with_merges(example_run())


def button(app: AppTest, label: str) -> object:
    return next(b for b in app.button if label in b.label)


def test_the_first_line_asks_and_the_evidence_stands_below(open_app: Open, run: Run) -> None:
    app = open_app("merges", kept=(run,))
    assert not app.exception
    shown = text(app)
    assert "<h1>Six segments; one pair answers campaigns alike: merge it?</h1>" in shown
    assert len(charts(app)) == shown.count("The numbers as a table") == 4
    assert all(len(c.proto.alt) > 30 for c in charts(app))
    assert all(f"sd-pair-{decision}" in shown for decision in ("merge", "keep", "cannot-tell"))
    assert "4,200 each" in shown
    assert "Nothing has been decided about this run yet." in shown
    pair = next(s for s in app.selectbox if s.label == "Which two")
    assert pair.value == "Lapsing regulars and Lapsed one-time buyers of the Christmas season (merge)"
    assert len(pair.options) == 15


def test_a_view_is_a_link(open_app: Open, run: Run) -> None:
    wanted = "Wholesale-like baskets and Discount hunters who order at weekends (keep)"
    app = open_app("merges", kept=(run,), compare="Held-out features", pair=wanted)
    assert next(s for s in app.selectbox if s.label == "Which two").value == wanted
    assert "They differ by 21 points." in text(app)
    assert "Held-out features: nearest are" in text(app)
    lost = open_app("merges", kept=(run,), compare="<script>", pair="nobody and no one")
    assert not lost.exception
    assert "one pair answers campaigns alike" in text(lost)


def test_nothing_is_merged_by_nobody(open_app: Open, run: Run) -> None:
    app = open_app("merges", kept=(run,))
    assert button(app, "Merge “Lapsing regulars” and “Lapsed").disabled
    assert "Type your name to accept." in text(app)
    app.text_input(key="who").set_value("Ana").run()
    assert not button(app, "Merge “Lapsing regulars” and “Lapsed").disabled


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"merge_paths": ()}, "This run holds no merge path"),
        ({"merges": ()}, "no two were compared, for too little was seen of what they did next"),
        ({"merges": ()}, "--as-of DATE"),
    ],
)
def test_what_is_missing_is_said_with_a_next_step(
    open_app: Open, run: Run, change: dict[str, tuple[()]], says: str
) -> None:
    app = open_app("merges", kept=(replace(run, **change),))
    assert not app.exception
    assert says in text(app)


def test_a_segment_of_four_gives_nothing_away(open_app: Open) -> None:
    small = with_merges(with_small_segment(example_run()))
    app = open_app(
        "merges", kept=(small,), pair="Wholesale-like baskets and Discount hunters who order at weekends (keep)"
    )
    assert not app.exception
    assert "too few to show" in text(app)
    assert "21 points" not in text(app) + "".join(c.proto.spec for c in charts(app))


def test_one_segment_has_nothing_to_merge(open_app: Open, run: Run) -> None:
    one = run.segmentation("kmeans")
    for each in one.placed[1:]:
        one = one.merged(one.placed[0].id, each.id, name="Everyone")
    alone = replace(run, segmentations=(one, *run.segmentations[1:]), merges=(), merge_paths=(), evidence=())
    app = open_app("merges", kept=(alone,))
    assert not app.exception
    assert "One segment: there is nothing to merge" in text(app)
    assert not charts(app)


def test_a_merge_is_accepted_seen_and_taken_back(open_on: Open, place: Path, planted_run: Run) -> None:
    app = open_on(place, "merges", by="KMeans")
    before = planted_run.segmentation("kmeans")
    app.text_input(key="who").set_value("Ana").run()
    button(app, "Merge “").click().run()
    # It goes on without the page: somebody else sees it too, and nothing else is begun meanwhile.
    other = open_on(place, "merges", by="KMeans")
    for each in (app, other):
        assert text(each).count("Ana is making “") == 2
        assert "You may leave this page" in text(each)
        assert not [b for b in each.button if "Merge “" in b.label]
        assert button(each, "Cancel this merge")
    with pytest.raises(WorkspaceError, match=r"One thing at a time.* a merge is in progress"):
        service.start_merge(service.Workspace(place), planted_run.id, "kmeans", {"c1": "A", "c2": "B"}, "Ben", NOW)
    assert ended(service.Workspace(place), "merge").state == "done"
    app.run()
    assert not app.exception
    assert not app.error
    [decision] = service.decisions(service.open_workspace(place))
    merged = service.open_workspace(place).load(decision.value).segmentation("kmeans")
    a, b = decision.segments
    assert merged.segment(a).size == before.segment(a).size + before.segment(b).size
    # Who did not ask for it stays, and is led there.
    other.run()
    assert next(s for s in other.selectbox if s.label == "Run").value == planted_run.id
    button(other, "See what Ana made of “").click().run()
    assert next(s for s in other.selectbox if s.label == "Run").value == decision.value
    # The page has moved to the new run, and the ledger says who made it.
    assert next(s for s in app.selectbox if s.label == "Run").value == decision.value
    assert app.toast[0].value.startswith("Merged: ")
    assert "Three segments" in text(app) or f"{before.k - 1} segments" in text(app)
    assert "Ana" in text(app)
    assert "1 merge made these segments" in text(app)
    overview = open_on(place, "overview", run=decision.value, by="KMeans")
    assert f">{merged.segment(a).size:,}<" in text(overview)
    app.text_input(key="who").set_value("Ben").run()
    button(app, "Take it back").click().run()
    assert not app.exception
    assert next(s for s in app.selectbox if s.label == "Run").value == planted_run.id
    [undone] = service.decisions(service.open_workspace(place))
    assert undone.undone_by == "Ben"
    assert "Ben" in text(app)
    assert [r.id for r in service.open_workspace(place).runs()] == [planted_run.id]
    # What was taken back leads nowhere.
    assert not [b for b in app.button if "See what Ana made" in b.label]


def test_a_cancelled_merge_leaves_the_workspace_as_it_was(
    open_on: Open, planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    place = service.Workspace(Path(shutil.copytree(planted_workspace, tmp_path / "w")))
    a, b, *_ = planted_run.segmentation("kmeans").placed
    service.start_merge(place, planted_run.id, "kmeans", {a.id: a.name, b.id: b.name}, "Ana", NOW)
    app = open_on(place.path, "merges", by="KMeans")
    button(app, "Cancel this merge").click().run()
    assert ended(place, "merge").state == "cancelled"
    assert [r.id for r in place.runs()] == [planted_run.id]
    assert not service.decisions(place)
    app.run()
    assert app.info[0].value.startswith(f"The merge of “{a.name}” and “{b.name}” was cancelled; the workspace is as")
    assert button(app, "Merge “")
    # It is about these segments alone.
    assert not open_on(place.path, "merges", by="Rules").info


def test_a_merge_that_cannot_be_made_says_why(open_on: Open, place: Path) -> None:
    shutil.rmtree(place / "dataset")
    app = open_on(place, "merges", by="KMeans")
    app.text_input(key="who").set_value("Ana").run()
    button(app, "Merge “").click().run()
    assert ended(service.Workspace(place), "merge").state == "failed"
    [error] = app.run().error
    assert error.value.startswith("The merge of “")
    assert "Make the run again" in error.value
    assert button(app, "Merge “")
    assert len(service.open_workspace(place).runs()) == 1
