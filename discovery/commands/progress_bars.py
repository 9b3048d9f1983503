"""Progress bars on standard error, for work that takes longer than a blink."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from discovery.core.progress import Progress


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Progress]:
    """Give a callable that draws one bar per step; nothing is drawn where `quiet`, or where nobody looks on."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=quiet or not console.is_terminal) as bars:
        known: dict[str, TaskID] = {}

        def tell(step: str, done: float) -> None:
            if step not in known:
                known[step] = bars.add_task(step, total=1.0)
            bars.update(known[step], completed=done)

        yield tell
