"""The page Breakdowns without a browser: every view, its tables, its links, and what it says where data lack."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from discovery.core.run import Run
from tests.breakdown_factory import broken_down_run
from tests.dashboard.conftest import PAGES
from tests.dashboard.test_pages import charts, text

Open = Callable[..., AppTest]
#: What a view is in its link, and the charts it has.
VIEWS = {
    "view=Geography": 3,
    "view=Geography&map=US states": 3,
    "view=Geography&map=Points": 3,
    "view=Geography&map=Points in the US": 3,
    "view=Order value": 3,
    "view=Engagement": 3,
    "view=RFM": 4,
    "view=RFM&scores=Thirds, 1 to 3": 4,
    "view=Any two": 1,
    "view=Any two&rows=region&columns=drink (asked)": 1,
}
EVERY = pytest.mark.parametrize("view", VIEWS)


@pytest.fixture(scope="module")
def store() -> Run:
    return broken_down_run()


@pytest.fixture
def at(open_app: Open, store: Run) -> Callable[..., AppTest]:
    """Return a function that opens a view by its link."""

    def opened(view: str = "", run: Run = store, **more: str) -> AppTest:
        query = dict(part.split("=", 1) for part in view.split("&") if part)
        return open_app("breakdowns", kept=(run,), **query, **more)

    return opened


@EVERY
def test_every_view_has_a_table_under_every_chart(at: Open, view: str) -> None:
    app = at(view)
    assert not app.exception
    assert len(charts(app)) == text(app).count("The numbers as a table") == VIEWS[view]
    assert all(len(c.proto.alt) > 30 for c in charts(app))
    assert text(app).count("<h1>") == 1
    assert "nan" not in re.sub(r"<[^>]*>", " ", text(app)).lower().split()


@EVERY
def test_every_view_answers_for_one_segment_and_for_any_measure(at: Open, view: str) -> None:
    key = "colour" if "RFM" in view else "measure"
    app = at(view, **{key: "Share of customers", "whose": "Lapsing regulars"})
    assert not app.exception
    assert len(charts(app)) == VIEWS[view]
    assert next(s for s in app.selectbox if s.label == "What to measure").value == "Share of customers"
    assert "Any two" in view or "of revenue of “Lapsing regulars” comes from" in text(app)


@EVERY
def test_no_customer_no_answer_of_one_and_no_raw_name(at: Open, view: str) -> None:
    app = at(view)
    shown = text(app) + "".join(c.proto.spec for c in charts(app))
    assert not re.search(r"\bc0000\d\d\b", shown)
    assert "jane" not in shown.lower()
    assert not re.search(r"\b(aov_band|orders_90d|engagement_tier|revenue_365d|property_drink)\b", text(app))


def test_the_answer_is_what_pandas_says(at: Open, store: Run) -> None:
    values = store.table.values
    spent = values.groupby("aov_band")["revenue"].sum() / values["revenue"].sum()
    share = (values["aov_band"] == spent.idxmax()).mean()
    answer = f"<h1>{spent.max():.1%} of revenue comes from {share:.1%} of customers: average order value band"
    assert answer in text(at("view=Order value"))


def test_maps_take_their_outlines_from_here(at: Open) -> None:
    for view in VIEWS:
        if "Geography" in view:
            assert '"topojsonURL": "app/static/topojson/"' in charts(at(view))[0].proto.config


def test_choosing_leads_where_the_link_does(at: Open) -> None:
    app = at()
    app.segmented_control[0].set_value("RFM").run()
    next(s for s in app.selectbox if s.label == "Whose").set_value("Lapsing regulars").run()
    assert "of revenue of “Lapsing regulars” comes from" in text(app)
    assert text(app) == text(at("view=RFM", whose="Lapsing regulars"))


@pytest.mark.parametrize(
    "query", ["view=nowhere", "measure=<script>", "whose=nobody", "view=Any two&rows=x", "map=Mars"]
)
def test_a_link_to_nothing_shows_what_there_is(at: Open, query: str) -> None:
    app = at(query)
    assert not app.exception
    assert charts(app)
    assert "<script>" not in text(app)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        ("view=Geography&map=US states", "No customer&#x27;s state is known"),
        ("view=Geography&map=Points", "No customer&#x27;s latitude and longitude are known"),
        ("view=Order value", "The customers have no order values"),
        ("view=Engagement", "Neither orders nor e-mails are known"),
        ("view=RFM", "No orders are known"),
    ],
)
def test_what_the_data_lack_is_said_with_a_next_step(
    open_app: Open, runs: tuple[Run, ...], view: str, says: str
) -> None:
    app = open_app("breakdowns", kept=(runs[0],), **dict(part.split("=") for part in view.split("&")))
    assert not app.exception
    assert says in text(app)
    assert "source.columns" in text(app)
    assert not charts(app)
    assert app.segmented_control[0].label == "Break down by"


def test_an_empty_column_is_a_column_nobody_has(at: Open, store: Run) -> None:
    values = store.table.values.assign(country=None)
    app = at("view=Geography", replace(store, table=replace(store.table, values=values)))
    assert "No customer&#x27;s country is known" in text(app)


def test_too_few_show_no_rate(at: Open, store: Run) -> None:
    few = store.table.values["region"].eq("US-WY").sum()
    assert 0 < few < 10
    shown = text(at("view=Geography&map=US states"))
    row = next(r for r in shown.split("<tr>") if ">Wyoming<" in r)
    cells = ["Wyoming", str(few), f"{few / 600:.1%}", "too few to show", "—", str(few)]
    assert re.findall(r">([^<>]+)</td>", row) == cells


def test_names_and_answers_are_never_markup(at: Open, store: Run) -> None:
    evil = '<img src=x onerror="alert(1)">'
    old = store.segmentation("kmeans")
    bad = replace(old, segments=tuple(replace(s, name=f"{evil}{s.rank}") for s in old.segments))
    values = store.table.values.assign(property_drink=evil, city=evil)
    run = replace(
        store,
        segmentations=tuple(bad if s is old else s for s in store.segmentations),
        table=replace(store.table, values=values[[f.name for f in store.table.features]]),
    )
    for view in VIEWS:
        app = at(view, run, whose=f"{evil}0")
        assert not app.exception
        assert "<img" not in text(app)
        assert "<img" not in "".join(c.proto.spec for c in charts(app)).replace("\\u003c", "<")


def test_a_refused_segmentation_says_why(at: Open) -> None:
    assert "HDBSCAN found no segments among 600 customers" in text(at(by="HDBSCAN"))


def test_the_page_does_no_arithmetic() -> None:
    tree = ast.parse((PAGES / "breakdowns.py").read_text("utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.AugAssign | ast.UnaryOp)
                and not isinstance(getattr(node, "op", None), ast.Not)]  # fmt: skip
