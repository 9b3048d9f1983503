"""The dashboard in a process of its own, for a browser to visit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_SECONDS = 60


@contextmanager
def served(
    workspace: Path, log: Path, base: str = "", options: Sequence[str] = (), more: Sequence[str] = ()
) -> Iterator[tuple[str, int]]:
    """Give the address of the app on a free port and the id of its process, in a process group of its own.

    `base` is the path that a proxy would serve it under; `options` are streamlit's, `more` the app's.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none", "--server.baseUrlPath", base]
    command += [*options, "--", "--workspace", str(workspace), *more]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}/{base}".rstrip("/")
        _wait_until_healthy(server, address, log)
        yield address, server.pid
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The server did not come up:\n{log.read_text('utf-8')[-2000:]}")
