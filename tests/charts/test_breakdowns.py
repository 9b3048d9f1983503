"""Breakdowns: the numbers against pandas, what must not be shown by linear algebra, and the pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.proportion import proportion_confint

from discovery.charts import broken_down, crossed, geography, groups, measures, rfm_grid
from discovery.charts.format import TOO_FEW, WITHHELD
from discovery.charts.small_cells import hidden
from discovery.charts.subtraction import hidden_cells
from discovery.charts.theme import DARK, LIGHT, Theme
from discovery.core.run import Run
from tests.breakdown_factory import broken_down_run

OUTLINES = Path(__file__).parents[2] / "static" / "topojson"
COUNTS = arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.sampled_from([0, 3, 9, 10, 40]))
SEGMENT = "wholesale"


@pytest.fixture(scope="module")
def store() -> Run:
    return broken_down_run()


def measure(run: Run, name: str) -> measures.Measure:
    return next(m for m in measures.measures(run) if m.name == name)


def crossing(run: Run, rows: str, of: str = "ordered", columns: str = groups.SEGMENT) -> crossed.Crossing:
    pair = [groups.grouped(run, "kmeans", name) for name in (rows, columns)]
    return crossed.cross(run, pair[0], pair[1], measure(run, of))


def known_by_subtraction(words: np.ndarray) -> set[tuple[int, int]]:
    """Return the hidden cells whose number follows from the shown ones: those the equations of the table determine."""
    cells = [(int(i), int(j)) for i, j in np.argwhere(words != "")]
    rows, columns = words.shape
    equations = np.zeros((rows + columns, len(cells)))
    for k, (i, j) in enumerate(cells):
        equations[i, k] = -1 if j == columns - 1 else 1
        equations[rows + j, k] = -1 if i == rows - 1 else 1
    _, sizes, directions = np.linalg.svd(equations)
    free = directions[int((sizes > 1e-9).sum()) :]
    return {cell for k, cell in enumerate(cells) if np.abs(free[:, k]).max(initial=0.0) < 1e-9}


@given(COUNTS)
def test_no_cell_too_small_follows_from_what_is_shown(counts: np.ndarray) -> None:
    words = hidden_cells(counts)
    if counts.sum() < 10:
        return
    small = {(int(i), int(j)) for i, j in np.argwhere(words == TOO_FEW)}
    assert not small & known_by_subtraction(words)
    inner = words[:-1, :-1]
    assert (inner[(counts > 0) & (counts < 10)] == TOO_FEW).all()
    assert (inner[counts == 0] == "").all()
    assert words[-1, -1] == ""


@given(COUNTS)
def test_nothing_is_hidden_where_no_cell_and_no_total_is_small(counts: np.ndarray) -> None:
    plenty = np.where(counts, counts + 10, 0)
    assert (hidden_cells(plenty) == "").all()


def test_totals_agree_with_a_list_of_groups() -> None:
    words = hidden_cells(np.array([[100, 40], [3, 1], [50, 60]]))
    assert words[:-1, -1].tolist() == [hidden({"0": 140, "1": 4, "2": 110}).get(str(i), "") for i in range(3)]


def test_totals_are_given_up_last() -> None:
    words = hidden_cells(np.array([[200, 4, 0], [300, 50, 70], [400, 60, 80]]))
    assert (words[-1] == "").all()
    assert (words[:, -1] == "").all()
    assert words[0].tolist() == [WITHHELD, TOO_FEW, "", ""]


@pytest.mark.parametrize(("of", "column"), [("revenue", "revenue_365d"), ("aov", "average_order_value")])
def test_every_shown_cell_is_the_mean_of_its_customers(store: Run, of: str, column: str) -> None:
    c = crossing(store, "region", of)
    values = store.table.values.assign(segment=store.segmentation("kmeans").labels)
    expected = values.groupby(["region", "segment"])[column].agg(["mean", "count"])
    shown = 0
    for row in crossed.crossed_data(c).to_dict("records"):
        if row["row"] in ("", groups.MISSING) or not row["column"] or not row["n"]:
            continue
        truth = expected.loc[(row["row"], row["column"])]
        assert row["n"] == truth["count"]
        assert row["state"] == TOO_FEW if truth["count"] < 10 else row["state"] in ("", WITHHELD)
        if not row["state"]:
            shown += 1
            assert row["value"] == pytest.approx(truth["mean"])
            assert row["low"] <= row["value"] <= row["high"]
        else:
            assert np.isnan([row["value"], row["low"], row["high"]]).all()
    assert shown > 8


def test_rates_carry_wilson_intervals(store: Run) -> None:
    c = crossing(store, "aov_band")
    ordered = (store.table.values["orders_90d"] > 0).groupby(store.table.values["aov_band"])
    for i, group in enumerate(c.rows.groups):
        hits, n = ordered.sum()[group.id], ordered.size()[group.id]
        assert c.value[i, -1] == pytest.approx(hits / n)
        assert (c.low[i, -1], c.high[i, -1]) == pytest.approx(proportion_confint(hits, n, method="wilson"))


@pytest.mark.parametrize("of", ["ordered", "revenue", "customers"])
def test_customers_add_up_and_turning_the_table_hides_the_same(store: Run, of: str) -> None:
    one, other = crossing(store, "region", of), crossing(store, groups.SEGMENT, of, columns="region")
    assert one.customers[:-1, :-1].sum() == one.customers[-1, -1] == len(store.table)
    assert (one.customers == other.customers.T).all()
    if of != "customers":
        assert (one.state == other.state.T).all()
        assert (one.state == TOO_FEW).any()


def test_share_of_customers_is_of_the_row(store: Run) -> None:
    c = crossing(store, "aov_band", "customers")
    assert c.value[:, :-1].sum(axis=1) == pytest.approx(1)
    line = broken_down.broken_down_data(c)
    assert line["value"].sum() == pytest.approx(1)
    assert line["low"].isna().all()
    assert (line["n"] == line["customers"]).all()
    members = broken_down.broken_down_data(c, "lapsed").set_index("group")
    band = store.table.values["aov_band"] == "low"
    assert members.loc["low", "value"] == pytest.approx((store.segmentation("kmeans").labels[band] == "lapsed").mean())


def test_what_is_counted_has_no_interval_to_point_at(store: Run) -> None:
    dots = broken_down.broken_down(crossing(store, "aov_band", measures.CUSTOMERS))
    assert all(hover.endswith("95% interval —") for hover in dots.data[-1].customdata)


def test_what_is_cut_away_brings_nothing_hidden_back(store: Run) -> None:
    c = crossing(store, "region")
    few = crossed.largest(c, 2)
    assert [g.id for g in few.rows.groups] == ["US-CA", "US-NY"]
    assert few.state.shape == (3, 3)
    assert set(few.state[few.state != ""]) <= set(c.state[c.state != ""])
    states = crossed.only(c, geography.states(c.rows))
    assert [g.id for g in states.rows.groups] == ["US-CA", "US-NY", "US-TX", "US-WY"]
    assert states.value[-1, -1] == c.value[-1, -1]


def test_revenue_shares_are_of_all_revenue(store: Run) -> None:
    c = crossed.cross(
        store,
        groups.grouped(store, "kmeans", "aov_band"),
        groups.grouped(store, "kmeans", groups.SEGMENT),
        measures.revenue(store),
    )
    data = broken_down.shares_data(c).set_index("group")
    spent = store.table.values.groupby("aov_band")["revenue"].sum()
    assert data["share"].sum() == pytest.approx(1)
    assert data["revenue_share"].to_dict() == pytest.approx((spent / spent.sum()).to_dict())
    assert broken_down.shares_title(c).startswith("Least revenue for its size: Low, ")


def test_without_revenue_shares_claim_nothing(store: Run) -> None:
    keep = [f for f in store.table.features if f.unit != "money"]
    poor = replace(store, table=store.table.only(f.name for f in keep))
    pair = [groups.grouped(poor, "kmeans", name) for name in ("rfm_group", groups.SEGMENT)]
    c = crossed.cross(poor, pair[0], pair[1], measures.revenue(poor))
    assert broken_down.shares_data(c)["revenue_share"].isna().all()
    assert len(broken_down.shares(c).data) == 1
    assert "Revenue is not known" in broken_down.shares_title(c)
    assert "nan" not in broken_down.shares_table(c).to_string().lower()


def test_an_answer_few_gave_names_nobody(store: Run) -> None:
    drink = groups.grouped(store, "kmeans", "property_drink")
    assert sorted(g.name for g in drink.groups) == ["Coffee", "Not answered", "Other values", "Tea"]
    assert [drink.groups[i].name for i in drink.codes[:3]] == ["Other values", "Other values", "Not answered"]
    text = crossed.crossed_table(crossing(store, "property_drink")).to_string()
    assert "jane" not in text.lower()


def test_every_customer_is_in_one_group_of_every_grouping(store: Run) -> None:
    for name in groups.groupings(store):
        grouping = groups.grouped(store, "rules", name)
        assert np.bincount(grouping.codes, minlength=len(grouping.groups)).sum() == len(store.table)
        assert grouping.codes.min() >= 0
        assert len({g.id for g in grouping.groups}) == len(grouping.groups)


def test_bands_say_what_they_hold(store: Run) -> None:
    cuts = {**store.table.cutoffs, "f_quintile": (1.0, 1.0, 2.0, 4.0), "r_quintile": (30.0, 60.0, 90.0, 200.0)}
    run = replace(store, table=replace(store.table, cutoffs={**cuts, "aov_band": (20.0, 30.0, 150.0)}))
    said = {name: [g.about for g in groups.grouped(run, "kmeans", name).groups] for name in cuts}
    assert said["aov_band"] == ["up to £20.00", "£20.00 to £30.00", "£30.00 to £150", "above £150"]
    assert said["f_quintile"] == ["up to 1 order", "nobody (ties)", "2 orders", "3 to 4 orders", "above 4 orders"]
    # The best recency score is of the fewest days.
    assert said["r_quintile"] == ["above 200 days", "91 to 200 days", "61 to 90 days", "31 to 60 days", "up to 30 days"]


def test_who_may_be_mailed_has_consent_and_is_not_suppressed() -> None:
    found = next(m for m in measures.MEASURES if m.name == "consent")
    values = pd.DataFrame(
        {
            "consent_email": ["subscribed", "subscribed", "never", None],
            "suppressed": pd.array([False, True, False, None], dtype="object"),
        }
    )
    assert found.read(values).tolist() == [1, 0, 0, 0]


def test_what_came_after_the_date_is_measured_where_it_was_seen(store: Run) -> None:
    ids = store.table.values.index
    after = pd.DataFrame({"responded": [n % 3 == 0 for n in range(len(ids))], "revenue_after": 5.0}, index=ids)
    run = replace(store, responses=after)
    assert measure(run, "responded").values(run).mean() == after["responded"].mean()
    assert {m.name for m in measures.measures(run)} - {m.name for m in measures.measures(store)} == set(after)


def test_a_measure_is_offered_only_where_the_table_holds_it(store: Run) -> None:
    assert [m.name for m in measures.measures(store)] == [
        "ordered", "revenue", "aov", "clicked", "discount", "customers"
    ]  # fmt: skip


def test_no_place_is_one_customers_home(store: Run) -> None:
    at = geography.places(store)
    sizes = dict(zip((g.id for g in at.grouping.groups), np.bincount(at.grouping.codes), strict=True))
    assert all(sizes[i] >= 10 for i in at.middles)
    # Wyoming's few stand in the group that is not drawn, those without a point in another.
    few = store.table.values["region"].eq("US-WY").sum()
    assert 0 < few < 10
    assert sizes[groups.OTHER] == few
    assert sizes[groups.MISSING] == store.table.values["latitude"].isna().sum()
    c = crossed.cross(store, at.grouping, groups.grouped(store, "kmeans", groups.SEGMENT), measure(store, "ordered"))
    drawn = geography.points_data(c, at)
    assert drawn["customers"].sum() + few + sizes[groups.MISSING] == len(store.table)
    assert np.hypot(drawn["latitude"] - 34.5, drawn["longitude"] + 118.5).min() < 0.05


def test_places_of_the_us_are_told_by_country(store: Run) -> None:
    at = geography.places(store)
    assert at.american == set(at.middles)


def test_every_outline_that_is_drawn_is_in_the_files_served() -> None:
    files = {name: json.loads((OUTLINES / f"{name}_110m.json").read_text("utf-8")) for name in ("world", "usa")}
    countries = {g["id"] for g in files["world"]["objects"]["countries"]["geometries"]}
    states = {g["id"] for g in files["usa"]["objects"]["subunits"]["geometries"]}
    assert {geography.location(c, "world") for c in ("US", "GB", "DE", "NA", "TW", "ZA")} <= countries
    assert {geography.location(f"US-{s}", "usa") for s in ("CA", "NY", "DC", "AK", "HI")} <= states
    assert len(states) == 51
    assert geography.location("CA-ON", "usa") == geography.location("(none)", "world") == ""
    assert "Permission is hereby granted" in (OUTLINES / "LICENSE").read_text("utf-8")


def test_a_map_marks_what_it_may_not_show(store: Run) -> None:
    shown = geography.outlines(crossing(store, "region"), scope="usa")
    coloured, crosses = shown.data
    assert "WY" in list(crosses.locations)
    assert not set(coloured.locations) & set(crosses.locations)
    assert shown.layout.geo.scope == "usa"


@pytest.mark.parametrize("kind", rfm_grid.SCORES)
def test_whoever_has_ordered_is_in_a_cell_of_the_grid(store: Run, kind: str) -> None:
    at = rfm_grid.grid(store, "kmeans", kind)
    c = crossed.cross(store, at.cells, groups.grouped(store, "kmeans", groups.SEGMENT), measure(store, "revenue"))
    data = rfm_grid.rfm_grid_data(c, at)
    assert data["customers"].sum() == (store.table.values["orders"] > 0).sum()
    assert len(data) == len(at.recency) * len(at.frequency)
    r, f = rfm_grid.SCORES[kind]
    best = store.table.values.query(f"{r} == {r}.max() and {f} == {f}.max()")
    first = data.iloc[0]
    assert first["customers"] == len(best)
    if not first["state"]:
        assert first["value"] == pytest.approx(best["revenue_365d"].mean())
    assert rfm_grid.scores(store) == tuple(rfm_grid.SCORES)


def pictures(run: Run, of: str, who: str, look: Theme) -> dict[str, go.Figure]:
    at, grid = geography.places(run), rfm_grid.grid(run, "kmeans", "Fifths, 1 to 5")
    segments = groups.grouped(run, "kmeans", groups.SEGMENT)
    by = {n: crossing(run, n, of) for n in ("country", "region", "aov_band", "property_drink")}
    placed, cells = (crossed.cross(run, g, segments, measure(run, of)) for g in (at.grouping, grid.cells))
    brought = crossed.cross(run, groups.grouped(run, "kmeans", "rfm_group"), segments, measures.revenue(run))
    return {
        "world": geography.outlines(by["country"], who, "world", look),
        "states": geography.outlines(by["region"], who, "usa", look),
        "points": geography.points(placed, at, who, "world", look),
        "rates": broken_down.broken_down(by["aov_band"], who, look),
        "shares": broken_down.shares(brought, who, look),
        "heat": crossed.crossed(by["property_drink"], look),
        "grid": rfm_grid.rfm_grid(cells, grid, who, look),
    }


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
@pytest.mark.parametrize("of", ["ordered", "revenue", "customers"])
@pytest.mark.parametrize("who", ["", SEGMENT])
def test_pictures_state_a_finding_in_the_themes_colours(store: Run, of: str, who: str, look: Theme) -> None:
    pale = geography.mixed(look.middle, look.accent, 0.22)
    allowed = {c.lower() for c in (*look.colours, pale)}
    for name, shown in pictures(store, of, who, look).items():
        text = shown.to_json()
        assert len(shown.layout.title.text) > 20, name
        assert "nan" not in shown.layout.title.text
        used = {c.lower() for c in re.findall(r'"(#[0-9A-Fa-f]{6}|rgba?\([^"]*\))"', text)}
        assert used <= allowed, name
        assert "http" not in text


def test_a_name_is_never_markup(store: Run) -> None:
    evil = '<a href="javascript:1">x</a>'
    old = store.segmentation("kmeans")
    named = replace(old, segments=tuple(replace(s, name=f"{evil}{s.rank}") for s in old.segments))
    values = store.table.values.assign(property_drink=evil)
    bad = replace(store, segmentations=(named,), table=replace(store.table, values=values))
    for shown in pictures(bad, "customers", SEGMENT, LIGHT).values():
        assert "<a" not in shown.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize(
    "say", [broken_down.broken_down_title, broken_down.shares_title, lambda c: crossed.crossed_title(c)]
)
def test_a_few_customers_are_no_finding(store: Run, say: Callable[[crossed.Crossing], str]) -> None:
    keep = store.table.values.index[:8]
    old = store.segmentation("kmeans")
    sizes = old.labels[keep].value_counts()
    few = replace(
        store,
        table=replace(store.table, values=store.table.values.loc[keep]),
        segmentations=(
            replace(
                old,
                labels=old.labels[keep],
                strength=old.strength[keep],
                segments=tuple(replace(s, size=int(sizes.get(s.id, 0)), share=0.1) for s in old.segments),
            ),
        ),
    )
    c = crossing(few, "aov_band", "revenue")
    assert set(c.state[c.n > 0]) == {TOO_FEW}
    assert "too few" in say(c)
