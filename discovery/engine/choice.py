"""The engine that settings ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine
from discovery.engine.query import QueryEngine


@contextmanager
def query_engine(settings: EngineSettings, held: int = 0) -> Iterator[QueryEngine]:
    """Give the engine that features are computed on: DuckDB in this process, or Spark.

    `held` is how many bytes the work holds beside it.
    """
    if settings.kind == "duckdb":
        with Engine(settings, held) as embedded:
            yield embedded
        return
    # Spark is an optional extra, and costs a second to import.
    from discovery.engine.spark import SparkEngine

    with SparkEngine(settings) as cluster:
        yield cluster
