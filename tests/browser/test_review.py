"""The page Review in a real browser: drawn in every shape; looked at, decided on, and its report taken along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from discovery import service
from discovery.charts.decisions import decisions_title
from discovery.report.pdf import browser
from tests.browser.test_dashboard import READY, Watched, _go, _picture, chromium, served, watched
from tests.browser.test_journeys import page, ready
from tests.dashboard.test_review_page import write_example

pytestmark = pytest.mark.browser
__all__ = ["chromium", "page", "watched"]
MARKS = (".scatterlayer .js-fill", ".heatmaplayer .hm", ".scatterlayer .point", ".bars .point")


@pytest.fixture(scope="module")
def address(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a made-up review."""
    place = tmp_path_factory.mktemp("reviewed")
    write_example(place / "w")
    with served(place / "w", place / "log.txt") as found:
        yield found


def test_the_page_in_every_shape(watched: Watched, request: pytest.FixtureRequest) -> None:
    seen = watched.page
    seen.wait_for_selector(READY)
    _go(seen, "Review")
    for mark in MARKS:
        seen.locator(f".js-plotly-plot {mark}").first.wait_for(state="attached", timeout=30_000)
    seen.wait_for_selector(READY)
    folds = seen.locator("details.sd-fold", has_text="The numbers as a table")
    assert seen.locator(".js-plotly-plot").count() == folds.count() == 4
    assert seen.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
    assert seen.locator("h1").count() == 1
    assert seen.locator('[data-testid="stMain"]').evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    _picture(seen, f"review-{request.node.callspec.id}")
    assert watched.elsewhere == []
    assert watched.errors == []


def test_from_the_decisions_to_the_report(page: object, tmp_path: Path) -> None:
    review, _, _ = write_example(tmp_path / "w")
    with served(tmp_path / "w", tmp_path / "log.txt") as address:
        page.goto(f"{address}/review")
        ready(page)
        assert page.locator("h1").inner_text() == decisions_title(review)
        chips = page.locator(".sd-table").first.locator(".sd-chip")
        assert [c.split("\n")[-1] for c in chips.all_inner_texts()][:2] == ["■retire", "◆merge"]
        # Who moved by the boundaries of before is another picture, and a link.
        page.get_by_role("radio", name="Those of before").click()
        page.wait_for_url("**moved=Those+of+before*")
        ready(page)

        name = page.get_by_role("textbox", name="Your name")
        name.fill("Ana")
        name.press("Enter")
        retire = page.get_by_role("button", name="Retire “Lapsed one-time buyers")
        retire.click()
        page.get_by_text("is retired: exports leave it out.").first.wait_for()
        assert [d.who for d in service.decisions(service.open_workspace(tmp_path / "w"))] == ["Ana"]
        ready(page)

        starts = {"web page": b"<!DOCTYPE html>", "workbook": b"PK", "one-page summary": b"#"}
        if browser():
            starts["PDF"] = b"%PDF-"
        for label, start in starts.items():
            with page.expect_download(timeout=120_000) as given:
                page.get_by_role("button", name=f"Download the {label}").click()
            assert given.value.suggested_filename.startswith(f"review-{review.id}.")
            file = tmp_path / given.value.suggested_filename
            given.value.save_as(file)
            assert file.read_bytes().startswith(start)
        assert decisions_title(review) in (tmp_path / f"review-{review.id}.html").read_text("utf-8")
