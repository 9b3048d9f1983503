"""What the stages ask of an engine: name a table, answer a query."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pandas as pd

from discovery.core.feature import Kind


class QueryEngine(Protocol):
    """An engine that answers the portable SQL of `discovery.engine.sql`, written in the home dialect."""

    def table(self, path: Path) -> str:
        """Return the table expression that reads a Parquet file."""

    def kinds(self, path: Path) -> dict[str, Kind | None]:
        """Return the columns of a Parquet file with what their values are; None where they are no single value."""

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the result of a query, with missing numbers as NaN and missing texts as None or NaN."""
