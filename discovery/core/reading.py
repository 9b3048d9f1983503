"""Columns looked up one at a time, for tables that are larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Reading(Mapping[str, pd.Series]):
    """Columns by name, each fetched when it is looked up, and not held.

    Parameters
    ----------
    names : tuple of str
        Which there are.
    column : callable
        Gives the column of a name.
    """

    names: tuple[str, ...]
    column: Callable[[str], pd.Series]

    def __getitem__(self, name: str) -> pd.Series:
        if name not in self.names:
            raise KeyError(name)
        return self.column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
