"""Every page, run without a browser: what it says, and what it says when there is little to say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from discovery.charts import html, scorecard
from discovery.charts.theme import DARK, LIGHT
from discovery.core.run import Run
from discovery.core.segment import Segment, Segmentation, Structure
from discovery.dashboard import frame, words

Open = Callable[..., AppTest]
CHARTS = {"overview": 1, "segments": 2, "validate": 6, "merges": 4}
EVERY = pytest.mark.parametrize("page", CHARTS)


def text(app: AppTest) -> str:
    """Return everything a page shows as HTML, without the style sheet."""
    return "\n".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)


def charts(app: AppTest) -> list[object]:
    return list(app.get("plotly_chart"))


@EVERY
@pytest.mark.parametrize("by", ["KMeans", "Rules", "HDBSCAN"])
def test_every_page_runs_with_every_segmentation(open_app: Open, page: str, by: str) -> None:
    app = open_app(page, by=by)
    assert not app.exception
    assert not app.error
    assert "<h1>" in text(app)


@EVERY
def test_a_table_stands_under_every_chart(open_app: Open, page: str) -> None:
    app = open_app(page)
    assert len(charts(app)) == CHARTS[page]
    assert text(app).count("The numbers as a table") == CHARTS[page]


@EVERY
def test_every_chart_is_described_for_those_who_do_not_see_it(open_app: Open, page: str) -> None:
    for each in charts(open_app(page)):
        assert len(each.proto.alt) > 30


@EVERY
def test_the_business_question_comes_first(open_app: Open, runs: tuple[Run, ...], page: str) -> None:
    shown = text(open_app(page))
    assert runs[0].question_asked in shown.split("<h1>")[0]


@EVERY
def test_no_customer_and_no_raw_feature_name_is_shown(open_app: Open, page: str) -> None:
    app = open_app(page)
    shown = text(app) + "".join(c.proto.spec for c in charts(app))
    assert not re.search(r"\bc0000\d\d\b", shown)
    assert "@" not in re.sub(r"@media", "", shown)
    assert "days_since_last_order" not in text(app)


def test_overview_answers_how_many_and_whether_they_are_real(open_app: Open) -> None:
    app = open_app()
    shown = text(app)
    assert "<h1>Six segments from 600 customers; constructed, not discovered</h1>" in shown
    assert shown.count('class="sd-tile"') == 4
    assert "107,927" in shown
    assert "Alike enough to be one: “Lapsing regulars” and" in shown
    assert all(f"sd-{verdict}" in shown for verdict in ("PASS", "FAIL", "NOT_TESTED"))


def test_the_first_lines_are_words_and_how_it_was_measured_is_folded(open_app: Open, runs: tuple[Run, ...]) -> None:
    measured = runs[0].segmentation("kmeans").structure_reason
    for page in ("overview", "validate"):
        before, _, after = text(open_app(page)).partition("How this was measured")
        assert words.WORTH[Structure.CONSTRUCTED] in before.split('class="sd-tiles"')[0]
        assert html.text(measured) in after


def test_a_verdict_says_why_without_a_pointer(open_app: Open, runs: tuple[Run, ...]) -> None:
    shown = text(open_app()).partition("Why not all passed")[2].partition("</details>")[0]
    why = scorecard.reasons_table(runs[0], "kmeans")["Reason"]
    assert len(why)
    assert all(escape(reason) in shown for reason in why)


def test_where_there_is_no_run_a_link_leads_to_discover(open_app: Open) -> None:
    links = [link.proto.label for link in open_app(kept=()).get("page_link")]
    assert links == ["Go to Discover"]


def test_without_a_response_window_nothing_is_said_of_zero_days(open_app: Open, runs: tuple[Run, ...]) -> None:
    undated = replace(runs[2], horizon_days=0)
    for page in ("validate", "segments", "merges"):
        assert "0 days" not in re.sub(r"\d0 days", "", text(open_app(page, kept=(undated,))))
    assert words.NO_DATES in text(open_app("validate", kept=(undated,)))


def test_validate_filters_its_checks(open_app: Open) -> None:
    app = open_app("validate")
    table = [e.proto.body for e in app.get("html") if "sd-long" in e.proto.body and "<style" not in e.proto.body]
    app.segmented_control[0].set_value("Not passed").run()
    fewer = [e.proto.body for e in app.get("html") if "sd-long" in e.proto.body and "<style" not in e.proto.body]
    assert 'sd-chip sd-PASS"' in table[0]
    assert 'sd-chip sd-PASS"' not in fewer[0]


def test_segments_shows_one_closely_with_its_rule(open_app: Open) -> None:
    app = open_app("segments")
    chosen = next(s for s in app.selectbox if s.label == "Segment")
    app = chosen.set_value("frequent-full-price").run()
    assert not app.exception
    assert app.code[0].value == ("orders >= 4 AND days_since_last_order BETWEEN 0 AND 45 AND share_discounted < 0.2")
    assert "orders, ever of at least 4" in text(app)
    assert "91.0%" in text(app)


def test_a_segment_without_a_rule_says_so(open_app: Open) -> None:
    app = open_app("segments")
    app = next(s for s in app.selectbox if s.label == "Segment").set_value("wholesale").run()
    assert "No rule was induced for this segment." in text(app)


def test_too_few_customers_show_no_rate_and_no_revenue(open_app: Open, runs: tuple[Run, ...]) -> None:
    small = runs[1]
    rates = {
        f"{e.value:.1%}"
        for e in small.evidence
        if e.segmentation == "kmeans" and e.subject in (("wholesale",), ("frequent-full-price",))
        and e.check == "forward_order_rate"
    }  # fmt: skip
    app = open_app("validate", run=small.id)
    tables = "".join(t for t in text(app).split("<table")[1:])
    assert "too few to show" in tables
    assert "withheld" in tables
    assert not any(f">{r}<" in tables or f">{r} (" in tables for r in rates)
    app = open_app("segments", kept=(small,))
    app = next(s for s in app.selectbox if s.label == "Segment").set_value("wholesale").run()
    assert "Too few customers to describe" in text(app)


def test_without_a_forward_window_the_page_says_what_to_do(open_app: Open, runs: tuple[Run, ...]) -> None:
    app = open_app("validate", kept=(runs[2],))
    assert not app.exception
    assert len(charts(app)) == 4
    assert "--as-of DATE" in text(app)
    assert "how they respond was not tested" in text(app)


@EVERY
def test_a_refused_segmentation_says_why_and_what_next(open_app: Open, page: str) -> None:
    app = open_app(page, by="HDBSCAN")
    shown = text(app)
    assert "HDBSCAN found no segments among 600 customers" in shown
    assert "One group would hold 97.8% of the customers" in shown
    assert "Look at KMeans instead" in shown
    assert not charts(app)


@EVERY
@pytest.mark.parametrize(
    ("path", "kept", "title", "command"),
    [
        ("", None, "No workspace was given", "discovery run configs/demo.yaml --workspace demo"),
        ("nowhere", None, "The workspace cannot be opened.", "discovery run CONFIG --workspace nowhere"),
        ("W", (), "This workspace holds no run yet.", "discovery run CONFIG --workspace W"),
    ],
)
def test_where_there_is_nothing_the_page_says_how_to_begin(
    open_app: Open, page: str, path: str, kept: tuple[Run, ...] | None, title: str, command: str
) -> None:
    app = open_app(page, kept, path)
    assert not app.exception
    assert title in text(app)
    assert command in text(app)
    assert not charts(app)


@pytest.mark.parametrize("query", [{"run": "../etc"}, {"by": "<script>"}, {"segment": "nobody"}])
def test_a_link_to_nothing_shows_what_there_is(open_app: Open, query: dict[str, str]) -> None:
    app = open_app("overview", **query)
    assert not app.exception
    assert "Six segments" in text(app)
    assert "<script>" not in text(app)


def test_the_selection_can_be_a_link(open_app: Open) -> None:
    assert "Eight segments from 600 customers" in text(open_app("overview", by="Rules"))


@EVERY
def test_names_are_never_markup(open_app: Open, runs: tuple[Run, ...], page: str) -> None:
    evil = '<img src=x onerror="alert(1)">'
    old = runs[0].segmentation("kmeans")
    bad: Segmentation = replace(
        old, segments=tuple(replace(s, name=f"{evil}{s.rank}", why_named=evil) for s in old.segments)
    )
    run = replace(
        runs[0],
        question_asked=evil,
        segmentations=tuple(bad if s is old else s for s in runs[0].segmentations),
        problems={evil: 3},
        notes=(evil,),
    )
    app = open_app(page, kept=(run,))
    assert not app.exception
    assert "<img" not in text(app)
    assert "<img" not in "".join(c.proto.spec for c in charts(app)).replace("\\u003c", "<")


def test_the_workspace_is_named_by_argument_before_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(frame.VARIABLE, "from-environment")
    assert frame.workspace_path(["--workspace", "W", "--other", "x"]) == "W"
    assert frame.workspace_path([]) == "from-environment"
    monkeypatch.delenv(frame.VARIABLE)
    assert frame.workspace_path(["--workspace=W2"]) == "W2"
    assert frame.workspace_path([]) == ""


def test_config_listens_here_only_and_uses_the_charts_colours() -> None:
    config = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableStaticServing"] is True
    assert config["server"]["enableXsrfProtection"] is True
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["toolbarMode"] == "viewer"
    assert config["client"]["showErrorDetails"] == "none"
    for look in (LIGHT, DARK):
        theme = config["theme"][look.name]
        wanted = (look.ground, look.ink, look.accent, look.line)
        assert (theme["backgroundColor"], theme["textColor"], theme["primaryColor"], theme["borderColor"]) == wanted


def test_sentences_count_in_words(runs: tuple[Run, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs[0]
    kmeans = run.segmentation("kmeans")
    assert (
        words.validate_title(run, kmeans)
        == "Five of six segments are distinct, and five respond differently from everyone"
    )
    one = (
        words.scorecard_data(run, "kmeans")
        .query("question == 'distinct'")
        .assign(verdict="FAIL")
        .reset_index(drop=True)
    )
    one.loc[0, "verdict"] = "PASS"
    with monkeypatch.context() as changed:
        changed.setattr(words, "scorecard_data", lambda *_: one)
        assert words.validate_title(run, kmeans).startswith("One of six segments is distinct")
    assert words.scorecard_title(run, kmeans).startswith("None of six segments pass all six questions")
    assert words.next_steps(run, kmeans)[0].startswith("Merge “Lapsing regulars”")


def test_an_empty_segment_gives_its_own_advice_and_no_other(runs: tuple[Run, ...]) -> None:
    old = runs[0].segmentation("kmeans")
    empty = Segment("empty", "High AOV", "Nobody.", 0, 0.0, 6)
    run = replace(
        runs[0],
        segmentations=(replace(old, segments=(*old.segments, empty)), *runs[0].segmentations[1:]),
    )
    steps = words.next_steps(run, run.segmentation("kmeans"))
    assert "Nobody is in “High AOV” at this date: loosen its rule, or drop what stays empty." in steps
    assert not any("test response" in s for s in steps)
    assert words.undescribed(empty) == "Nobody is in it at this date."


def test_verdicts_are_word_shape_and_colour() -> None:
    chips = {verdict: html.chip(verdict, 'a "reason"') for verdict in html.VERDICTS}
    assert len({shape for shape, _ in html.VERDICTS.values()}) == len({word for _, word in html.VERDICTS.values()}) == 4
    for verdict, chip in chips.items():
        assert f"sd-{verdict}" in chip
        assert "a &quot;reason&quot;" in chip
