"""The engine that settings ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine
from discovery.engine.query import QueryEngine


@contextmanager
def query_engine(settings: EngineSettings) -> Iterator[QueryEngine]:
    """Give the engine that features are computed on: DuckDB in this process, or Spark."""
    if settings.kind == "duckdb":
        with Engine(settings) as embedded:
            yield embedded
        return
    # Spark is an optional extra, and costs a second to import.
    from discovery.engine.spark import SparkEngine

    with SparkEngine(settings) as cluster:
        yield cluster
