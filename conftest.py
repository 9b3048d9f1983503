"""What the tests and the examples of docstrings share: work done once for all, and the shop that examples speak of."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

# scikit-learn's own estimator checks leave one out unless SciPy is told before it is first imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import pytest
from filelock import FileLock

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Make a folder once for all workers of a test run: once(name, make) -> folder."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = base / name
        with FileLock(str(base / f"{name}.lock")):
            if not (base / f"{name}.done").exists():
                make(folder)
                (base / f"{name}.done").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def example_shop(once: Once) -> Path:
    """The folder that the manual's page of Python says how to make: a config, a small store, and its workspace."""

    def make(folder: Path) -> None:
        folder.mkdir()
        shop = runpy.run_path(str(Path(__file__).parent / "docs" / "write_python.py"))["SHOP"]
        with chdir(folder):
            exec(shop, {})

    return once("example-shop", make)


@pytest.fixture(autouse=True)
def _in_the_shop(request: pytest.FixtureRequest) -> None:
    """Run an example that imports the public door in a folder of its own, where that shop is."""
    examples = getattr(request.node, "dtest", None)
    if examples is not None and any(e.source == "import discovery\n" for e in examples.examples):
        folder = request.getfixturevalue("tmp_path") / "shop"
        shutil.copytree(request.getfixturevalue("example_shop"), folder)
        request.getfixturevalue("monkeypatch").chdir(folder)
