"""One review, and its report, written once."""

from __future__ import annotations

import shutil

import pytest

from discovery.core.review import Review
from discovery.core.run import Run
from discovery.report import Report, write_report
from tests.review_factory import example_review

Reviewed = tuple[Review, Run, Run]


@pytest.fixture(scope="session")
def reviewed() -> Reviewed:
    return example_review()


@pytest.fixture(scope="session")
def browser() -> str:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's chromium is not installed: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def report(reviewed: Reviewed, browser: str, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return write_report(*reviewed, tmp_path_factory.mktemp("report"))
