"""A number ranked once, and how groups of customers stand by it: quartiles, and Cliff's delta of any two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.segment import UNASSIGNED

#: Distinct values counted at a time: what all groups have of them stays in a processor's cache.
_BLOCK = 2**13
_QUARTILES = np.array([0.25, 0.5, 0.75])


@dataclass(frozen=True, eq=False)
class Groups:
    """Customers in groups.

    Parameters
    ----------
    ids : tuple of str
        Segments that somebody is in, in alphabetical order, ``unassigned`` last.
    placed : int
        How many of them are not ``unassigned``.
    of : int array
        The place in `ids` of each customer's segment.
    """

    ids: tuple[str, ...]
    placed: int
    of: NDArray[np.int32]


def grouped(labels: pd.Series) -> Groups:
    """Return customers in groups by their segment ids.

    Examples
    --------
    >>> two = grouped(pd.Series(["vip", "unassigned", "new", "vip"]))
    >>> two.ids, two.placed, two.of.tolist()
    (('new', 'vip', 'unassigned'), 2, [1, 2, 0, 1])
    """
    codes, found = pd.factorize(labels)
    ids = sorted(found, key=lambda i: (i == UNASSIGNED, i))
    place = np.array([ids.index(i) for i in found], dtype=np.int32)
    return Groups(tuple(ids), len(ids) - (UNASSIGNED in ids), place[codes])


@dataclass(frozen=True, eq=False)
class Ranked:
    """The known values of a number in increasing order: whose (`rows`), and which (`place`) of the `distinct` ones."""

    rows: NDArray[np.intp]
    place: NDArray[np.intp]
    distinct: NDArray[np.float64]


def ranked(values: NDArray[np.float64]) -> Ranked:
    """Return values ranked, missing ones (NaN) left out.

    Examples
    --------
    >>> found = ranked(np.array([5.0, 1.0, np.nan, 5.0]))
    >>> found.place.tolist(), found.distinct.tolist()
    ([0, 1, 1], [1.0, 5.0])
    """
    known = np.flatnonzero(~np.isnan(values))
    rows = known[np.argsort(values[known])]
    ordered = values[rows]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return Ranked(rows, new.cumsum() - 1, ordered[new])


@dataclass(frozen=True, eq=False)
class Standing:
    """How groups stand by one number.

    Parameters
    ----------
    known : int array, shape (groups,)
        How many of each group have a value.
    quartiles : float array, shape (groups, 3)
        Of those, linearly interpolated; NaN of none.
    median : float
        Of everyone placed.
    against_rest : float array, shape (placed,)
        Cliff's delta of each group of placed customers against all others placed.
    between : float array, shape (placed, placed)
        Cliff's delta of the group of the row against that of the column.
    """

    known: NDArray[np.int64]
    quartiles: NDArray[np.float64]
    median: float
    against_rest: NDArray[np.float64]
    between: NDArray[np.float64]


def standing(number: Ranked, groups: Groups) -> Standing | None:
    """Return how groups stand by a number, or None if fewer than two of its values are among placed customers.

    Notes
    -----
    Quartiles are numpy's to the digit. Cliff's delta is the share of pairs in which the first lies above minus the
    share in which it lies below, 0 without a pair; pairs are counted in floating point, which is exact up to 90
    million customers (their square stays below 2**53).

    Examples
    --------
    >>> labels = pd.Series(["a", "a", "a", "b", "b", "b", "b"])
    >>> found = standing(ranked(np.array([2.0, 3.0, 3.0, 1.0, 1.0, 1.0, 2.0])), grouped(labels))
    >>> found.quartiles.tolist(), found.median
    ([[2.5, 3.0, 3.0], [1.0, 1.0, 1.25]], 2.0)
    >>> found.against_rest.tolist()
    [0.9166666666666666, -0.9166666666666666]
    """
    if len(number.distinct) < 2:
        return None
    placed, size = groups.placed, np.bincount(groups.of[number.rows], minlength=len(groups.ids))
    known = np.append(size, size[:placed].sum())
    wanted = (known[:, None] - 1) * _QUARTILES
    before = np.floor(wanted)
    places = np.hstack([before, np.ceil(wanted)])
    at, above = np.zeros(places.shape, dtype=np.intp), np.zeros((len(known), len(known)))
    passed, differing = np.zeros((len(known), 1)), 0
    for counts in _counted(number, groups):
        reached = passed + counts.cumsum(axis=1)
        above += counts @ (2 * reached - counts - known[:, None]).T
        at += [np.searchsorted(r, p, side="right") for r, p in zip(reached, places, strict=True)]
        differing += int(np.count_nonzero(counts[-1]))
        passed = reached[:, -1:]
    if differing < 2:
        return None
    # A group in which nothing is known passes all values by.
    low, high = np.hsplit(number.distinct.take(at, mode="clip"), 2)
    part, step = wanted - before, high - low
    quartiles = np.where(part < 0.5, low + step * part, high - step * (1 - part))
    quartiles[known == 0] = np.nan
    mine, own = known[:placed], above[:placed]
    return Standing(
        known=size,
        quartiles=quartiles[:-1],
        median=float((low[-1, 1] + high[-1, 1]) / 2),
        against_rest=_delta(own[:, -1], mine * (known[-1] - mine)),
        between=_delta(own[:, :placed], mine[:, None] * mine),
    )


def _counted(number: Ranked, groups: Groups) -> Iterator[NDArray[np.float64]]:
    """Give how many of each group, and last of everyone placed, have each value, from the lowest on, some at a time."""
    group, width = groups.of[number.rows], min(_BLOCK, len(number.distinct))
    firsts = range(0, len(number.distinct), width)
    bounds = [*np.searchsorted(number.place, firsts), len(number.place)]
    for first, (start, end) in zip(firsts, pairwise(bounds), strict=True):
        cell = group[start:end] * width + (number.place[start:end] - first)
        counts = np.bincount(cell, minlength=len(groups.ids) * width).reshape(-1, width).astype(np.float64)
        yield np.vstack([counts, counts[: groups.placed].sum(axis=0)])


def _delta(above: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(above, pairs, out=np.zeros(pairs.shape), where=pairs > 0)
