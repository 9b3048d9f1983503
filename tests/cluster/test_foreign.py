"""Stores of another simulator, as files: types are told from smooth customers, where they differ in habits too."""

from __future__ import annotations

import pytest

from benchmarks.clusters import beyond
from benchmarks.foreign import read_store


@pytest.mark.parametrize(("name", "there"), [("wholesale", False), ("habits", True)])
def test_types_of_another_simulator_are_told_from_smooth_customers(name: str, there: bool) -> None:
    records, types = read_store(name, 2_500, seed=5)
    assert (types is not None) is there
    assert beyond(records, seed=1).kinds is there
