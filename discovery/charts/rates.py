"""What each segment does, before and now: one measure at a time, with intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from discovery.charts.before_now import before_now
from discovery.charts.format import NOBODY, NOT_MEASURED, amount, count, difference, span, unit_words
from discovery.charts.reviewed import reviewed
from discovery.charts.small_cells import hidden
from discovery.charts.theme import LIGHT, Theme
from discovery.core.headed import headed
from discovery.core.review import RATE_COLUMNS, Review
from discovery.core.signed import MINUS

_ENDS = {
    "before": ("before", "before_low", "before_high"),
    "now": ("now", "now_low", "now_high"),
    "change": ("change", "change_low", "change_high"),
}


@dataclass(frozen=True)
class Measure:
    """One thing a review measures of every segment, perhaps of one campaign."""

    measure: str
    campaign: str
    label: str
    unit: str

    @property
    def title(self) -> str:
        """What people call it."""
        return headed(f"{self.label}, {self.campaign}" if self.campaign else self.label)

    @property
    def charted(self) -> bool:
        """Whether a report draws it: numbers of customers stand in its tables, and campaigns with each segment."""
        return not self.campaign and self.unit != "customers"


def measures(review: Review) -> tuple[Measure, ...]:
    """Return what `review` measures, in its order."""
    found = review.rates[["measure", "campaign", "label", "unit"]].drop_duplicates(["measure", "campaign"])
    return tuple(Measure(*map(str, row)) for row in found.itertuples(index=False))


def rates_data(review: Review, segment_id: str = "", measure: Measure | None = None) -> pd.DataFrame:
    """Return the rates, of all or of one segment or measure, without the numbers of segments too small to show.

    ``state_before`` and ``state_now`` are ``shown``, ``not measured``, ``nobody in it``, or why a number is hidden;
    numbers that are not shown are NaN, and so is a change of which one end is not shown. ``clear`` says that a change's
    interval leaves out zero. Counts of customers are always shown.
    """
    data = review.rates.loc[:, list(RATE_COLUMNS)]
    if measure:
        data = data[(data["measure"] == measure.measure) & (data["campaign"] == measure.campaign)]
    looks = {s.id: s for s in reviewed(review)}
    data = data[data["segment_id"].isin(list(looks))].reset_index(drop=True)
    # Whether a number would give another away is seen over all segments, so the others are left out after that.
    shown = {}
    for when in ("before", "now"):
        data[f"state_{when}"] = _states(data, when, {s.segment_id: getattr(s, f"size_{when}") for s in review.segments})
        shown[when] = data[f"state_{when}"] == "shown"
    shown["change"] = shown["before"] & shown["now"]
    for what, columns in _ENDS.items():
        for column in columns:
            data[column] = data[column].where(shown[what])
    data["clear"] = (data["change_low"] > 0) | (data["change_high"] < 0)
    data["segment"] = [looks[i].name for i in data["segment_id"]]
    data["colour"] = [looks[i].colour for i in data["segment_id"]]
    data["symbol"] = [looks[i].symbol for i in data["segment_id"]]
    order = {i: place for place, i in enumerate(looks)}
    data = data.sort_values("segment_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)
    return data[data["segment_id"] == segment_id].reset_index(drop=True) if segment_id else data


def rates_title(review: Review, measure: Measure) -> str:
    """Return the finding: the largest change that is clear of chance, or that there is none."""
    data = rates_data(review, measure=measure)
    clear = data[data["clear"]].to_dict("records")
    if data["change"].notna().sum() == 0:
        return f"{measure.title}: before and now cannot be compared"
    if not clear:
        return f"{measure.title}: no segment's change is clear of chance"
    top = max(clear, key=lambda r: abs(r["change"]))
    by = difference(float(top["change"]), measure.unit, review.currency)
    values = [amount(float(top[when]), measure.unit, review.currency) for when in ("before", "now")]
    verb = "fell" if by.startswith(MINUS) else "rose"
    more = len(clear) - 1
    rest = f"; {more} more changed clearly" if more else ""
    return f"{measure.title}: {top['segment']} {verb} from {values[0]} to {values[1]}{rest}"


def rates_table(review: Review, measure: Measure) -> pd.DataFrame:
    """Return the chart's numbers as people read them."""
    data = rates_data(review, measure=measure)
    return pd.DataFrame({"Segment": data["segment"], **_columns(data, review.currency)})


