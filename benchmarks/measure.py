"""CPU seconds and peak memory of a command, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one command took: CPU seconds of it and its children, wall seconds, peak resident memory in MB."""

    cpu: float
    wall: float
    memory: float


def cost_of(command: Sequence[str], cwd: Path) -> Cost:
    """Return what `command` took; it must succeed.

    Machines are shared, so CPU seconds are the number to compare and wall seconds only a hint.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss / 1024)


def discovery(*words: str) -> list[str]:
    """Return a command of the toolkit without progress bars."""
    return [sys.executable, "-m", "discovery", *words, "--quiet"]
