"""Stores of another simulator than the product's: files as a shop would export them, made with numpy and pandas alone.

Everyone has latent numbers: orders a year, leaving, basket, discounts, the last quarter, weekends, clicks, lines per
order, and a taste of seven categories. Without types they are smooth, tied by a few common causes; with types they lie
around the centre of the type. Orders come day by day, as time runs for the customer: faster before Christmas, and on
the days of the week they like. Nothing here knows of the records, of the null or of the mixture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Random = np.random.Generator
START, DAYS = pd.Timestamp("2023-07-01"), 731
CATEGORIES = ("Apparel", "Beauty", "Books", "Electronics", "Garden", "Home", "Toys")
_HABITS = ("rate", "leave", "basket", "discount", "q4", "weekend", "click", "lines")
_NAMES = (*_HABITS, *CATEGORIES)
_TASTES = len(_HABITS)
_MIDDLE = dict(zip(_HABITS, (1.25, -0.3, 3.7, -1.0, 0.3, -0.9, -2.6, 0.3), strict=True))
_SPREAD = dict(zip(_HABITS, (0.8, 0.6, 0.45, 1.0, 0.6, 0.5, 0.8, 0.3), strict=True))

CONFIG = """
source:
  kind: table
  path: .
  currency: EUR
  tables:
    - path: order_lines.csv
      shape: order_lines
      columns:
        {customer_id: customer, order_id: order, at: date, category: category, product: product, quantity: quantity,
         value: amount, discount: rebate, country: country, channel: channel}
    - path: mails.csv
      shape: events
      columns: {customer_id: customer, event: event, at: date, campaign_id: campaign}
      event_names: {sent: received_email, opened: opened_email, clicked: clicked_email}
