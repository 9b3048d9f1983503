"""A source written as files and read as the product reads it, for the tests of the readers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.engine.duckdb import Engine
from discovery.ingest.read import ingest

Row = Mapping[str, str]


@dataclass(frozen=True)
class Read:
    """A dataset with its tables; events know their customer's id, and their value is a float."""

    dataset: Dataset
    events: pd.DataFrame
    profiles: pd.DataFrame
    problems: pd.DataFrame

    @property
    def rows_read(self) -> int:
        return int(self.note("rows read").split()[0].replace(",", ""))

    @property
    def reasons(self) -> dict[str, int]:
        return dict(self.dataset.problems)

    @property
    def types(self) -> dict[str, str]:
        schema = pq.read_schema(self.dataset.profiles_path)
        return {n: str(schema.field(n).type) for n in schema.names}

    def named(self, event: str) -> pd.DataFrame:
        return self.events[self.events["event"] == event]

    def person(self, customer: str) -> pd.Series:
        return self.profiles.set_index("customer_id").loc[customer]

    def note(self, part: str) -> str:
        return next(n for n in self.dataset.notes if part in n)


def read_source(source: Mapping[str, Any], base: Path) -> Read:
    """Return what the settings of a source read, its paths starting from `base`; the dataset lies beside."""
    compiled = compile_settings({"source": source, "as_of": "data_end"})
    with Engine(compiled.engine) as engine:
        dataset = ingest(engine, compiled.source, base, base.with_name(base.stem + "-out"))
    events, profiles, problems = (
        pd.read_parquet(dataset.folder / f"{n}.parquet") for n in ("events", "profiles", "problems")
    )
    events["customer_id"] = events["customer_key"].map(profiles.set_index("customer_key")["customer_id"])
    events["value"] = pd.to_numeric(events["value"])
    return Read(dataset, events, profiles, problems)


def csv_text(rows: Iterable[Row], header: Sequence[str] = (), delimiter: str = ",") -> str:
    """Return rows as CSV; without a header it has every name that a row has."""
    listed = list(rows)
    names = list(header) or list(dict.fromkeys(n for row in listed for n in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    """Write a file and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def microseconds(text: str) -> int:
    """Return a UTC time as microseconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)
