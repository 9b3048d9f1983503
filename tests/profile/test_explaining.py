"""One customer explained: why here, what is next, and what would move them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discovery import service
from discovery.core.errors import WorkspaceError
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED
from tests.cli.test_cli import answer, discovery


def test_a_customer_is_explained_by_what_sets_their_segment_apart(planted_run: Run) -> None:
    found = planted_run.segmentation("kmeans")
    explained = service.explain_customer(planted_run, "de-000", "kmeans")
    mine = found.segment(found.labels["de-000"])
    assert (explained.segment_id, explained.segment_name) == (mine.id, mine.name)
    assert explained.strength == found.strength["de-000"]
    assert explained.next_segment_id not in ("", mine.id)
    assert explained.why
    assert all("the segment's median is" in told for told in explained.why)
    assert explained.move
    assert explained.next_segment_name in explained.move[0]
    assert {s.segment_id for s in explained.standings} == {s.id for s in found.placed}


def test_the_next_segment_is_the_second_nearest_and_never_the_own(planted_run: Run) -> None:
    for name in ("kmeans", "mixture"):
        found = planted_run.segmentation(name)
        assert found.next_labels is not None
        placed = found.labels != UNASSIGNED
        assert (found.next_labels[placed] != found.labels[placed]).all()
        assert set(found.next_labels[placed]) <= {s.id for s in found.placed}
        assert (found.next_labels[~placed] == "").all()


def test_a_rule_is_explained_by_its_conditions_and_their_order(planted_run: Run) -> None:
    found = planted_run.segmentation("rules")
    for customer in planted_run.table.values.index[::37]:
        explained = service.explain_customer(planted_run, customer, "rules")
        if explained.segment_id == UNASSIGNED:
            assert "in no segment" in explained.why[0]
        else:
            assert all(told.startswith("Its rule asks for") and "theirs:" in told for told in explained.why)
        own, following = (found.segment(i) for i in (explained.segment_id, explained.next_segment_id))
        if -1 < own.rank < following.rank:
            assert "is asked first" in explained.move[-1]


def test_a_segment_without_a_rule_says_that_nothing_states_it(planted_run: Run) -> None:
    found = service.explain_customer(planted_run, "pr-000")
    assert found.segment_id == UNASSIGNED
    with pytest.raises(WorkspaceError, match="No customer 'nobody'"):
        service.explain_customer(planted_run, "nobody")


def test_the_command_says_the_same(planted_workspace: Path, planted_run: Run) -> None:
    told = answer("explain", planted_run.id, "de-000", "-w", planted_workspace, "--segmentation", "kmeans")
    assert json.dumps(told["why"]) == json.dumps(list(service.explain_customer(planted_run, "de-000", "kmeans").why))
    text = discovery("explain", planted_run.id, "de-000", "-w", planted_workspace).stdout
    assert text.startswith("de-000 is in “")
    assert "Next: “" in text
