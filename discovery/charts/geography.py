"""Where customers are, and what they do there: countries, states of the US, and points. No map is fetched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pycountry

from discovery.charts.broken_down import broken_down_data, measure_label
from discovery.charts.crossed import Crossing
from discovery.charts.format import NONE, SMALL_CELL, amount, count, number, on_axis, rate
from discovery.charts.groups import MISSING, OTHER, Group, Grouping
from discovery.charts.theme import FONT, LIGHT, NOTHING, Theme, figure, note, plain
from discovery.core.many import many
from discovery.core.run import Run

Scope = Literal["world", "usa"]
#: What a division by place is called.
PLACE = "place"
#: Customers within so many degrees of latitude and longitude are one place on the map of points.
DEGREES = 1.0
#: Diameter of the largest place in pixels.
LARGEST = 34


@dataclass(frozen=True, eq=False)
class Places:
    """Places that at least 10 customers share: the middle of each one's customers, latitude and longitude."""

    grouping: Grouping
    middles: Mapping[str, tuple[float, float]]
    american: frozenset[str]


def places(run: Run) -> Places:
    """Return the customers divided by place: squares of one degree, named after the most common city there.

    Squares of fewer than 10 customers are one group, which is not drawn: a point on a map is somebody's home. Customers
    without latitude and longitude are another.
    """
    names = ("latitude", "longitude", "city", "country")
    stated = run.table.columns(name for name in names if run.table.holds(name))
    where = stated.reindex(columns=names).astype({"latitude": "float64", "longitude": "float64"})
    known = (where["latitude"].abs() <= 90) & (where["longitude"].abs() <= 180)
    square = np.floor(where["latitude"] / DEGREES) * 1_000 + np.floor(where["longitude"] / DEGREES)
    shared = square[known].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = shared.index[shared >= SMALL_CELL]
    codes = kept.get_indexer(pd.Index(square.where(known)))
    middles, groups, american = {}, [], set()
    for i, inside in where[codes >= 0].groupby(codes[codes >= 0]):
        north, east = float(inside["latitude"].mean()), float(inside["longitude"].mean())
        cities = inside["city"].mode()
        if (inside["country"] == "US").mean() > 0.5:
            american.add(f"p{i}")
        middles[f"p{i}"] = (north, east)
        groups.append(Group(f"p{i}", str(cities.min()) if len(cities) else f"{number(north)}°, {number(east)}°"))
    for ours, each in (
        ((codes < 0) & known.to_numpy(), Group(OTHER, "Places of fewer than 10")),
        (~known.to_numpy(), Group(MISSING, "No point known")),
    ):
        if ours.any():
            codes = np.where(ours, len(groups), codes)
            groups.append(each)
    return Places(Grouping(PLACE, "place", tuple(groups), codes), middles, frozenset(american))


def states(regions: Grouping) -> frozenset[str]:
    """Return the ids of the groups that are states of the US."""
    return frozenset(g.id for g in regions.groups if g.id.startswith("US-"))


def outlines_data(crossing: Crossing, who: str = "", scope: Scope = "world") -> pd.DataFrame:
    """Return the rows of a breakdown by country or region that have an outline, with its code in ``location``.

    Countries carry ISO 3166-1 alpha-3 codes, states of the US their two letters.
    """
    data = broken_down_data(crossing, who)
    return data.assign(location=[location(g, scope) for g in data["group"]]).query("location != ''")


def outlines_title(crossing: Crossing, who: str = "", scope: Scope = "world") -> str:
    """Return the lowest and the highest value on the map."""
    c = crossing
    shown = outlines_data(c, who, scope).dropna(subset=["value"]).sort_values("value", kind="stable").to_dict("records")
    label = measure_label(c, who)
    if len(shown) < 2:
        return f"{label}: too few customers to compare places"
    low, high = (f"{amount(r['value'], c.measure.unit, c.currency)} in {r['name']}" for r in (shown[0], shown[-1]))
    return f"{label}: from {low} to {high}"


def outlines(crossing: Crossing, who: str = "", scope: Scope = "world", look: Theme = LIGHT) -> go.Figure:
    """Return a map of countries, or of states of the US, coloured by the measure; a cross where it may not be shown."""
    c, data = crossing, outlines_data(crossing, who, scope)
    shown = data[data["value"].notna()]
    silent = data[data["value"].isna() & (data["customers"] > 0)]
    mode = "ISO-3" if scope == "world" else "USA-states"
    line = {"color": look.ground, "width": 0.6}
    coloured = go.Choropleth(
        locations=shown["location"],
        locationmode=mode,
        z=shown["value"] * _scale(c),
        customdata=_hover(c, shown, who),
        hovertemplate="%{customdata}<extra></extra>",
        marker={"line": line},
        **_colours(c, shown["value"], who, look),
    )
    crosses = go.Scattergeo(
        mode="markers",
        locations=silent["location"],
        locationmode=mode,
        customdata=_hover(c, silent, who),
        hovertemplate="%{customdata}<extra></extra>",
        marker={"symbol": "x-thin", "size": 7, "line": {"color": look.muted, "width": 1.4}},
    )
    told = "×: too few customers there, or withheld. Bare: no customers known." if len(silent) else ""
    return _map(outlines_title(c, who, scope), look, scope, [coloured, crosses], told)


def points_data(crossing: Crossing, at: Places, who: str = "") -> pd.DataFrame:
    """Return the rows of a breakdown by place that are drawn, with their latitude and longitude in degrees."""
    data = broken_down_data(crossing, who)
    drawn = data[data["group"].isin(list(at.middles)) & (data["customers"] > 0)]
    north, east = zip(*(at.middles[g] for g in drawn["group"]), strict=True) if len(drawn) else ((), ())
    return drawn.assign(latitude=north, longitude=east)


