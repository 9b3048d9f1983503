"""Kinds and shrunken features: likelihoods against independent formulas, planted parameters, degenerate cases."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import comb
from scipy.stats import betabinom, multivariate_normal

from benchmarks.stores import drawn
from discovery.cluster import compositions, order_process, order_values
from discovery.cluster.ascent import Reached, ascend, fit_one_kind
from discovery.cluster.distinct import distinct
from discovery.cluster.kind import Kind, bounds, first_guess, kind_from_plain, kind_of, likelihood, looked_at, row_of
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
    found = compositions.likelihood(np.array([[a, b]]), compositions.tables([compositions.counted(counts)]))[0][:, 0]
    ours = found + np.log(comb(n, counts[:, 0]))
    np.testing.assert_allclose(ours, betabinom.logpmf(counts[:, 0], n, a, b), atol=1e-8, rtol=1e-8)


def test_the_order_process_is_the_published_one() -> None:
    x = RNG.integers(0, 30, 200)
    age = RNG.integers(40, 700, 200)
    tx = np.where(x > 0, (age * RNG.random(200)).astype(int), 0)
    params = np.array([0.7, 60.0, 0.8, 3.0])
    theirs, _ = geometric.log_likelihood(params, x.astype(float), tx.astype(float), age.astype(float), at_first=True)
    ours, _ = order_process.likelihood(params[None], order_process.ordered(x, tx, age))
    np.testing.assert_allclose(ours[:, 0], theirs, rtol=1e-10)


def test_order_values_are_a_normal_with_a_common_part() -> None:
    params = np.array([[3.5, 0.3, 0.2]])
    for n in (1, 2, 5):
        y = RNG.normal(3.5, 0.7, n)
        data = order_values.valued(np.array([float(n)]), np.array([y.sum()]), np.array([(y**2).sum()]))
        together = multivariate_normal.logpdf(y, np.full(n, 3.5), 0.2 * np.eye(n) + 0.3)
        assert order_values.likelihood(params, data)[0].item() == pytest.approx(together)
    nothing = order_values.valued(np.zeros(1), np.zeros(1), np.zeros(1))
    assert order_values.likelihood(params, nothing)[0].item() == 0.0


def test_slopes_are_those_of_the_likelihood() -> None:
    data = looked_at(store(60))
    rows = row_of(first_guess(data)) + RNG.normal(0, 0.3, (3, len(bounds(data.parts))))
    weights = RNG.dirichlet(np.ones(3), 60)

    def value(flat: np.ndarray) -> float:
        return float((weights * likelihood(flat.reshape(rows.shape), data)[0]).sum())

    slope = likelihood(rows, data)[1](weights).ravel()
    np.testing.assert_allclose(slope, approx_fprime(rows.ravel(), value, 1e-6), atol=2e-3, rtol=2e-4)


def planted_kind(customers: int) -> tuple[Kind, Records]:
    """One kind, and records drawn from it."""
    kind = Kind((1.2, 90.0, 0.8, 3.0), (4.0, 0.25, 0.09), {"taste": {"a": 3.0, "b": 1.0, "c": 0.5}})
    age = RNG.integers(100, 900, customers)
    gaps = RNG.exponential(90.0 / RNG.gamma(1.2, 1.0, customers)[:, None], (customers, 400)).cumsum(axis=1)
    stays = RNG.geometric(RNG.beta(0.8, 3.0, customers))
    repeats = np.minimum((gaps < age[:, None]).sum(axis=1), stays - 1)
    last = np.where(repeats > 0, gaps[np.arange(customers), np.maximum(repeats, 1) - 1], 0.0)
    orders = repeats + 1
    own = RNG.normal(4.0, 0.5, customers)
    values = [RNG.normal(m, 0.3, n) for m, n in zip(own, orders, strict=True)]
    taste = RNG.multinomial(RNG.integers(0, 12, customers), RNG.dirichlet([3.0, 1.0, 0.5], customers))
    frame = {"repeats": repeats, "recency": np.floor(last), "age": age, "orders": orders}
    frame |= {"log_total": [v.sum() for v in values], "log_squares": [(v**2).sum() for v in values]}
    frame |= {f"taste:{part}": taste[:, i] for i, part in enumerate("abc")}
    return kind, records_from_frame(pd.DataFrame(frame))


def test_a_planted_kind_is_recovered() -> None:
    kind, records = planted_kind(8_000)
    found = fit_one_kind(looked_at(records))
    np.testing.assert_allclose(found.process, kind.process, rtol=0.2)
    np.testing.assert_allclose(found.value, kind.value, rtol=0.08)
    np.testing.assert_allclose(list(found.compositions["taste"].values()), [3.0, 1.0, 0.5], rtol=0.12)


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_more_steps_never_lower_the_likelihood(steps: int) -> None:
    data = looked_at(store())
    start = row_of(first_guess(data)) + RNG.normal(0, 0.1, (3, len(bounds(data.parts))))
    fewer = ascend(Reached(np.zeros(3), start), data, steps)
    assert ascend(Reached(np.zeros(3), start), data, steps + 1).log_likelihood >= fewer.log_likelihood
    assert fewer.shares.sum() == pytest.approx(1)


def test_a_kind_is_a_row_of_numbers() -> None:
    data = looked_at(store())
    kind = first_guess(data)
    back = kind_of(row_of(kind), data.parts)
    np.testing.assert_allclose(row_of(back), row_of(kind))
    assert back.parts == kind.parts


def test_distinct_rows_stand_for_all() -> None:
    columns = RNG.integers(0, 3, (2, 50))
    found = distinct(*columns)
    np.testing.assert_array_equal(np.stack(found.columns)[:, found.place], columns)
    assert found.weighed(np.ones((50, 1))).sum() == 50


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


@settings(max_examples=10)
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
    assert np.isfinite(likelihood(row_of(kind)[None], looked_at(half))[0]).all()
    assert max(kind.compositions["weekend"].values()) <= 1_000.1
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
