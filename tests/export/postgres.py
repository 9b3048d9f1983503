"""A PostgreSQL of Debian's package, started for a test in a folder of its own and reached through a socket there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal

_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision", "VARCHAR[]": "text[]"}


def programs() -> Path | None:
    """Return the folder of the newest server installed, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres() -> Iterator[Server]:
    """Give a server that listens to nothing but a socket in a folder of its own; both end with the block."""
    found = programs()
    assert found is not None
    # PostgreSQL refuses to run as root, and pytest's folders are closed to anybody else.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        data = f"{folder}/data"
        if user:
            shutil.chown(folder, user)

        def do(*command: str) -> None:
            subprocess.run([found / command[0], *command[1:]], check=True, capture_output=True, user=user, cwd=folder)

        do("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        do("pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            yield Server(found, folder)
        finally:
            do("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


class Server:
    """A running PostgreSQL."""

    def __init__(self, found: Path, socket: str) -> None:
        self._psql = [found / "psql", "-h", socket, "-U", "postgres", "-XqtA", "-v", "ON_ERROR_STOP=1"]

    def rows(self, sql: str) -> list[str]:
        """Return the first column of a query's rows."""
        done = subprocess.run(self._psql, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{sql}"
        return done.stdout.splitlines()

    def load(self, engine: Engine, name: str, path: Path, folder: Path) -> None:
        """Make a table out of a Parquet file."""
        columns = engine.columns(engine.table(path))
        typed = ", ".join(f"{identifier(n)} {_TYPES.get(kind, kind)}" for n, kind in columns.items())
        read = ", ".join(_listed(n) if kind.endswith("]") else identifier(n) for n, kind in columns.items())
        file = folder / f"{name}.csv"
        engine.run(f"COPY (SELECT {read} FROM {engine.table(path)}) TO {literal(str(file))} (HEADER)")
        self.rows(f"CREATE TABLE {name} ({typed});\n\\copy {name} FROM '{file}' (FORMAT csv, HEADER)\n")


def _listed(name: str) -> str:
    """Return a list as PostgreSQL writes an array."""
    column = identifier(name)
    quoted = f"list_transform({column}, lambda v: '\"' || replace(v, '\"', '\\\"') || '\"')"
    return f"'{{' || array_to_string({quoted}, ',') || '}}' AS {column}"
