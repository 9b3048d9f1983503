"""A feature is a declared measure over events; a FeatureTable is its values at a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.errors import DataError, UsageError, did_you_mean
from discovery.core.reading import Reading
from discovery.core.rule import Scalar

Aggregate = Literal[
    "count",
    "sum",
    "max",
    "min",
    "days_since_last",
    "days_since_first",
    "mean_gap_days",
    "median_gap_days",
    "gap_variation",
    "distinct",
    "top_share",
    "share",
    "ratio",
    "unfollowed",
    "run_since",
    "profile",
    "days_since_field",
    "days_since_date",
    "years_since_date",
    "holds",
    "length",
    "anniversary",
    "anniversary_month",
    "distance",
    "sample",
    "band",
    "tier",
    "predicted",
]
Kind = Literal["number", "text", "boolean", "date"]
#: How a band's cut-offs are found: Klaviyo's fixed days, or thirds, quartiles or quintiles of those who have a value.
Bands = Literal["", "recency", "thirds", "quartiles", "quintiles"]

#: One filter on an event: column, operator, value (several for ``IN``). ``weekday`` (Monday is 0), ``hour`` (UTC) and
#: ``season`` are derived from ``at`` and may be used like columns.
Filter = tuple[str, Literal["=", "<>", "<", "<=", ">", ">=", "IN"], Scalar | tuple[Scalar, ...]]


@dataclass(frozen=True)
class Feature:
    """A measure, declared once: computed by SQL, clustered on, used in rules and rendered into exports.

    Parameters
    ----------
    name : str
        Column name; says measure, unit and window: ``orders_90d``. That of a measure stated in a rule is its own text:
        ``orders(days => 14)``.
    label : str
        What people read: ``orders in the last 90 days``.
    family : str
        Family of the catalogue it stands in.
    aggregate : str
        How events become one number.
    events : tuple of str
        Event names it reads; empty for a profile column and for a ratio. ``unfollowed`` counts the first where the
        second does not follow within seven days; ``run_since`` counts the first since the last of the second.
    column : str
        The event or profile column it reads, where it reads one.
    window : int or None
        Days before ``as_of`` (d <= window); None is all time.
    skip : int
        Days just before ``as_of`` that are left out (d > skip).
    since, until : str
        First and last day of a window that stands still, as ``2025-11-28``; empty: open.
    where : tuple of filters
        Events that count; for ``share``, those that form the numerator.
    given : tuple of str, int, float or bool
        What a measure of the profile was given: days of an ``anniversary``, value a list ``holds``, place and unit of
        a ``distance``, percent and seed of a ``sample``.
    of : tuple of str
        Names of other features: numerator and denominator of a ``ratio``, the one that a ``band`` cuts.
    bands : str
        How the cut-offs of a ``band`` are found.
    labels : tuple of str
        Values of a ``band`` from low to high, or of a ``tier`` in any order.
    unit : str
        What it counts, such as ``orders``; or ``days``, ``share`` (0 to 1), ``money``, ``times``, ``score``; or ``""``.
    kind : str
        Type of its values.
    missing : str
        What a missing value means, in words.
    fill : float, str or None
        What a clustering puts in its place: a number, ``median``, or the name of another feature. None: never missing.
    cluster : bool
        A default clustering works on it.
    holdout : bool
        Kept out of clustering, so that distinctness can be tested on it.
    human_step : tuple of float
        Thresholds that people use for it, in increasing order.
    words : tuple of str
        What a segment far below, and far above, everyone on it is called, with ``{}`` for who: ``lapsed {}``. Without
        it the word is who: ``big spenders``.

    Raises
    ------
    UsageError
        If the declaration contradicts itself: a name that is none, a ratio without two parts, a band without what it
        cuts, a window shorter than what it skips, a feature both clustered on and held out, or clustered on and missing
        without a fill.

    Examples
    --------
    >>> Feature("orders_90d", "orders in the last 90 days", "rfm", "count", ("placed_order",), window=90).kind
    'number'
    """

    name: str
    label: str
    family: str
    aggregate: Aggregate
    events: tuple[str, ...] = ()
    column: str = ""
    window: int | None = None
    skip: int = 0
    since: str = ""
    until: str = ""
    where: tuple[Filter, ...] = ()
    given: tuple[Scalar, ...] = ()
    of: tuple[str, ...] = ()
    bands: Bands = ""
    labels: tuple[str, ...] = ()
    unit: str = ""
    kind: Kind = "number"
    missing: str = "never"
    fill: float | str | None = None
    cluster: bool = False
    holdout: bool = False
    human_step: tuple[float, ...] = ()
    words: tuple[str, str] | tuple[()] = ()

    def __post_init__(self) -> None:
        if not self.name.isidentifier() and not self.name.endswith(")"):
            raise UsageError(f"A feature name must be an identifier or a measure's own text, got {self.name!r}.")
        if self.aggregate == "ratio" and len(self.of) != 2:
            raise UsageError(f"Feature {self.name}: a ratio must name a numerator and a denominator in `of`.")
        if self.window is not None and not 0 <= self.skip < self.window:
            raise UsageError(f"Feature {self.name}: skip must lie below the window, got {self.skip} of {self.window}.")
        if self.aggregate == "band" and (len(self.of) != 1 or not self.bands or len(self.labels) < 2):
            raise UsageError(f"Feature {self.name}: a band must name what it cuts, how, and at least two labels.")
        if self.cluster and self.holdout:
            raise UsageError(f"Feature {self.name}: either clustered on or held out, not both.")
        if self.missing != "never" and self.cluster and self.fill is None:
            raise UsageError(f"Feature {self.name}: may be missing and is clustered on, so `fill` must be stated.")

    @property
    def told(self) -> bool:
        """Whether customers said it of themselves, in words or by yes and no."""
        return self.family == "Zero-party" and self.kind in ("text", "boolean")


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Every customer's features at a date.

    Parameters
    ----------
    values : DataFrame, one row per customer
        Indexed by ``customer_id`` in increasing order; one column per feature, missing as NaN or None.
    features : tuple of Feature
        One per column, in the same order.
    as_of : date
        Exclusive: only events before midnight UTC at its start were seen.
    fingerprint : str
        Of the dataset it was computed from.
    cutoffs : mapping
        Of each band, learnt from these customers: a value belongs to the first band whose cut-off it does not exceed.

    Raises
    ------
    DataError
        If the columns are not the features in order, or a customer stands twice or out of order.

    Examples
    --------
    >>> orders = Feature("orders", "orders, ever", "rfm", "count", ("placed_order",), unit="orders")
    >>> table = FeatureTable(pd.DataFrame({"orders": [2, 5]}, ["ann", "ben"]), (orders,), date(2025, 7, 1), "1a2b")
    >>> len(table), table.feature("orders").unit, table.column("orders").sum().item()
    (2, 'orders', 7)
    """

    values: pd.DataFrame
    features: tuple[Feature, ...]
    as_of: date
    fingerprint: str
    cutoffs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [f.name for f in self.features]
        if list(self.values.columns) != names:
            raise DataError(f"Columns must be the features in order, got {list(self.values.columns)} for {names}.")
        if not self.values.index.is_unique:
            raise DataError("A feature table must hold one row per customer, got a customer twice.")
        if not self.values.index.is_monotonic_increasing:
            raise DataError("A feature table must be ordered by customer_id.")

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def customers(self) -> pd.Index:
        """Every customer's id, in increasing order."""
        return self.values.index

    def column(self, name: str) -> pd.Series:
        """Return the values of one feature, missing as NaN or None: `values` reads all of a table on disk."""
        return self.values[name]

    def holds(self, name: str) -> bool:
        """Return whether there is a column called `name`."""
        return any(f.name == name for f in self.features)

    def columns(self, names: Iterable[str]) -> pd.DataFrame:
        """Return the values of the named features, which are not held twice."""
        return pd.DataFrame({name: self.column(name) for name in names}, index=self.customers, copy=False)

    def reading(self, names: Iterable[str]) -> Mapping[str, pd.Series]:
        """Return the named features one at a time: each is fetched when it is looked up, and not held."""
        return Reading(tuple(names), self.column)

    def feature(self, name: str) -> Feature:
        """Return the feature called `name`, or raise with the nearest known name."""
        for found in self.features:
            if found.name == name:
                return found
        raise UsageError(f"Unknown feature {name!r}. {did_you_mean(name, [f.name for f in self.features])}")

    def in_memory(self) -> FeatureTable:
        """Return the same table held in memory, for work that asks for all of its columns again and again."""
        return FeatureTable(self.values, self.features, self.as_of, self.fingerprint, self.cutoffs)

    def only(self, names: Iterable[str]) -> FeatureTable:
        """Return a new table with just the named features, in its own order."""
        wanted = set(names)
        chosen = tuple(f for f in self.features if f.name in wanted)
        values = self.columns(f.name for f in chosen)
        return FeatureTable(values, chosen, self.as_of, self.fingerprint, self.cutoffs)

    def with_columns(
        self,
        features: Iterable[Feature],
        columns: Iterable[pd.Series],
        cutoffs: Mapping[str, tuple[float, ...]] | None = None,
    ) -> FeatureTable:
        """Return a new table with further features, and the cut-offs of those that are bands."""
        named = dict(zip(features, columns, strict=True))
        added = pd.DataFrame({feature.name: column for feature, column in named.items()}, index=self.customers)
        return FeatureTable(
            pd.concat([self.values, added], axis=1),
            (*self.features, *named),
            self.as_of,
            self.fingerprint,
            {**self.cutoffs, **(cutoffs or {})},
        )

    def filled(self, names: Iterable[str], chosen: NDArray[np.bool_] | None = None) -> pd.DataFrame:
        """Return the named numeric columns as floats with every missing value filled as declared.

        `chosen` says whose, of all customers; what a missing value is filled with is everyone's.
        """
        out = {}
        for name in names:
            feature = self.feature(name)
            column = self.column(name).astype("float64")
            if feature.fill == "median":
                column = column.fillna(column.median())
            elif isinstance(feature.fill, str):
                column = column.fillna(self.filled((feature.fill,))[feature.fill])
            elif feature.fill is not None:
                column = column.fillna(float(feature.fill))
            if column.isna().any():
                raise DataError(
                    f"Feature {name} is missing for {int(column.isna().sum())} customers and states no fill that "
                    "covers them. Leave it out of `cluster.features`."
                )
            out[name] = column if chosen is None else column[chosen]
        customers = self.customers if chosen is None else self.customers[chosen]
        return pd.DataFrame(out, index=customers, copy=False)

    def _repr_html_(self) -> str:
        head = self.values.head(5).to_html(max_cols=8, float_format="{:.2f}".format)
        return f"<p>{len(self):,} customers, {len(self.features)} features at {self.as_of}</p>{head}"
