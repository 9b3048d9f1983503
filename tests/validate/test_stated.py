"""Stated responses: an event or a property that a config names, and what it may not be used for."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.errors import RuleError, SettingError
from discovery.core.evidence import Verdict
from discovery.core.rule import leaves
from tests.conftest import ALONE


@pytest.fixture
def store(planted_store: Path, tmp_path: Path) -> Path:
    """The planted store, whose customers also said yes or no to something, and told their size."""
    folder = shutil.copytree(planted_store, tmp_path / "store")
    people = pd.read_parquet(folder / "profiles.parquet")
    rng = np.random.default_rng(6)
    devoted = people["customer_id"].str.startswith("de")
    people["property.said yes"] = rng.random(len(people)) < np.where(devoted, 0.9, 0.1)
    people["property.size"] = rng.integers(36, 46, len(people)).astype(float)
    people.to_parquet(folder / "profiles.parquet", index=False)
    return folder


def test_a_property_is_the_response_and_nothing_else(store: Path, tmp_path: Path) -> None:
    overrides = (*ALONE, "response.property=said yes")
    run = service.discover(store / "config.yaml", tmp_path / "w", overrides=overrides)
    assert "property_said_yes" not in run.table.values
    assert "property_size" in run.table.values
    rules = [r for r in run.rules if r.segmentation != "rules"]
    assert rules
    assert all(leaf.feature in run.table.values for r in rules for leaf in leaves(r.rule.where))
    rates = [e for e in run.evidence if e.check == "stated_rate" and e.segmentation == "kmeans"]
    assert max(e.value for e in rates if e.value is not None) > 0.7
    assert all("nothing tells whether it came before or after" in e.reason for e in rates if e.value is not None)
    assert Verdict.PASS not in {e.verdict for e in rates}, "without a time it is no proof"
    value = next(e for e in run.evidence if e.check == "forward_auc" and e.segmentation == "kmeans")
    assert "have said yes" in value.reason
    assert {e.check for e in run.evidence if e.question == "response"} == {
        "stated_rate",
        "forward_revenue",
        "forward_auc",
    }


def test_an_event_is_counted_in_the_forward_window(planted_store: Path, tmp_path: Path) -> None:
    overrides = (*ALONE, "response.event=ordered_product")
    run = service.discover(planted_store / "config.yaml", tmp_path, overrides=overrides)
    events = pd.read_parquet(planted_store / "events.parquet")
    later = events[
        (events["event"] == "ordered_product") & (events["at"] >= "2025-07-01") & (events["at"] < "2025-09-29")
    ]
    people = later["customer_id"].nunique()
    rates = [e for e in run.evidence if e.check == "forward_event_rate" and e.segmentation == "kmeans" and e.value]
    assert round(sum(e.value * e.n for e in rates)) == people > 0
    assert "ordered_product within 90 days" in rates[0].reason


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("response.event=refunded_ordr", "response.event .* Did you mean 'refunded_order'"),
        ("response.property=said_yes", "response.property .* Did you mean 'said yes'"),
        ("response.property=size", "yes or no"),
        ("response={event: refunded_order, property: said yes}", "got both"),
        ("cluster.features=[property_said_yes]", "the response that segments are judged by"),
    ],
)
def test_what_cannot_be_a_response_is_refused(store: Path, tmp_path: Path, override: str, said: str) -> None:
    stated = () if override.startswith("response") else ("response.property=said yes",)
    with pytest.raises(SettingError, match=said):
        service.discover(store / "config.yaml", tmp_path / "w", overrides=(*ALONE, *stated, override))


def test_a_rule_may_not_read_the_response(store: Path, tmp_path: Path) -> None:
    (store / "own.yaml").write_text("- {name: Sayers, where: property_said_yes = true}\n", encoding="utf-8")
    overrides = (*ALONE, "response.property=said yes", "rules.library=own.yaml")
    with pytest.raises(RuleError, match="property_said_yes"):
        service.discover(store / "config.yaml", tmp_path / "w", overrides=overrides)
