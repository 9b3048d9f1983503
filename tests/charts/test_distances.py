"""What distances are made of: every share is shown, and one that decides alone is said to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.charts import distances
from discovery.charts.format import rate
from discovery.charts.run_summary import run_summary
from discovery.charts.theme import DARK, LIGHT
from discovery.core.run import Run

EVEN = {"orders": 0.25, "revenue_365d": 0.35, "order rate": 0.4}


def resting_on(run: Run, shares: Mapping[str, float]) -> Run:
    """Return the run with KMeans having taken its distances in these features."""
    kmeans = run.segmentation("kmeans")
    told = replace(kmeans, model={**kmeans.model, "distance_shares": shares})
    return replace(run, segmentations=tuple(told if s.name == "kmeans" else s for s in run.segmentations))


@given(weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=12))
def test_shares_add_up_and_only_one_beyond_the_limit_decides_alone(run: Run, weights: list[float]) -> None:
    shares = {f"f{i}": w / sum(weights) for i, w in enumerate(weights)}
    told = resting_on(run, shares)
    data = distances.distances_data(told, "kmeans")
    assert data["share"].sum() == pytest.approx(1)
    assert data["share"].is_monotonic_decreasing
    assert set(data.loc[data["alone"], "feature"]) == {n for n, s in shares.items() if s > 0.4}
    none = distances.distances_title(told, "kmeans").startswith("No feature decides alone")
    assert none == (max(shares.values()) <= 0.4)


def test_features_are_called_as_people_call_them(run: Run) -> None:
    told = resting_on(run, EVEN)
    table = distances.distances_table(told, "kmeans")
    labels = {f.name: f.label for f in run.table.features}
    assert [name.lower() for name in table["Feature"]] == [
        "order rate", labels["revenue_365d"].lower(), labels["orders"].lower()
    ]  # fmt: skip
    assert not table["Beyond the limit"].any()
    title = distances.distances_title(resting_on(run, {"order rate": 0.7, "orders": 0.3}), "kmeans")
    assert title == "“order rate” makes 70.0% of the distances, more than 40%: it decides alone"


def test_the_limit_is_the_runs_own(run: Run) -> None:
    strict = replace(resting_on(run, EVEN), settings={**run.settings, "cluster": {"max_distance_share": 0.3}})
    assert distances.distances_data(strict, "kmeans")["alone"].tolist() == [True, True, False]


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_figure_says_it_without_colour(run: Run, look: object) -> None:
    shown = distances.distances(resting_on(run, {"a <b>": 0.7, "orders": 0.3}), "kmeans", look)
    assert list(shown.data[0].marker.pattern.shape) == ["/", ""]
    assert list(shown.data[0].text) == [rate(0.7), rate(0.3)]
    assert shown.layout.yaxis.ticktext[0] == "a &lt;b&gt;"
    assert shown.layout.xaxis.range[1] > 70
    assert shown.layout.shapes[0].x0 == 40


def test_rules_take_no_distance(run: Run) -> None:
    assert distances.distances_data(run, "rules").empty
    told = run_summary(resting_on(run, EVEN))
    shares = {s["name"]: s["distance_shares"] for s in told["segmentations"]}
    assert shares["rules"] == []
    assert shares["kmeans"][0] == {"feature": "order rate", "share": 0.4, "alone": False}
