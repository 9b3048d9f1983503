"""Clustering: planted truth is found, chance is the seed's alone, and structureless data are not believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import PowerTransformer, StandardScaler

from discovery.cluster.apart import beyond_null
from discovery.cluster.choose import Choice, choose_k
from discovery.cluster.density import NOISE, by_size, cluster_by_density
from discovery.cluster.embed import embed
from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.null import copula_draws
from discovery.cluster.prepare import Matrix, prepare
from discovery.cluster.stability import Halves, compare_halves
from discovery.core.errors import DataError
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED, Structure
from discovery.core.settings import ClusterSettings

QUICK = ClusterSettings(null_draws=5, choice_rows=900, n_init=5, k_high=8)


def blobs(k: int, each: int = 150, columns: int = 4, spread: float = 0.35, seed: int = 5) -> tuple[Matrix, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-3, 3, (k, columns))
    truth = np.repeat(np.arange(k), each)
    return (centres[truth] + spread * rng.standard_normal((k * each, columns))).astype(np.float32), truth


def cloud(rows: int = 900, columns: int = 4, seed: int = 6) -> Matrix:
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


def test_preparation_is_scikit_learns_yeo_johnson() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.lognormal(0, 1, 300), "b": rng.normal(0, 5, 300), "c": rng.integers(0, 4, 300)})
    ours = prepare(frame, clip=10.0).transform(frame)
    theirs = StandardScaler().fit_transform(PowerTransformer(standardize=False).fit_transform(frame.to_numpy(float)))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_preparation_leaves_out_what_does_not_vary_and_clips() -> None:
    frame = pd.DataFrame({"same": [2.0] * 50, "a": [*range(49), 10_000.0]})
    found = prepare(frame, clip=2.0)
    assert found.names == ("a",)
    assert np.abs(found.transform(frame)).max() <= 2.0
    with pytest.raises(DataError, match="No feature differs"):
        prepare(frame[["same"]], clip=2.0)


def test_kmeans_finds_planted_groups_and_numbers_them_by_size() -> None:
    points, truth = blobs(4)
    points, truth = points[100:], truth[100:]
    labels, strength = assign(points, fit_centres(points, 4, seed=3, n_init=5))
    assert adjusted_rand_score(truth, labels) > 0.95
    assert list(np.bincount(labels)) == sorted(np.bincount(labels), reverse=True)
    assert ((strength >= 0) & (strength <= 1)).all()


def test_kmeans_is_as_good_as_scikit_learns() -> None:
    points = cloud()
    labels, _ = assign(points, fit_centres(points, 5, seed=3, n_init=10))
    ours = sum(((points[labels == c] - points[labels == c].mean(axis=0)) ** 2).sum() for c in range(5))
    theirs = KMeans(5, n_init=10, random_state=0).fit(points).inertia_
    assert ours <= 1.005 * theirs


def test_the_same_seed_gives_the_same_labels() -> None:
    points, _ = blobs(5)
    one = assign(points, fit_centres(points, 5, 9, 3))[0]
    two = assign(points, fit_centres(points, 5, 9, 3))[0]
    assert (one == two).all()


def test_the_null_keeps_every_margin_and_the_rank_correlations() -> None:
    rng = np.random.default_rng(2)
    base = rng.standard_normal(2_000)
    points = np.column_stack([np.exp(base), (base + rng.standard_normal(2_000) > 0), rng.exponential(1, 2_000)])
    draws = list(copula_draws(points.astype(np.float32), 3, seed=1))
    for draw in draws:
        for column in range(3):
            np.testing.assert_array_equal(np.sort(draw[:, column]), np.sort(points.astype(np.float32)[:, column]))
        assert spearmanr(draw[:, 0], draw[:, 1])[0] == pytest.approx(spearmanr(points[:, 0], points[:, 1])[0], abs=0.06)
    assert not np.array_equal(draws[0], draws[1])


def choose(
    points: Matrix, settings: ClusterSettings = QUICK, tested: bool = False, losses: dict[int, float] | None = None
) -> Choice:
    def nulls(rows: NDArray[np.int64], draws: int, seed: int) -> Iterator[Matrix]:
        return copula_draws(points[rows], draws, seed)

    beyond = beyond_null(points, copula_draws(points, settings.null_draws, 1), 7, 1) if tested else None
    return choose_k(points, nulls, beyond, settings, seed=1, rehearsed=losses)


def test_planted_groups_stand_out_of_the_null_and_a_cloud_does_not() -> None:
    points, _ = blobs(6)
    choice = choose(points)
    assert choice.supported == 6
    chosen = next(c for c in choice.candidates if c.k == 6)
    names = ("silhouette", "calinski_harabasz", "tightness", "prediction_strength", "stability")
    assert all(chosen.statistics[name].excess > 0 for name in names)
    assert not all(c.statistics["stability"].excess > 0 for c in choose(cloud()).candidates if c.k > 1)


def test_discovered_is_said_only_where_it_was_tested() -> None:
    points, _ = blobs(6)
    assert choose(points).structure is Structure.CONSTRUCTED
    found = choose(points, tested=True)
    assert (found.k, found.structure) == (6, Structure.DISCOVERED)
    assert choose(cloud(), tested=True).structure is not Structure.DISCOVERED


def test_kinds_are_looked_for_with_and_without_what_customers_buy() -> None:
    rng = np.random.default_rng(4)
    *crowd, four = [rng.standard_normal((100, 8)).astype(np.float32) for _ in range(5)]
    four[:, :2] += 1.1 * rng.choice([-1, 1], (100, 2))
    names = ["order value", "discounted", *(f"category: {i}" for i in range(6))]
    whole, habits = beyond_null(four, crowd, 2, 1), beyond_null(four[:, :2], [each[:, :2] for each in crowd], 2, 1)
    assert whole != habits
    assert beyond_null(four, crowd, 2, 1, names) == max(whole, habits, key=lambda view: (view.kinds, view.clearness))
    # One column is no view of its own.
    assert beyond_null(four, crowd, 2, 1, ["order value", *(f"category: {i}" for i in range(7))]) == whole


def test_a_cut_for_use_keeps_what_the_rehearsal_gained() -> None:
    points, band = cloud(), range(QUICK.band_low, QUICK.band_high + 1)
    free = choose(points).k
    kept = choose(points, losses={k: 2 * QUICK.lead_loss if k == free else 0.0 for k in band})
    assert kept.k in set(band) - {free}
    assert f"cuts into {free} ranked worse" in kept.reason
    none = dict.fromkeys(band, 2 * QUICK.lead_loss)
    assert choose(points, losses=none).k == free, "where none keeps it, the rehearsal says nothing"
    found = choose(blobs(6)[0], tested=True, losses=none)
    assert (found.k, found.structure) == (6, Structure.DISCOVERED)


def test_the_business_band_is_never_forced_on_what_was_discovered() -> None:
    three = choose(blobs(3, each=300)[0], tested=True)
    assert (three.k, three.structure) == (3, Structure.DISCOVERED)
    asked = choose(blobs(3, each=300)[0], replace(QUICK, k=6), tested=True)
    assert (asked.k, asked.structure) == (6, Structure.CONSTRUCTED)


def test_a_number_asked_for_is_given_and_said() -> None:
    choice = choose(cloud(), replace(QUICK, k=7))
    assert (choice.k, choice.structure) == (7, Structure.CONSTRUCTED)
    assert "asked for" in choice.reason


def test_too_few_customers_give_one_group() -> None:
    choice = choose(cloud(5))
    assert (choice.k, choice.structure) == (1, Structure.NONE)


def test_halves_that_agree_keep_each_others_pairs_together() -> None:
    points, _ = blobs(3, each=200, spread=0.1)

    def refit(half: Matrix, everyone: Matrix, seed: int) -> np.ndarray:
        return assign(everyone, fit_centres(half, 3, seed, 3))[0]

    assert compare_halves(points, refit, 2, seed=1) == Halves(1.0, 1.0)
    by_chance = compare_halves(cloud(), lambda half, all_, seed: np.random.default_rng(seed).integers(0, 3, 900), 4, 1)
    assert by_chance.agreement == pytest.approx(0.0, abs=0.02)
    assert by_chance.prediction_strength == pytest.approx(1 / 3, abs=0.03)


def test_density_finds_dense_groups_and_leaves_noise_alone() -> None:
    points, truth = blobs(3, each=300, spread=0.15)
    noise = np.random.default_rng(4).uniform(-6, 6, (60, 4)).astype(np.float32)
    found = cluster_by_density(np.vstack([points, noise]), QUICK, seed=1)
    assert found.refusal == ""
    assert adjusted_rand_score(truth, found.labels[:900]) > 0.95
    assert (found.labels[900:] == NOISE).mean() > 0.5
    assert (found.strength[found.labels == NOISE] == 0).all()


def test_density_refuses_a_blob_and_says_why() -> None:
    found = cluster_by_density(cloud(), QUICK, seed=1)
    assert found.refusal
    atoms = np.vstack([np.zeros((700, 4), np.float32), blobs(2, each=100)[0]])
    assert "One cluster would hold" in cluster_by_density(atoms, QUICK, seed=1).refusal


def test_density_sees_the_customers_as_umap_lays_them_out() -> None:
    points, truth = blobs(3, each=100, spread=0.15)
    found = cluster_by_density(points, replace(QUICK, hdbscan_umap=2), seed=1)
    assert adjusted_rand_score(truth, found.labels) > 0.95
    assert found.method.endswith("laid out by UMAP in 2 dimensions")
    assert "UMAP" not in cluster_by_density(points, QUICK, seed=1).method


def test_customers_beyond_the_sample_follow_their_neighbours() -> None:
    points, truth = blobs(3, each=400, spread=0.15)
    found = cluster_by_density(points, replace(QUICK, hdbscan_rows=400), seed=1)
    assert adjusted_rand_score(truth, found.labels) > 0.95


def test_labels_by_size_keep_the_groups() -> None:
    labels = np.array([5, 5, 2, 2, 2, -1])
    assert list(by_size(labels)) == [1, 1, 0, 0, 0, -1]


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_the_map_shows_at_most_so_many_customers(method: str) -> None:
    shown, places, name = embed(blobs(3)[0], method, 120, seed=2)
    assert (len(shown), places.shape, name) == (120, (120, 2), method.upper())
    assert np.isfinite(places).all()
    again = embed(blobs(3)[0], method, 120, seed=2)[1]
    np.testing.assert_array_equal(places, again)


def test_the_planted_kinds_are_found_in_a_run(planted_run: Run, planted_store: Path) -> None:
    truth = pd.read_parquet(planted_store / "truth.parquet").set_index("customer_id")["kind"]
    for name in ("kmeans", "hdbscan", "mixture"):
        labels = planted_run.segmentation(name).labels.loc[truth.index]
        assert adjusted_rand_score(truth, labels) > 0.8
    assert planted_run.segmentation("mixture").k == 4
    assert planted_run.segmentation("mixture").structure is Structure.DISCOVERED
    assert planted_run.recommended == "mixture"
    assert planted_run.segmentation("kmeans").labels["pr-000"] == UNASSIGNED
    assert "never ordered" in planted_run.segmentation("kmeans").unassigned_reason
