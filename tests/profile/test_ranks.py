"""One pass over a number for several segmentations gives what numpy and counting pairs give, to the digit."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.core.feature import Feature, FeatureTable
from discovery.core.segment import UNASSIGNED
from discovery.profile import ranks
from discovery.profile.describe import describe
from discovery.profile.ranks import grouped, ranked, standing

#: Ties, missing values, and numbers between which nothing is round.
VALUES = st.one_of(st.sampled_from([0.0, 0.1, 1.0, 3.0, np.nan]), st.floats(-1e9, 1e9))
CUSTOMERS = st.lists(st.tuples(VALUES, st.sampled_from(["a", "b", "c", UNASSIGNED])), min_size=1, max_size=60)


def share_above(mine: np.ndarray, others: np.ndarray) -> float:
    pairs = len(mine) * len(others)
    return float(np.sign(mine[:, None] - others).sum() / pairs) if pairs else 0.0


@given(CUSTOMERS, st.sampled_from([1, 2, 7, 2**13]))
def test_quartiles_are_numpys_and_effects_those_of_all_pairs(customers: list[tuple[float, str]], block: int) -> None:
    values = np.array([value for value, _ in customers])
    labels = np.array([label for _, label in customers])
    groups = grouped(pd.Series(labels, dtype="str"))
    known, inside = ~np.isnan(values), labels != UNASSIGNED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranks, "_BLOCK", block)
        found = standing(ranked(values), groups)
    if len(np.unique(values[known & inside])) < 2:
        assert found is None
        return
    assert found is not None
    assert found.median == np.median(values[known & inside])
    held = [values[known & (labels == i)] for i in groups.ids]
    assert found.known.tolist() == [len(mine) for mine in held]
    for at, mine in enumerate(held):
        expected = np.quantile(mine, [0.25, 0.5, 0.75]) if len(mine) else np.full(3, np.nan)
        np.testing.assert_array_equal(found.quartiles[at], expected)
    for at, mine in enumerate(held[: groups.placed]):
        assert found.against_rest[at] == share_above(mine, values[known & inside & (labels != groups.ids[at])])
        assert found.between[at].tolist() == [share_above(mine, other) for other in held[: groups.placed]]


def test_a_column_is_read_once_for_all_segmentations(monkeypatch: pytest.MonkeyPatch) -> None:
    customers = pd.Index(list("pqrst"), name="customer_id")
    features = tuple(Feature(n, n, "RFM", "count") for n in ("orders", "clicks", "alike"))
    values = pd.DataFrame({"orders": [1, 2, 3, 4, 9], "clicks": [5, np.nan, 0, 1, 1], "alike": 1}, index=customers)
    read: list[str] = []
    column = FeatureTable.column

    def reading(table: FeatureTable, name: str) -> pd.Series:
        read.append(name)
        return column(table, name)

    monkeypatch.setattr(FeatureTable, "column", reading)
    divided = [pd.Series(list(each), index=customers) for each in ("aabbb", "abcca")]
    divided.append(pd.Series(["a", UNASSIGNED, "b", "b", UNASSIGNED], index=customers))
    first, second, third = describe(FeatureTable(values, features, date(2025, 1, 1), ""), divided)
    assert read == ["orders", "clicks", "alike"]
    assert [set(each.segments) for each in (first, second, third)] == [
        {"a", "b"},
        {"a", "b", "c"},
        {"a", "b", UNASSIGNED},
    ]
    # What does not differ between placed customers is not described.
    assert all(set(each.between) == {"orders", "clicks"} for each in (first, second, third))
    orders = first.segments["a"]["orders"]
    assert (orders.median, orders.everyone, orders.effect, orders.missing_share) == (1.5, 3.0, -1.0, 0.0)
    assert first.segments["a"]["clicks"].missing_share == 0.5
    # Everyone is whoever is placed.
    assert third.segments["b"]["orders"].everyone == 3.0
    assert third.segments[UNASSIGNED]["orders"].median == 5.5
