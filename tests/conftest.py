"""What every test may use: a planted store, a simulated store and its run, and the rule that nothing skips."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from discovery import service
from discovery.core.run import Run
from tests.planted import write_planted_store

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
NIGHTLY = os.environ.get("NIGHTLY") == "1"
#: Small nulls and few starts: what a test looks at does not depend on them.
QUICK = (
    "cluster.null_draws=3",
    "cluster.choice_rows=800",
    "cluster.n_init=3",
    "cluster.k_high=8",
    "cluster.stability_draws=4",
    "validate.auc_rows=2000",
)
#: KMeans and rules, for tests that look at no other segmentation.
ALONE = (*QUICK, "cluster.hdbscan=false", "cluster.mixture=false", "cluster.stability_draws=0")
#: Beyond four kinds, which of them is cut in two, and whether any, is up to the three draws of the null.
PLANTED = (*QUICK, "cluster.k_high=4")

# Machines are shared: how long a case takes on one says nothing of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """With REQUIRE_ALL=1 a skip is a failure that gives the skip's reason."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome, report.longrepr = "failed", f"REQUIRE_ALL=1, and this was skipped: {reason}"
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets, or a skip."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data sets in ../shared/data")
    return SHARED


@pytest.fixture(scope="session")
def planted_store(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A canonical folder of 400 customers in four kinds that nobody could mistake."""
    return once("planted-store", write_planted_store)


@pytest.fixture(scope="session")
def planted_workspace(planted_store: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A workspace with one run of the planted store."""

    def make(folder: Path) -> None:
        config = planted_store / "config.yaml"
        service.discover(config, folder, overrides=PLANTED)

    return once("planted-workspace", make)


@pytest.fixture
def place(planted_workspace: Path, tmp_path: Path) -> Path:
    """A copy of that workspace, to decide in or to spoil."""
    return Path(shutil.copytree(planted_workspace, tmp_path / "w"))


@pytest.fixture(scope="session")
def planted_run(planted_workspace: Path) -> Run:
    """The run of the planted store, read back."""
    workspace = service.open_workspace(planted_workspace)
    return workspace.load(workspace.runs()[0].id)


@pytest.fixture(scope="session")
def simulated_store(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A simulated store of 2,000 customers."""
    return once("simulated-store", lambda folder: service.simulate(folder, 2_000, 7))


@pytest.fixture(scope="session")
def run_workspace(simulated_store: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A workspace with one run of the simulated store."""

    def make(folder: Path) -> None:
        overrides = (*QUICK, f"source.path={simulated_store}")
        service.discover(ROOT / "configs" / "demo.yaml", folder, overrides=overrides)

    return once("run-workspace", make)
