"""DuckDB, embedded: the default engine."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd

from discovery.core.errors import SettingError
from discovery.core.feature import Kind
from discovery.core.settings import EngineSettings
from discovery.engine.scratch import ScratchFolder
from discovery.engine.sql import identifier, literal


class Engine:
    """One in-memory DuckDB connection that spills beyond its memory limit; use it in a ``with`` statement.

    Parameters
    ----------
    settings : EngineSettings
        Memory limit and number of threads.
    held : int
        Bytes that the work holds beside the engine: so much less of the limit is the engine's.

    Raises
    ------
    SettingError
        If the memory limit is no size.
    """

    def __init__(self, settings: EngineSettings | None = None, held: int = 0) -> None:
        chosen = settings or EngineSettings()
        limit = _share(chosen.memory_limit, held)
        self._spill = ScratchFolder()
        config: dict[str, Any] = {
            "memory_limit": f"{limit}B",
            "threads": chosen.threads,
            "temp_directory": self._spill.name,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._connection = duckdb.connect(config=config)
        self._connection.execute("SET TimeZone = 'UTC'")
        # In a notebook without ipywidgets it is off, and even switching it off is refused.
        if self.scalar("SELECT current_setting('enable_progress_bar')"):
            self.run("SET enable_progress_bar = false")

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def run(self, sql: str, values: list[Any] | None = None) -> None:
        """Run a statement; `values` are bound to its ``?`` placeholders."""
        self._connection.execute(sql, values or [])

    def rows(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql, values or []).fetchall()

    def scalar(self, sql: str, values: list[Any] | None = None) -> Any:
        """Return the single value of a query."""
        return self.rows(sql, values)[0][0]

    def table(self, path: Path) -> str:
        """Return the table expression that reads a Parquet file."""
        return parquet(path)

    def kinds(self, path: Path) -> dict[str, Kind | None]:
        """Return the columns of a Parquet file with what their values are; None where they are no single value."""
        return {name: _kind(kind) for name, kind in self.columns(parquet(path)).items()}

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the result of a query."""
        # A column is let go as soon as it is converted, so that no more than one is held twice.
        arrow = self._connection.sql(sql).to_arrow_table()
        frame: pd.DataFrame = arrow.to_pandas(split_blocks=True, self_destruct=True)
        return frame

    def load(self, name: str, frame: pd.DataFrame) -> None:
        """Make a table called `name` out of a DataFrame."""
        self._connection.register("loading", frame)
        self._connection.execute(f"CREATE OR REPLACE TABLE {identifier(name)} AS SELECT * FROM loading")
        self._connection.unregister("loading")

    def columns(self, relation: str) -> dict[str, str]:
        """Return the columns of a table or table expression, with their types."""
        return {str(r[0]): str(r[1]) for r in self.rows(f"DESCRIBE SELECT * FROM {relation}")}

    def write(self, sql: str, path: Path) -> None:
        """Write the result of a query as Parquet; the same rows in the same order give the same bytes."""
        self.run(f"COPY ({sql}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")


def size_in_bytes(limit: str) -> int:
    """Return a memory limit as a number of bytes.

    Raises
    ------
    SettingError
        If it is no size.

    Examples
    --------
    >>> size_in_bytes("8GB"), size_in_bytes("1.5 gb")
    (8000000000, 1500000000)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])B", limit.strip().upper())
    if not found:
        raise SettingError(f"engine.memory_limit must be a size such as 8GB or 500MB, got {limit!r}.")
    return int(float(found[1]) * 1_000 ** ("KMGT".index(found[2]) + 1))


def _share(limit: str, held: int) -> int:
    """Return how many bytes of a limit on the whole process are DuckDB's, which takes some more than it is given.

    Examples
    --------
    >>> _share("8GB", held=0), _share("8GB", held=4_000_000_000), _share("1.5 gb", held=4_000_000_000)
    (6000000000, 2000000000, 375000000)
    """
    total = size_in_bytes(limit)
    return max(total // 4, total * 3 // 4 - held)


def _kind(name: str) -> Kind | None:
    if name.endswith("]") or name.startswith(("STRUCT", "MAP")):
        return None
    if name.startswith(("TIMESTAMP", "DATE")):
        return "date"
    kinds: dict[str, Kind] = {"VARCHAR": "text", "BOOLEAN": "boolean"}
    return kinds.get(name, "number")


def parquet(path: Path) -> str:
    """Return the table expression that reads a Parquet file.

    Examples
    --------
    >>> parquet(Path("a'b.parquet"))
    "read_parquet('a''b.parquet')"
    """
    return f"read_parquet({literal(str(path))})"
