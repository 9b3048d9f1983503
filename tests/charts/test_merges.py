"""Merge charts: pairs over their margin, the path from all segments to one, the tree; and nothing of small cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discovery.charts import dendrogram, merge_pairs, merge_path
from discovery.charts.format import TOO_FEW, WITHHELD
from discovery.charts.theme import DARK, LIGHT, Theme
from discovery.core.evidence import MergeDecision
from discovery.core.run import Run
from tests.charts.test_figures import COLOUR
from tests.merge_factory import CHECKS, with_merges
from tests.run_factory import with_small_segment

BOTH = pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)


@pytest.fixture(scope="module")
def merged(run: Run) -> Run:
    return with_merges(run)


@pytest.fixture(scope="module")
def small(run: Run) -> Run:
    return with_merges(with_small_segment(run))


def test_the_title_asks_what_the_evidence_suggests(run: Run, merged: Run) -> None:
    assert merge_pairs.merges_title(merged, "kmeans") == "Six segments; one pair answers campaigns alike: merge it?"
    first, second, *rest = merged.merges
    both = replace(merged, merges=(first, replace(second, decision=MergeDecision.MERGE), *rest))
    assert merge_pairs.merges_title(both, "kmeans").endswith("two pairs answer campaigns alike: merge them?")
    assert merge_pairs.merges_title(replace(merged, merges=(second, *rest)), "kmeans").endswith(
        "no two are known to be alike, one pair cannot be told yet"
    )
    assert merge_pairs.merges_title(replace(merged, merges=tuple(rest)), "kmeans").endswith("keep them all")
    assert "no two were compared" in merge_pairs.merges_title(merged, "rules")
    assert merge_pairs.merges_title(run, "kmeans").endswith("one pair responds alike: merge it?")


def test_what_a_verdict_rests_on_is_shown_as_it_was_measured(merged: Run) -> None:
    for check in CHECKS:
        data = merge_pairs.pairs_data(merged, "kmeans", check)
        for verdict, row in zip(merged.merges, data.to_dict("records"), strict=True):
            found = next(e for e in verdict.evidence if e.check == check)
            assert (row["a"], row["b"]) == verdict.pair
            assert (row["value"], (row["low"], row["high"])) == (found.value, found.interval)
            assert (row["margin_low"], row["margin_high"]) == found.null
    told = merge_pairs.pairs_table(merged, "kmeans", CHECKS[0])
    assert list(told[merge_pairs.PAIR_VERDICT]) == [m.decision.value for m in merged.merges]
    assert told["Needed to tell"][1] == "4,200 each"
    rows = merge_pairs.evidence_table(merged, merged.merges[0])
    assert len(rows) == len(CHECKS)
    assert rows["Difference"][0] == "+0.4 points"


def test_what_cannot_be_told_is_hatched_and_has_no_interval_of_its_own(merged: Run) -> None:
    traces = merge_pairs.pairs(merged, "kmeans", CHECKS[0]).data
    hatched = [t for t in traces if t.type == "bar" and t.marker.pattern.shape]
    [bar] = hatched
    unknown = next(t for t in traces if t.type == "scatter" and t.marker.symbol == "circle-open")
    assert list(bar.y) == list(unknown.y) == ["new-and-curious|discount"]
    assert unknown.error_x.visible is False
    shapes = {t.marker.symbol for t in traces if t.type == "scatter"}
    assert shapes == {"circle", "square", "circle-open"}


def test_no_number_of_a_small_segment_is_shown(small: Run) -> None:
    """The small one, the one that would give it away, and every pair with either of them."""
    for check in CHECKS:
        data = merge_pairs.pairs_data(small, "kmeans", check)
        silent = data[data["state"] != "shown"]
        assert {"wholesale"} <= set(silent["a"]) | set(silent["b"])
        assert set(silent["state"]) <= {TOO_FEW, WITHHELD}
        assert silent[["value", "low", "high"]].isna().all(axis=None)
        assert not silent["reason"].str.contains("points").any()
        merge_pairs.pairs(small, "kmeans", check).to_json()
    told = merge_pairs.evidence_table(small, next(m for m in small.merges if "wholesale" in m.pair))
    assert set(told["Difference"]) <= {TOO_FEW, WITHHELD}


def test_sizes_after_a_merge_add_up(merged: Run) -> None:
    table = merge_pairs.after_table(merged, "kmeans", "lapsing", "lapsed")
    numbers = table["Customers then"].str.replace(",", "").astype(int)
    sizes = {s.id: s.size for s in merged.segmentation("kmeans").segments}
    assert numbers.sum() == sum(sizes.values())
    assert sizes["lapsing"] + sizes["lapsed"] in set(numbers)
    assert len(table) == len(sizes) - 1


def test_the_path_says_what_every_step_cost(merged: Run) -> None:
    data = merge_path.path_data(merged, "kmeans")
    assert list(data["k"]) == [6, 5, 4, 3, 2, 1]
    steps = merged.merge_path("kmeans").steps
    assert list(data["cost"][1:]) == [s.cost for s in steps]
    assert list(data["response_kept"]) == [1.0, *(s.losses[0].after for s in steps)]
    assert list(data["in_band"]) == [True, True, False, False, False, False]
    for check in merge_path.measures(merged, "kmeans"):
        table = merge_path.path_table(merged, "kmeans", check)
        assert len(table) == 6
    assert merge_path.path_title(merged, "kmeans", "response_kept") == (
        "Response: at 5 segments, 98.0% of what they differ by is left"
    )
    assert merge_path.measures(merged, "rules") == ()


def test_groups_of_the_path_are_named_by_all_that_is_in_them(merged: Run) -> None:
    said = merge_path.joins(merged, "kmeans")
    assert said[0] == "—"
    assert said[1].count(" with ") == 1
    assert "(and 1 more)" in said[2]


def test_no_branch_of_the_tree_crosses_another(merged: Run) -> None:
    order = dendrogram.leaves(merged, "kmeans")
    assert sorted(order) == sorted(s.id for s in merged.segmentation("kmeans").placed)
    for step in merged.merge_path("kmeans").steps:
        places = sorted(order.index(i) for i in step.joined)
        assert places == list(range(places[0], places[-1] + 1))
    joins = dendrogram.dendrogram_data(merged, "kmeans")
    assert [j.x for j in joins] == sorted(j.x for j in joins)
    assert all(join.x >= x for join in joins for x, _ in join.branches)


@BOTH
def test_merge_charts_are_drawn_in_the_themes_colours(merged: Run, small: Run, look: Theme) -> None:
    segments = {s.colour.lower() for s in merged.segmentation("kmeans").segments}
    for run in (merged, small):
        drawn = [merge_pairs.pairs(run, "kmeans", check, look) for check in CHECKS]
        drawn += [merge_path.merge_path(run, "kmeans", c, look) for c in merge_path.measures(run, "kmeans")]
        drawn.append(dendrogram.dendrogram(run, "kmeans", look))
        for each in drawn:
            assert each.layout.xaxis.title.text
            assert each.layout.yaxis.title.text
            assert len(each.layout.title.text) > 20
            colours = {c.lower() for c in COLOUR.findall(each.to_json())}
            assert colours <= {c.lower() for c in look.colours} | segments


@pytest.mark.parametrize(("decision", "says"), [("merge", False), ("keep", True)])
def test_no_title_denies_the_verdict_below_it(
    merged: Run, monkeypatch: pytest.MonkeyPatch, decision: str, says: bool
) -> None:
    data = merge_pairs.pairs_data(merged, "kmeans", "campaign_rate_difference").query("state == 'shown'").head(1)
    wide = data.assign(decision=decision, low=-0.011, high=0.005, margin_low=-0.01, margin_high=0.01)
    monkeypatch.setattr(merge_pairs, "pairs_data", lambda *_: wide)
    title = merge_pairs.pairs_title(merged, "kmeans", "campaign_rate_difference")
    assert title.endswith("none surely alike") == says
