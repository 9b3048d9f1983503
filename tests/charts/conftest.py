"""Runs made up in memory."""

from __future__ import annotations

import pytest

from discovery.core.run import Run
from tests.run_factory import example_run, with_small_segment


@pytest.fixture(scope="session")
def run() -> Run:
    return example_run()


@pytest.fixture(scope="session")
def small(run: Run) -> Run:
    """The wholesale segment holds four customers."""
    return with_small_segment(run)


@pytest.fixture(scope="session")
def silent() -> Run:
    """Nothing was seen after the date."""
    return example_run(seed=3, forward=False)
