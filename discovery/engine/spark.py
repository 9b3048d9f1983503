"""Apache Spark: the same queries on a cluster, where one machine is outgrown."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pandas as pd

from discovery.core.errors import UsageError
from discovery.core.feature import Kind
from discovery.core.settings import EngineSettings
from discovery.engine.sql import identifier, translate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkEngine:
    """One Spark session; use it in a ``with`` statement.

    Parameters
    ----------
    settings : EngineSettings
        Master, memory of the driver, and threads where the master is this machine.

    Raises
    ------
    UsageError
        If PySpark or Java is missing, with how to get it.
    """

    def __init__(self, settings: EngineSettings | None = None) -> None:
        chosen = settings or EngineSettings()
        self._session = _session(chosen)
        self._tables: dict[Path, str] = {}

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.stop()

    def table(self, path: Path) -> str:
        """Return the name of a view of a Parquet file, local or any address Spark can read."""
        if path not in self._tables:
            name = f"{path.stem}_{len(self._tables)}"
            self._session.read.parquet(str(path)).createOrReplaceTempView(name)
            self._tables[path] = name
        return identifier(self._tables[path])

    def kinds(self, path: Path) -> dict[str, Kind | None]:
        """Return the columns of a Parquet file with what their values are; None where they are no single value."""
        kinds: dict[str, Kind | None] = {
            "string": "text",
            "boolean": "boolean",
            "array": None,
            "struct": None,
            "map": None,
        }
        kinds |= {"date": "date", "timestamp": "date", "timestamp_ntz": "date"}
        self.table(path)
        schema = self._session.table(self._tables[path]).schema
        return {each.name: kinds.get(each.dataType.typeName(), "number") for each in schema}

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the result of a query written in the home dialect."""
        answer: Any = self._session.sql(translate(sql, "spark")).toArrow()
        frame: pd.DataFrame = answer.to_pandas()
        return frame


def _session(settings: EngineSettings) -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError("Engine spark needs PySpark: pip install 'segment-discovery[spark]'.") from error
    # The workers must run this very Python, also where another one comes first on the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = settings.spark_master or f"local[{settings.threads}]"
    options = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Every instant is an integer already; the zone is set so that nothing can depend on it.
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": settings.memory_limit.upper().removesuffix("B"),
        "spark.sql.shuffle.partitions": str(max(2, 2 * settings.threads)),
        "spark.log.level": "ERROR",
    }
    if master.startswith("local") or "//127.0.0.1" in master:
        # All of it is on this machine, so nothing needs to be reached from, or looked up, outside it.
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder: Any = SparkSession.builder
    builder = builder.master(master).appName("segment-discovery")
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        session: SparkSession = builder.getOrCreate()
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"Spark could not start at {master!r}: {first}. It needs Java 17 or newer (apt-get install "
            "openjdk-17-jre-headless) and a master that answers."
        ) from error
    return session
