"""The page Breakdowns in a real browser: maps are drawn without asking another host, and every view is a link."""

from __future__ import annotations

import pytest

from tests.browser.test_dashboard import READY, Watched, _go, _picture, address, chromium, watched

pytestmark = pytest.mark.browser
__all__ = ["address", "chromium", "watched"]
#: What a view is called, the map chosen in it, what shows that its first chart is drawn, and the name of its last one.
VIEWS = {
    "world": ("Geography", "World", ".choroplethlayer path", "country-segment"),
    "states": ("Geography", "US states", ".choroplethlayer path", "region-segment"),
    "points": ("Geography", "Points", ".scattergeo path", "place-segment"),
    "us-points": ("Geography", "Points in the US", ".scattergeo path", "place-segment"),
    "order-value": ("Order value", "", ".bars .point", "aov_band-segment"),
    "engagement": ("Engagement", "", ".bars .point", "engagement_tier-segment"),
    "rfm": ("RFM", "", ".heatmaplayer .hm", "rfm_group-segment"),
    "crossed": ("Any two", "", ".heatmaplayer .hm", "segment-"),
}


def choose(page: object, label: str, option: str) -> None:
    page.get_by_role("radiogroup", name=label).get_by_role("radio", name=option, exact=True).click()
    page.wait_for_selector(READY)


def test_every_view_is_drawn_and_asks_no_other_host(watched: Watched, request: pytest.FixtureRequest) -> None:
    page, fetched = watched.page, list[str]()
    page.on("response", lambda r: fetched.append(r.url) if "topojson" in r.url and r.ok else None)
    page.wait_for_selector(READY)
    _go(page, "Breakdowns")
    for name, (view, kind, mark, last) in VIEWS.items():
        choose(page, "Break down by", view)
        if kind:
            choose(page, "Map", kind)
        page.locator(f"[class*=st-key-wide-heat-{last}] .hm").first.wait_for(state="attached", timeout=30_000)
        page.locator(f".js-plotly-plot {mark}").first.wait_for(state="attached", timeout=30_000)
        page.wait_for_selector(READY)
        drawn = page.locator(".js-plotly-plot").count()
        assert drawn == page.locator("details.sd-fold", has_text="The numbers as a table").count() > 0
        assert page.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
        assert page.locator("h1").count() == 1
        main = page.locator('[data-testid="stMain"]')
        assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        _picture(page, f"breakdowns-{name}-{request.node.callspec.id}")
    assert {url.rsplit("/", 1)[1] for url in fetched} == {"world_110m.json", "usa_110m.json"}
    assert watched.elsewhere == []
    assert watched.errors == []


def test_a_view_is_a_link(chromium: object, address: str) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{address}/breakdowns")
    page.wait_for_selector(READY)
    choose(page, "Map", "US states")
    page.get_by_role("combobox", name="What to measure").click()
    page.get_by_role("option", name="Share of customers").click()
    page.wait_for_url("**measure=Share*")
    page.locator("h3", has_text="Share of customers: from").wait_for()
    assert "map=US+states" in page.url
    said = page.locator("h1").inner_text()
    page.goto(page.url)
    page.locator("h3", has_text="Share of customers: from").wait_for()
    assert page.locator("h1").inner_text() == said
    page.context.close()
