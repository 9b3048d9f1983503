"""The page of rules beside clusters: what it finds, the builder in both directions, and the library it saves to."""

from __future__ import annotations

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given, settings
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.charts import beside
from discovery.core.errors import UsageError
from discovery.core.postal import point_of
from discovery.core.rule import Compare, Condition, Rule
from discovery.core.run import Run
from discovery.dashboard.rule_tree import ASKED_OF, Group, Line, asked_anew, changed, condition_of, group_from
from tests.dashboard.conftest import APP, PAGES
from tests.laws.test_rules import RULES


@pytest.fixture
def workspace(planted_workspace: Path, tmp_path: Path) -> Path:
    """A workspace of its own for each test, with the run of the planted store."""
    return Path(shutil.copytree(planted_workspace, tmp_path / "workspace"))


@pytest.fixture
def page(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page on that workspace."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("sys.argv", ["app.py"])
    monkeypatch.setenv("SEGMENT_DISCOVERY_WORKSPACE", str(workspace))
    return AppTest.from_file(APP, default_timeout=60).switch_page(str(PAGES / "rules.py")).run()


def text(app: AppTest) -> str:
    return "\n".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)


def write(app: AppTest, rule: str) -> AppTest:
    return app.text_area(key="rule-text").set_value(rule).run()


@given(RULES)
@settings(max_examples=200)
def test_a_rule_taken_apart_and_put_together_is_the_same(rule: Condition) -> None:
    ids = itertools.count()
    tree = group_from(rule, ids)
    assert condition_of(tree) == rule


@given(RULES)
@settings(max_examples=50)
def test_every_part_of_a_tree_can_be_found_by_its_id_and_taken_out(rule: Condition) -> None:
    tree = group_from(rule, itertools.count())

    def ids(part: Line | Group) -> list[int]:
        inner = [i for p in part.parts for i in ids(p)] if isinstance(part, Group) else []
        return [part.id, *inner]

    everything = ids(tree)
    assert len(set(everything)) == len(everything)
    for each in everything[1:]:
        assert each not in ids(changed(tree, each, lambda _: None))
    assert changed(tree, -1, lambda _: None) == tree


def test_asking_something_else_keeps_the_values_that_fit() -> None:
    line = Line(1, "orders", ">=", (3,))
    assert asked_anew(line, "between").values == (3, 3)
    assert asked_anew(asked_anew(line, "between"), "<").values == (3,)
    assert asked_anew(line, "missing").values == ()


def test_the_page_says_which_clusters_no_rule_says(page: AppTest, planted_run: Run) -> None:
    assert not page.exception
    shown = text(page)
    clusters = beside.clusters_of(planted_run, planted_run.recommended)
    assert f"<h1>{beside.beside_title(planted_run, clusters)}</h1>" in shown
    assert "Which rule cuts a cluster in half?" in shown
    assert len(page.get("plotly_chart")) == shown.count("The numbers as a table") == 1
    assert all(r.rule.name in shown.replace("&#x27;", "'") for r in planted_run.library)


@pytest.mark.parametrize("cells", ["Share of the cluster", "Share of the rule", "Jaccard", "Customers"])
def test_the_overlap_shows_what_is_asked_for(page: AppTest, planted_run: Run, cells: str) -> None:
    page = page.segmented_control(key="cells").set_value(cells).run()
    shown = next(e.proto.body for e in page.get("html") if "The numbers as a table" in e.proto.body)
    pairs = planted_run.overlap[planted_run.overlap["segmentation_a"] == "kmeans"]
    most = int(pairs[pairs["segmentation_b"] == "rules"]["both"].max())
    assert (f">{most}<" in shown) == (cells == "Customers")


def test_the_count_is_who_the_rule_selects(page: AppTest, planted_run: Run) -> None:
    rule = "orders >= 3 AND NOT (days_since_last_order > 100 OR country = 'GB')"
    page = write(page, rule)
    chosen = service.evaluate_rules(planted_run.table, {"x": rule})["x"]
    assert 0 < chosen.sum() < len(chosen)
    assert f"<b>{chosen.sum()}</b> customers" in text(page)
    assert "Customers with at least 3 orders, and not (more than 100 days since last order" in text(page)


