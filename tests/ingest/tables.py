"""Small tables written to files and read back, for the tests of the table reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.core.settings import EngineSettings
from discovery.engine.duckdb import Engine
from discovery.ingest.read import ingest

#: How the small tables of these tests call their columns.
ORDERS = {"customer_id": "id", "at": "date", "value": "amount"}
LINES = {"customer_id": "id", "order_id": "order", "at": "date", "quantity": "qty", "unit_price": "price"}


def read(path: Path, out: Path | None = None, **keys: Any) -> Dataset:
    """Return the dataset of a table: orders in USD unless `keys`, settings of the source, say otherwise."""
    if keys.get("shape", "orders") == "orders" and "tables" not in keys:
        keys = {"columns": ORDERS, **keys}
    source = {"kind": "table", "path": str(path), "shape": "orders", "currency": "USD", **keys}
    settings = compile_settings({"source": source, "as_of": "data_end"})
    where = out or path.parent / "out"
    with Engine(EngineSettings(memory_limit="1GB")) as engine:
        return ingest(engine, settings.source, Path("/"), where)


def read_text(folder: Path, text: str | bytes, name: str = "t.csv", **keys: Any) -> Dataset:
    """Return the dataset of a text file that holds `text`."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read(path, **keys)


def events(dataset: Dataset) -> pd.DataFrame:
    """Return the events with their customer's id, and the value as a float."""
    frame = pd.read_parquet(dataset.events_path)
    frame["value"] = frame["value"].astype(float)
    frame["when"] = pd.to_datetime(frame["at"], unit="us").dt.strftime("%Y-%m-%d %H:%M:%S")
    return frame


def profiles(dataset: Dataset) -> pd.DataFrame:
    """Return the profiles, indexed by customer."""
    return pd.read_parquet(dataset.profiles_path).set_index("customer_id")


def problems(dataset: Dataset) -> list[tuple[str, int, str]]:
    """Return file, row and reason of every problem."""
    frame = pd.read_parquet(dataset.folder / "problems.parquet")
    return [(f, int(r), reason) for f, r, reason in zip(frame["file"], frame["row"], frame["reason"], strict=True)]
