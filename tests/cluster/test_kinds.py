"""Kinds and shrunken features: likelihoods against independent formulas, planted parameters, degenerate cases."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import comb
from scipy.stats import betabinom, multivariate_normal

from benchmarks.stores import drawn
from discovery.cluster import compositions, order_process, order_values
from discovery.cluster.distinct import distinct
from discovery.cluster.kind import fit_one_kind, kind_from_plain, log_likelihood, looked_at
from discovery.cluster.shrink import shrink, shrinkage_from_plain
from discovery.core.errors import DataError
from discovery.core.records import Records, records_from_frame
from discovery.features.lifetime import geometric

RNG = np.random.default_rng(3)


def store(rows: int = 400) -> Records:
    return drawn("smooth, strongly tied", rows, seed=4)[0]


def changed(records: Records, **columns: float) -> Records:
    return records_from_frame(records.as_frame().assign(**{k.replace("__", ":"): v for k, v in columns.items()}))


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=9),
    st.floats(0.05, 50),
    st.floats(0.05, 50),
)
def test_two_parts_are_the_beta_binomial(pairs: list[tuple[int, int]], a: float, b: float) -> None:
    counts = np.array(pairs, dtype=float)
    n = counts.sum(axis=1)
    ours = compositions.log_likelihood(np.array([a, b]), compositions.counted(counts)) + np.log(comb(n, counts[:, 0]))
    np.testing.assert_allclose(ours, betabinom.logpmf(counts[:, 0], n, a, b), atol=1e-8, rtol=1e-8)


def test_shares_of_many_are_recovered() -> None:
    shares = RNG.dirichlet([3.0, 1.0, 0.5], 4_000)
    counts = RNG.multinomial(RNG.integers(1, 12, 4_000), shares).astype(float)
    data = compositions.counted(counts)
    found = compositions.fit(data, np.ones(4_000), compositions.first_guess(data), 2_000)
    np.testing.assert_allclose(found, [3.0, 1.0, 0.5], rtol=0.12)


def test_the_order_process_is_the_published_one() -> None:
    x = RNG.integers(0, 30, 200)
    age = RNG.integers(40, 700, 200)
    tx = np.where(x > 0, (age * RNG.random(200)).astype(int), 0)
    params = np.array([0.7, 60.0, 0.8, 3.0])
    theirs, _ = geometric.log_likelihood(params, x.astype(float), tx.astype(float), age.astype(float), at_first=True)
    np.testing.assert_allclose(order_process.log_likelihood(params, distinct(x, tx, age)), theirs, rtol=1e-10)


def test_order_values_are_a_normal_with_a_common_part() -> None:
    params = np.array([3.5, 0.3, 0.2])
    for n in (1, 2, 5):
        y = RNG.normal(3.5, 0.7, n)
        data = order_values.Values(np.array([float(n)]), np.array([y.sum()]), np.array([(y**2).sum()]))
        together = multivariate_normal.logpdf(y, np.full(n, 3.5), 0.2 * np.eye(n) + 0.3)
        assert order_values.log_likelihood(params, data)[0] == pytest.approx(together)
    nothing = order_values.Values(np.zeros(1), np.zeros(1), np.zeros(1))
    assert order_values.log_likelihood(params, nothing)[0] == 0.0


def test_variances_of_order_values_are_recovered() -> None:
    n = RNG.integers(1, 8, 5_000)
    own = RNG.normal(4.0, 0.5, 5_000)
    y = [RNG.normal(m, 0.3, k) for m, k in zip(own, n, strict=True)]
    data = order_values.Values(n.astype(float), np.array([v.sum() for v in y]), np.array([(v**2).sum() for v in y]))
    found = order_values.fit(data, np.ones(5_000), order_values.first_guess(data), 500)
    np.testing.assert_allclose(found, [4.0, 0.25, 0.09], rtol=0.06)


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_more_steps_never_lower_the_likelihood(steps: int) -> None:
    data, everyone = looked_at(store()), np.ones(400)
    process = order_process.fit(data.process, everyone, order_process.FIRST_GUESS, steps)
    assert (
        order_process.log_likelihood(process, data.process).sum()
        >= order_process.log_likelihood(order_process.FIRST_GUESS, data.process).sum()
    )
    for counts in data.compositions.values():
        guess = compositions.first_guess(counts)
        better = compositions.fit(counts, everyone, guess, steps)
        assert compositions.log_likelihood(better, counts).sum() >= compositions.log_likelihood(guess, counts).sum()


def test_distinct_rows_stand_for_all() -> None:
    columns = RNG.integers(0, 3, (2, 50))
    found = distinct(*columns)
    np.testing.assert_array_equal(np.stack(found.columns)[:, found.place], columns)
    assert found.weighed(np.ones(50)).sum() == 50


def test_shrunken_shares_are_posterior_means_in_log_odds() -> None:
    records = store()
    found = shrink(records, clip=1e9)
    a, b = found.prior.compositions["weekend"].values()
    at = found.names.index("weekend")
    raw = found.transform(records)[:, at] * found.scales[at] + found.means[at]
    yes, no = records.counts["weekend"].T
    posterior = (a + yes) / (a + b + yes + no)
    np.testing.assert_allclose(1 / (1 + np.exp(-raw)), posterior, atol=1e-5)
    share = yes / (yes + no)
    assert np.abs(posterior - a / (a + b)).max() < np.abs(share - a / (a + b)).max()


def test_whoever_is_known_little_stands_nearer_to_the_middle() -> None:
    records = store()
    found = shrink(records, clip=1e9)
    once, often = (
        found.transform(changed(records, orders=n, log_total=5.0 * n, log_squares=25.0 * n)) for n in (1.0, 20.0)
    )
    at = found.names.index("order value")
    assert (once[:, at] < often[:, at]).all()


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(60)))
def test_the_transform_is_a_function_of_each_customer_alone(order: list[int]) -> None:
    records = store(60)
    found = shrink(records, clip=3.0)
    whole = found.transform(records)
    np.testing.assert_array_equal(found.transform(records.taken(order)), whole[order])
    np.testing.assert_array_equal(found.transform(records.taken([order[0]])), whole[[order[0]]])


def test_what_is_stored_is_json_and_comes_back() -> None:
    found = shrink(store(), clip=3.0)
    back = shrinkage_from_plain(json.loads(json.dumps(found.as_plain())))
    assert back == found
    np.testing.assert_array_equal(back.transform(store()), found.transform(store()))
    assert kind_from_plain(json.loads(json.dumps(found.prior.as_plain()))) == found.prior


def test_a_composition_of_which_one_part_occurs_is_left_out() -> None:
    records = store()
    never = changed(records, clicked__yes=0.0)
    assert "clicked" not in shrink(never, clip=3.0).names
    one = records_from_frame(
        records.as_frame().assign(**{f"category:{i}": 0.0 for i in range(1, 6)}).assign(**{"category:0": 2.0})
    )
    assert not [name for name in shrink(one, clip=3.0).names if name.startswith("category")]


def test_a_part_never_seen_before_is_not_looked_at() -> None:
    records = store()
    found = shrink(changed(records, clicked__yes=0.0), clip=3.0)
    np.testing.assert_array_equal(found.transform(records), found.transform(changed(records, clicked__yes=0.0)))


def test_customers_who_all_share_a_habit_give_finite_priors() -> None:
    records = store()
    half = changed(records, weekend__yes=1.0, weekend__no=1.0, orders=2.0, log_total=8.0, log_squares=32.0)
    kind = fit_one_kind(looked_at(half))
    assert np.isfinite(log_likelihood(kind, looked_at(half))).all()
    assert max(kind.compositions["weekend"].values()) <= 1_000
    assert {"weekend", "order value"}.isdisjoint(shrink(half, clip=3.0).names)


def test_everybody_once_is_no_fault() -> None:
    records = store()
    once = changed(records, repeats=0.0, recency=0.0, orders=1.0, log_squares=records.log_total**2)
    points = shrink(once, clip=3.0).transform(once)
    assert np.isfinite(points).all()


def test_customers_who_do_not_differ_are_refused() -> None:
    row = {"repeats": 0.0, "recency": 0.0, "age": 9.0, "orders": 1.0, "log_total": 3.0, "log_squares": 9.0}
    with pytest.raises(DataError, match="do not differ"):
        shrink(records_from_frame(pd.DataFrame([row] * 5)), clip=3.0)
    with pytest.raises(DataError, match="At least two"):
        shrink(records_from_frame(pd.DataFrame([row])), clip=3.0)
