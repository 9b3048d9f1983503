"""The preparation as a scikit-learn transformer: the estimator contract, and the same numbers as the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from discovery.cluster.prepare import distance_shares, prepare
from discovery.cluster.transformer import FeaturePreparation

RNG = np.random.default_rng(5)


def features(rows: int = 300) -> pd.DataFrame:
    orders = RNG.geometric(0.5, rows)
    revenue = orders * RNG.lognormal(3, 0.2, rows)
    return pd.DataFrame({"orders": orders, "revenue": revenue, "visits": RNG.poisson(2, rows), "same": 1.0})


@parametrize_with_checks([FeaturePreparation(), FeaturePreparation(clip=1.0, correlated=0.5)])
def test_the_estimator_keeps_the_contract(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


def test_it_is_the_preparation_of_the_house() -> None:
    frame = features()
    found = FeaturePreparation(clip=2.0).fit(frame)
    assert found.preparation_ == prepare(frame, clip=2.0)
    np.testing.assert_array_equal(found.transform(frame), prepare(frame, clip=2.0).transform(frame))
    assert make_pipeline(FeaturePreparation(), KMeans(3, n_init=1)).fit_predict(frame).max() == 2


@pytest.mark.parametrize(("correlated", "kept"), [(1.0, ("orders", "revenue", "visits")), (0.7, ("orders", "visits"))])
def test_a_column_too_alike_to_one_before_it_is_left_out(correlated: float, kept: tuple[str, ...]) -> None:
    found = FeaturePreparation(correlated=correlated).fit(features())
    assert found.preparation_.names == kept
    assert tuple(found.get_feature_names_out()) == kept
    assert tuple(found.distance_shares_) == kept


def test_shares_of_the_distance_are_those_of_all_pairs() -> None:
    points = RNG.normal(size=(40, 3)) * [1.0, 2.0, 0.1]
    pairs = ((points[:, None] - points[None]) ** 2).mean(axis=(0, 1))
    found = distance_shares(points.astype(np.float32), "abc")
    np.testing.assert_allclose(list(found.values()), pairs / pairs.sum(), rtol=1e-5)
    assert sum(found.values()) == pytest.approx(1)
    assert distance_shares(np.ones((5, 2), dtype=np.float32), "ab") == {"a": 0.0, "b": 0.0}
