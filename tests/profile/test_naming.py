"""Names: what a marketer would say, one for each, and the same again on another draw of the customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.feature import FeatureTable
from discovery.core.records import Records, records_from_frame
from discovery.core.run import Run
from discovery.core.segment import Description
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import BY_NAME
from discovery.features.records import extract_records
from discovery.profile.describe import describe
from discovery.profile.leaning import leanings
from discovery.profile.naming import Name, Trait, name_segments, traits

NAMES = ("days_since_last_order", "orders", "revenue", "average_order_value", "median_gap_days", "share_discounted")
TABLE = FeatureTable(
    pd.DataFrame(np.empty((0, len(NAMES))), pd.Index([], name="customer_id"), NAMES),
    tuple(BY_NAME[n] for n in NAMES),
    date(2025, 1, 1),
    "x",
)


def profile(once: bool = False, missing: float = 0.0, **effects: float) -> dict[str, Description]:
    q3 = 1.0 if once else 9.0
    return {n: Description(10 + np.sign(e), 1.0, q3, 10.0, e, missing) for n, e in effects.items()}


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (profile(orders=0.9, revenue=0.8, average_order_value=0.1), "Frequent big spenders"),
        (profile(orders=-0.7, share_discounted=0.5, once=True), "One-time discount buyers"),
        (profile(days_since_last_order=0.6, revenue=0.5), "Lapsed big spenders"),
        (profile(orders=-0.5, average_order_value=-0.3), "Occasional small-basket buyers"),
        (profile(orders=0.2, median_gap_days=-0.4), "Buyers with short gaps"),
        (profile(orders=0.5, median_gap_days=-0.9), "Frequent buyers"),
        (profile(median_gap_days=0.6, missing=0.6), "Average customers"),
        (profile(orders=0.1, revenue=-0.1), "Average customers"),
    ],
)
def test_a_name_says_the_two_largest_effects_in_peoples_words(found: dict[str, Description], name: str) -> None:
    assert name_segments(TABLE, {"c1": found})["c1"].name == name


def test_an_effect_without_a_difference_in_the_middle_is_no_word() -> None:
    same = {"share_discounted": Description(0.0, 0.0, 0.2, 0.0, 0.3, 0.0)}
    assert traits(TABLE, same) == ()


def test_names_are_unique_and_the_third_word_tells_them_apart() -> None:
    profiles = {
        "c1": profile(orders=0.9, revenue=0.8, days_since_last_order=-0.7),
        "c2": profile(orders=0.7, revenue=0.6, share_discounted=0.5),
        "c3": profile(orders=0.7, revenue=0.6),
        "unassigned": profile(orders=0.9),
    }
    found = name_segments(TABLE, profiles)
    assert [found[i].name for i in ("c1", "c2", "c3")] == [
        "Active frequent big spenders",
        "Frequent discount big spenders",
        "Frequent big spenders",
    ]
    assert found["c3"].why.startswith("Median orders 11 against 10 for everyone; ")
    alike = name_segments(TABLE, {"c1": profile(orders=0.5), "c2": profile(orders=0.5)})
    assert {n.name for n in alike.values()} == {"Frequent buyers", "Frequent buyers (2)"}


def test_what_a_segment_buys_is_part_of_its_name() -> None:
    items = pd.DataFrame({"category:tea": [9, 8, 9, 1, 0, 1], "category:mugs": [1, 0, 1, 9, 0, 8]}, dtype=float)
    columns = dict.fromkeys(("repeats", "recency", "age", "orders", "log_total", "log_squares"), 1.0)
    records = records_from_frame(items.assign(**columns).set_index(pd.Index(list("abcdef"), name="customer_id")))
    labels = pd.Series(["c1", "c1", "c1", "c2", "c2", "c2"], index=records.customer)
    [found] = leanings(records, [labels], 1.5)
    assert found["c1"].what == "tea"
    assert found["c2"].what == "mugs"
    # Who bought nothing of any category is known to lean to none: customer e counts nowhere.
    assert found["c1"].effect == 1.0
    more = {"c1": Trait("tea", 0.9, "tea {}", "90% of their items are tea")}
    assert name_segments(TABLE, {"c1": profile(orders=0.9)}, more)["c1"].name == "Frequent tea buyers"
    assert leanings(None, [labels], 1.5) == [{}]


#: Of the kinds of tests/planted.py.
GOLDEN = {
    "devoted": "Active frequent buyers",
    "big baskets": "Big-basket buyers with long gaps",
    "gone": "Lapsed long-standing buyers",
    "once": "One-time small-basket buyers",
}


def test_the_planted_kinds_are_called_what_they_are(planted_run: Run) -> None:
    found = planted_run.segmentation("kmeans")
    kinds = {name[:2]: name for name in GOLDEN}
    assert {kinds[found.members(s.id)[0][:2]]: s.name for s in found.placed} == GOLDEN


def names(table: FeatureTable, records: Records, labels: pd.Series) -> dict[str, Name]:
    [profiles], [bought] = describe(table, [labels]), leanings(records, [labels], 1.5)
    return name_segments(table, profiles.segments, bought)


@pytest.mark.parametrize(("fixture", "least"), [("planted_workspace", 0.9), ("run_workspace", 0.8)])
def test_names_stay_on_other_draws_of_the_same_customers(
    fixture: str, least: float, request: pytest.FixtureRequest
) -> None:
    """The simulated store has 1,700 buyers; of one of 14,500 nearly all names stay (docs/clustering.md)."""
    workspace = service.open_workspace(request.getfixturevalue(fixture))
    run, dataset = workspace.load(workspace.runs()[0].id), workspace.dataset()
    assert dataset is not None
    with Engine() as engine:
        records = extract_records(engine, dataset, run.as_of)
    table, rng = run.table.only([f.name for f in run.table.features if f.words]).in_memory(), np.random.default_rng(3)
    ids = pd.Index([f"{i:06d}" for i in range(len(table))], name="customer_id")
    place = records.customer.get_indexer(table.customers)
    same = []
    for each in run.segmentations:
        if each.k < 2 or each.name == "rules":
            continue
        before = names(table, records, each.labels)
        for _ in range(6):
            rows = np.sort(rng.integers(0, len(table), len(table)))
            drawn = replace(table, values=table.values.iloc[rows].set_axis(ids))
            labels = each.labels.iloc[rows].set_axis(ids)
            known = place[rows] >= 0
            theirs = replace(records.taken(place[rows][known]), customer=ids[known])
            now = names(drawn, theirs, labels)
            same += [i in now and now[i].name == name.name for i, name in before.items()]
    assert np.mean(same) >= least


def test_every_segment_is_set_beside_its_nearest(planted_run: Run) -> None:
    found, values = planted_run.segmentation("kmeans"), planted_run.table.values
    for segment in found.placed:
        other = found.segment(segment.nearest)
        assert other.id != segment.id
        effects = [abs(d.effect) for d in segment.versus_nearest.values()]
        assert effects == sorted(effects, reverse=True)
        name, most = next(iter(segment.versus_nearest.items()))
        mine, theirs = (values.loc[found.members(i), name].dropna().to_numpy() for i in (segment.id, other.id))
        above = np.sign(mine[:, None] - theirs[None]).mean()
        assert most.effect == pytest.approx(above)
        assert most.everyone == other.profile[name].median