def segment_rates_table(review: Review, segment_id: str) -> pd.DataFrame:
    """Return what one segment does, measure by measure, as people read it; campaigns stand in a table of their own."""
    data = rates_data(review, segment_id)
    mine = data[data["campaign"] == ""]
    return pd.DataFrame({"Measure": [headed(w) for w in mine["label"]], **_columns(mine, review.currency)})


def campaigns_table(review: Review, segment_id: str) -> pd.DataFrame:
    """Return how one segment answered each campaign of the quarter: one row a campaign, one column a measure."""
    data = rates_data(review, segment_id)
    mine = data[(data["campaign"] != "") & ~data["state_now"].isin([NOT_MEASURED, NOBODY])]
    rows: dict[str, dict[str, str]] = {}
    for r in mine.to_dict("records"):
        row = rows.setdefault(r["campaign"], {"Campaign": r["campaign"], "Customers": count(r["n_now"])})
        row[headed(r["label"])] = _shown(r, "now", review.currency)
    return pd.DataFrame(list(rows.values())).fillna(NOT_MEASURED)


def rates(review: Review, measure: Measure, look: Theme = LIGHT) -> go.Figure:
    """Return two dots per segment with their intervals: before, and now."""
    return before_now(
        rates_data(review, measure=measure),
        rates_title(review, measure),
        f"{measure.label}, {unit_words(measure.unit, review.currency)}",
        look,
        measure.unit,
        review.currency,
    )


def _states(data: pd.DataFrame, when: str, customers: Mapping[str, int]) -> list[str]:
    asked: dict[tuple[str, str], dict[str, int]] = {}
    rows = list(zip(*(data[c] for c in ("segment_id", "measure", "campaign", "unit", when, f"n_{when}")), strict=True))
    for segment, measure, campaign, unit, _, n in rows:
        if unit != "customers":
            asked.setdefault((measure, campaign), {})[segment] = int(n)
    secret = {key: hidden(sizes) for key, sizes in asked.items()}
    return [
        (NOT_MEASURED if customers[segment] else NOBODY)
        if math.isnan(value)
        else secret.get((measure, campaign), {}).get(segment, "shown")
        for segment, measure, campaign, _, value, _ in rows
    ]


def _columns(data: pd.DataFrame, currency: str) -> dict[str, list[str]]:
    rows = data.to_dict("records")
    return {
        "Before": [_shown(r, "before", currency) for r in rows],
        "Now": [_shown(r, "now", currency) for r in rows],
        "Change": [_change(r, currency) for r in rows],
        "n before": [count(r["n_before"]) for r in rows],
        "n now": [count(r["n_now"]) for r in rows],
    }


def _shown(row: Mapping[Hashable, Any], when: str, currency: str) -> str:
    """Return a value with its 95% interval, or why there is none."""
    if row[f"state_{when}"] != "shown":
        return str(row[f"state_{when}"])
    value, low, high = (float(row[c]) for c in _ENDS[when])
    shown = amount(value, row["unit"], currency)
    return shown if math.isnan(low) else f"{shown} {_apart(span((low, high), row['unit'], currency))}"


def _change(row: Mapping[Hashable, Any], currency: str) -> str:
    value, low, high = (float(row[c]) for c in _ENDS["change"])
    shown = difference(value, row["unit"], currency)
    # The change itself says that they are points.
    ends = " to ".join(difference(end, row["unit"], currency).removesuffix(" points") for end in (low, high))
    return shown if math.isnan(low) else f"{shown} {_apart(ends)}"


def _apart(interval: str) -> str:
    """Return an interval in brackets that no line break divides."""
    return f"({interval})".replace(" ", "\N{NO-BREAK SPACE}")