def test_a_measure_stated_in_the_rule_is_counted_from_the_events(page: AppTest, workspace: Path) -> None:
    rule = "orders(days => 45) >= 1"
    (workspace / "one.yaml").write_text(f"- {{name: x, where: '{rule}'}}", encoding="utf-8")
    run = service.open_workspace(workspace).runs()[0]
    counted = service.evaluate_rule_file(workspace / "one.yaml", workspace, as_of=run.as_of).rules[0]
    assert f"<b>{counted.customers}</b> customers" in text(write(page, rule))


def test_conditions_change_the_text(page: AppTest) -> None:
    page = write(page, "orders >= 2")
    next(b for b in page.button if b.label == "Add a group").click().run()
    assert not page.exception
    assert page.text_area(key="rule-text").value == "orders >= 2 AND orders >= 1"
    asked = [s for s in page.selectbox if s.label == "Is"]
    page = asked[0].set_value("between").run()
    numbers = [n for n in page.number_input if n.label.startswith(("Value", "and"))]
    page = numbers[1].set_value(7).run()
    assert page.text_area(key="rule-text").value == "orders BETWEEN 2 AND 7 AND orders >= 1"
    page = [s for s in page.selectbox if s.label == "What"][1].set_value("country").run()
    assert "country = '" in page.text_area(key="rule-text").value
    next(b for b in page.button if b.label == "Remove this group").click().run()
    assert page.text_area(key="rule-text").value == "orders BETWEEN 2 AND 7"


@pytest.mark.parametrize("kind", sorted(ASKED_OF))
def test_everything_that_can_be_asked_is_shown_as_it_is_written(page: AppTest, planted_run: Run, kind: str) -> None:
    name = next(f.name for f in planted_run.table.features if f.kind == kind)
    values = {"number": "3", "text": "'US'", "boolean": "TRUE", "date": "'2025-01-31'"}[kind]
    written = {
        "between": f"{name} BETWEEN {values} AND {values}",
        "in": f"{name} IN ({values})",
        "contains": f"{name} LIKE '%U%'",
        "starts": f"{name} LIKE 'U%'",
        "ends": f"{name} LIKE '%S'",
        "missing": f"{name} IS NULL",
        "known": f"NOT {name} IS NULL",
    }
    for asked in ASKED_OF[kind]:
        page = write(page, "orders >= 2")
        page = write(page, written.get(asked, f"{name} {asked} {values}"))
        assert not page.exception, asked
        assert next(s for s in page.selectbox if s.label == "Is").value == asked


@pytest.mark.parametrize(("rule", "asked", "fields"), [("birthday IS NULL", ">=", 1), ("orders IS NULL", "between", 2)])
def test_after_what_is_not_known_a_value_can_be_asked_for(page: AppTest, rule: str, asked: str, fields: int) -> None:
    app = write(page, rule)
    app = next(box for box in app.selectbox if box.key and box.key.startswith("how-")).set_value(asked).run()
    assert not app.exception
    assert len([w for w in (*app.number_input, *app.date_input) if str(w.key).startswith("value-")]) == fields


def test_a_measure_is_changed_and_what_the_page_cannot_show_of_it_stays(page: AppTest) -> None:
    page = write(page, "orders(days => 60, quantity > 2) >= 1")
    page = next(n for n in page.number_input if n.label.startswith("In the last")).set_value(30).run()
    assert page.text_area(key="rule-text").value == "orders(days => 30, quantity > 2) >= 1"
    page = write(page, "orders(days => 60) >= 1")
    next(s for s in page.selectbox if s.label == "Only where").set_value("product_id")
    page = next(t for t in page.text_input if t.label == "is").set_value("p1").run()
    assert page.text_area(key="rule-text").value == "orders(days => 60, product_id => 'p1') >= 1"
    page = next(s for s in page.selectbox if s.label == "Measure").set_value("days_since").run()
    assert not page.exception
    assert page.text_area(key="rule-text").value == "days_since('placed_order', days => 60, product_id => 'p1') >= 1"


def test_a_rule_is_read_anew_over_another_run(page: AppTest, workspace: Path) -> None:
    page = write(page, "orders(days => 60) >= 1 AND orders >= 2")
    shutil.rmtree(workspace / "dataset")
    page = page.run()
    assert not page.exception
    assert "no longer holds the data of this run" in text(page)
    assert page.text_area(key="rule-text").value == "orders(days => 60) >= 1 AND orders >= 2"


def test_bounds_the_wrong_way_round_are_told_and_the_rule_stays(page: AppTest) -> None:
    page = write(page, "orders BETWEEN 2 AND 7")
    page = next(n for n in page.number_input if n.label == "and").set_value(1).run()
    assert "BETWEEN must name the smaller bound first" in text(page)
    assert page.text_area(key="rule-text").value == "orders BETWEEN 2 AND 7"


