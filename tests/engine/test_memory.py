"""What the engine may take of a limit on the whole."""

from __future__ import annotations

import pytest

from discovery.core.errors import SettingError
from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine

GIB = 2**30


def limit_of(memory_limit: str, held: int) -> float:
    with Engine(EngineSettings(memory_limit=memory_limit), held) as engine:
        number, unit = str(engine.scalar("SELECT current_setting('memory_limit')")).split()
        return float(number) * {"MiB": 2**20, "GiB": GIB}[unit]


@pytest.mark.parametrize(
    ("memory_limit", "held", "left"),
    [("8GB", 0, 6e9), ("8GB", 4_000_000_000, 2e9), ("8 gb", 7_000_000_000, 2e9), ("500MB", 0, 375e6)],
)
def test_the_engine_gets_what_the_table_leaves(memory_limit: str, held: int, left: float) -> None:
    assert limit_of(memory_limit, held) == pytest.approx(left, rel=0.05)


@pytest.mark.parametrize("wrong", ["8", "8 apples", "", "80%", "-1GB", "GB"])
def test_a_limit_that_is_no_size_is_refused_in_words(wrong: str) -> None:
    with pytest.raises(SettingError, match=r"engine\.memory_limit must be a size such as 8GB"):
        Engine(EngineSettings(memory_limit=wrong))
