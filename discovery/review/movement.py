"""Who moved between two dates: customers who changed, told apart from boundaries that were drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from discovery.core.segment import UNASSIGNED

#: Who was not known before, and who is not known now.
ENTRANTS, LEAVERS = "entrants", "leavers"


@dataclass(frozen=True, eq=False)
class Movement:
    """Customers by segment before and now.

    Parameters
    ----------
    matrix : DataFrame of int
        One row per segment before and one for entrants, one column per segment now and one for leavers; each row sums
        to the size before, each column to the size now.
    moved, redrawn, both, stayed : int
        Customers known both times: who changed (the old boundaries put them elsewhere now), whom only the new
        boundaries put elsewhere, who did both, and who is where they were.
    """

    matrix: pd.DataFrame
    moved: int
    redrawn: int
    both: int
    stayed: int


def movement(before: pd.Series, frozen: pd.Series, fresh: pd.Series) -> Movement:
    """Return who moved.

    Parameters
    ----------
    before : Series of str
        Segment of each customer then.
    frozen : Series of str
        Segment of each of today's customers by the boundaries of then.
    fresh : Series of str
        Segment of each of today's customers by today's boundaries, in the ids of then.

    Examples
    --------
    >>> before = pd.Series({"a": "s1", "b": "s1", "c": "s2", "d": "s2"})
    >>> frozen = pd.Series({"a": "s1", "b": "s2", "c": "s2", "e": "s1"})
    >>> fresh = pd.Series({"a": "s1", "b": "s2", "c": "s1", "e": "s1"})
    >>> found = movement(before, frozen, fresh)
    >>> found.moved, found.redrawn, found.both, found.stayed
    (1, 1, 0, 1)
    >>> found.matrix.loc["s2"].to_dict()
    {'s1': 1, 's2': 0, 'leavers': 1}
    """
    matrix = flows(before, fresh)
    known = before.index.intersection(fresh.index)
    then, by_old, by_new = before.loc[known], frozen.loc[known], fresh.loc[known]
    changed, drawn = (then != by_old).to_numpy(), (by_old != by_new).to_numpy()
    return Movement(
        matrix,
        moved=int((changed & ~drawn).sum()),
        redrawn=int((drawn & ~changed).sum()),
        both=int((changed & drawn).sum()),
        stayed=int((~changed & ~drawn).sum()),
    )


def flows(before: pd.Series, now: pd.Series) -> pd.DataFrame:
    """Return customers by segment before (rows, with entrants) and now (columns, with leavers)."""
    everyone = before.index.union(now.index)
    rows = before.reindex(everyone).astype("object")
    columns = now.reindex(everyone).astype("object")
    table = pd.crosstab(np.where(rows.isna(), ENTRANTS, rows), np.where(columns.isna(), LEAVERS, columns), dropna=False)
    return table.reindex(
        index=[*_in_order(before), ENTRANTS], columns=[*_in_order(now), LEAVERS], fill_value=0
    ).rename_axis(index="before", columns="now")


def _in_order(labels: pd.Series) -> list[str]:
    """Return the segments by name, those left out last."""
    return sorted(map(str, labels.unique()), key=lambda each: (each == UNASSIGNED, each))
