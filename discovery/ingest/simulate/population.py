"""Who the customers are: one latent nature each, and, for some, another one after a date."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import betaincinv, gammaincinv, ndtr

from discovery.ingest.simulate.catalogue import CATEGORIES
from discovery.ingest.simulate.planted import CHANGE_SHARE, TYPES
from discovery.ingest.simulate.seasons import CHANGE, DAY, DAYS, END, START, Bools, Floats, Ints, instant, into_peak

RATES = ("orders", "dropout", "sessions")
SHARES = ("discounted", "weekend", "season", "refunded", "opened", "clicked")
#: Latent values in the order of the smooth population's correlation matrix.
LATENTS = (*RATES, *SHARES, "log_value", "answers", *CATEGORIES)

_WEIGHTS: Floats = np.array([t.share for t in TYPES]) / sum(t.share for t in TYPES)


@dataclass(frozen=True, eq=False)
class Nature:
    """Latent values, one entry per spell; rates are per year."""

    orders: Floats
    dropout: Floats
    sessions: Floats
    discounted: Floats
    weekend: Floats
    season: Floats
    refunded: Floats
    opened: Floats
    clicked: Floats
    log_value: Floats
    answers: Floats
    value_spread: Floats
    lines: Floats
    prospect: Floats
    mix: Floats  # spells x categories, cumulative


_VALUES = tuple(f.name for f in fields(Nature))


@dataclass(frozen=True, eq=False)
class Population:
    """A block of customers, and their spells: the stretches of their lives under one nature.

    Spell i < customers is the first of customer i; the spells of those who change follow.
    """

    created: Ints
    kind: Ints
    kind_after: Ints
    prospect: Bools
    customer: Ints
    start: Ints
    end: Ints
    nature: Nature
    kind_of_spell: Ints

    @property
    def customers(self) -> int:
        """Number of customers in the block."""
        return self.created.size

    def spell_after_change(self) -> Ints:
        """Return each customer's spell after the change: the second where there is one, else the first."""
        spell = np.arange(self.customers)
        spell[self.customer[self.customers :]] = np.arange(self.customers, self.customer.size)
        return spell


def draw_population(rng: np.random.Generator, customers: int, types: bool) -> Population:
    """Return a block of customers: of the planted types, or of one smooth population.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    customers : int
        How many.
    types : bool
        Whether types are planted. Without them nobody changes and every kind is 0.
    """
    kind = rng.choice(len(TYPES), size=customers, p=_WEIGHTS) * int(types)  # without types: all 0
    another = (kind + rng.integers(1, len(TYPES), customers)) % len(TYPES)
    chance_of_change = rng.random(customers)
    created_anywhere = instant(rng.random(customers) ** 1.25 * (DAYS - 1))
    nature = _draw_typed(rng, kind) if types else _draw_smooth(rng, customers)
    everywhere = np.full(customers, START), np.full(customers, END - DAY)
    # Those who shop for the holidays are also won then; otherwise one order would tell nothing of the season.
    for_season = rng.random(customers) < 0.7 * nature.season
    created = into_peak(created_anywhere, for_season, *everywhere, rng)
    prospect = rng.random(customers) < nature.prospect

    changes = np.flatnonzero((created < CHANGE - 30 * DAY) & (chance_of_change < CHANGE_SHARE) & types)
    end = np.full(customers, END)
    end[changes] = CHANGE
    kind_after = kind.copy()
    kind_after[changes] = another[changes]
    later = _draw_typed(rng, kind_after[changes])
    return Population(
        created=created,
        kind=kind,
        kind_after=kind_after,
        prospect=prospect,
        customer=np.concatenate([np.arange(customers), changes]),
        start=np.concatenate([created, np.full(changes.size, CHANGE)]),
        end=np.concatenate([end, np.full(changes.size, END)]),
        nature=Nature(**{f: np.concatenate([getattr(nature, f), getattr(later, f)]) for f in _VALUES}),
        kind_of_spell=np.concatenate([kind, kind_after[changes]]),
    )


def _table(name: str, part: int) -> Floats:
    return np.array([getattr(t, name)[part] for t in TYPES], dtype=np.float64)


