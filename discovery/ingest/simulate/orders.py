"""When customers order of their own accord, and how long they stay."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.seasons import (
    DAY,
    HOUR,
    Bools,
    Floats,
    Ints,
    between,
    exposure,
    into_peak,
    onto_weekend,
)

_ORDERS_AT_ONCE = 0.6  # share of first orders within a day of the first contact
_DAYS_TO_THINK = 25.0  # mean days of the others
_PROSPECT_DAYS = 150.0  # mean days a prospect keeps looking


@dataclass(frozen=True, eq=False)
class Orders:
    """Instants of orders, and whom they belong to. ``campaign`` is -1 unless a campaign caused the order."""

    customer: Ints
    spell: Ints
    at: Ints
    campaign: Ints

    def __add__(self, other: Orders) -> Orders:
        """Return both, by customer and time."""
        joined = {f: np.concatenate([getattr(self, f), getattr(other, f)]) for f in _COLUMNS}
        order = np.lexsort((joined["at"], joined["customer"]))
        return Orders(**{name: values[order] for name, values in joined.items()})


_COLUMNS = tuple(f.name for f in fields(Orders))


def draw_orders(population: Population, rng: np.random.Generator) -> tuple[Orders, Ints]:
    """Return the orders no campaign caused, and until when each spell's customer is active.

    A Pareto/NBD process: gamma rates, Poisson counts, exponential time to dropping out; with a first order soon
    after the first contact, and with days moved to holidays and weekends as each customer likes.
    """
    life, nature = population, population.nature
    prospect = life.prospect[life.customer]
    spells = life.customer.size
    is_first = np.arange(spells) < life.customers

    quick = rng.random(spells) < _ORDERS_AT_ONCE
    days = np.where(quick, rng.random(spells), rng.exponential(_DAYS_TO_THINK, spells))
    first = life.start + HOUR + (days * DAY).astype(np.int64)
    first = onto_weekend(first, rng.random(spells) < nature.weekend, life.start + HOUR, life.end, rng)
    has_first = is_first & ~prospect & (first < life.end)

    began = np.minimum(np.where(is_first & ~prospect, first, life.start), life.end)
    leaving = np.where(prospect, 365 / _PROSPECT_DAYS, nature.dropout)
    stay = rng.exponential(365.0, spells) / np.maximum(leaving, 1e-3) * DAY
    active_until = began + np.minimum(stay, life.end - began).astype(np.int64)

    expected = nature.orders / 365 * (exposure(active_until) - exposure(began))
    again = np.repeat(np.arange(spells), rng.poisson(np.where(prospect, 0.0, expected)))
    at = between(began[again], active_until[again], rng)
    at = _to_taste(at, again, nature.season, nature.weekend, began[again], active_until[again], rng)

    spell = np.concatenate([np.flatnonzero(has_first), again])
    at = np.concatenate([first[has_first], at])
    return Orders(life.customer[spell], spell, at, np.full(spell.size, -1)), active_until


def _to_taste(
    at: Ints, spell: Ints, season: Floats, weekend: Floats, low: Ints, high: Ints, rng: np.random.Generator
) -> Ints:
    wants_peak: Bools = rng.random(at.size) < season[spell]
    at = into_peak(at, wants_peak, low, high, rng)
    return onto_weekend(at, rng.random(at.size) < weekend[spell], low, high, rng)
