"""Small stores with and without kinds of customers, as orders drawn straight from latent values; none is the product's.

Everyone has a rate of orders, a rate of leaving, a regularity, a mean order value, shares and a taste. Without kinds
these differ smoothly from customer to customer, tied to each other by a few common causes. With kinds they are those of
the kind, give or take. Nothing here is drawn from the family of the behavioural mixture: rates are log-normal, shares
logit-normal, tastes logistic-normal, gaps gamma, and values have two humps or heavy tails where that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.records import Records, records_from_frame

Array = NDArray[np.float64]
_DAYS, _MOST_ORDERS, _CATEGORIES = 700, 60, 6
_SHARES = ("discounted", "weekend", "refunded", "clicked")
#: Log orders per year, log leavings per year, log value, logits of the shares, log tastes.
_NAMES = ("rate", "leave", "value", *_SHARES, *(f"taste{i}" for i in range(_CATEGORIES)))
_MIDDLE = np.array([1.0, -0.7, 3.8, -0.9, -0.8, -2.5, -3.0, *([0.0] * _CATEGORIES)])
_SPREAD = np.array([0.8, 0.6, 0.45, 1.0, 0.6, 0.7, 0.7, *([0.8] * _CATEGORIES)])


@dataclass(frozen=True)
class Latent:
    """What customers are like: one column per name, the regularity of their gaps (1: none), and their kind, if any."""

    values: Array
    regularity: Array
    kind: NDArray[np.int64] | None = None


def smooth(customers: int, rng: np.random.Generator) -> Latent:
    """Customers who differ smoothly, with strong ties: three common causes behind everything."""
    causes = rng.standard_normal((customers, 3))
    loadings = rng.normal(0, 0.6, (3, len(_NAMES)))
    mixed = causes @ loadings + rng.standard_normal((customers, len(_NAMES))) * 0.7
    return Latent(_MIDDLE + _SPREAD * mixed / mixed.std(axis=0), np.ones(customers))


def one_time(customers: int, rng: np.random.Generator) -> Latent:
    """Four in five order once."""
    latent = smooth(customers, rng)
    values = latent.values.copy()
    values[:, 0] -= 1.6
    values[:, 1] += 1.8
    return Latent(values, latent.regularity)


def heavy(customers: int, rng: np.random.Generator) -> Latent:
    """Smooth, with heavy tails: a t distribution of five degrees of freedom in place of the normal."""
    latent = smooth(customers, rng)
    tail = np.sqrt(5 / rng.chisquare(5, (customers, 1)))
    return Latent(_MIDDLE + (latent.values - _MIDDLE) * tail, latent.regularity)


def bent(customers: int, rng: np.random.Generator) -> Latent:
    """Smooth, with bent ties: what a cause moves up at its one end, it moves up again at the other."""
    causes = rng.standard_normal((customers, 3))
    squares = (causes**2 - 1) / np.sqrt(2)
    straight, curved = rng.normal(0, 0.4, (3, len(_NAMES))), rng.normal(0, 0.5, (3, len(_NAMES)))
    mixed = causes @ straight + squares @ curved + rng.standard_normal((customers, len(_NAMES))) * 0.7
    return Latent(_MIDDLE + _SPREAD * mixed / mixed.std(axis=0), np.ones(customers))


def _of_kinds(customers: int, rng: np.random.Generator, centres: Array) -> tuple[Array, NDArray[np.int64]]:
    shares = rng.dirichlet(np.full(len(centres), 12.0))
    kind = rng.choice(len(centres), customers, p=shares)
    within = rng.standard_normal((customers, len(_NAMES))) * _SPREAD * 0.45
    return _MIDDLE + _SPREAD * centres[kind] + within, kind


def lognormal_kinds(customers: int, rng: np.random.Generator) -> Latent:
    """Five kinds that differ a little in everything."""
    values, kind = _of_kinds(customers, rng, rng.standard_normal((5, len(_NAMES))))
    return Latent(values, np.ones(customers), kind)


def rhythm_kinds(customers: int, rng: np.random.Generator) -> Latent:
    """Four kinds by the rhythm of the week and of orders: weekday or weekend, regular or not, and what they like."""
    centres = np.zeros((4, len(_NAMES)))
    weekend = _NAMES.index("weekend")
    centres[:, weekend] = [-2.2, 2.2, -2.2, 2.2]
    centres[:, -_CATEGORIES:] = rng.normal(0, 1.2, (4, _CATEGORIES))
    values, kind = _of_kinds(customers, rng, centres)
    values[:, 0] += 0.5
    return Latent(values, np.where(kind < 2, 6.0, 1.0), kind)


def regular_kinds(customers: int, rng: np.random.Generator) -> Latent:
    """Subscribers, browsers of sales and buyers of presents: regular gaps, discounts, and values far apart."""
    centres = np.zeros((3, len(_NAMES)))
    centres[0, [0, 1, 2, 3]] = [1.2, -1.0, -0.8, -1.5]
    centres[1, [0, 2, 3]] = [0.0, -0.3, 1.8]
    centres[2, [0, 1, 2, 3]] = [-0.6, 0.6, 1.8, -0.5]
    centres[:, -_CATEGORIES:] = rng.normal(0, 0.8, (3, _CATEGORIES))
    values, kind = _of_kinds(customers, rng, centres)
    return Latent(values, np.where(kind == 0, 8.0, 1.0), kind)


WITHOUT: Mapping[str, Callable[[int, np.random.Generator], Latent]] = {
    "smooth, strongly tied": smooth,
    "mostly one-time buyers": one_time,
    "strong season": smooth,
    "heavy tails": heavy,
    "bent ties": bent,
}
WITH: Mapping[str, Callable[[int, np.random.Generator], Latent]] = {
    "five log-normal kinds": lognormal_kinds,
    "rhythms of week and order": rhythm_kinds,
    "regular, sales, presents": regular_kinds,
}


def drawn(name: str, customers: int, seed: int) -> tuple[Records, NDArray[np.int64] | None]:
    """Return the records of one small store at its last day, and the kind of each customer, if there are kinds."""
    rng = np.random.default_rng([seed, *name.encode()])
    latent = {**WITHOUT, **WITH}[name](customers, rng)
    value = dict(zip(_NAMES, latent.values.T, strict=True))
    entered = np.floor(_DAYS * rng.random(customers))
    stays = rng.exponential(365 / np.exp(value["leave"]))
    shape = latent.regularity[:, None]
    gaps = rng.gamma(shape, 365 / np.exp(value["rate"])[:, None] / shape, (customers, _MOST_ORDERS))
    days = np.concatenate([np.zeros((customers, 1)), np.cumsum(gaps, axis=1)], axis=1)
    if name == "strong season":
        days = _into_season(days, entered)
    days = np.floor(days)
    made = (days < np.minimum(stays, _DAYS - entered)[:, None]) & (np.diff(days, axis=1, prepend=-1) > 0)
    made[:, 0] = True
    orders = made.sum(axis=1)
    own = value["value"][:, None] + 0.4 * rng.standard_normal(made.shape)
    on = entered[:, None] + days
    # Out of the orders of whole years, as records count it.
    of_whole_years = made & ((_DAYS - on) // 365 < ((_DAYS - entered) // 365)[:, None])
    at_year_end = of_whole_years & (on % 365 >= 304)
    frame = {
        "repeats": orders - 1.0,
        "recency": np.where(made, days, 0).max(axis=1),
        "age": _DAYS - entered,
        "orders": orders * 1.0,
        "log_total": np.where(made, own, 0).sum(axis=1),
        "log_squares": np.where(made, own**2, 0).sum(axis=1),
    }
    chance = {n: 1 / (1 + np.exp(-value[n])) for n in _SHARES}
    mails = rng.poisson((_DAYS - entered) / 40)
    for each in _SHARES:
        of = mails if each == "clicked" else orders
        hits = rng.binomial(of, chance[each])
        frame |= {f"{each}:yes": hits * 1.0, f"{each}:no": of - hits * 1.0}
    hits = at_year_end.sum(axis=1)
    frame |= {"year end:yes": hits * 1.0, "year end:no": of_whole_years.sum(axis=1) - hits * 1.0}
    taste = np.exp(latent.values[:, -_CATEGORIES:])
    lines = rng.multinomial(orders + rng.poisson(0.8 * orders), taste / taste.sum(axis=1, keepdims=True))
    frame |= {f"category:{i}": lines[:, i] * 1.0 for i in range(_CATEGORIES)}
    ids = pd.Index([f"c{i:06d}" for i in range(customers)])
    return records_from_frame(pd.DataFrame(frame, index=ids)), latent.kind


def _into_season(days: Array, entered: Array) -> Array:
    """Return the days with time running four times as fast in November and December."""
    pace = np.where(np.arange(4 * 365) % 365 >= 304, 4.0, 0.75)
    clock = np.concatenate([[0.0], np.cumsum(pace)])
    start = np.interp(entered, np.arange(len(clock)), clock)
    return np.interp(start[:, None] + days, clock, np.arange(len(clock))) - entered[:, None]