def test_a_text_that_cannot_be_read_is_told_with_its_place(page: AppTest) -> None:
    page = write(page, "orders >= 2")
    page = write(page, "orders >= 2 AND ordres < 9")
    assert "Did you mean" in text(page)
    assert "orders &gt;= 2 AND <mark>o</mark>rdres" in text(page)
    assert "Save it to the library" not in text(page)
    assert next(n for n in page.number_input if n.label.startswith("Value")).value == 2
    assert write(page, " ").exception.len == 0
    assert "Nothing is asked yet" in text(page)


def test_the_linter_speaks_while_one_writes(page: AppTest) -> None:
    assert "AND where OR was meant" in text(write(page, "country = 'US' AND country = 'GB'"))
    found = text(write(page, "country <> 'US'"))
    assert "Missing values left out" in found


def save(page: AppTest, name: str) -> AppTest:
    next(t for t in page.text_input if t.label == "Name").set_value(name)
    next(t for t in page.text_input if t.label == "What to send them").set_value("A letter")
    return next(b for b in page.button if b.label == "Save to the library").click().run()


def test_a_rule_is_saved_shown_taken_out_and_put_back(page: AppTest, workspace: Path) -> None:
    page = save(write(page, "orders >= 3 AND country = 'US'"), "American regulars")
    assert page.success[0].value.startswith("“American regulars” is in the library.")
    kept = (workspace / "segments.yaml").read_text(encoding="utf-8")
    assert "name: American regulars" in kept
    assert "campaign: A letter" in kept
    assert "<th" in text(page)
    page = page.segmented_control(key="library").set_value("Saved here").run()
    assert "American regulars" in text(page)
    page = next(b for b in page.button if b.label == "Take it out of the library").click().run()
    assert "American regulars" not in (workspace / "segments.yaml").read_text(encoding="utf-8")
    page = next(b for b in page.button if b.label.startswith("Put “American")).click().run()
    assert (workspace / "segments.yaml").read_text(encoding="utf-8") == kept


@pytest.mark.parametrize(("name", "told"), [("Champions", "in the library already"), ("  ", "must have a name")])
def test_a_name_that_cannot_be_is_refused(page: AppTest, workspace: Path, name: str, told: str) -> None:
    page = save(write(page, "orders >= 3"), name)
    assert told in page.error[0].value
    assert not (workspace / "segments.yaml").exists()


def test_rules_saved_at_once_are_all_kept(workspace: Path) -> None:
    place = service.open_workspace(workspace)

    def keep(n: int) -> None:
        service.save_rule(place, Rule(f"Rule {n}", Compare("orders", ">=", n)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, range(24)))
    run = place.load(place.runs()[0].id)
    saved, absent = service.saved_rules(run, place, service.rule_words(run, place))
    assert sorted(r.rule.name for r in saved) == sorted(f"Rule {n}" for n in range(24))
    assert not absent
    with pytest.raises(UsageError, match="already"):
        keep(3)


def test_a_rule_file_broken_by_hand_is_told_and_the_page_goes_on(page: AppTest, workspace: Path) -> None:
    (workspace / "segments.yaml").write_text("- {name: x, where: orders >}", encoding="utf-8")
    page = page.run()
    assert not page.exception
    assert "segments.yaml of the workspace" in text(page)


def test_without_the_data_only_the_features_of_the_run_count(workspace: Path, planted_run: Run) -> None:
    place = service.open_workspace(workspace)
    shutil.rmtree(workspace / "dataset")
    words = service.rule_words(planted_run, place)
    assert not words.measurable
    assert service.draft_rule(planted_run, place, words, "orders >= 1").customers == 400
    with pytest.raises(UsageError, match="no longer holds the data of this run"):
        service.draft_rule(planted_run, place, words, "orders(days => 14) >= 1")


def test_a_run_of_an_older_version_says_so(page: AppTest, workspace: Path) -> None:
    for each in workspace.glob("runs/*/library.json"):
        each.unlink()
    st.cache_data.clear()
    st.cache_resource.clear()
    page = page.run()
    assert not page.exception
    assert "made by an older version" in text(page)


def test_the_first_rule_finds_what_it_needs_loaded() -> None:
    point_of.cache_clear()
    service.warm_up()
    assert point_of.cache_info().currsize == 1
