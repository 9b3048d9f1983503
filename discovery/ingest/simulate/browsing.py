"""Visits: the one before each order, and those that lead to none."""

from __future__ import annotations

import numpy as np

from discovery.ingest.simulate.baskets import Baskets
from discovery.ingest.simulate.catalogue import PRICE_CENTS, pick_category, product_at
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, Rows
from discovery.ingest.simulate.seasons import DAY, MINUTE, Ints, between, exposure

_WEB = CHANNELS.index("web")
_FADES_DAYS = 20.0  # mean days of looking around after the last order anyone would have placed
_CART, _CHECKOUT, _SEARCH = 0.17, 0.30, 0.08


def add_order_visits(rows: Rows, baskets: Baskets, device: Ints, rng: np.random.Generator) -> None:
    """Add the visit that ends in each order: products looked at and put in the cart, and mostly a checkout."""
    orders, count = baskets.orders, baskets.value.size
    minutes = 8 + 37 * rng.random(count)
    length = (minutes * MINUTE).astype(np.int64)
    started = orders.at - length
    rows.add("active_on_site", orders.customer, started, channel=_WEB, device=device)
    lines = baskets.line_order.size
    for event, chance, moment in (("viewed_product", 0.6, 0.1), ("added_to_cart", 0.5, 0.5)):
        line = np.flatnonzero(rng.random(lines) < chance)
        order, product = baskets.line_order[line], baskets.line_product[line]
        at = started[order] + (length[order] * (moment + 0.3 * rng.random(line.size))).astype(np.int64)
        rows.add(event, orders.customer[order], at, product=product, channel=_WEB, device=device[order])
    order = np.flatnonzero(rng.random(count) < 0.93)
    at = started[order] + (length[order] * (0.82 + 0.15 * rng.random(order.size))).astype(np.int64)
    value = baskets.value[order]
    rows.add("started_checkout", orders.customer[order], at, value=value, channel=_WEB, device=device[order])


def draw_visits(population: Population, active_until: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return spell and instant of every visit that leads to no order; people look on a while after they have left."""
    fades = (rng.exponential(_FADES_DAYS, active_until.size) * DAY).astype(np.int64)
    until = np.minimum(active_until + fades, population.end)
    expected = population.nature.sessions / 365 * (exposure(until) - exposure(population.start))
    spell = np.repeat(np.arange(until.size), rng.poisson(np.maximum(expected, 0.0)))
    return spell, between(population.start[spell], until[spell], rng)


def add_visits(
    rows: Rows, population: Population, spell: Ints, at: Ints, device: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Add visits without an order to `rows`; return spell and instant of the checkouts that were abandoned."""
    nature, count = population.nature, spell.size
    customer = population.customer[spell]
    rows.add("active_on_site", customer, at, channel=_WEB, device=device)
    searched = np.flatnonzero(rng.random(count) < _SEARCH)
    moment = at[searched] + (rng.random(searched.size) * MINUTE).astype(np.int64)
    rows.add("submitted_search", customer[searched], moment, channel=_WEB, device=device[searched])

    views = 1 + rng.poisson(0.5, count)
    visit = np.repeat(np.arange(count), views)
    price = np.exp(nature.log_value[spell[visit]] - 0.45 + 0.6 * rng.standard_normal(visit.size))
    product = product_at(pick_category(nature.mix, spell[visit], rng), price)
    viewed_at = at[visit] + ((1 + 9 * rng.random(visit.size)) * MINUTE).astype(np.int64)
    rows.add("viewed_product", customer[visit], viewed_at, product=product, channel=_WEB, device=device[visit])
    last_view = np.cumsum(views) - 1
    cart = np.flatnonzero(rng.random(count) < _CART)
    chosen = product[last_view[cart]]
    cart_at = at[cart] + ((11 + 4 * rng.random(cart.size)) * MINUTE).astype(np.int64)
    rows.add("added_to_cart", customer[cart], cart_at, product=chosen, channel=_WEB, device=device[cart])
    gone = np.flatnonzero(rng.random(cart.size) < _CHECKOUT)
    checkout_at = cart_at[gone] + (rng.random(gone.size) * 5 * MINUTE).astype(np.int64)
    rows.add(
        "started_checkout",
        customer[cart[gone]],
        checkout_at,
        value=PRICE_CENTS[chosen[gone]],
        channel=_WEB,
        device=device[cart[gone]],
    )
    return spell[cart[gone]], checkout_at
