"""Stability per segment: planted groups come again, cuts through a cloud no more than their null does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from discovery.cluster.choose import choose_k
from discovery.cluster.kmeans import Labels, assign, fit_centres, second_nearest
from discovery.cluster.null import copula_draws
from discovery.cluster.prepare import Matrix
from discovery.cluster.stability import beside_null, redrawn_jaccards
from tests.cluster.test_clusters import QUICK, blobs, cloud


def kmeans_of(points: Matrix, k: int) -> tuple[Labels, Callable[..., Labels]]:
    def anew(drawn: NDArray[np.int64], seed: int) -> Labels:
        return assign(points[drawn], fit_centres(points[drawn], k, seed, 3))[0]

    return assign(points, fit_centres(points, k, 1, 5))[0], anew


def test_planted_groups_come_again_and_beyond_the_null() -> None:
    points, _ = blobs(4)
    labels, anew = kmeans_of(points, 4)
    found = redrawn_jaccards(labels, anew, 5, 1)
    assert (found > 0.95).all()
    nulls = [redrawn_jaccards(*kmeans_of(null, 4), 3, 2) for null in copula_draws(points, 4, 3)]
    assert all(each is not None and each.excess > 0 for each in beside_null(found, nulls))


def test_cuts_through_a_cloud_are_within_their_null() -> None:
    beyond = []
    for seed in range(8):
        points = cloud(seed=seed)
        found = redrawn_jaccards(*kmeans_of(points, 5), 8, 1)
        nulls = [redrawn_jaccards(*kmeans_of(null, 5), 4, 2) for null in copula_draws(points, 6, seed)]
        beyond += [each.excess > 0 for each in beside_null(found, nulls) if each is not None]
    # One in twenty, by chance; those of one cloud go together.
    assert np.mean(beyond) <= 0.15
    # Stable is not real: cut in two, the same cloud comes again well.
    assert redrawn_jaccards(*kmeans_of(cloud(columns=1), 2), 5, 1).min() > 0.75


def test_noise_is_the_match_of_no_cluster() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, -1, -1])

    def nothing(drawn: NDArray[np.int64], seed: int) -> Labels:
        return np.full(len(drawn), -1)

    np.testing.assert_array_equal(redrawn_jaccards(labels, nothing, 3, 1), [0.0, 0.0])
    same = redrawn_jaccards(labels, lambda drawn, seed: labels[drawn], 9, 1)
    np.testing.assert_array_equal(same, [1.0, 1.0])


@given(st.lists(st.integers(-1, 3), min_size=12, max_size=40), st.permutations(range(4)), st.integers(0, 99))
def test_what_the_clusters_of_a_draw_are_called_changes_nothing(labels: list[int], names: list[int], seed: int) -> None:
    mine = np.array(labels)
    others = np.roll(mine, 3)
    renamed = np.where(others < 0, -1, np.array(names)[others])
    plain = redrawn_jaccards(mine, lambda drawn, start: others[drawn], 3, seed)
    np.testing.assert_array_equal(plain, redrawn_jaccards(mine, lambda drawn, start: renamed[drawn], 3, seed))
    known = plain[~np.isnan(plain)]
    assert ((known >= 0) & (known <= 1)).all()


def test_one_segment_is_shown_beside_the_others_and_never_chosen() -> None:
    points = cloud()
    choice = choose_k(points, lambda rows, n, s: copula_draws(points[rows], n, s), None, replace(QUICK, k_high=12), 1)
    assert [c.k for c in choice.candidates] == list(range(1, 13))
    assert set(choice.candidates[0].statistics) == {"tightness"}
    assert choice.k > 1


def test_the_second_nearest_centre_is_never_the_nearest() -> None:
    points, _ = blobs(4)
    centres = fit_centres(points, 4, 1, 3)
    nearest, second = assign(points, centres)[0], second_nearest(points, centres)
    assert (nearest != second).all()
    distance = ((points[:, None, :] - centres[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(second, np.argsort(distance, axis=1)[:, 1])
