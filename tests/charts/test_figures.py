"""The picture half of every chart: axes named, colours from the theme or the segments, text that is safe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from discovery.charts import candidates, customer_map, distinctness, overlap, profile, response, sizes
from discovery.charts.theme import DARK, LIGHT, Theme, figure, theme
from discovery.core.run import Run
from discovery.core.segment import Segment
from discovery.core.segment_look import COLOURS, UNASSIGNED_COLOUR

CHARTS: dict[str, Callable[[Run, str, Theme], go.Figure]] = {
    "sizes": sizes.sizes,
    "profile": profile.profile,
    "rate": lambda run, by, look: response.response(run, by, "forward_order_rate", look),
    "revenue": lambda run, by, look: response.response(run, by, "forward_revenue", look),
    "map": customer_map.customer_map,
    "stability": lambda run, by, look: candidates.candidates(run, by, "stability", look),
    "distinctness": distinctness.distinctness,
    "overlap": lambda run, by, look: overlap.overlap(run, look=look),
}
COLOUR = re.compile(r'"(#[0-9A-Fa-f]{3,8}|rgba?\([^"]*\)|hsl[^"]*)"')
EVERY = pytest.mark.parametrize("name", CHARTS)
BOTH = pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)


@EVERY
@BOTH
@pytest.mark.parametrize("by", ["kmeans", "rules"])
def test_axes_are_named_and_the_title_states_a_finding(run: Run, name: str, by: str, look: Theme) -> None:
    shown = CHARTS[name](run, by, look)
    for one in (shown.layout.xaxis, shown.layout.yaxis):
        assert one.title.text
    assert len(shown.layout.title.text) > 20
    assert shown.layout.showlegend is False


@EVERY
@BOTH
def test_every_colour_is_the_themes_or_a_segments(small: Run, name: str, look: Theme) -> None:
    text = CHARTS[name](small, "kmeans", look).to_json()
    allowed = {c.lower() for c in (*look.colours, *COLOURS, UNASSIGNED_COLOUR)}
    assert {c.lower() for c in COLOUR.findall(text)} <= allowed


@EVERY
def test_paper_is_transparent_and_text_follows_the_ground(run: Run, name: str) -> None:
    for look in (LIGHT, DARK):
        layout = CHARTS[name](run, "kmeans", look).layout
        assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert layout.font.color == look.ink


@EVERY
@pytest.mark.parametrize("by", ["kmeans", "rules", "hdbscan"])
def test_a_chart_is_drawn_of_whatever_there_is(run: Run, small: Run, silent: Run, name: str, by: str) -> None:
    for each in (run, small, silent):
        CHARTS[name](each, by, LIGHT).to_json()


@EVERY
def test_a_name_is_never_markup(run: Run, name: str) -> None:
    old = run.segmentation("kmeans")
    evil = '<a href="javascript:1">x</a> & <b>'
    segments = tuple(replace(s, name=f"{evil}{s.rank}") for s in old.segments)
    bad = replace(
        run, segmentations=tuple(replace(old, segments=segments) if s is old else s for s in run.segmentations)
    )
    assert "<a" not in CHARTS[name](bad, "kmeans", LIGHT).to_json().replace("\\u003c", "<")


def test_segments_keep_their_colour_and_symbol(run: Run) -> None:
    segmentation = run.segmentation("rules")
    by_id = {s.id: s for s in segmentation.segments}
    bars = sizes.sizes(run, "rules").data[0]
    assert list(bars.marker.color) == [by_id[i].colour for i in bars.y]
    assert bars.marker.color[-1] == UNASSIGNED_COLOUR
    points = distinctness.distinctness(run, "rules").data[-1]
    assert list(points.marker.symbol) == [by_id[i].symbol for i in points.y]


@pytest.mark.parametrize(("quick", "kind"), [(10**6, go.Scatter), (10, go.Scattergl)])
def test_the_map_travels_as_float32_and_names_its_segments(
    run: Run, quick: int, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_map, "QUICK", quick)
    shown = customer_map.customer_map(run, "kmeans")
    assert all(isinstance(t, kind) for t in shown.data)
    assert all(np.asarray(t.x).dtype == np.float32 for t in shown.data)
    assert len(shown.layout.annotations) == 6
    assert sum(len(t.x) for t in shown.data) == len(run.embedding)


def test_the_heat_table_is_neutral_at_same_as_everyone(run: Run) -> None:
    heat = profile.profile(run, "kmeans").data[0]
    assert (heat.zmin, heat.zmid, heat.zmax) == (-1, 0, 1)
    assert heat.colorscale[1] == (0.5, LIGHT.middle)
    assert np.asarray(heat.z).shape == (profile.FEATURES_SHOWN, 6)


def test_twelve_heads_stand_side_by_side_in_the_heat_table(run: Run) -> None:
    segmentation = run.segmentation("kmeans")
    name = "Long-standing frequent big spenders"
    more = [Segment(f"x{i}", f"{name} {i}", "", 0, 0.0, 9) for i in range(12 - len(segmentation.placed))]
    many = replace(segmentation, segments=(*segmentation.segments, *more))
    drawn = profile.profile(replace(run, segmentations=(many, *run.segmentations[1:])), "kmeans")
    heads = [line for head in drawn.layout.xaxis.ticktext for line in head.split("<br>")]
    assert len(drawn.layout.xaxis.ticktext) == 12
    assert max(map(len, heads)) <= 10


def test_words_at_the_ends_of_bars_are_not_shrunk(run: Run) -> None:
    assert {bar.constraintext for bar in sizes.sizes(run, "kmeans").data} == {"none"}


def test_chance_is_a_bar_behind_each_dot(run: Run) -> None:
    chance, points = distinctness.distinctness(run, "kmeans").data
    assert (list(chance.base), chance.marker.color) == ([0.46] * 6, LIGHT.band)
    assert list(chance.y) == list(points.y)


def test_a_value_stands_on_the_ground_clear_of_names_and_lines(run: Run) -> None:
    shown = response.response(run, "kmeans")
    points = shown.data[-1]
    values = [a for a in shown.layout.annotations if a.yref != "paper"]
    assert [a.text for a in values] == list(points.text)
    assert {a.bgcolor for a in values} == {LIGHT.ground}
    assert shown.layout.xaxis.range[0] < 0 < min(points.x)


@pytest.mark.parametrize(("values", "anchor", "below"), [
    ([1, 2, 3], "right", False), ([3, 2, 1], "left", False), ([3, 1, 2], "center", True), ([1, 3, 2], "right", False),
])  # fmt: skip
def test_the_number_used_is_named_where_the_line_does_not_pass(values: list[float], anchor: str, below: bool) -> None:
    note = candidates._used([2, 3, 4], values, 1, LIGHT)
    assert (note["xanchor"], note["yshift"] < 0) == (anchor, below)


def test_what_is_not_told_is_hatched_and_not_zero(small: Run) -> None:
    strip, points = response.response(small, "kmeans").data
    assert strip.marker.pattern.shape == "/"
    assert sorted(strip.text) == ["too few to show", "withheld"]
    assert "wholesale" not in list(points.y)


def test_the_null_is_a_band_and_the_number_used_is_marked(run: Run) -> None:
    shown = candidates.candidates(run, "kmeans", "stability")
    assert shown.data[1].fill == "tonexty"
    used = [symbol for symbol, k in zip(shown.data[2].marker.symbol, shown.data[2].x, strict=True) if k == 6]
    assert used == ["diamond"]
    assert (shown.layout.shapes[0].x0, shown.layout.shapes[0].x1) == (4.6, 8.4)


def test_an_unknown_theme_is_light() -> None:
    assert theme(None) is LIGHT
    assert theme("dark") is DARK
    assert figure("A finding of 1", LIGHT, 300).layout.height == 300
