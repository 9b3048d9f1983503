"""Who moved between two dates: customers who changed, told apart from boundaries that were drawn anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from discovery.core.review import ENTRANTS, LEAVERS, Movement
from discovery.core.segment import UNASSIGNED


def movement(
    before: pd.Series, frozen: pd.Series, fresh: pd.Series, known: Sequence[str] = (), found: Sequence[str] = ()
) -> Movement:
    """Return who moved.

    Parameters
    ----------
    before : Series of str
        Segment of each customer then.
    frozen : Series of str
        Segment of each of today's customers by the boundaries of then.
    fresh : Series of str
        Segment of each of today's customers by today's boundaries, in the ids of then.
    known, found : sequence of str
        Segments of then, and of now, in the order of rows and columns; one that nobody is in gets its row, too.

    Examples
    --------
    >>> before = pd.Series({"a": "s1", "b": "s1", "c": "s2", "d": "s2"})
    >>> frozen = pd.Series({"a": "s1", "b": "s2", "c": "s2", "e": "s1"})
    >>> fresh = pd.Series({"a": "s1", "b": "s2", "c": "s1", "e": "s1"})
    >>> moved = movement(before, frozen, fresh)
    >>> moved.moved, moved.redrawn, moved.both, moved.stayed
    (1, 1, 0, 1)
    >>> moved.fresh.loc["s2"].to_dict()
    {'s1': 1, 's2': 0, 'leavers': 1}
    """
    both = before.index.intersection(fresh.index)
    then, by_old, by_new = before.loc[both], frozen.loc[both], fresh.loc[both]
    changed, drawn = (then != by_old).to_numpy(), (by_old != by_new).to_numpy()
    return Movement(
        flows(before, fresh, known, found),
        flows(before, frozen, known, known),
        moved=int((changed & ~drawn).sum()),
        redrawn=int((drawn & ~changed).sum()),
        both=int((changed & drawn).sum()),
        stayed=int((~changed & ~drawn).sum()),
    )


def flows(before: pd.Series, now: pd.Series, known: Sequence[str] = (), found: Sequence[str] = ()) -> pd.DataFrame:
    """Return customers by segment before (rows, with entrants) and now (columns, with leavers)."""
    everyone = before.index.union(now.index)
    rows = before.reindex(everyone).astype("object")
    columns = now.reindex(everyone).astype("object")
    table = pd.crosstab(np.where(rows.isna(), ENTRANTS, rows), np.where(columns.isna(), LEAVERS, columns), dropna=False)
    index = pd.Index([*_in_order(before, known), ENTRANTS], dtype="str", name="before")
    return table.reindex(
        index=index, columns=pd.Index([*_in_order(now, found), LEAVERS], dtype="str", name="now"), fill_value=0
    )


def _in_order(labels: pd.Series, known: Sequence[str]) -> list[str]:
    """Return the known segments, then others by name, those left out last."""
    others = sorted(set(map(str, labels.unique())) - set(known), key=lambda each: (each == UNASSIGNED, each))
    return [*known, *others]
