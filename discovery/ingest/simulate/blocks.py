"""One block of customers from first contact to last event. Blocks know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.ingest.simulate.baskets import fill_baskets
from discovery.ingest.simulate.browsing import add_order_visits, add_visits, draw_visits
from discovery.ingest.simulate.campaigns import CHECKOUT_REMINDER, WELCOME
from discovery.ingest.simulate.contacts import Contacts, device_used, draw_contacts
from discovery.ingest.simulate.extras import add_extra_events, draw_extra_answers
from discovery.ingest.simulate.orders import draw_orders
from discovery.ingest.simulate.places import PLACE_COUNTRY
from discovery.ingest.simulate.population import Population, draw_population
from discovery.ingest.simulate.profiles import draw_homes, draw_profiles
from discovery.ingest.simulate.reading import deliver
from discovery.ingest.simulate.rows import NONE, Columns, Rows
from discovery.ingest.simulate.seasons import CHANGE, END, HOUR, MINUTE, Floats, Ints
from discovery.ingest.simulate.sends import Mailing, run_sends

#: Customers drawn from one stream of chance. A store is whole blocks, cut off at its number of customers, so
#: that a customer is the same in a store of any size.
BLOCK = 1_000
_REMINDED = 0.8  # of abandoned checkouts


@dataclass(frozen=True, eq=False)
class Block:
    """The customers of one block: profile, truth and event columns as numbers; customers count from 0.

    ``order_customer`` and ``order_number`` name each order; ``tally`` is that of `Mailing`.
    """

    profiles: Columns
    truth: Columns
    events: Columns
    order_customer: Ints
    order_number: Ints
    tally: Floats


def draw_block(seed: int, block: int, customers: int, types: bool) -> Block:
    """Return the first `customers` of block number `block`.

    Parameters
    ----------
    seed, block : int
        Together the seed of everything in it.
    customers : int
        From 1 to `BLOCK`; the others are drawn and dropped.
    types : bool
        Whether types are planted.
    """
    rng = np.random.default_rng([seed, block, int(types)])
    rows = Rows()
    population = draw_population(rng, BLOCK, types)
    contacts = draw_contacts(rows, population, rng)
    homes = draw_homes(BLOCK, rng)
    own_orders, active_until = draw_orders(population, rng)
    mailing = run_sends(rows, population, contacts, own_orders, customers, rng)

    orders = own_orders + mailing.caused
    device = device_used(contacts, orders.customer, rng)
    baskets = fill_baskets(rows, orders, population, device, rng)
    add_order_visits(rows, baskets, device, rng)
    spell, at = draw_visits(population, active_until, rng)
    device = device_used(contacts, population.customer[spell], rng)
    abandoned = add_visits(rows, population, spell, at, device, rng)
    _flows(rows, population, contacts, mailing, *abandoned, rng)
    profiles = draw_profiles(rows, population, contacts, mailing, homes, contacts.device, rng)
    extra = np.random.default_rng([seed, block, int(types), 1])
    add_extra_events(rows, population, contacts, spell, at, extra)
    profiles |= draw_extra_answers(profiles["topics"], extra)

    events = rows.ordered(customers)
    events["country"] = PLACE_COUNTRY[homes.place][events["customer"]]
    first = np.searchsorted(orders.customer, np.arange(BLOCK))
    number = np.arange(orders.at.size) - first[orders.customer]
    return Block(
        profiles={name: column[:customers] for name, column in profiles.items()},
        truth={name: column[:customers] for name, column in _truth(population, active_until).items()},
        events=events,
        order_customer=orders.customer,
        order_number=number,
        tally=mailing.tally,
    )


def _flows(
    rows: Rows,
    population: Population,
    contacts: Contacts,
    mailing: Mailing,
    spell: Ints,
    at: Ints,
    rng: np.random.Generator,
) -> None:
    """Send a welcome to new subscribers and a reminder after an abandoned checkout, to those who still read."""
    reachable = contacts.email & ~contacts.dead_address & ~contacts.full_mailbox
    who = np.flatnonzero(reachable)
    reminded = np.flatnonzero(rng.random(spell.size) < _REMINDED)
    spells = np.concatenate([who, spell[reminded]])
    moments = np.concatenate([population.created[who] + 10 * MINUTE, at[reminded] + 4 * HOUR])
    flow = np.concatenate([np.full(who.size, WELCOME), np.full(reminded.size, CHECKOUT_REMINDER)])
    customer = population.customer[spells]
    sent = np.flatnonzero(reachable[customer] & (moments < mailing.email_until[customer]))
    deliver(rows, population, contacts, "email", spells[sent], moments[sent], flow[sent], rng)


def _truth(population: Population, active_until: Ints) -> Columns:
    """Return type and latent values of each customer; those who change keep here the values they began with."""
    nature, count = population.nature, population.customers
    changed = population.spell_after_change()
    last = active_until[changed]
    return {
        "type": population.kind,
        "type_after": population.kind_after,
        "changed": np.where(changed == np.arange(count), NONE, CHANGE),
        "prospect": population.prospect,
        "active_until": np.where(last < END, last, NONE),
        "orders_per_year": nature.orders[:count],
        "dropout_per_year": nature.dropout[:count],
        "visits_per_year": nature.sessions[:count],
        "median_order_value": np.exp(nature.log_value[:count]),
        "share_discounted": nature.discounted[:count],
        "share_weekend": nature.weekend[:count],
        "share_season": nature.season[:count],
        "share_refunded": nature.refunded[:count],
        "share_opened": nature.opened[:count],
        "share_clicked": nature.clicked[:count],
        "answers": nature.answers[:count],
    }