def _plain(name: str) -> Floats:
    return np.array([getattr(t, name) for t in TYPES], dtype=np.float64)


_CATEGORY_MEANS: Floats = np.array([t.categories for t in TYPES])
_FOCUS: Floats = _plain("focus")


def _draw_typed(rng: np.random.Generator, kind: Ints) -> Nature:
    values: dict[str, Floats] = {}
    for name in RATES:
        mean, shape = _table(name, 0)[kind], _table(name, 1)[kind]
        values[name] = rng.standard_gamma(shape) * mean / shape
    for name in SHARES:
        mean, size = _table(name, 0)[kind], _table(name, 1)[kind]
        drawn = rng.beta(np.maximum(mean * size, 1e-6), (1 - mean) * size)
        values[name] = np.where(mean > 0, drawn, 0.0)
    values["log_value"] = np.log(_table("value", 0)[kind]) + _table("value", 1)[kind] * rng.standard_normal(kind.size)
    parts = rng.standard_gamma(_CATEGORY_MEANS[kind] * _FOCUS[kind, None])
    return Nature(
        **values,
        answers=_plain("answers")[kind],
        value_spread=_table("value", 2)[kind],
        lines=_plain("lines")[kind],
        prospect=_plain("prospect")[kind],
        mix=_cumulative(parts),
    )


def _cumulative(parts: Floats) -> Floats:
    parts = np.maximum(parts, 1e-12)
    return np.cumsum(parts / parts.sum(axis=1, keepdims=True), axis=1)


def _moments() -> tuple[Floats, Floats, Floats]:
    """Return mean, variance and correlation of the latent values over the mixture of all types.

    Within a type they are independent, so they are correlated by the differences between types alone.
    """
    means, within = [], []
    for name in RATES:
        means.append(_table(name, 0))
        within.append(_table(name, 0) ** 2 / _table(name, 1))
    for name in SHARES:
        means.append(_table(name, 0))
        within.append(_table(name, 0) * (1 - _table(name, 0)) / (_table(name, 1) + 1))
    means.append(np.log(_table("value", 0)))
    within.append(_table("value", 1) ** 2)
    means.append(_plain("answers"))
    within.append(np.zeros(len(TYPES)))
    means.extend(_CATEGORY_MEANS.T)
    within.extend((_CATEGORY_MEANS / _FOCUS[:, None]).T)
    by_type = np.array(means)
    mean = by_type @ _WEIGHTS
    centred = by_type - mean[:, None]
    covariance = (centred * _WEIGHTS) @ centred.T + np.diag(np.array(within) @ _WEIGHTS)
    deviation = np.sqrt(np.diag(covariance))
    return mean, deviation**2, covariance / np.outer(deviation, deviation)


def _draw_smooth(rng: np.random.Generator, customers: int) -> Nature:
    """Return natures without types: a Gaussian copula with the typed store's means, variances and correlations."""
    mean, variance, correlation = _moments()
    normal = rng.standard_normal((customers, mean.size)) @ np.linalg.cholesky(correlation).T
    rank = np.clip(ndtr(normal), 1e-9, 1 - 1e-9)
    values: dict[str, Floats] = {}
    for j, name in enumerate(LATENTS):
        if name in SHARES:
            size = mean[j] * (1 - mean[j]) / variance[j] - 1
            values[name] = betaincinv(mean[j] * size, (1 - mean[j]) * size, rank[:, j])
        elif name == "log_value":
            values[name] = mean[j] + np.sqrt(variance[j]) * normal[:, j]
        else:
            shape = mean[j] ** 2 / variance[j]
            values[name] = gammaincinv(shape, rank[:, j]) * mean[j] / shape
    parts = np.column_stack([values.pop(name) for name in CATEGORIES])
    same = np.ones(customers)
    return Nature(
        **values,
        value_spread=same * (_table("value", 2) @ _WEIGHTS),
        lines=same * (_plain("lines") @ _WEIGHTS),
        prospect=same * (_plain("prospect") @ _WEIGHTS),
        mix=_cumulative(parts),
    )