as_of: 2025-04-01
seed: 7
question: repeat
"""


@dataclass(frozen=True)
class Crowd:
    """What customers are like: deviations of the latent numbers from the middle, (customers, names), and the rest."""

    latent: Array
    type: NDArray[np.int64] | None = None
    middle: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
    #: 1: gaps without memory; more: regular.
    regularity: Array | float = 1.0
    growth: float = 0.0
    season: float = 0.0
    discounts_rise: bool = False


def _smooth(customers: int, rng: Random, strength: float) -> Array:
    """Return normal numbers tied by four common causes."""
    loadings = rng.normal(size=(len(_NAMES), 4)) * strength
    ties = loadings @ loadings.T + np.eye(len(_NAMES))
    deviations = np.sqrt(np.diag(ties))
    return rng.multivariate_normal(np.zeros(len(_NAMES)), ties / np.outer(deviations, deviations), customers)


def _tied(customers: int, rng: Random) -> Crowd:
    _smooth(customers, rng, 0.7)
    return Crowd(_smooth(customers, rng, 1.2))


def _once(customers: int, rng: Random) -> Crowd:
    return Crowd(_smooth(customers, rng, 0.7), middle={"rate": -0.1, "leave": 1.3})


def _christmas(customers: int, rng: Random) -> Crowd:
    return Crowd(_smooth(customers, rng, 0.7), spread={"q4": 1.2}, season=5.0)


def _wholesale(customers: int, rng: Random) -> Crowd:
    latent = _smooth(customers, rng, 0.7) * np.sqrt(4 / rng.chisquare(4, (customers, 1)))
    tail = rng.pareto(3.0, customers)
    for name, by in (("rate", 0.5), ("basket", 0.7), ("lines", 0.7)):
        latent[:, _NAMES.index(name)] += by * tail
    return Crowd(latent)


def _growing(customers: int, rng: Random) -> Crowd:
    return Crowd(_smooth(customers, rng, 0.7), growth=2.0, discounts_rise=True)


def _regular(customers: int, rng: Random) -> Crowd:
    latent = _smooth(customers, rng, 0.7)
    return Crowd(latent, regularity=np.exp(rng.normal(1.0, 0.6, customers)), middle={"rate": 1.7, "leave": -0.6})


def _bent(customers: int, rng: Random) -> Crowd:
    straight = _smooth(customers, rng, 0.7)
    a, b = rng.normal(size=(customers, 2)).T
    links = np.column_stack([a, b, (np.abs(a) - 0.8) / 0.6, np.tanh(3 * b), (a**2 - 1) / 1.41])
    weights = rng.normal(size=(len(_NAMES), 5))
    latent = 0.45 * links @ weights.T + 0.7 * straight
    return Crowd(latent / latent.std(axis=0))


#: Share, habits that differ, and tastes of seven types that a marketing team would name.
_ARCHETYPES: Mapping[str, tuple[float, Mapping[str, float], tuple[float, ...]]] = {
    "loyal": (0.22, {"rate": 1.2, "leave": -1.0, "basket": 0.3, "click": 1.0, "discount": -0.6}, (1.0, 1.2)),
    "bargain": (0.20, {"rate": 0.5, "basket": -0.8, "discount": 2.0, "click": 0.6}, (0.8, 0, 0, 0, 0, 0.8)),
    "gift": (0.17, {"rate": -0.4, "q4": 2.2, "basket": 0.5}, (0, 0.5, 1.0, 0, 0, 0, 1.8)),
    "gadget": (0.12, {"rate": -0.2, "basket": 1.6, "discount": -0.4}, (0, 0, 0, 2.2)),
    "home": (0.14, {"rate": 0.3, "weekend": 1.4, "basket": 0.4}, (0, 0, 0, 0, 1.6, 1.6)),
    "browser": (0.10, {"rate": -0.8, "leave": 0.8, "basket": -0.4}, (0, 0, 1.0)),
    "bulk": (0.05, {"rate": 0.8, "basket": 1.8, "lines": 2.0, "weekend": -1.4}, (0, 0, 0, 0, 0, 1.5)),
}


def _archetypes(gap: float) -> Callable[[int, Random], Crowd]:
    """Return a maker of the seven named types, so far apart."""

    def make(customers: int, rng: Random) -> Crowd:
        latent = _smooth(customers, rng, 0.4)
        centres = np.zeros((len(_ARCHETYPES), len(_NAMES)))
        for row, (_, habits, tastes) in zip(centres, _ARCHETYPES.values(), strict=True):
            row[: _TASTES + len(tastes)] = [*(habits.get(name, 0.0) for name in _HABITS), *tastes]
        centres[:, _TASTES:] -= centres[:, _TASTES:].mean(axis=1, keepdims=True)
        return _around(centres * gap, np.array([share for share, _, _ in _ARCHETYPES.values()]), latent, rng)

    return make


def _anywhere(separation: float, names: tuple[str, ...] = _NAMES) -> Callable[[int, Random], Crowd]:
    """Return a maker of three to seven types around random centres that differ in the numbers named."""

    def make(customers: int, rng: Random) -> Crowd:
        latent = _smooth(customers, rng, 0.4)
        types = int(rng.integers(3, 8))
        shares = np.clip(rng.dirichlet(np.full(types, 3.0)), 0.05, 0.4)
        centres = rng.normal(size=(types, len(_NAMES))) * separation * np.isin(_NAMES, names)
        return _around(centres, shares / shares.sum(), latent, rng)

    return make


def _around(centres: Array, shares: Array, latent: Array, rng: Random) -> Crowd:
    of = rng.choice(len(shares), len(latent), p=shares / shares.sum())
    return Crowd(centres[of] + 0.55 * latent, of, growth=0.5, season=1.0)


WITHOUT: Mapping[str, Callable[[int, Random], Crowd]] = {
    "correlated": _tied,
    "one-time": _once,
    "season": _christmas,
    "wholesale": _wholesale,
    "growing": _growing,
    "regular": _regular,
    "bent": _bent,
}
WITH: Mapping[str, Callable[[int, Random], Crowd]] = {
    "archetypes clear": _archetypes(1.2),
    "archetypes": _archetypes(1.0),
    "archetypes near": _archetypes(0.7),
    "random clear": _anywhere(1.1),
    "random": _anywhere(0.8),
    "random near": _anywhere(0.6),
    "tastes": _anywhere(1.3, CATEGORIES),
    "habits": _anywhere(1.2, _HABITS),
}


def write_store(name: str, customers: int, seed: int, folder: Path) -> pd.Series | None:
    """Write order lines, mails and a config into a folder, and return the type of each customer, if there are types."""
    rng = np.random.default_rng(seed * 1000 + sum(name.encode()))
    crowd = {**WITHOUT, **WITH}[name](customers, rng)
    middle = np.array([{**_MIDDLE, **crowd.middle}.get(each, 0.0) for each in _NAMES])
    spread = np.array([{**_SPREAD, **crowd.spread}.get(each, 0.8) for each in _NAMES])
    latent = middle + spread * crowd.latent
    is_like = dict(zip(_NAMES, latent.T, strict=True))
    taste = np.exp(np.clip(latent[:, _TASTES:], -6, 6)) + 1e-6
    shares = rng.gamma(8 * taste / taste.sum(axis=1, keepdims=True)) + 1e-9
    even = rng.random(customers)
    entered = np.log1p(even * np.expm1(crowd.growth)) / crowd.growth if crowd.growth else even
    joined = (DAYS * entered).astype(int)
    ids = pd.Index([f"K{i:05d}" for i in range(customers)])
    folder.mkdir(parents=True, exist_ok=True)
    who, day = _orders(is_like, crowd, joined, rng)
    lines = _lines(is_like, crowd, shares / shares.sum(axis=1, keepdims=True), who, day, rng)
    lines.assign(customer=ids[lines["customer"]]).to_csv(folder / "order_lines.csv", index=False)
    mails = _mails(is_like["click"], joined, rng)
    mails.assign(customer=ids[mails["customer"]]).to_csv(folder / "mails.csv", index=False)
    (folder / "store.yaml").write_text(CONFIG, encoding="utf-8")
    return None if crowd.type is None else pd.Series(crowd.type, index=ids)


def _orders(
    is_like: Mapping[str, Array], crowd: Crowd, joined: NDArray[np.int64], rng: Random
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who ordered on which day, the first time when they joined."""
    customers, days = len(joined), np.arange(DAYS)
    stays = rng.exponential(365 / np.exp(is_like["leave"]))
    dates = START + pd.to_timedelta(days, "D")
    last_quarter, weekend = (dates.month >= 10).astype(float), dates.day_of_week >= 5
    everyone = 1 + crowd.season * last_quarter / 2 + 0.15 * np.sin(2 * np.pi * days / 365)
    on_weekends = 1 / (1 + np.exp(-is_like["weekend"]))
    regularity = np.broadcast_to(crowd.regularity, customers)
    found = []
    for i in range(customers):
        own = np.exp(np.clip(is_like["q4"][i], -3, 3) * (last_quarter - 0.25))
        week = np.where(weekend, on_weekends[i] * 3.5, (1 - on_weekends[i]) * 1.4)
        pace = np.exp(is_like["rate"][i]) / 365 * everyone * own * week
        pace[: joined[i]] = 0
        clock = np.concatenate([[0.0], np.cumsum(pace)])
        until = clock[min(DAYS, joined[i] + int(stays[i]) + 1)]
        gaps = rng.gamma(regularity[i], 1 / regularity[i], min(int(until * 1.5 + 20), 400))
        ticks = np.cumsum(gaps)
        ordered = np.searchsorted(clock, ticks[ticks < until]) - 1
        found.append(np.unique(np.concatenate([joined[i : i + 1], ordered])))
    return np.repeat(np.arange(customers), [len(each) for each in found]), np.concatenate(found)


