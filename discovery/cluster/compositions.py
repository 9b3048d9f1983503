"""Dirichlet-multinomial: how often what happened in which of several ways; with two ways, the beta-binomial.

For counts n_1..n_C of N and parameters a_1..a_C with sum A, the shares being Dirichlet(a) over customers::

    L = Gamma(A) / Gamma(A + N) * product over c of Gamma(a_c + n_c) / Gamma(a_c)

(the order in which things happened counts as seen, so there is no multinomial coefficient). Counts are small whole
numbers, so every function of them is a table that is looked up; the tables of all compositions are one, since a step
of a small store is otherwise nothing but calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csc_array, csr_array, hstack
from scipy.special import digamma, gammaln

from discovery.cluster.distinct import Distinct, distinct

Array = NDArray[np.float64]
#: Bounds of the logarithm of a parameter: a part that nobody ever took, or customers who do not differ.
BOUNDS = (float(np.log(1e-2)), float(np.log(1e3)))


@dataclass(frozen=True, eq=False)
class Tables:
    """All compositions of some customers, laid out to be looked up at once.

    An entry is a distinct number of a column; columns are the parts of all compositions, then the totals of each.

    Parameters
    ----------
    first_parts, composition : array of int
        The first part of each composition, and the composition of each part.
    first_entries, column, number : array of int
        The first entry of each column, and the column and number of each entry.
    entries : pair of sparse arrays, shapes (distinct rows, entries) and (entries, distinct rows)
        1 where a row has this number of a part, -1 where it has it in total; and turned.
    customers : pair of sparse arrays, shapes (customers, distinct rows) and (distinct rows, customers)
        1 where a customer has this row; and turned.
    """

    first_parts: NDArray[np.int64]
    composition: NDArray[np.int64]
    first_entries: NDArray[np.int64]
    column: NDArray[np.int64]
    number: NDArray[np.int64]
    entries: tuple[csr_array, csc_array]
    customers: tuple[csr_array, csc_array]


def counted(counts: Array) -> Distinct:
    """Return counts of shape (customers, parts), once for each distinct row."""
    return distinct(*np.rint(counts).astype(np.int64).T)


def tables(compositions: Sequence[Distinct]) -> Tables:
    """Return compositions of the same customers, at least one, laid out to be looked up at once."""
    parts = [[distinct(column) for column in rows.columns] for rows in compositions]
    totals = [distinct(np.sum(rows.columns, axis=0)) for rows in compositions]
    columns = [*(part for mine in parts for part in mine), *totals]
    sizes = [len(column.columns[0]) for column in columns]
    by_part = block_diag([hstack([part.customers.T for part in mine]) for mine in parts])
    by_total = block_diag([total.customers.T for total in totals])
    entries = csr_array(hstack([by_part, -by_total]))
    customers = csr_array(hstack([rows.customers.T for rows in compositions]))
    return Tables(
        first_parts=_firsts([len(mine) for mine in parts]),
        composition=np.repeat(np.arange(len(parts)), [len(mine) for mine in parts]),
        first_entries=_firsts(sizes),
        column=np.repeat(np.arange(len(columns)), sizes),
        number=np.concatenate([column.columns[0] for column in columns]),
        entries=(entries, entries.T),
        customers=(customers, customers.T),
    )


def likelihood(alphas: Array, data: Tables) -> tuple[Array, Callable[[Array], Array]]:
    """Return each customer's log likelihood under each kind, and what gives its weighted slope.

    Parameters
    ----------
    alphas : array, shape (kinds, parts of all compositions)
    data : Tables

    Returns
    -------
    array, shape (customers, kinds)
        0 where nothing is known.
    callable
        From weights, of that shape, to the weighted sum's derivatives by the logarithms of `alphas`.
    """
    columns = np.hstack([alphas, np.add.reduceat(alphas, data.first_parts, axis=1)]).T
    after = columns[data.column] + data.number[:, None]
    risen = gammaln(after) - gammaln(columns)[data.column]
    (entries, entries_of), (customers, rows_of) = data.entries, data.customers

    def slope(weights: Array) -> Array:
        mass = entries_of @ (rows_of @ weights)
        steps = (digamma(after) - digamma(columns)[data.column]) * mass
        by_part, by_total = np.split(np.add.reduceat(steps, data.first_entries), [alphas.shape[1]])
        return np.asarray(alphas * (by_part + by_total[data.composition]).T)

    return np.asarray(customers @ (entries @ risen)), slope


def first_guess(data: Distinct) -> Array:
    """Return parameters of one composition with everyone's mean shares, and a middling agreement between customers."""
    totals = np.array([c[data.place].sum() for c in data.columns]) + 0.5
    return np.asarray(np.maximum(5.0 * totals / totals.sum(), np.exp(BOUNDS[0])))


def _firsts(sizes: Sequence[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *sizes[:-1]])