def points(crossing: Crossing, at: Places, who: str = "", scope: Scope = "world", look: Theme = LIGHT) -> go.Figure:
    """Return a map of places: the area of a mark is its customers, the colour the measure; hollow where not shown."""
    c = crossing
    # The largest first, so that none hides under another.
    data = points_data(c, at, who).sort_values("customers", ascending=False, kind="stable")
    most = float(data["customers"].max()) if len(data) else 1.0
    traces = []
    for hollow in (False, True):
        part = data[data["value"].isna() == hollow]
        if part.empty:
            continue
        colours = {} if hollow else _colours(c, part["value"], who, look)
        if colours:
            colours["cmin"], colours["cmax"] = colours.pop("zmin"), colours.pop("zmax")
        traces.append(
            go.Scattergeo(
                mode="markers",
                lat=part["latitude"],
                lon=part["longitude"],
                customdata=_hover(c, part, who),
                hovertemplate="%{customdata}<extra></extra>",
                marker={
                    "size": 6 + (LARGEST - 6) * np.sqrt(part["customers"] / most),
                    "symbol": "circle-open" if hollow else "circle",
                    "opacity": 0.9,
                    "line": {"color": look.muted if hollow else look.ground, "width": 1},
                    **({"color": look.muted} if hollow else {"color": part["value"] * _scale(c), **colours}),
                },
            )
        )
    told = "Larger: more customers. Hollow: too few of them to show, or withheld."
    return _map(points_title(c, at, who), look, scope, traces, told)


def points_title(crossing: Crossing, at: Places, who: str = "") -> str:
    """Return how many customers are drawn, and in how many places."""
    data = points_data(crossing, at, who)
    total = crossing.customers[-1, crossing.column(who)]
    drawn = int(data["customers"].sum())
    shown = f"{count(drawn)} of {many(int(total), 'customer')} drawn, in {many(len(data), 'place')}"
    return f"{shown} that at least {SMALL_CELL} share"


def _map(title: str, look: Theme, scope: Scope, traces: list[Any], told: str) -> go.Figure:
    geo: dict[str, Any] = {
        "scope": scope,
        "resolution": 110,
        "bgcolor": NOTHING,
        "showframe": False,
        "showcoastlines": False,
        "showland": True,
        "landcolor": look.middle,
        "showlakes": False,
        "showocean": False,
        "showcountries": scope == "world",
        "countrycolor": look.ground,
        "countrywidth": 0.6,
        "showsubunits": scope == "usa",
        "subunitcolor": look.ground,
        "subunitwidth": 0.6,
    }
    if scope == "world":
        geo |= {"projection": {"type": "natural earth"}, "lataxis": {"range": [-58, 84]}}
    notes = [note(told, look, x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top")]
    return figure(title, look, 520, traces, geo=geo, annotations=notes, margin={"l": 0, "r": 0, "t": 60, "b": 28})


def _colours(c: Crossing, values: pd.Series, who: str, look: Theme) -> dict[str, Any]:
    """Return one hue from pale to full over the values, with its scale above the map."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    low, high = (low, high) if high > low else (low * 0.9, high * 1.1 or 1.0)
    ticks = np.linspace(low, high, 4)
    return {
        "zmin": low * _scale(c),
        "zmax": high * _scale(c),
        "colorscale": [[0, mixed(look.middle, look.accent, 0.22)], [1, look.accent]],
        "colorbar": {
            "orientation": "h",
            "x": 0.03,
            "xanchor": "left",
            "y": 1,
            "yanchor": "bottom",
            "len": 0.5,
            "thickness": 9,
            "outlinewidth": 0,
            "ticks": "",
            "tickmode": "array",
            "tickvals": [t * _scale(c) for t in ticks],
            "ticktext": [amount(t, c.measure.unit, c.currency) for t in ticks],
            "tickfont": {"family": FONT, "size": 12, "color": look.muted},
            "title": {
                "text": plain(measure_label(c, who)),
                "side": "top",
                "font": {"family": FONT, "size": 12, "color": look.muted},
            },
        },
    }


def mixed(a: str, b: str, share: float) -> str:
    """Return the colour that lies `share` of the way from `a` to `b`.

    Examples
    --------
    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (a, b)]
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in zip(*ends, strict=True))


def _hover(c: Crossing, data: pd.DataFrame, who: str) -> list[str]:
    label = plain(measure_label(c, who))
    out = []
    for r in data.to_dict("records"):
        value = r["state"] or amount(r["value"], c.measure.unit, c.currency)
        share = "" if math.isnan(r["share"]) else f", {rate(r['share'])}"
        told = "" if value == NONE else f"<br>{label}: {value}"
        out.append(f"<b>{plain(r['name'])}</b><br>{many(r['customers'], 'customer')}{share}{told}")
    return out


def location(group: str, scope: Scope) -> str:
    """Return the code of a group's outline, empty where it has none: alpha-3 of a country, two letters of a state.

    Examples
    --------
    >>> location("GB", "world"), location("US-NY", "usa"), location("CA-ON", "usa")
    ('GBR', 'NY', '')
    """
    if scope == "usa":
        return group.removeprefix("US-") if group.startswith("US-") else ""
    found = pycountry.countries.get(alpha_2=group)
    return str(found.alpha_3) if found else ""


def _scale(c: Crossing) -> float:
    return on_axis(c.measure.unit)[0]