def _lines(
    is_like: Mapping[str, Array],
    crowd: Crowd,
    shares: Array,
    who: NDArray[np.int64],
    day: NDArray[np.int64],
    rng: Random,
) -> pd.DataFrame:
    """Return order lines; `customer` is a number."""
    orders = len(who)
    count = np.minimum(1 + rng.poisson(np.exp(np.clip(is_like["lines"][who], -3, 3)) * 0.6), 40)
    basket = np.exp(is_like["basket"][who] + 0.45 * rng.normal(size=orders))
    rise = 0.8 * (day / DAYS - 0.5) if crowd.discounts_rise else 0
    sale = rng.random(orders) < 1 / (1 + np.exp(-(is_like["discount"][who] + rise)))
    basket = np.maximum(np.where(sale, basket * 0.85, basket), 0.5)
    of = np.repeat(np.arange(orders), count)
    category = (shares[who[of]].cumsum(axis=1) < rng.random(len(of))[:, None]).sum(axis=1).clip(0, len(CATEGORIES) - 1)
    part = rng.gamma(3.0, size=len(of))
    amount = np.maximum((basket[of] * part / np.bincount(of, part)[of]).round(2), 0.01)
    country = rng.choice(["DE", "FR", "NL", "AT"], len(shares), p=[0.6, 0.2, 0.12, 0.08])
    hour = pd.to_timedelta(rng.integers(8 * 3600, 22 * 3600, orders), "s")
    at = START + pd.to_timedelta(day, "D") + hour
    number = rng.integers(0, 40, len(of))
    return pd.DataFrame(
        {
            "customer": who[of],
            "order": [f"O{i:07d}" for i in of],
            "date": at[of].strftime("%Y-%m-%d %H:%M:%S"),
            "category": np.array(CATEGORIES)[category],
            "product": [f"{CATEGORIES[c][:3]}-{n:03d}" for c, n in zip(category, number, strict=True)],
            "quantity": 1,
            "amount": amount,
            "rebate": np.where(sale[of], (amount * 0.15 / 0.85).round(2), 0.0),
            "country": country[who[of]],
            "channel": np.where(rng.random(orders) < 0.6, "web", "app")[of],
        }
    )


def _mails(click: Array, joined: NDArray[np.int64], rng: Random) -> pd.DataFrame:
    """Return what happened to the mails of one campaign a fortnight; `customer` is a number."""
    subscribed, out = np.flatnonzero(rng.random(len(joined)) < 0.7), []
    for campaign, day in enumerate(range(10, DAYS, 15)):
        to = subscribed[joined[subscribed] <= day]
        opened = rng.random(len(to)) < 1 / (1 + np.exp(-(click[to] * 0.6 + 0.8)))
        clicked = rng.random(len(to)) < 1 / (1 + np.exp(-click[to]))
        for event, whom in (("sent", to), ("opened", to[opened | clicked]), ("clicked", to[clicked])):
            at, named = START + pd.Timedelta(days=day, hours=9), f"M{campaign:03d}"
            out.append(pd.DataFrame({"customer": whom, "event": event, "date": at, "campaign": named}))
    return pd.concat(out)
