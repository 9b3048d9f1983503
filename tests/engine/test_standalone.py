"""The main job on a real Spark cluster: the same Run as DuckDB makes, to the last digit."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from benchmarks.standalone import Cluster, standalone
from discovery import service
from tests.conftest import QUICK, ROOT


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers on loopback."""
    if shutil.which("java") is None:
        pytest.skip("needs Java: apt-get install openjdk-17-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("needs PySpark: pip install 'segment-discovery[spark]'")
    with standalone(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def test_a_run_on_a_cluster_is_the_run_on_one_machine(
    cluster: Cluster, simulated_store: Path, run_workspace: Path, tmp_path: Path
) -> None:
    kept = service.open_workspace(run_workspace)
    here = kept.load(kept.runs()[0].id)
    folder = shutil.copytree(run_workspace, tmp_path / "w")
    on_spark = ("engine.kind=spark", f"engine.spark_master={cluster.address}")
    overrides = (*QUICK, *on_spark, f"source.path={simulated_store}")
    there = service.discover(ROOT / "configs" / "demo.yaml", folder, overrides=overrides)
    assert there.id != here.id
    assert there.table.features == here.table.features
    assert there.table.cutoffs == here.table.cutoffs
    assert_frame_equal(there.table.in_memory().values, here.table.in_memory().values, check_exact=True)
    assert [s.name for s in there.segmentations] == [s.name for s in here.segmentations]
    for mine, other in zip(there.segmentations, here.segmentations, strict=True):
        assert_series_equal(mine.labels, other.labels, obj=mine.name)
    assert there.rules == here.rules
    assert there.library == here.library
    assert_frame_equal(there.responses, here.responses, check_exact=True)
    # It was the workers who did it.
    assert all("Asked to launch executor" in log.read_text() for log in cluster.logs)
