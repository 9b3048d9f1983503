"""What customers told of themselves: shown of every segment, and a part of the clustering only where that is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.compile import compile_settings
from discovery.core.errors import SettingError
from discovery.core.question import question_named
from discovery.core.run import Run
from discovery.engine.duckdb import Engine
from discovery.usecases.frozen import frozen_labels
from tests.conftest import PLANTED
from tests.planted import write_planted_store

SKIN = "property_skin_type"
FEW = (*PLANTED, "cluster.stability_draws=0")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted store, of whose one-time buyers four in five say that their skin is dry, of others one in five."""
    folder = tmp_path_factory.mktemp("quiz") / "store"
    write_planted_store(folder)
    people = pd.read_parquet(folder / "profiles.parquet")
    rng = np.random.default_rng(5)
    dry = rng.random(len(people)) < np.where(people["customer_id"].str.startswith("on-"), 0.8, 0.2)
    silent = rng.random(len(people)) < 0.2
    people["property.skin_type"] = pd.Series(np.where(dry, "dry", "oily"), dtype=object).mask(silent, None)
    people["property.age"] = rng.integers(20, 60, len(people)).astype(float)
    people.to_parquet(folder / "profiles.parquet", index=False)
    return folder


def discovered(store: Path, workspace: Path, *overrides: str) -> Run:
    return service.discover(store / "config.yaml", workspace, overrides=(*FEW, *overrides))


@pytest.fixture(scope="module")
def unasked(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    workspace = tmp_path_factory.mktemp("unasked")
    return service.open_workspace(workspace).load(discovered(store, workspace).id)


@pytest.fixture(scope="module")
def asked(store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    workspace = tmp_path_factory.mktemp("asked")
    return discovered(store, workspace, f"cluster.properties=[{SKIN}]"), workspace


def test_a_segment_shows_what_its_customers_said_beside_everyone(unasked: Run) -> None:
    kmeans = unasked.segmentation("kmeans")
    once = kmeans.segment(str(kmeans.labels[kmeans.labels.index.str.startswith("on-")].mode()[0]))
    dry = next(a for a in once.answers if (a.feature, a.said) == (SKIN, "dry"))
    assert dry.share == pytest.approx(0.8, abs=0.1)
    assert dry.everyone == pytest.approx(0.35, abs=0.06)
    assert dry.effect > 0.5
    assert {a.feature for s in kmeans.segments for a in s.answers} == {SKIN}


def test_answers_have_no_part_in_a_clustering_that_did_not_ask(unasked: Run, planted_run: Run) -> None:
    for mine, theirs in zip(unasked.segmentations, planted_run.segmentations, strict=True):
        pd.testing.assert_series_equal(mine.labels, theirs.labels)


def test_asked_for_they_have(asked: tuple[Run, Path], unasked: Run) -> None:
    run, _ = asked
    preparation = run.segmentation("kmeans").model["preparation"]
    assert SKIN in preparation["features"]  # type: ignore[index]
    assert SKIN not in unasked.segmentation("kmeans").model["preparation"]["features"]  # type: ignore[index]
    kinds = run.segmentation("mixture").model["kinds"]
    assert all(set(kind["compositions"][SKIN]) == {"dry", "oily"} for kind in kinds)  # type: ignore[attr-defined]


def test_frozen_at_its_own_date_a_model_of_answers_gives_its_own_labels(asked: tuple[Run, Path]) -> None:
    run, workspace = asked
    settings = compile_settings(run.settings)
    question, _ = question_named(settings.question, True)
    dataset = service.open_workspace(workspace).needed_dataset()
    with Engine() as engine:
        for name in ("kmeans", "mixture"):
            own = run.segmentation(name)
            labels, _ = frozen_labels(engine, dataset, run, own, run.table, question, settings)
            assert (labels == own.labels).all()


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("cluster.properties=[property_skin_typ]",), "Did you mean 'property_skin_type'"),
        (("cluster.properties=[property_age]",), "Numbers go into cluster.features"),
        ((f"cluster.properties=[{SKIN}]", "cluster.space=features"), "must go with empirical-Bayes features"),
        ((f"cluster.properties=[{SKIN}]", "response.property=skin_type"), "no stated response"),
    ],
)
def test_what_cannot_be_asked_is_said(store: Path, tmp_path: Path, overrides: tuple[str, ...], told: str) -> None:
    with pytest.raises(SettingError, match=told):
        discovered(store, tmp_path, *overrides)
