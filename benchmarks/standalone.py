"""A real Spark cluster on loopback: a standalone master and its workers, each a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MASTER, _WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
_LOOPBACK = "127.0.0.1"
#: Seconds until a process must have said that it is there.
_PATIENCE = 60


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the address of its master, the processes of master and workers, and the workers' logs."""

    address: str
    processes: tuple[int, ...]
    logs: tuple[Path, ...]


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Give a cluster of so many workers, each of one core and 1 GB, and stop it afterwards.

    Parameters
    ----------
    folder : Path
        Where logs and scratch files go.
    workers : int
        How many.

    Raises
    ------
    RuntimeError
        If a process ends or does not say in a minute that it is there, with what it said last.
    """
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start(_MASTER, ["--port", "0"], folder / "master.log"))
        address = _told(r"Starting Spark master at (spark://\S+)", started[0], folder / "master.log")
        logs = tuple(folder / f"worker{number}.log" for number in range(workers))
        for log in logs:
            words = ["--cores", "1", "--memory", "1g", "--work-dir", str(log.with_suffix("")), address]
            started.append(_start(_WORKER, words, log))
        for worker, log in zip(started[1:], logs, strict=True):
            _told("(Successfully registered with master)", worker, log)
        yield Cluster(address, tuple(each.pid for each in started), logs)
    finally:
        # The workers first: they end their executors, and none of them looks for a master that is gone.
        for each in reversed(started):
            each.send_signal(signal.SIGTERM)
            each.wait()


def _start(name: str, words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    own = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": _LOOPBACK,
        "SPARK_LOCAL_DIRS": str(log.parent),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "PYSPARK_PYTHON": sys.executable,
    }
    command = [str(home / "bin" / "spark-class"), name, "--host", _LOOPBACK, "--webui-port", "0", *words]
    with log.open("wb") as said:
        # A session of its own, so that what it costs can be told from what others do.
        return subprocess.Popen(
            command, env={**os.environ, **own}, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )


def _told(pattern: str, process: subprocess.Popen[bytes], log: Path) -> str:
    """Return what a process says in its log, once it says it."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := re.search(pattern, said):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"Spark's {log.stem} did not start: {log.read_text(errors='replace')[-500:]}")
