"""The ledger of decisions: kept, taken back, written by several processes at once, never half."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from discovery.core.decision import Decision, DecisionKind, latest
from discovery.core.errors import UsageError, WorkspaceError
from discovery.store.decisions import Ledger

AT = datetime(2025, 10, 1, 9, 30, tzinfo=UTC)


def named(name: str, segment: str = "c1", run: str = "r1", who: str = "Ana") -> Decision:
    return Decision(DecisionKind.NAME, run, "kmeans", (segment,), name, who, AT)


def test_decisions_are_kept_in_order_and_read_back_equal(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "w" / "decisions.sqlite")
    assert ledger.decisions() == ()
    assert not ledger.path.exists()
    merge = Decision(DecisionKind.MERGE, "r2", "kmeans", ("c1", "c2"), "r2-m", "Ben", AT)
    kept = [ledger.keep(d) for d in (named('It\'s, "loyal"\n🛒'), named("Other", run="r2"), merge)]
    assert [d.id for d in kept] == [1, 2, 3]
    assert Ledger(ledger.path).decisions() == tuple(kept)
    assert ledger.decisions("r2") == tuple(kept[1:])


def test_what_is_taken_back_stays_readable_and_stands_no_more(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "decisions.sqlite")
    ledger.keep(named("First"))
    second = ledger.keep(named("Second"))
    assert latest(ledger.decisions(), DecisionKind.NAME)["kmeans", "c1"].value == "Second"
    undone = ledger.undo(second.id, "Ben", AT)
    assert (undone.undone_by, undone.undone_at, undone.value) == ("Ben", AT, "Second")
    assert latest(ledger.decisions(), DecisionKind.NAME)["kmeans", "c1"].value == "First"
    assert len(ledger.decisions()) == 2
    with pytest.raises(WorkspaceError, match="already taken back by Ben"):
        ledger.undo(second.id, "Cleo", AT)
    with pytest.raises(WorkspaceError, match="No decision 99"):
        ledger.undo(99, "Cleo", AT)


def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    code = (
        "import sys; from pathlib import Path; from tests.store.test_decisions import Ledger, named\n"
        "for n in range(40): Ledger(Path(sys.argv[1])).keep(named(f'{sys.argv[2]}-{n}'))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), who]) for who in ("a", "b", "c")]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    kept = Ledger(path).decisions()
    assert [d.id for d in kept] == list(range(1, 121))
    assert {d.value for d in kept} == {f"{who}-{n}" for who in "abc" for n in range(40)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"segments": ("c1", "c2")}, "1 segment"),
        ({"kind": DecisionKind.MERGE}, "2 segment"),
        ({"kind": DecisionKind.MERGE, "segments": ("c1", "c1")}, "2 segment"),
        ({"who": " "}, "who made it"),
        ({"value": " "}, "must not be empty"),
        ({"at": AT.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_a_decision_that_says_too_little_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Decision(**{**vars(named("Loyal")), **change})


def test_a_broken_or_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    path.write_bytes(b"this is no database, but long enough to be taken for one" * 40)
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match="must be a database"):
        Ledger(path).decisions()
    assert path.read_bytes() == before
    newer = Ledger(tmp_path / "newer.sqlite")
    newer.keep(named("Loyal"))
    with newer._opened() as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(WorkspaceError, match="got 7"):
        newer.decisions()
