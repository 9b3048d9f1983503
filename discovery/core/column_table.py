"""A feature table that is never whole in memory: a column is fetched when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from discovery.core.feature import Feature, FeatureTable

Columns = Mapping[str, NDArray[Any]]


class ColumnTable(FeatureTable):
    """A feature table over columns that are kept elsewhere, equal to one that holds them.

    Parameters
    ----------
    customers : Index
        Every customer's id, in increasing order.
    columns : mapping of str to array, shape (customers,)
        Values by feature: numbers as floats, missing as NaN; all else as objects, missing as None. Where it can be
        written to, further columns of the table are put there.
    features, as_of, fingerprint, cutoffs
        As of a `FeatureTable`.

    Examples
    --------
    >>> import numpy as np
    >>> kept = {"orders": np.array([3.0, 1.0]), "visits": np.array([8.0, 9.0])}
    >>> orders = Feature("orders", "orders", "RFM", "count")
    >>> table = ColumnTable(pd.Index(["a", "b"]), kept, (orders,), date(2026, 1, 1), "")
    >>> len(table), table.column("orders").tolist(), table.holds("visits")
    (2, [3.0, 1.0], False)
    """

    _customers: pd.Index
    _columns: Columns

    def __init__(
        self,
        customers: pd.Index,
        columns: Columns,
        features: tuple[Feature, ...],
        as_of: date,
        fingerprint: str,
        cutoffs: Mapping[str, tuple[float, ...]] | None = None,
    ) -> None:
        stated = {"features": features, "as_of": as_of, "fingerprint": fingerprint, "cutoffs": cutoffs or {}}
        # The class is frozen, so that its fields are set the way a dataclass sets them.
        for name, value in {**stated, "_customers": customers, "_columns": columns}.items():
            object.__setattr__(self, name, value)

    @property
    def values(self) -> pd.DataFrame:
        """Every column, fetched anew."""
        return self.columns(f.name for f in self.features)

    @property
    def customers(self) -> pd.Index:
        """Every customer's id, in increasing order."""
        return self._customers

    def column(self, name: str) -> pd.Series:
        """Return the values of one feature, missing as NaN or None."""
        values = self._columns[name]
        return pd.Series(values, self._customers, values.dtype, name, copy=False)

    def only(self, names: Iterable[str]) -> ColumnTable:
        """Return a new table with just the named features, in its own order, over the same columns."""
        wanted = set(names)
        return self._with(tuple(f for f in self.features if f.name in wanted), self.cutoffs)

    def with_columns(
        self,
        features: Iterable[Feature],
        columns: Iterable[pd.Series],
        cutoffs: Mapping[str, tuple[float, ...]] | None = None,
    ) -> FeatureTable:
        """Return a new table with further features, and the cut-offs of those that are bands.

        Columns are put beside the others as they come, so that those of a generator are never held side by side. Where
        nothing can be put, as beside those of a run, the new table is held in memory.
        """
        if not isinstance(self._columns, MutableMapping):
            return super().with_columns(features, columns, cutoffs)
        added = tuple(features)
        for feature, column in zip(added, columns, strict=True):
            self._columns[feature.name] = column.to_numpy()
        return self._with((*self.features, *added), {**self.cutoffs, **(cutoffs or {})})

    def _with(self, features: tuple[Feature, ...], cutoffs: Mapping[str, tuple[float, ...]]) -> ColumnTable:
        return ColumnTable(self._customers, self._columns, features, self.as_of, self.fingerprint, cutoffs)
