"""The ledger of decisions: one SQLite file that several people may write to at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from discovery.core.decision import Decision, DecisionKind
from discovery.core.errors import WorkspaceError

_WAIT_SECONDS, _AGAIN_SECONDS = 10.0, 0.02
_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    run TEXT NOT NULL,
    segmentation TEXT NOT NULL,
    segments TEXT NOT NULL,
    value TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    undone_by TEXT NOT NULL DEFAULT '',
    undone_at TEXT
)
"""
_COLUMNS = "kind, run, segmentation, segments, value, who, at, id, undone_by, undone_at"
_BETWEEN = "\n"


class Ledger:
    """Decisions in the order they were made; nothing is ever erased.

    Parameters
    ----------
    path : Path
        ``decisions.sqlite`` of a workspace. It is made with the first decision; reading makes nothing.

    Notes
    -----
    Write-ahead logging, so that readers never wait for writers and one writer waits for another. It needs a disk of
    this machine: SQLite's locks do not hold on network drives.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def decisions(self, run: str = "") -> tuple[Decision, ...]:
        """Return the decisions of a run, or of all runs, the oldest first, those taken back too."""
        if not self.path.is_file():
            return ()
        with self._opened() as connection:
            query = f"SELECT {_COLUMNS} FROM decisions WHERE ? IN ('', run) ORDER BY id"
            return tuple(_decision(row) for row in connection.execute(query, (run,)))

    def keep(self, decision: Decision) -> Decision:
        """Return the decision as it was kept, with its id."""
        values = (
            decision.kind.value,
            decision.run,
            decision.segmentation,
            _BETWEEN.join(decision.segments),
            decision.value,
            decision.who.strip(),
            decision.at.isoformat(),
        )
        with self._opened() as connection:
            query = "INSERT INTO decisions (kind, run, segmentation, segments, value, who, at) VALUES (?,?,?,?,?,?,?)"
            found = connection.execute(query, values).lastrowid
        return replace(decision, id=int(found or 0), who=decision.who.strip())

    def undo(self, decision_id: int, who: str, at: datetime) -> Decision:
        """Return the decision as taken back.

        Raises
        ------
        WorkspaceError
            If there is none of that id, or somebody took it back before.
        """
        with self._opened() as connection:
            query = "UPDATE decisions SET undone_by = ?, undone_at = ? WHERE id = ? AND undone_by = ''"
            done = connection.execute(query, (who.strip() or "?", at.isoformat(), decision_id)).rowcount
            row = connection.execute(f"SELECT {_COLUMNS} FROM decisions WHERE id = ?", (decision_id,)).fetchone()
        if row is None:
            raise WorkspaceError(f"No decision {decision_id} in {self.path.name}.")
        found = _decision(row)
        if not done:
            raise WorkspaceError(f"Decision {decision_id} was already taken back by {found.undone_by}.")
        return found

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are kept together if the block ends well, and dropped if not."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = self._connected()
            try:
                with connection:
                    yield connection
            finally:
                connection.close()
        except (sqlite3.Error, ValueError) as error:
            raise WorkspaceError(
                f"{self.path.name} must be a database this process can write to: {error}. "
                "Check the disk and the rights on the workspace; if the file is broken, restore it from a copy."
            ) from error

    def _connected(self) -> sqlite3.Connection:
        """Return a connection to the table, made if there is none.

        While another process makes the file, or tidies up as the last to leave it, SQLite refuses at once, however
        long it was told to wait: then it is asked again.
        """
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version > _VERSION:
                    raise WorkspaceError(
                        f"{self.path.name} must have version {_VERSION}, got {version}. "
                        "Open it with the newer segment-discovery that wrote it."
                    )
                if version < _VERSION:
                    connection.execute(_TABLE)
                    connection.execute(f"PRAGMA user_version = {_VERSION}")
                return connection
            except BaseException as error:
                connection.close()
                if not (isinstance(error, sqlite3.OperationalError) and "locked" in str(error)):
                    raise
                if time.monotonic() > deadline:
                    raise
            time.sleep(_AGAIN_SECONDS)


def _decision(row: tuple[object, ...]) -> Decision:
    kind, run, segmentation, segments, value, who, at, number, undone_by, undone_at = row
    return Decision(
        DecisionKind(str(kind)),
        str(run),
        str(segmentation),
        tuple(str(segments).split(_BETWEEN)),
        str(value),
        str(who),
        datetime.fromisoformat(str(at)),
        int(str(number)),
        str(undone_by),
        datetime.fromisoformat(str(undone_at)) if undone_at else None,
    )
