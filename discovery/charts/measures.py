"""What can be measured of a group of customers, and how sure the number is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.charts.sizes import revenue_feature
from discovery.core.headed import headed
from discovery.core.intervals import Amounts, rate_intervals
from discovery.core.run import Run

Numbers = NDArray[np.float64]
CUSTOMERS = "customers"


@dataclass(frozen=True)
class Measure:
    """A number of each customer whose mean says something about a group.

    Parameters
    ----------
    name, label : str
        Which it is, and what people call it.
    unit : str
        ``share`` or ``money``.
    needs : tuple of str
        Features or responses it is read from.
    read : callable
        From the values of the table, or the responses, to one number a customer; NaN where there is none.
    yes_no : bool
        Every number is 0 or 1, so that the mean is a rate.
    after : bool
        Read from what customers did after the date, not from features.
    """

    name: str
    label: str
    unit: str
    needs: tuple[str, ...]
    read: Callable[[pd.DataFrame], pd.Series]
    yes_no: bool = False
    after: bool = False

    def values(self, run: Run) -> Numbers:
        """Return the number of every customer of the run's table, in its order."""
        values = run.responses if self.after else run.table.columns(self.needs)
        return self.read(values).to_numpy(dtype=np.float64, na_value=np.nan)

    def interval(self, groups: Amounts, everyone: Amounts) -> tuple[Numbers, Numbers]:
        """Return the 95 % interval of each group's mean; NaN where nobody is in one."""
        return rate_intervals(groups.total, groups.n) if self.yes_no else groups.interval(everyone)


def _more_than_none(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda values: (values[name] > 0).astype("float64")


def _yes(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda values: values[name].astype("float64")


def _as_it_is(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda values: values[name]


def _ordering(values: pd.DataFrame) -> pd.Series:
    return 1 - values["probability_no_order_90d"]


def _reachable(values: pd.DataFrame) -> pd.Series:
    suppressed = values["suppressed"].astype("boolean").fillna(False)
    return (values["consent_email"].eq("subscribed") & ~suppressed).astype("float64")


def _counted(values: pd.DataFrame) -> pd.Series:
    return pd.Series(1.0, index=values.index)


MEASURES: tuple[Measure, ...] = (
    Measure("ordered", "Ordered in the last 90 days", "share", ("orders_90d",), _more_than_none("orders_90d"), True),
    Measure("revenue", "Revenue per customer, last 365 days", "money", ("revenue_365d",), _as_it_is("revenue_365d")),
    Measure("aov", "Average order value", "money", ("average_order_value",), _as_it_is("average_order_value")),
    Measure("expected", "Expected to order within 90 days", "share", ("probability_no_order_90d",), _ordering),
    Measure("clicked", "Clicked in the last 90 days", "share", ("clicks_90d",), _more_than_none("clicks_90d"), True),
    Measure("discount", "Orders with a discount", "share", ("share_discounted",), _as_it_is("share_discounted")),
    Measure("consent", "May be e-mailed", "share", ("consent_email", "suppressed"), _reachable, True),
    Measure("responded", "Responded after the date", "share", ("responded",), _yes("responded"), True, True),
    Measure(
        "revenue_after",
        "Revenue per customer after the date",
        "money",
        ("revenue_after",),
        _as_it_is("revenue_after"),
        after=True,
    ),
    Measure(CUSTOMERS, "Share of customers", "share", (), _counted, True),
)


def measures(run: Run, amounts_first: bool = False) -> tuple[Measure, ...]:
    """Return what can be measured in `run`: share of customers always, the rest where the table holds it."""
    have, seen = {f.name for f in run.table.features}, set(run.responses.columns)
    found = [m for m in MEASURES if (seen if m.after else have).issuperset(m.needs)]
    return tuple(sorted(found, key=lambda m: amounts_first and m.unit != "money"))


def revenue(run: Run) -> Measure:
    """Return revenue per customer, over the longest time the table knows; of a run without revenue, of nobody."""
    feature = revenue_feature(run.table)
    if feature is None:
        return Measure("nothing", "Revenue", "money", (), lambda values: pd.Series(np.nan, index=values.index))
    label = headed(feature.label)
    return Measure("all_revenue", label, "money", (feature.name,), _as_it_is(feature.name))
