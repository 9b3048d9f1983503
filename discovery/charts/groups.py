"""Ways to divide the customers that a chart can break numbers down by: segments, bands, tiers, places, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pycountry
from numpy.typing import NDArray

from discovery.charts.format import SMALL_CELL, YEARS_FROM, amount, count
from discovery.core.feature import Feature, FeatureTable
from discovery.core.headed import headed
from discovery.core.many import many
from discovery.core.run import Run

SEGMENT = "segment"
#: Ids of the groups of those with a value of no group, and of those without a value.
OTHER, MISSING = "(other)", "(none)"
#: Units that are counted, so that a band reads "3 to 4 orders".
_COUNTED = ("orders", "units")


@dataclass(frozen=True)
class Group:
    """One group of customers: what it is called, what it means, and a segment's own colour and symbol."""

    id: str
    name: str
    about: str = ""
    colour: str = ""
    symbol: str = "circle"

    @property
    def rest(self) -> bool:
        """Whether it is what was left over: other values, or none."""
        return self.id in (OTHER, MISSING)


@dataclass(frozen=True, eq=False)
class Grouping:
    """One way to divide the customers of a run.

    Parameters
    ----------
    name, label : str
        Which it is, and what people call it.
    groups : tuple of Group
        In the order they are shown; everyone is in exactly one.
    codes : array of int
        Per customer of the run's table, the place of their group in `groups`.
    """

    name: str
    label: str
    groups: tuple[Group, ...]
    codes: NDArray[np.intp]

    @property
    def title(self) -> str:
        """What people call it, as a heading begins."""
        return headed(self.label)


def groupings(run: Run) -> Mapping[str, str]:
    """Return every way to divide the customers of `run`, by name, with what people call it.

    Segments come first, then named bands and tiers, then what the profile says, and scores last.
    """
    features = sorted((f for f in run.table.features if _divides(f)), key=lambda f: (f.kind == "number", not f.labels))
    return {SEGMENT: "segment", **{f.name: f.label for f in features}}


def holds(run: Run, name: str) -> bool:
    """Return whether the run's table has this feature, with a value for somebody."""
    return run.table.holds(name) and bool(run.table.column(name).notna().any())


def grouped(run: Run, by: str, name: str) -> Grouping:
    """Return the customers divided by `name`: the segments of `by`, or the values of a feature.

    Values that were declared (bands, tiers, yes or no) and ISO codes of places all stand. Of any other text only what
    at least 10 customers share is a group, so that no answer names one of them; the rest is one group. So are those
    without a value.
    """
    if name == SEGMENT:
        return _segments(run, by)
    feature = run.table.feature(name)
    coded, found = pd.factorize(run.table.column(name))
    missing = coded < 0
    declared = _declared(feature)
    if declared is None:
        shared = pd.Series(np.bincount(coded[~missing], minlength=len(found)), found)
        # Largest first, equal ones by name: the order of rows must not show.
        shared = shared.sort_index().sort_values(ascending=False, kind="stable")
        declared = [v for v, n in shared.items() if n >= SMALL_CELL or _place(feature, str(v)) != v]
    codes = _places(declared, coded, found)
    groups = [_group(feature, value, run) for value in declared]
    for ours, each in (
        ((codes < 0) & ~missing, Group(OTHER, "Other values")),
        (missing, Group(MISSING, _without(feature))),
    ):
        if ours.any():
            codes = np.where(ours, len(groups), codes)
            groups.append(each)
    return Grouping(name, feature.label, tuple(groups), codes)


@cache
def country_name(code: str) -> str:
    """Return a country's everyday name; its code where ISO 3166 does not know it.

    Examples
    --------
    >>> country_name("TW"), country_name("GB"), country_name("??")
    ('Taiwan', 'United Kingdom', '??')
    """
    found = pycountry.countries.get(alpha_2=code)
    return str(getattr(found, "common_name", found.name)) if found else code


@cache
def region_name(code: str) -> str:
    """Return the name of a region, with its country's code; the text itself where ISO 3166-2 does not know it.

    Examples
    --------
    >>> region_name("US-NY"), region_name("Midi")
    ('New York', 'Midi')
    """
    found = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    return str(found.name) if found else code


def _divides(feature: Feature) -> bool:
    return feature.kind in ("text", "boolean") or feature.aggregate == "band"


def _segments(run: Run, by: str) -> Grouping:
    segmentation = run.segmentation(by)
    filled = [s for s in segmentation.segments if s.size]
    codes = _places([s.id for s in filled], *pd.factorize(segmentation.labels))
    groups = tuple(Group(s.id, s.name, "", s.colour, s.symbol) for s in filled)
    return Grouping(SEGMENT, "segment", groups, codes)


def _places(declared: Sequence[Any], coded: NDArray[np.intp], found: pd.Index) -> NDArray[np.intp]:
    """Return the place of every customer's value among those `declared`, -1 where it is none of them."""
    # Looked up once for each value, not once for each customer.
    return np.append(pd.Index(declared).get_indexer(found), -1)[coded]


def _declared(feature: Feature) -> list[object] | None:
    if feature.kind == "boolean":
        return [True, False]
    if feature.kind == "number":
        return [float(label) for label in feature.labels]
    return list(feature.labels) or None


def _without(feature: Feature) -> str:
    """Return what those without a value are called."""
    return "Not known" if feature.missing == "never" else feature.missing.split(":")[0].capitalize()


def _place(feature: Feature, code: str) -> str:
    """Return the name of a country's or a region's code; any other text as it is."""
    return {"country": country_name, "region": region_name}.get(feature.name, str)(code)


def _group(feature: Feature, value: object, run: Run) -> Group:
    if feature.name in ("country", "region"):
        return Group(str(value), _place(feature, str(value)))
    if feature.kind == "boolean":
        return Group(str(value), "Yes" if value else "No")
    text = f"{value:.0f}" if isinstance(value, float) else str(value)
    return Group(text, headed(text), band_range(run.table, feature, text, run.currency))


def band_range(table: FeatureTable, feature: Feature, label: str, currency: str) -> str:
    """Return which values a band holds, in words; empty where the feature is no band."""
    edges = table.cutoffs.get(feature.name)
    if feature.aggregate != "band" or not edges:
        return ""
    cut = table.feature(feature.of[0])
    # Of days since something the small values are the good ones, so their band carries the last label.
    order = tuple(reversed(feature.labels)) if cut.aggregate == "days_since_last" else feature.labels
    place = order.index(label)

    def said(value: float) -> str:
        if cut.unit in _COUNTED:
            return many(int(value), cut.unit.removesuffix("s"))
        return amount(value, cut.unit, currency)

    if place == len(edges):
        return f"above {said(edges[-1])}"
    if place == 0:
        return f"up to {said(edges[0])}"
    low, high = edges[place - 1], edges[place]
    if low == high:
        return "nobody (ties)"
    if cut.unit not in (*_COUNTED, "days"):
        return f"{said(low)} to {said(high)}"
    # "125 to 222 days", but "331 days to 2.2 years".
    first = count(low + 1) if high < YEARS_FROM else said(low + 1)
    return said(high) if high == low + 1 else f"{first} to {said(high)}"
