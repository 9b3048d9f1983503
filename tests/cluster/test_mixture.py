"""The mixture and the record null: planted kinds are found and counted, smooth customers are not taken for kinds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score

from benchmarks.stores import drawn
from discovery.cluster.apart import beyond_null, known_well
from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.mixture import Mixture, choose_kinds, fit_mixture, mixture_from_plain
from discovery.cluster.null import record_draws
from discovery.cluster.prepare import Matrix
from discovery.cluster.shrink import shrink
from discovery.cluster.stored import assign_frame
from discovery.core.errors import UsageError
from discovery.core.records import Records
from discovery.core.settings import ClusterSettings

Planted = tuple[Records, np.ndarray, Matrix, Mixture]


@pytest.fixture(scope="module")
def planted() -> Planted:
    records, truth = drawn("regular, sales, presents", 1_500, seed=0)
    points = shrink(records, clip=3.0).transform(records)
    assert truth is not None
    return records, truth, points, fit_mixture(records, points, 3, seed=1, starts=3)


def test_planted_kinds_are_found_better_than_by_kmeans(planted: Planted) -> None:
    records, truth, points, mixture = planted
    mine = adjusted_rand_score(truth, mixture.assign(records)[0])
    assert mine > 0.6
    assert mine > adjusted_rand_score(truth, assign(points, fit_centres(points, 3, 1, 5))[0])


def test_their_number_is_found(planted: Planted) -> None:
    records, _, points, _ = planted
    best, tried = choose_kinds(records, points, 8, seed=1, least=0.01, progress=lambda done: None)
    assert best == 3
    assert max(tried) < 8


def test_where_the_mixture_is_sure_it_is_right_more_often(planted: Planted) -> None:
    records, truth, _, mixture = planted
    labels, strength = mixture.assign(records)
    sure = strength > 0.9
    everyone, those = adjusted_rand_score(truth, labels), adjusted_rand_score(truth[sure], labels[sure])
    assert those > everyone
    right = np.mean([np.bincount(truth[labels == c]).max() / (labels == c).sum() for c in range(mixture.k)])
    assert strength.mean() == pytest.approx(right, abs=0.06)


def test_membership_is_a_distribution_and_kinds_come_by_size(planted: Planted) -> None:
    records, _, _, mixture = planted
    membership = mixture.membership(records)
    np.testing.assert_allclose(membership.sum(axis=1), 1.0)
    assert (membership >= 0).all()
    assert list(mixture.shares) == sorted(mixture.shares, reverse=True)
    np.testing.assert_allclose(membership.mean(axis=0), mixture.shares, atol=0.02)


def test_a_stored_model_assigns_any_part_alike(planted: Planted) -> None:
    records, _, _, mixture = planted
    model = json.loads(json.dumps(mixture.as_plain()))
    assert mixture_from_plain(model) == mixture
    whole = assign_frame(model, records.as_frame())
    some = np.random.default_rng(2).permutation(len(records))[:200]
    part = assign_frame(model, records.taken(some).as_frame())
    assert (part["segment_id"].to_numpy() == whole["segment_id"].to_numpy()[some]).all()
    np.testing.assert_allclose(part["strength"], whole["strength"].iloc[some], rtol=1e-9)


def test_a_model_that_keeps_no_places_is_refused() -> None:
    with pytest.raises(UsageError, match="kmeans or mixture, got 'hdbscan'"):
        assign_frame({"kind": "hdbscan"}, pd.DataFrame())


def test_the_same_seed_gives_the_same_mixture(planted: Planted) -> None:
    records, _, points, mixture = planted
    assert fit_mixture(records, points, 3, seed=1, starts=3) == mixture


def test_the_order_of_customers_changes_nothing_that_matters(planted: Planted) -> None:
    records, _, points, mixture = planted
    order = np.random.default_rng(5).permutation(len(records))
    other = fit_mixture(records.taken(order), points[order], 3, seed=1, starts=3)
    assert adjusted_rand_score(mixture.assign(records)[0], other.assign(records)[0]) > 0.97


def test_few_customers_are_of_one_kind() -> None:
    records, _ = drawn("regular, sales, presents", 20, seed=2)
    points = shrink(records, clip=3.0).transform(records)
    best, tried = choose_kinds(records, points, 8, seed=1, least=0.01, progress=lambda done: None)
    assert (best, list(tried)) == (1, [1])


def test_one_kind_is_everyone(planted: Planted) -> None:
    records, _, points, _ = planted
    one = fit_mixture(records, points, 1, seed=1)
    assert one.shares == (1.0,)
    assert set(one.assign(records)[0]) == {0}


def test_kinds_that_nobody_needs_are_let_go() -> None:
    records, _ = drawn("mostly one-time buyers", 300, seed=2)
    points = shrink(records, clip=3.0).transform(records)
    mixture = fit_mixture(records, points, 12, seed=1, starts=2, least=0.1)
    assert mixture.k < 12
    assert min(mixture.shares) >= 0.05
    assert np.isfinite(mixture.log_likelihood)


def test_the_record_null_keeps_margins_and_ties() -> None:
    records, _ = drawn("smooth, strongly tied", 1_500, seed=1)
    shrinkage = shrink(records, clip=3.0)
    points = shrinkage.transform(records)
    (drawn_anew, one), (_, two) = record_draws(records, shrinkage, 2, seed=3)
    np.testing.assert_array_equal(np.sort(one, axis=0), np.sort(points, axis=0))
    wanted, got = spearmanr(points)[0], spearmanr(np.vstack([one, two]))[0]
    assert np.abs(wanted - got).mean() < 0.02
    assert not np.array_equal(one, two)
    again = next(record_draws(records, shrinkage, 1, seed=3))[1]
    np.testing.assert_array_equal(one, again)
    # What is known of everyone stays; what they ordered does not, nor how much their orders differ among themselves.
    np.testing.assert_array_equal(drawn_anew.orders, records.orders)
    np.testing.assert_array_equal(drawn_anew.counts["year end"], records.counts["year end"])
    assert (drawn_anew.counts["weekend"] != records.counts["weekend"]).any()
    within = drawn_anew.log_squares - drawn_anew.log_total**2 / drawn_anew.orders
    assert np.abs(within[records.orders == 1]).max() < 1e-9
    several = records.orders > 1
    assert within[several].sum() / (records.orders - 1)[several].sum() == pytest.approx(
        shrinkage.prior.value[2], rel=0.1
    )


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("smooth, strongly tied", False),
        ("heavy tails", False),
        ("bent ties", False),
        ("regular, sales, presents", True),
    ],
)
def test_kinds_are_told_from_smooth_customers(name: str, there: bool) -> None:
    records, _ = drawn(name, 3_500, seed=3)
    shrinkage = shrink(records, clip=3.0)
    rows = known_well(records, ClusterSettings(), seed=1)
    nulls = (null for _, null in record_draws(records.taken(rows), shrinkage, 10, seed=1))
    limit = ClusterSettings().discovered_from
    assert beyond_null(shrinkage.transform(records)[rows], nulls, limit, 1, shrinkage.names).kinds is there
