"""Bands: a number cut into a few named ranges, honest about ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from discovery.core.errors import SettingError, did_you_mean
from discovery.core.feature import Feature, FeatureTable

#: Klaviyo's recency score: an order within 180 days is 3, within 365 days 2, older 1.
_RECENCY_DAYS = (180.0, 365.0)
_PARTS = {"thirds": 3, "quartiles": 4, "quintiles": 5}
#: Of recency the small values are the good ones, so its labels run the other way.
_LOW_IS_GOOD = "days_since_last_order"


def learn_cutoffs(feature: Feature, values: pd.Series) -> tuple[float, ...]:
    """Return the cut-offs of a band, learnt from those who have a value above 0, in increasing order.

    Equal values always share a band: with many ties some bands stay empty, and no label moves to fill them.

    Examples
    --------
    >>> band = Feature("b", "b", "RFM", "band", of=("orders",), bands="thirds", labels=("1", "2", "3"))
    >>> learn_cutoffs(band, pd.Series([1.0, 1.0, 1.0, 1.0, 2.0, 5.0]))
    (1.0, 1.0)
    """
    if feature.bands == "recency":
        return _RECENCY_DAYS
    known = values[values > 0].to_numpy(dtype=np.float64)
    parts = _PARTS[feature.bands]
    if not len(known):
        return (0.0,) * (parts - 1)
    # An observed value, never one between two: a cut-off can then be read as "up to and including".
    edges = np.quantile(known, np.arange(1, parts) / parts, method="inverted_cdf")
    return tuple(float(e) for e in edges)


def stated_cutoffs(texts: Mapping[str, str], bands: Mapping[str, Feature]) -> dict[str, tuple[float, ...]]:
    """Return the cut-offs a config states, as numbers.

    Raises
    ------
    SettingError
        If a name is no band, or its numbers are not increasing or not one fewer than its labels.

    Examples
    --------
    >>> band = Feature("b", "b", "Money", "band", of=("revenue",), bands="thirds", labels=("low", "mid", "high"))
    >>> stated_cutoffs({"b": "50 200"}, {"b": band})
    {'b': (50.0, 200.0)}
    """
    out = {}
    for name, text in texts.items():
        if name not in bands:
            raise SettingError(f"features.cutoffs must name bands, got {name!r}. {did_you_mean(name, bands)}")
        try:
            edges = tuple(float(part) for part in text.replace(",", " ").split())
        except ValueError:
            edges = ()
        wanted = len(bands[name].labels) - 1
        if len(edges) != wanted or list(edges) != sorted(set(edges)):
            raise SettingError(f"features.cutoffs.{name} must be {wanted} increasing numbers, got {text!r}.")
        out[name] = edges
    return out


def with_bands(
    table: FeatureTable, features: Sequence[Feature], known: Mapping[str, tuple[float, ...]] | None = None
) -> FeatureTable:
    """Return the table with bands: cut where `known` says, else where its own customers say.

    A value belongs to the first band whose cut-off it does not exceed; without a value above 0 there is no band.
    """

    def values(feature: Feature) -> pd.Series:
        return table.column(feature.of[0]).astype("float64")

    cutoffs = {f.name: (known or {}).get(f.name) or learn_cutoffs(f, values(f)) for f in features}
    return table.with_columns(features, (_cut(f, values(f), cutoffs[f.name]) for f in features), cutoffs)


def _cut(feature: Feature, values: pd.Series, edges: tuple[float, ...]) -> pd.Series:
    place = np.searchsorted(np.asarray(edges), values.to_numpy(), side="left")
    labels: list[object] = list(labels_in_order(feature))
    if feature.kind == "number":
        labels = [float(str(label)) for label in labels]
    # The last place is for those without a value.
    missing = np.nan if feature.kind == "number" else None
    chosen = np.where((values > 0).to_numpy(), place, len(labels))
    picked = np.asarray([*labels, missing], dtype=object)[chosen]
    return pd.Series(picked, index=values.index, dtype="float64" if feature.kind == "number" else "object")


def labels_in_order(feature: Feature) -> tuple[str, ...]:
    """Return the labels from the smallest values to the largest: of days since something, the last label first."""
    return tuple(reversed(feature.labels)) if feature.of[0] == _LOW_IS_GOOD else feature.labels
