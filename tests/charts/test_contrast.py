"""Every text that is declared, in style sheets, in the theme's file and in figures, reaches 4.5:1 on what it is on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from discovery.charts import (
    broken_down,
    crossed,
    dendrogram,
    distances,
    geography,
    groups,
    measures,
    merge_pairs,
    merge_path,
    rfm_grid,
)
from discovery.charts.theme import DARK, LIGHT, NOTHING, Theme
from discovery.core.run import Run
from discovery.dashboard.style import sheet
from tests.breakdown_factory import broken_down_run
from tests.charts import test_figures, test_review
from tests.charts.test_distances import EVEN, resting_on
from tests.conftest import ROOT
from tests.core.test_segment_colours import contrast
from tests.merge_factory import with_merges
from tests.review_factory import example_review

LEAST = 4.5
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
DECLARED = re.compile(r"(?<![\w-])(color|background):\s*([^;]+)")
SPAN = re.compile(r"color:\s*(#[0-9A-Fa-f]{6})")
BOTH = pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
STREAMLIT = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
Pair = tuple[str, str]


def grounds(look: Theme) -> set[str]:
    """Return what text without a ground of its own may stand on: the page, its quiet boxes, and the side bar."""
    known = STREAMLIT[look.name]
    return {known["backgroundColor"], known["secondaryBackgroundColor"], known["sidebar"]["backgroundColor"]}


def of_sheet(look: Theme) -> Iterator[Pair]:
    """Yield text and ground of every rule of the pages' style sheet that sets a text's colour."""
    for selector, body in RULE.findall(re.sub(r"@media[^{]*\{", "", sheet(look))):
        said = dict(DECLARED.findall(body))
        if "color" not in said or said["color"] == "currentColor":
            continue
        # Streamlit paints what is pressed or chosen in the theme's accent.
        pressed = "stBaseButton-primary" in selector or "data-tag" in selector
        own = {look.accent} if pressed else {said["background"]} if said.get("background", "none") != "none" else None
        yield from ((said["color"], under) for under in own or grounds(look))


def of_figure(value: Any, under: set[str]) -> Iterator[Pair]:
    """Yield text and ground of every font in a figure, and of the spans in its texts."""
    if isinstance(value, dict):
        if value.get("bgcolor", NOTHING) != NOTHING:
            under = {value["bgcolor"]}
        # The cells of a heat table; its spans stand where there is no value, so on the page.
        cells = {colour for _, colour in value.get("colorscale", ())} if value.get("type") == "heatmap" else set()
        for key, inner in value.items():
            if key.endswith("font") and isinstance(inner, dict) and isinstance(inner.get("color"), str):
                yield from ((inner["color"], each) for each in (under | cells if key == "textfont" else under))
            yield from of_figure(inner, under)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from of_figure(inner, under)
    elif isinstance(value, str):
        yield from ((text, each) for text in SPAN.findall(value) for each in under)


def figures(run: Run, look: Theme) -> Iterator[Any]:
    """Yield every kind of figure that there is."""
    store, merged = broken_down_run(), with_merges(run)
    review, _, _ = example_review()
    yield from (make(run, "kmeans", look) for make in test_figures.CHARTS.values())
    yield from (make(review, look) for make in test_review.CHARTS.values())
    yield from (merge_pairs.pairs(merged, "kmeans", c, look) for c in merge_pairs.comparisons(merged, "kmeans"))
    yield from (merge_path.merge_path(merged, "kmeans", c, look) for c in merge_path.measures(merged, "kmeans"))
    yield dendrogram.dendrogram(merged, "kmeans", look)
    yield distances.distances(resting_on(run, EVEN), "kmeans", look)
    measure = measures.measures(store)[0]
    segments = groups.grouped(store, "kmeans", groups.SEGMENT)
    found = crossed.cross(store, groups.grouped(store, "kmeans", "region"), segments, measure)
    yield from (broken_down.broken_down(found, "", look), broken_down.shares(found, "", look))
    yield from (crossed.crossed(crossed.largest(found), look), geography.outlines(found, "", "usa", look))
    at = geography.places(store)
    yield geography.points(crossed.cross(store, at.grouping, segments, measure), at, "", "world", look)
    grid = rfm_grid.grid(store, "kmeans", rfm_grid.scores(store)[0])
    yield rfm_grid.rfm_grid(crossed.cross(store, grid.cells, segments, measure), grid, "", look)


def unread(pairs: Iterator[Pair]) -> dict[Pair, float]:
    """Return the pairs that are hard to read, with their contrast."""
    found = {pair: contrast(*pair) for pair in set(pairs)}
    assert len(found) > 3
    return {pair: round(value, 2) for pair, value in found.items() if value < LEAST}


@BOTH
def test_text_of_the_style_sheet_can_be_read(look: Theme) -> None:
    assert not unread(of_sheet(look))


@BOTH
def test_text_that_streamlit_draws_can_be_read(look: Theme) -> None:
    known = STREAMLIT[look.name]
    assert not unread((known[name], under) for name in ("textColor", "linkColor") for under in grounds(look))


@BOTH
def test_text_in_figures_can_be_read(run: Run, look: Theme) -> None:
    assert not unread(pair for made in figures(run, look) for pair in of_figure(made.to_plotly_json(), {look.ground}))


def test_a_pale_text_would_be_found() -> None:
    pale = {"layout": {"title": {"font": {"color": "#BBBBBB"}}, "annotations": [{"text": "<b style='color:#CCCCCC'>"}]}}
    cells = {"type": "heatmap", "colorscale": ((0, "#AAAAAA"), (1, "#FFFFFF")), "textfont": {"color": "#AAAAAA"}}
    found = unread(of_figure({**pale, "data": [cells]}, {"#FFFFFF"}))
    assert set(found) == {
        ("#BBBBBB", "#FFFFFF"),
        ("#CCCCCC", "#FFFFFF"),
        ("#AAAAAA", "#AAAAAA"),
        ("#AAAAAA", "#FFFFFF"),
    }
