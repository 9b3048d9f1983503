"""Workspaces with several quarters: a simulated store whose types the rules know, and Online Retail II."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from discovery import service
from discovery.ingest.simulate.planted import TYPES
from tests.conftest import ROOT

Once = Callable[[str, Callable[[Path], None]], Path]
#: The cheapest runs that still cluster: what these tests look at does not depend on the rest.
CHEAP = (
    "cluster.null_draws=3",
    "cluster.choice_rows=400",
    "cluster.n_init=2",
    "cluster.k=6",
    "cluster.k_high=3",
    "cluster.stability_draws=0",
    "cluster.hdbscan=false",
    "cluster.embedding_rows=100",
    "rules.induce_rows=800",
    "validate.auc_rows=500",
)
#: The type that customers had before some of them changed.
KIND = "kind"


def typed_store(folder: Path, customers: int) -> Path:
    """Simulate a store, write every customer's type into a property, and a library of one rule per type."""
    service.simulate(folder, customers, 7)
    truth = pd.read_parquet(folder / "truth.parquet").set_index("customer_id")["type"]
    profiles = pd.read_parquet(folder / "profiles.parquet")
    profiles[f"property.{KIND}"] = profiles["customer_id"].map(truth)
    profiles.to_parquet(folder / "profiles.parquet", index=False)
    entries = [f"- {{name: {t.name}, where: \"property('{KIND}') = '{t.name}'\"}}\n" for t in TYPES]
    (folder / "types.yaml").write_text("".join(entries))
    (folder / "config.yaml").write_text(
        "source: {kind: canonical, path: .}\nas_of: 2025-07-01\nquestion: repeat\nrules: {library: types.yaml}\n"
    )
    return folder


@pytest.fixture(scope="session")
def typed_workspace(once: Once) -> Path:
    """Three quarters of 2025 reviewed by the planted types, and the last one by the mixture."""

    def make(folder: Path) -> None:
        store = typed_store(folder.with_name("typed-store"), 16_000)
        config = service.read_config(store / "config.yaml", (*CHEAP, "cluster.fit_rows=2500"))
        place = service.Workspace(folder)
        for quarter in ("2025Q1", "2025Q2", "2025Q3"):
            service.review_quarter(config, place, quarter, "rules")
        service.review_quarter(config, place, "2025Q3", "mixture")

    return once("typed-workspace", make)


@pytest.fixture(scope="session")
def retail_workspace(shared_data: Path, once: Once) -> Path:
    """Online Retail II, four quarters reviewed one after the other."""
    source = shared_data / "online_retail_ii" / "online_retail_ii.parquet"

    def make(folder: Path) -> None:
        overrides = (*CHEAP, "cluster.mixture=false", "cluster.fit_rows=600", f"source.path={source}")
        config = service.read_config(ROOT / "configs" / "online_retail_ii.yaml", overrides)
        for quarter in ("2010Q4", "2011Q1", "2011Q2", "2011Q3"):
            service.review_quarter(config, service.Workspace(folder), quarter, "kmeans")

    return once("retail-quarters", make)
