"""Small canonical stores for tests: a few rows in, a Dataset or a FeatureTable out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from discovery.core.dataset import Dataset
from discovery.core.feature import Feature, FeatureTable
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import CATALOGUE
from discovery.features.extract import extract
from discovery.ingest.read import ingest

EVENTS = (
    "customer_id",
    "event",
    "at",
    "value",
    "order_id",
    "product_id",
    "quantity",
    "discount",
    "event_id",
    "machine",
)


def write_store(folder: Path, events: pd.DataFrame, profiles: pd.DataFrame | None = None) -> Path:
    """Write a canonical folder; profiles default to nobody, so that customers come from their events."""
    folder.mkdir(parents=True, exist_ok=True)
    table = events.reindex(columns=list(EVENTS))
    table = table.astype(dict.fromkeys(("value", "quantity", "discount"), "float64"))
    table = table.astype(dict.fromkeys(("customer_id", "event", "order_id", "product_id", "event_id"), "str"))
    table["machine"] = table["machine"].astype("boolean")
    table["at"] = pd.to_datetime(table["at"]).astype("datetime64[us]")
    table.to_parquet(folder / "events.parquet", index=False)
    people = pd.DataFrame({"customer_id": pd.Series([], dtype="str")}) if profiles is None else profiles
    people.to_parquet(folder / "profiles.parquet", index=False)
    return folder


def read_store(engine: Engine, folder: Path) -> Dataset:
    """Ingest a canonical folder into a folder beside it."""
    source = CanonicalSource(path=str(folder), currency="EUR")
    return ingest(engine, source, folder, folder.with_name(folder.name + "-dataset"))


def features_at(
    folder: Path, events: pd.DataFrame, as_of: date, features: Sequence[Feature] = CATALOGUE
) -> FeatureTable:
    """Return the features of a store at a date."""
    with Engine() as engine:
        return extract(engine, read_store(engine, write_store(folder, events)), tuple(features), as_of)


def order(customer: str, at: datetime | str, value: float = 10.0, **rest: object) -> dict[str, object]:
    """Return one placed order as a row."""
    return {"customer_id": customer, "event": "placed_order", "at": at, "value": value, **rest}
