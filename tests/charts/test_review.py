"""The charts of a review: numbers by numbers, then pictures: named axes, fixed colours, text that is safe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.charts import drift, exchange, movement, rates
from discovery.charts.before_now import before_now
from discovery.charts.checks import checks_data
from discovery.charts.decisions import ORDER, decisions_data, decisions_title
from discovery.charts.format import difference
from discovery.charts.reviewed import OTHERS, places, reviewed
from discovery.charts.theme import DARK, LIGHT, Theme
from discovery.core.review import DRIFT_COLUMNS, ENTRANTS, LEAVERS, RATE_COLUMNS, Action, Movement, Review
from discovery.core.segment_look import COLOURS, UNASSIGNED_COLOUR
from tests.review_factory import BORN, example_review
from tests.run_factory import with_small_segment

REVIEW, _, NOW = example_review()
ORDERED = rates.measures(REVIEW)[0]
CHARTS: dict[str, Callable[[Review, Theme], go.Figure]] = {
    "movement": lambda review, look: movement.movement(review, look),
    "frozen": lambda review, look: movement.movement(review, look, "frozen"),
    "exchange": lambda review, look: exchange.exchange(review, "discount", look),
    "share": lambda review, look: rates.rates(review, ORDERED, look),
    "money": lambda review, look: rates.rates(review, rates.measures(REVIEW)[1], look),
    "campaign": lambda review, look: rates.rates(review, rates.measures(REVIEW)[2], look),
    "drift": lambda review, look: drift.drift(review, NOW, look),
}
EVERY = pytest.mark.parametrize("name", CHARTS)
BOTH = pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
COLOUR = re.compile(r'"(#[0-9A-Fa-f]{3,8}|rgba?\([^"]*\)|hsl[^"]*)"')


def bare() -> Review:
    """A review of which nothing is known: nobody moved, nothing was measured."""
    ids = [s.segment_id for s in REVIEW.segments]
    nobody = pd.DataFrame(0, index=[*ids, ENTRANTS], columns=[*ids, LEAVERS])
    return replace(
        REVIEW,
        movement=Movement(nobody, nobody, 0, 0, 0, 0),
        rates=pd.DataFrame(columns=list(RATE_COLUMNS)),
        drift=pd.DataFrame(columns=list(DRIFT_COLUMNS)),
        flows=(),
        summary=(),
    )


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundaries", ["fresh", "frozen"])
def test_movement_holds_every_customer_once(boundaries: movement.Boundaries) -> None:
    data = movement.movement_data(REVIEW, boundaries)
    assert data["customers"].sum() == len(REVIEW.customers)
    before = data[data["kind"] != "came"].groupby("before_id")["customers"].sum()
    assert before.to_dict() == {s.segment_id: s.size_before for s in REVIEW.segments if s.size_before}
    shares = data.groupby("before_id")["share_of_before"].sum()
    assert np.allclose(shares, 1)


def test_movement_now_adds_up_to_the_sizes_of_now() -> None:
    data = movement.movement_data(REVIEW)
    now = data[data["kind"] != "left"].groupby("now_id")["customers"].sum()
    assert now.to_dict() == {s.segment_id: s.size_now for s in REVIEW.segments}


@pytest.mark.parametrize("segment_id", [s.segment_id for s in REVIEW.segments])
def test_who_came_less_who_went_is_the_change_of_size(segment_id: str) -> None:
    data = exchange.exchange_data(REVIEW, segment_id)
    found = REVIEW.segment(segment_id)
    assert data["came"].sum() - data["went"].sum() == found.size_now - found.size_before


def test_what_needs_doing_stands_first() -> None:
    actions = [Action(a) for a in decisions_data(REVIEW)["action"]]
    assert actions == sorted(actions, key=ORDER.index)
    assert decisions_title(REVIEW) == (
        "Seven segments: retire one, merge one, redefine one, watch one and keep two; one is too small to tell"
    )
    only = replace(REVIEW, segments=REVIEW.with_action(Action.TOO_SMALL_TO_TELL))
    assert decisions_title(only) == "One segment: one is too small to tell"


def test_too_few_customers_show_no_rate_and_cannot_be_had_by_subtraction() -> None:
    data = rates.rates_data(REVIEW, measure=ORDERED).set_index("segment_id")
    assert REVIEW.segment("wholesale").size_now == 9
    assert data.loc["wholesale", "state_now"] == "too few to show"
    assert data.loc[BORN, "state_now"] == "withheld"
    assert data.loc[["wholesale", BORN], ["now", "now_low", "now_high", "change"]].isna().all(axis=None)
    assert data.loc["wholesale", "state_before"] == "shown"
    shown = rates.rates_table(REVIEW, ORDERED).set_index("Segment").loc["Wholesale-like baskets"]
    assert (shown["Now"], shown["Change"], shown["n now"]) == ("too few to show", "—", "9")


def test_hiding_does_not_depend_on_which_rows_are_asked_for() -> None:
    everything = rates.rates_data(REVIEW)
    for s in REVIEW.segments:
        mine = everything[everything["segment_id"] == s.segment_id]
        alone = rates.rates_data(REVIEW, s.segment_id)
        assert alone["state_now"].tolist() == mine["state_now"].tolist()


def test_what_was_not_measured_is_not_a_zero() -> None:
    campaign = rates.measures(REVIEW)[2]
    data = rates.rates_data(REVIEW, measure=campaign)
    assert set(data["state_before"]) == {"not measured", "nobody in it"}
    assert data["change"].isna().all()
    assert rates.rates_title(REVIEW, campaign).endswith("before and now cannot be compared")


def test_a_title_names_only_a_change_that_is_clear_of_chance() -> None:
    data = REVIEW.rates.copy()
    mine = data["measure"] == ORDERED.measure
    data.loc[mine, ["change_low", "change_high"]] = [-1.0, 1.0]
    assert rates.rates_title(replace(REVIEW, rates=data), ORDERED).endswith("no segment's change is clear of chance")
    one = mine & (data["segment_id"] == "lapsed")
    data.loc[one, ["before", "now", "change", "change_low", "change_high"]] = [0.3, 0.2, -0.1, -0.15, -0.05]
    title = rates.rates_title(replace(REVIEW, rates=data), ORDERED)
    assert title.endswith("Lapsed one-time buyers of the Christmas season fell from 30.0% to 20.0%")


@given(st.floats(-1e6, 1e6), st.sampled_from(["share", "money", "customers", "days", ""]))
def test_a_change_carries_its_sign(value: float, unit: str) -> None:
    text = difference(value, unit, "GBP")
    assert not text.startswith("+" if value < 0 else "−")
    assert difference(0.0, unit, "GBP")[0] not in "+−"


def test_drift_stands_furthest_beyond_its_limit_first() -> None:
    data = drift.drift_data(REVIEW, NOW)
    assert len(data) == len(REVIEW.drift)
    assert (data["psi"] / data["limit"]).is_monotonic_decreasing
    assert set(data["label"]) <= {f.label for f in NOW.table.features}


def test_a_median_of_few_customers_is_not_told() -> None:
    few = REVIEW.drift.assign(n_now=9)
    data = drift.drift_data(replace(REVIEW, drift=few), NOW)
    assert data[["before", "now"]].isna().all(axis=None)


def test_checks_hide_what_the_scorecard_hides() -> None:
    data = checks_data(with_small_segment(NOW), "kmeans").set_index(["segment_id", "check"])
    hidden = data.loc[("wholesale", "forward_order_rate")]
    assert np.isnan(hidden["value"])
    assert hidden["reason"] == "Too few customers to show a number."
    assert data.loc[("wholesale", "size"), "n"] == 4


# --- pictures ---------------------------------------------------------------------------------------------------------


@EVERY
@BOTH
def test_every_colour_is_the_themes_or_a_segments(name: str, look: Theme) -> None:
    text = CHARTS[name](REVIEW, look).to_json()
    allowed = {c.lower() for c in (*look.colours, *COLOURS, UNASSIGNED_COLOUR)}
    assert {c.lower() for c in COLOUR.findall(text)} <= allowed


@EVERY
def test_axes_are_named_and_the_title_states_a_finding(name: str) -> None:
    shown = CHARTS[name](REVIEW, LIGHT)
    assert shown.layout.xaxis.title.text
    assert len(shown.layout.title.text) > 20
    assert shown.layout.showlegend is False


@EVERY
def test_a_name_is_never_markup(name: str) -> None:
    evil = '<a href="javascript:1">x</a> & <b>'
    bad = replace(REVIEW, segments=tuple(replace(s, name=f"{evil}{s.rank}") for s in REVIEW.segments))
    assert "<a" not in CHARTS[name](bad, LIGHT).to_json().replace("\\u003c", "<")


@EVERY
def test_a_chart_is_drawn_of_whatever_there_is(name: str) -> None:
    assert CHARTS[name](bare(), LIGHT).layout.title.text


def test_a_segment_keeps_its_colour_and_those_that_are_none_are_grey() -> None:
    assert [s.colour for s in reviewed(REVIEW)] == [COLOURS[s.rank] for s in REVIEW.segments]
    assert {s.colour for s in places(REVIEW, OTHERS)} == {UNASSIGNED_COLOUR}
    bars = exchange.exchange(REVIEW, "discount").data[0]
    colours = {s.id: s.colour for s in (*reviewed(REVIEW), *places(REVIEW, OTHERS))}
    assert list(bars.marker.color) == [colours[i] for i in bars.y]


def test_bands_are_as_wide_as_their_customers_are_many() -> None:
    figure = movement.movement(REVIEW)
    bands = [t for t in figure.data if t.fill == "toself"]
    data = movement.movement_data(REVIEW)
    assert len(bands) == len(data)
    widths = sorted(float(t.y[-1] - t.y[0]) for t in bands)
    expected = sorted(data["customers"] * movement._FLOW / data["customers"].sum())
    assert widths == pytest.approx(expected, abs=0.02)
    stayed = [t for t in bands if t.fillcolor == LIGHT.band]
    assert len(stayed) == data["kind"].isin(["stayed", "came"]).sum()


def test_nothing_on_one_side_of_the_movement_is_printed_over_another() -> None:
    for side in [t for t in movement.movement(REVIEW).data if t.mode == "markers+text"]:
        half = [movement._LINE * (text.count("<br>") + 1) / 2 for text in side.text]
        gaps = np.diff(np.asarray(side.y))
        assert all(gap >= a + b for gap, a, b in zip(gaps, half, half[1:], strict=False))


def test_intervals_are_drawn_before_and_now() -> None:
    dots = [t for t in rates.rates(REVIEW, ORDERED).data if t.mode == "markers"]
    data = rates.rates_data(REVIEW, measure=ORDERED)
    for trace, when in zip(dots, ("before", "now"), strict=True):
        shown = data[data[f"state_{when}"] == "shown"]
        assert np.asarray(trace.x) == pytest.approx(shown[when].to_numpy() * 100)
        assert np.asarray(trace.error_x.array) == pytest.approx((shown[f"{when}_high"] - shown[when]).to_numpy() * 100)


def test_what_fell_is_named_on_the_side_where_it_was_not_before() -> None:
    row = {
        "before_low": 0.4, "before_high": 0.6, "before": 0.5, "state_before": "shown", "state_now": "shown",
        "colour": COLOURS[0], "symbol": "circle",
    }  # fmt: skip
    data = pd.DataFrame(
        [
            {**row, "segment": "fell", "now": 0.45, "now_low": 0.43, "now_high": 0.47},
            {**row, "segment": "rose", "now": 0.7, "now_low": 0.65, "now_high": 0.75},
            {**row, "segment": "fell to nothing", "now": 0.0, "now_low": 0.0, "now_high": 0.02},
        ]
    )
    words = before_now(data, "A finding", "share, %", LIGHT, "share").data[2]
    assert list(words.textposition) == ["middle left", "middle right", "middle right"]
    assert list(words.x) == [43, 75, 2]


def test_all_too_small_is_said_once() -> None:
    small = replace(REVIEW, segments=tuple(replace(s, action=Action.TOO_SMALL_TO_TELL) for s in REVIEW.segments))
    assert decisions_title(small).startswith("All ")
    assert decisions_title(small).endswith(" segments are too small to tell")


def test_a_median_that_stays_is_not_written_as_if_nothing_drifted() -> None:
    rows = REVIEW.drift.assign(drifted=True, before=2.0, now=2.0)
    shown = [text for row in drift.drift(replace(REVIEW, drift=rows), NOW).data[0].text for text in row if text]
    assert shown
    assert all(text.startswith("still ") and text.endswith("<br>spread moved") for text in shown)


def test_only_what_drifted_is_written_into_the_heat_table() -> None:
    heat = drift.drift(REVIEW, NOW).data[0]
    drifted = drift.drift_data(REVIEW, NOW)
    drifted = drifted[drifted["drifted"] & drifted["feature"].isin(list(heat.y))]
    assert sum(bool(text) for row in heat.text for text in row) == len(drifted)
