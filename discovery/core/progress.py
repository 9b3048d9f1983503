"""How long work tells where it stands."""

from __future__ import annotations

from collections.abc import Callable

#: Called with the step's name and the fraction of it done, 0 to 1.
Progress = Callable[[str, float], None]


def silent(step: str, done: float) -> None:
    """Tell nobody."""
