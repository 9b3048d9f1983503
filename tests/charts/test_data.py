"""The data half of every chart, by numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from discovery.charts import (
    candidates,
    comparison,
    customer_map,
    detail,
    distinctness,
    overlap,
    profile,
    response,
    scorecard,
    sizes,
)
from discovery.charts.small_cells import hidden
from discovery.core.evidence import Verdict
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED


def test_sizes_add_up_and_stand_in_order(run: Run) -> None:
    data = sizes.sizes_data(run, "rules")
    assert data["customers"].sum() == len(run.table)
    assert data["share"].sum() == pytest.approx(1)
    assert data["revenue_share"].sum() == pytest.approx(1)
    assert data["segment_id"].iloc[-1] == UNASSIGNED
    assert data["customers"].iloc[:-1].is_monotonic_decreasing


def test_where_nobody_spent_anything_nothing_is_said_of_revenue(run: Run) -> None:
    money = [f.name for f in run.table.features if f.unit == "money"]
    values = run.table.values.assign(**dict.fromkeys(money, 0.0))
    poor = replace(run, table=replace(run.table, values=values), horizon_days=0, currency="XXX")
    assert sizes.revenue_feature(poor.table) is None
    assert list(sizes.sizes_table(poor, "kmeans")) == ["Segment", "Customers", "Share of customers"]
    shown = sizes.sizes(poor, "kmeans")
    assert len(shown.data) == 1
    assert "revenue" not in shown.to_json()
    assert [label for _, label, _ in detail.detail_tiles(poor, "kmeans", "wholesale")] == ["customers", "of customers"]


def test_revenue_is_what_the_members_spent(run: Run) -> None:
    row = sizes.sizes_data(run, "kmeans").set_index("segment_id").loc["wholesale"]
    members = run.segmentation("kmeans").members("wholesale")
    assert row["revenue"] == pytest.approx(run.table.values.loc[members, "revenue"].sum())


def test_revenue_is_net_and_of_the_longest_time() -> None:
    def feature(name: str, window: int | None) -> object:
        return sizes.Feature(name, name, "rfm", "sum", window=window, unit="money")

    names = (("revenue", None), ("net_revenue_365d", 365), ("net_revenue", None), ("revenue_90d", 90))
    features = tuple(feature(n, w) for n, w in names)
    table = replace(TABLE, values=pd.DataFrame({n: [1.0] for n, _ in names}, index=["c"]), features=features)
    assert sizes.revenue_feature(table).name == "net_revenue"
    assert sizes.revenue_feature(replace(table, values=table.values[[]], features=())) is None


TABLE = sizes.FeatureTable(pd.DataFrame(index=["c"]), (), pd.Timestamp("2011-09-10").date(), "f")


def test_without_a_revenue_feature_the_sizes_still_stand(run: Run) -> None:
    keep = [f for f in run.table.features if f.unit != "money"]
    poor = replace(run, table=replace(run.table, values=run.table.values[[f.name for f in keep]], features=tuple(keep)))
    data = sizes.sizes_data(poor, "kmeans")
    assert data["revenue"].isna().all()
    assert len(sizes.sizes(poor, "kmeans").data) == 1
    assert "nan" not in sizes.sizes_table(poor, "kmeans").to_string().lower()


def test_too_few_customers_show_no_amount_and_cannot_be_had_by_subtraction(small: Run) -> None:
    data = sizes.sizes_data(small, "kmeans").set_index("segment_id")
    assert data.loc["wholesale", "customers"] == 4
    assert data.loc[["wholesale", "frequent-full-price"], "revenue"].isna().all()
    assert data.loc["wholesale", "hidden"] == "too few to show"
    assert data.loc["frequent-full-price", "hidden"] == "withheld"
    table = sizes.sizes_table(small, "kmeans").set_index("Segment")
    assert table.loc["Wholesale-like baskets", "Share of revenue"] == "too few to show"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({"a": 9, "b": 10, "c": 99}, {"a", "b"}), ({"a": 9, "b": 8, "c": 99}, {"a", "b"}), ({"a": 10, "b": 0}, set())],
)
def test_hidden_is_never_a_single_group(counts: dict[str, int], expected: set[str]) -> None:
    assert set(hidden(counts)) == expected


def test_profile_leads_with_what_tells_segments_apart(run: Run) -> None:
    data = profile.profile_data(run, "kmeans")
    assert data["spread"].is_monotonic_decreasing
    segment = run.segmentation("kmeans").segment("discount")
    row = data.set_index(["segment_id", "feature"]).loc[("discount", "share_discounted")]
    assert row["effect"] == segment.profile["share_discounted"].effect
    assert row["median"] == segment.profile["share_discounted"].median
    assert data["effect"].between(-1, 1).all()


def test_profile_of_too_few_customers_is_empty(small: Run) -> None:
    data = profile.profile_data(small, "kmeans")
    few = data[data["segment_id"] == "wholesale"]
    assert few[["effect", "median", "q1", "q3"]].isna().all(axis=None)
    assert set(profile.profile_table(small, "kmeans")["Wholesale-like baskets"]) == {"too few to show"}
    assert profile.segment_table(small, small.segmentation("kmeans").segment("wholesale")).empty


def test_response_is_what_the_evidence_says(run: Run) -> None:
    data = response.response_data(run, "kmeans")
    found = {e.subject[0]: e for e in run.evidence if e.check == "forward_order_rate" and e.segmentation == "kmeans"}
    for row in data.to_dict("records"):
        e = found[row["segment_id"]]
        assert (row["value"], row["low"], row["high"]) == (e.value, *e.interval)
        assert row["everyone"] == pytest.approx(0.22)
    assert data["value"].is_monotonic_decreasing
    assert response.outcomes(run, "kmeans") == ("forward_order_rate", "forward_revenue")


def test_response_of_too_few_is_not_shown(small: Run) -> None:
    for outcome in response.outcomes(small, "kmeans"):
        data = response.response_data(small, "kmeans", outcome).set_index("segment_id")
        assert data.loc["wholesale", "state"] == "too few to show"
        assert data.loc["frequent-full-price", "state"] == "withheld"
        assert data.loc[["wholesale", "frequent-full-price"], ["value", "low", "high"]].isna().all(axis=None)
    checks = scorecard.evidence_table(small, "kmeans")
    few = checks[(checks["Segment"] == "Wholesale-like baskets") & (checks["Check"] == "orders again")]
    assert few["Value (95% interval)"].tolist() == ["too few to show"]
    reason = scorecard.scorecard_data(small, "kmeans").set_index(["segment_id", "question"])["reason"]
    assert "Too few" in reason.loc[("wholesale", "response")]


def test_response_without_a_forward_window_claims_nothing(silent: Run) -> None:
    assert response.outcomes(silent, "kmeans") == ()
    assert set(response.response_data(silent, "kmeans")["state"]) == {"not tested"}
    assert "Nothing was measured" in response.response_title(silent, "kmeans")


def test_a_rate_within_chance_of_everyone_is_no_finding(run: Run) -> None:
    flat = tuple(
        replace(e, value=0.23, interval=(0.1, 0.4)) if e.check == "forward_order_rate" else e for e in run.evidence
    )
    title = response.response_title(replace(run, evidence=flat), "kmeans")
    assert title == "No segment is clear of everyone's 22.0% within 90 days"


def test_distinctness_counts_passes_only(run: Run) -> None:
    data = distinctness.distinctness_data(run, "kmeans")
    passed = int((data["verdict"] == Verdict.PASS.value).sum())
    assert passed == int((data["value"] >= 0.6).sum())
    assert distinctness.distinctness_title(run, "kmeans").startswith("Five of six segments")


def test_candidates_stand_beside_their_null(run: Run) -> None:
    data = candidates.candidates_data(run, "kmeans")
    assert candidates.statistics(run, "kmeans") == ("silhouette", "calinski_harabasz", "stability")
    assert len(data) == 3 * 9
    assert data.loc[data["chosen"], "k"].unique().tolist() == [6]
    assert (data["beyond"] == (data["value"] > data["null_high"])).all()
    assert candidates.band(run) == (5, 8)
    assert "beyond" in candidates.candidates_title(run, "kmeans", "stability")
    assert "within" in candidates.candidates_title(run, "kmeans", "silhouette")


def test_the_map_holds_no_customer_id(run: Run) -> None:
    data = customer_map.customer_map_data(run, "rules")
    assert len(data) == len(run.embedding)
    assert data["x"].dtype == data["y"].dtype == np.float32
    assert list(data.columns) == ["x", "y", "segment_id", "segment"]
    assert "c000001" not in customer_map.customer_map(run, "rules").to_json()


def test_overlap_is_the_same_from_both_sides(run: Run) -> None:
    turned = run.overlap.rename(
        columns={
            "segmentation_a": "segmentation_b", "segment_a": "segment_b", "a_only": "b_only",
            "segmentation_b": "segmentation_a", "segment_b": "segment_a", "b_only": "a_only",
        }
    )  # fmt: skip
    one = overlap.overlap_data(run).sort_values(["cluster_id", "rule_id"], ignore_index=True)
    two = overlap.overlap_data(replace(run, overlap=turned)).sort_values(["cluster_id", "rule_id"], ignore_index=True)
    pd.testing.assert_frame_equal(one, two)
    assert one.groupby("cluster_id")["share_of_cluster"].sum().tolist() == pytest.approx([1.0] * 6)


def test_a_question_is_as_good_as_its_worst_check(run: Run) -> None:
    data = scorecard.scorecard_data(run, "kmeans")
    assert len(data) == 6 * len(scorecard.QUESTIONS)
    card = data.set_index(["segment_id", "question"])["verdict"]
    for s in run.segmentation("kmeans").placed:
        checks = [e.verdict for e in run.evidence_for("kmeans", s.id) if e.question == "substantial"]
        assert card[(s.id, "substantial")] == scorecard.worst(checks).value
    assert scorecard.worst([Verdict.PASS, Verdict.NOT_TESTED]) is Verdict.NOT_TESTED
    assert scorecard.worst([Verdict.FAIL, Verdict.WARN]) is Verdict.FAIL


def test_what_did_not_pass_says_why_and_what_holds_for_all_once(run: Run) -> None:
    found = scorecard.reasons_table(run, "kmeans")
    data = scorecard.scorecard_data(run, "kmeans")
    bad = data[data["verdict"] != Verdict.PASS.value]
    assert set(found["Reason"]) == set(bad["reason"])
    assert Verdict.PASS.value not in set(found["Verdict"])
    for question, each in found.groupby("Question"):
        named = each[each["Segment"] != "Every segment"]
        about = bad[bad["question"] == question]
        assert len(each) in (1, len(about))
        assert set(named["Segment"]) <= set(about["segment"])


def test_a_measure_stands_once_in_the_profile_by_the_window_that_tells_most(run: Run) -> None:
    counted = tuple(
        replace(f, events=("placed_order",)) if f.name in ("orders", "orders_90d") else f for f in run.table.features
    )
    known = replace(run, table=replace(run.table, features=counted))
    spread = profile.profile_data(known, "kmeans").drop_duplicates("feature").set_index("feature")["spread"]
    shown = profile.telling(known, "kmeans")
    assert list(spread[list(shown)]) == sorted(spread[list(shown)], reverse=True)
    assert {"orders", "orders_90d"} & set(shown) == {max(("orders", "orders_90d"), key=lambda f: spread[f])}
    assert set(spread.index) - set(shown) == {min(("orders", "orders_90d"), key=lambda f: spread[f])}


def test_a_column_of_nothing_missing_is_left_out(run: Run) -> None:
    segment = run.segmentation("kmeans").placed[0]
    whole = replace(segment, profile={k: replace(d, missing_share=0.0) for k, d in segment.profile.items()})
    part = replace(segment, profile={k: replace(d, missing_share=0.1) for k, d in segment.profile.items()})
    assert "Missing" not in profile.segment_table(run, whole)
    assert "Missing" in profile.segment_table(run, part)


def test_where_nothing_was_held_out_it_says_so_instead_of_an_empty_picture(run: Run) -> None:
    assert distinctness.untested(run, "kmeans") == ""
    bare = replace(run, evidence=tuple(e for e in run.evidence if e.check != distinctness.CHECK))
    assert distinctness.untested(bare, "kmeans") == "No features were kept out of the clustering."


def test_the_segmentations_stand_side_by_side(run: Run) -> None:
    data = {each["name"]: each for each in comparison.comparison_data(run)}
    assert {name: each["k"] for name, each in data.items()} == {"kmeans": 6, "hdbscan": 0, "rules": 8}
    assert [name for name, each in data.items() if each["recommended"]] == ["kmeans"]
    assert data["hdbscan"]["coverage"] == 0
    # What was not tested is no number, and no pass.
    assert data["hdbscan"]["forward_auc"] is data["hdbscan"]["responding"] is data["hdbscan"]["rules_f1"] is None
    asked = [e.verdict for e in run.evidence if e.segmentation == "kmeans" and e.question == "response" and e.subject]
    assert data["kmeans"]["responding"]["of"] <= len(asked)
    told = [r.rule.fidelity.f1 for r in run.rules if r.segmentation == "kmeans" and r.rule.fidelity]
    assert data["kmeans"]["rules_f1"] == (sum(told) / len(told) if told else None)
    assert comparison.comparison_sentence(data["hdbscan"]) == ""
    assert "answer otherwise than the rest" in comparison.comparison_sentence(data["kmeans"])
    table = comparison.comparison_table(run).set_index("Made by")
    assert table.loc["HDBSCAN", "Tells who responds (AUC)"] == "\N{EM DASH}"
    assert " of " in table.loc["KMeans (recommended)", "Segments that answer otherwise"]


def test_tiles_and_problems(run: Run) -> None:
    tiles = scorecard.tiles(run, "kmeans")
    assert [value for value, *_ in tiles] == ["600", "6", "100.0%", "110,450"]
    assert scorecard.problems_table(run)["Reason"].iloc[0] == "no customer id"
    assert scorecard.tiles(replace(run, problems={}), "kmeans")[3] == ("0", "rows not usable", "none were lost")


def test_one_segment_closely(run: Run, small: Run, silent: Run) -> None:
    values = [value for value, *_ in detail.detail_tiles(run, "kmeans", "wholesale")]
    assert values[0] == "32"
    assert values[3].endswith("%")
    assert [v for v, *_ in detail.detail_tiles(small, "kmeans", "wholesale")][2:] == ["too few to show"] * 2
    assert detail.detail_tiles(silent, "kmeans", "wholesale")[3][2] == "not tested"


@pytest.mark.parametrize("by", ["kmeans", "rules", "hdbscan"])
def test_no_table_holds_nan_or_a_feature_name(run: Run, small: Run, by: str) -> None:
    for each in (run, small):
        tables = [
            sizes.sizes_table(each, by),
            profile.profile_table(each, by),
            response.response_table(each, by),
            distinctness.distinctness_table(each, by),
            customer_map.customer_map_table(each, by),
            comparison.comparison_table(each),
            scorecard.evidence_table(each, by),
        ]
        for table in tables:
            text = table.to_csv()
            assert "nan" not in text.lower().split(",")
            assert "orders_90d" not in text
            assert "c0000" not in text
