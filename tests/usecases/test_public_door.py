"""What the public door refuses before any work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import discovery
from discovery.core.errors import UsageError, WorkspaceError
from discovery.store import Workspace, read_config

ROOT = Path(__file__).parents[2]


def test_a_config_already_read_takes_no_overrides(tmp_path: Path) -> None:
    read = read_config(ROOT / "configs" / "demo.yaml")
    with pytest.raises(UsageError, match="give them to `read_config`"):
        discovery.discover(read, tmp_path / "w", overrides=["seed=8"])
    assert not (tmp_path / "w").exists()


def test_the_latest_run_of_none_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="discovery run CONFIG"):
        discovery.load_run(discovery.open_workspace(tmp_path))


@pytest.mark.parametrize(("kind", "said"), [("rename", "name, note, campaign"), ("merge", "discovery merge")])
def test_a_decision_of_no_kind_is_refused(kind: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        discovery.decide(
            Workspace(tmp_path), "r", "kmeans", "c1", kind, "Loyal", "Ana", datetime(2025, 1, 1, tzinfo=UTC)
        )
