"""The pages in a real browser: charts are drawn, tables stand under them, nothing breaks and nothing calls out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.served import READY
from benchmarks.served import served as server
from tests.conftest import NIGHTLY, REQUIRE_ALL

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
#: Each width and each theme; by night each with each.
SHAPES = [(1440, "light"), (390, "dark")] + [(390, "light"), (1440, "dark")] * NIGHTLY
#: Page, and what shows that each of its charts is drawn.
PAGES = {
    "Overview": [".js-plotly-plot .bars .point"],
    "Discover": [".js-plotly-plot .scatterlayer .lines"],
    "Segments": [".js-plotly-plot .heatmaplayer .hm", ".st-key-map .scatterlayer .point"],
    "Rules beside clusters": [".js-plotly-plot .heatmaplayer .hm"],
    "Merges": [".js-plotly-plot .scatterlayer .lines"],
    "Validate": [".js-plotly-plot .scatterlayer .point", ".js-plotly-plot .scatterlayer .lines"],
}


@dataclass
class Watched:
    """A browser page, and everything about it that must not happen."""

    page: object
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    path = shutil.which("chromium")
    if path is None:
        missing = "Debian's chromium is not installed: apt-get install chromium"
        if REQUIRE_ALL:
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(chromium: object, run_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on the run of the simulated store."""
    with served(run_workspace, tmp_path_factory.mktemp("server") / "log.txt") as found:
        yield found


@contextmanager
def served(workspace: Path, log: Path, base: str = "", secrets: Path | None = None) -> Iterator[str]:
    """Give the address of the app on a free port, in a process group of its own.

    `base` is the path that a proxy would serve it under; with `secrets` people must log in.
    """
    options = ["--secrets.files", str(secrets)] if secrets else []
    with server(workspace, log, base, options, ["--login"] if secrets else []) as (address, _):
        yield address
    assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture(params=SHAPES, ids=lambda p: f"{p[1]}-{p[0]}")
def watched(chromium: object, address: str, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page of that width and theme, with every request to another host stopped and counted."""
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Watched(context.new_page())

    def gate(route: object) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            seen.elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", gate)
    seen.page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    seen.page.on("pageerror", lambda e: seen.errors.append(str(e)))
    seen.page.goto(address)
    yield seen
    context.close()


def test_the_pages_in_order(watched: Watched, request: pytest.FixtureRequest) -> None:
    page = watched.page
    shape = request.node.callspec.id
    for name, marks in PAGES.items():
        if name != "Overview":
            _go(page, name)
        for mark in marks:
            page.wait_for_selector(mark, state="attached", timeout=30_000)
        page.wait_for_selector(READY, timeout=30_000)
        drawn = page.locator(".js-plotly-plot").count()
        folds = page.locator("details.sd-fold", has_text="The numbers as a table")
        assert drawn == folds.count() > 0
        for fold in folds.all():
            assert fold.locator("tbody tr").count() > 0
        assert page.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
        assert page.locator("h1").count() == 1
        # Wide things scroll inside themselves; the page never sideways.
        main = page.locator('[data-testid="stMain"]')
        assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        _picture(page, f"{name.lower().split()[0]}-{shape}")
    assert watched.elsewhere == []
    assert watched.errors == []


def test_the_selection_goes_along_and_is_a_link(chromium: object, address: str) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector(READY)
    about = page.locator(".sd .muted", has_text="customers, as they were on")
    # The recommended one needs no mention in the link, so another is chosen.
    other = "KMeans" if about.inner_text().startswith("Rules") else "Rules"
    page.get_by_test_id("stSidebar").get_by_role("combobox").nth(1).click()
    page.get_by_role("option", name=other).click()
    page.wait_for_url(f"**by={other}**")
    _go(page, "Segments")
    assert f"by={other}" in page.url
    page.goto(page.url)
    about.filter(has_text=f"{other}.").wait_for()


def _go(page: object, name: str) -> None:
    narrow = page.viewport_size["width"] < 768
    if narrow:
        # The side bar stands beside the screen until it is asked for, and lies over the page until it is sent away.
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.wait_for_url(f"**/{name.lower().split()[0]}*")
    page.wait_for_selector(READY)
    if narrow and page.get_by_test_id("stSidebar").is_visible():
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        page.get_by_test_id("stExpandSidebarButton").wait_for()


def _picture(page: object, name: str) -> None:
    """Keep the whole page as a picture, for people to look at."""
    ARTEFACTS.mkdir(exist_ok=True)
    width = page.viewport_size["width"]
    height = page.locator('[data-testid="stMain"]').evaluate("e => e.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height) + 20, 8_000)})
    page.screenshot(path=ARTEFACTS / f"{name}.png")
    page.set_viewport_size({"width": width, "height": 900})
