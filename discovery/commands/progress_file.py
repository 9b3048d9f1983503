"""Progress for a program that started this one: told in a file, and ended with standard input."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from discovery import service
from discovery.commands.progress_bars import progress_bars
from discovery.core.errors import DiscoveryError
from discovery.core.progress import Progress
from discovery.core.review import Review
from discovery.core.run import Run

Made = TypeVar("Made", Run, Review)
#: A step that is silent in a long computation is given so long to end by itself.
_GRACE_SECONDS = 10.0
_BETWEEN_SECONDS = 0.2


class ProgressFile:
    """Writes where the work stands; call it with step and fraction done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cancelled = False
        self._steps: dict[str, float] = {}
        self._written = 0.0

    def __call__(self, step: str, done: float) -> None:
        """Tell it, but not more often than anybody looks."""
        new = step not in self._steps
        self._steps[step] = round(done, 3)
        if new or done >= 1 or time.monotonic() - self._written > _BETWEEN_SECONDS:
            self._written = time.monotonic()
            self.write("running")

    def write(self, state: service.State, run: str = "", error: str = "") -> None:
        """Write the status file."""
        service.write_status(self.path, service.Status(state, dict(self._steps), run, error))


def told(work: Callable[[Progress], Made], to: Path | None, quiet: bool) -> Made:
    """Return what `work` makes, its progress told in a file where a program asked for one, and drawn as bars else."""
    if to:
        return told_in(to, work)
    with progress_bars(quiet) as tell:
        return work(tell)


def told_in(path: Path, work: Callable[[Progress], Made]) -> Made:
    """Return the run or the review that `work` makes, its progress written to `path`; the last status there is final.

    The work is cancelled when standard input ends.
    """
    told = ProgressFile(path)
    # A program in the background may have passed on that interrupts are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with service.holding(path):
        told.write("running")
        try:
            threading.Thread(target=_end_with_input, args=(told,), daemon=True).start()
            made = work(told)
        except BaseException as error:
            # Interrupted, an engine or a reader may raise an error of its own.
            if told.cancelled or isinstance(error, KeyboardInterrupt):
                told.write("cancelled")
            elif isinstance(error, DiscoveryError):
                told.write("failed", error=str(error))
            else:
                told.write(
                    "failed", error=f"This is our fault, not yours ({type(error).__name__}); see log.txt beside."
                )
            raise
        told.write("done", run=made.id)
    return made


def _end_with_input(told: ProgressFile) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    told.cancelled = True
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    told.write("cancelled")
    os._exit(130)
