"""A shelf of columns is a dictionary of them, whatever fits in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from discovery import service
from discovery.engine.shelf import Shelf
from discovery.usecases import pipeline
from tests.conftest import PLANTED

NUMBERS = st.lists(st.floats(width=64), min_size=3, max_size=3).map(lambda v: np.array(v, dtype=np.float64))
TEXTS = st.lists(st.none() | st.text(max_size=3), min_size=3, max_size=3).map(lambda v: np.array(v, dtype=object))
ANSWERS = st.lists(st.none() | st.booleans(), min_size=3, max_size=3).map(lambda v: np.array(v, dtype=object))
NAMES = st.sampled_from(["orders", "orders(days => 14)", "a/b"])


@settings(max_examples=50)
@given(room=st.integers(0, 80), steps=st.lists(st.tuples(NAMES, st.none() | NUMBERS | TEXTS | ANSWERS), max_size=8))
def test_it_is_a_dictionary(
    room: int,
    steps: list[tuple[str, NDArray[np.float64] | NDArray[np.object_] | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("shelf")
    shelf, known = Shelf(folder, room), {}
    for name, values in steps:
        if values is not None:
            shelf[name] = known[name] = values
        elif name in known:
            del shelf[name], known[name]
    assert set(shelf) == set(known)
    assert len(shelf) == len(known)
    for name, values in known.items():
        assert shelf[name].dtype == values.dtype
        assert_array_equal(shelf[name], values)
    files = len(list(folder.iterdir()))
    if room < 24:
        assert files == len(known)
    if room >= 72:
        assert files == 0
    with pytest.raises(KeyError):
        shelf["visits"]


def test_a_run_without_room_in_memory_is_the_same_run(
    planted_workspace: Path, planted_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_SHELF_PART", 10**12)
    run = service.discover(planted_store / "config.yaml", tmp_path, overrides=PLANTED)
    here, there = (folder / "runs" / run.id for folder in (tmp_path, planted_workspace))
    files = sorted(path.name for path in there.iterdir())
    assert files == sorted(path.name for path in here.iterdir())
    for name in set(files) - {"run.json"}:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
