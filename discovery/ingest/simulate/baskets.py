"""What is in each order, what it costs, and what becomes of it.

An order's value is the sum of its lines: list price times quantity, less the line's part of the discount.
Shipping and taxes are no part of the store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.ingest.simulate.campaigns import SEND_CODE
from discovery.ingest.simulate.catalogue import CODE_NAMES, CODE_RATE, PRICE_CENTS, pick_category, product_at
from discovery.ingest.simulate.orders import Orders
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, NONE, Rows
from discovery.ingest.simulate.seasons import DAY, HOUR, Bools, Floats, Ints, in_black_friday, in_december

_MAX_LINES = 9
_CANCELLED = 0.02
_REVIEWED = 0.06
_WEB = CHANNELS.index("web")


@dataclass(frozen=True, eq=False)
class Baskets:
    """Orders with their contents: the value in cents of each order, and the order and product of each line."""

    orders: Orders
    value: Ints
    line_order: Ints
    line_product: Ints


def fill_baskets(rows: Rows, orders: Orders, population: Population, device: Ints, rng: np.random.Generator) -> Baskets:
    """Return the contents of `orders`, having added the orders, their lines and what became of them to `rows`.

    Parameters
    ----------
    rows : Rows
        The block's events.
    orders : Orders
        By customer and time.
    population : Population
        Who orders.
    device : array of int
        The device each order was placed on.
    rng : Generator
        Source of chance.
    """
    nature, count = population.nature, orders.at.size
    lines = np.minimum(1 + rng.poisson(nature.lines[orders.spell]), _MAX_LINES)
    line_order = np.repeat(np.arange(count), lines)
    spell, customer, at = orders.spell[line_order], orders.customer[line_order], orders.at[line_order]

    wanted = np.exp(nature.log_value[orders.spell] + nature.value_spread[orders.spell] * rng.standard_normal(count))
    part = 0.4 + rng.random(line_order.size)
    part /= np.bincount(line_order, part, minlength=count)[line_order]
    quantity = 1 + (rng.random(line_order.size)[:, None] > np.array([0.86, 0.97])).sum(axis=1)
    product = product_at(pick_category(nature.mix, spell, rng), wanted[line_order] * part / quantity)

    code = _codes(orders, nature.discounted[orders.spell], rng)
    rate = np.where(code == NONE, 0.0, CODE_RATE[code])
    gross = PRICE_CENTS[product] * quantity
    off = np.rint(gross * rate[line_order]).astype(np.int64)
    net = gross - off
    value = np.bincount(line_order, net, minlength=count).astype(np.int64)
    discount = np.bincount(line_order, off, minlength=count).astype(np.int64)

    number = np.arange(count)
    rows.add(
        "placed_order",
        orders.customer,
        orders.at,
        value=value,
        order=number,
        discount=discount,
        code=code,
        campaign=orders.campaign,
        channel=_WEB,
        device=device,
    )
    rows.add(
        "ordered_product",
        customer,
        at,
        value=net,
        order=line_order,
        product=product,
        quantity=quantity,
        discount=off,
        code=code[line_order],
        channel=_WEB,
        device=device[line_order],
    )
    first_line = np.searchsorted(line_order, number)
    baskets = Baskets(orders, value, line_order, product)
    _afterwards(rows, baskets, nature.refunded[orders.spell], first_line, net[first_line], rng)
    return baskets


def _codes(orders: Orders, share: Floats, rng: np.random.Generator) -> Ints:
    """Return the discount code of each order, or -1."""
    at = orders.at
    peak, december = in_black_friday(at), in_december(at)
    is_first = np.concatenate([[True], orders.customer[1:] != orders.customer[:-1]])[: at.size]
    usual = np.where(rng.random(at.size) < 0.55, CODE_NAMES.index("SAVE15"), CODE_NAMES.index("EXTRA20"))
    code = np.where(is_first, CODE_NAMES.index("WELCOME10"), usual)
    code = np.where(december, CODE_NAMES.index("HOLIDAY20"), code)
    code = np.where(peak, CODE_NAMES.index("BLACKFRIDAY25"), code)
    offered = np.where(orders.campaign == NONE, NONE, SEND_CODE[orders.campaign])
    code = np.where(offered == NONE, code, offered)
    # Between Black Friday and Cyber Monday the offer stands on every page, so nearly half of the others take it.
    chance = np.where(peak, 1 - 0.55 * (1 - share), share)
    chance = np.where(offered == NONE, chance, 0.5 + 0.5 * share)
    return np.where(rng.random(at.size) < chance, code, NONE)


def _afterwards(
    rows: Rows, baskets: Baskets, refunded: Floats, first_line: Ints, first_value: Ints, rng: np.random.Generator
) -> None:
    orders = baskets.orders
    count = orders.at.size
    number = np.arange(count)
    # An order a campaign caused is never cancelled, so that the planted uplift is that of orders that count.
    cancelled: Bools = (rng.random(count) < _CANCELLED) & (orders.campaign == NONE)
    fulfilled_at = orders.at + ((0.5 + rng.exponential(1.5, count)) * DAY).astype(np.int64)
    refunded_at = fulfilled_at + ((2 + rng.exponential(9.0, count)) * DAY).astype(np.int64)
    reviewed_at = fulfilled_at + ((4 + rng.exponential(10.0, count)) * DAY).astype(np.int64)
    cancelled_at = orders.at + HOUR // 2 + (rng.random(count) * 10 * HOUR).astype(np.int64)
    sent_back = ~cancelled & (rng.random(count) < refunded)
    whole = rng.random(count) < 0.55
    value = -np.where(whole, baskets.value, first_value)
    product = np.where(whole, NONE, baskets.line_product[first_line]) if count else number
    reviewed = ~cancelled & (rng.random(count) < _REVIEWED)
    for event, happened, at, columns in (
        ("cancelled_order", cancelled, cancelled_at, {}),
        ("fulfilled_order", ~cancelled, fulfilled_at, {}),
        ("refunded_order", sent_back, refunded_at, {"value": value, "product": product}),
        ("submitted_review", reviewed, reviewed_at, {"product": baskets.line_product[first_line]}),
    ):
        chosen = np.flatnonzero(happened)
        picked = {name: column[chosen] for name, column in columns.items()}
        rows.add(event, orders.customer[chosen], at[chosen], order=number[chosen], **picked)
