"""Stability of the kinds of a mixture: planted ones come again beyond those of a store without kinds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.stores import drawn
from discovery.cluster.mixture import fit_mixture
from discovery.cluster.shrink import shrink
from discovery.core.candidate import AgainstNull
from discovery.core.settings import ClusterSettings
from discovery.usecases.steadiness import mixture_stability

SETTINGS = ClusterSettings(stability_draws=6)


def found(name: str, k: int) -> list[AgainstNull]:
    records, _ = drawn(name, 1_200, seed=2)
    shrinkage = shrink(records, clip=3.0)
    points = shrinkage.transform(records)
    labels = fit_mixture(records, points, k, 1, 2).assign(records)[0]
    told = mixture_stability(records, points, shrinkage, labels, SETTINGS, 1)
    assert list(told) == [f"c{n + 1}" for n in range(labels.max() + 1)]
    return [AgainstNull(**each) for each in told.values()]


def test_planted_kinds_come_again_and_beyond_their_null() -> None:
    assert all(each.value > 0.75 and each.excess > 0 for each in found("regular, sales, presents", 3))


def test_kinds_of_a_smooth_crowd_do_not() -> None:
    assert np.mean([each.value > 0.75 and each.excess > 0 for each in found("smooth, strongly tied", 5)]) <= 0.2


@pytest.mark.parametrize(("draws", "k"), [(0, 3), (6, 1), (6, 200)])
def test_without_draws_with_one_kind_or_more_than_a_half_holds_nothing_is_said(draws: int, k: int) -> None:
    records, _ = drawn("heavy tails", 300, seed=2)
    shrinkage = shrink(records, clip=3.0)
    points = shrinkage.transform(records)
    labels = np.arange(300) % k
    assert mixture_stability(records, points, shrinkage, labels, ClusterSettings(stability_draws=draws), 1) == {}
