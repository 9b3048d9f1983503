"""How each customer can be reached, and on what they read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, DEVICES, Rows
from discovery.ingest.simulate.seasons import MINUTE, Bools, Ints

_DEVICE_SHARES = (0.42, 0.22, 0.29, 0.07)
_PRIVATE_OPENS = {"ios": 0.75, "tablet": 0.5, "desktop": 0.2, "android": 0.0}  # share reading in Apple Mail
_SAME_DEVICE = 0.8


@dataclass(frozen=True, eq=False)
class Contacts:
    """One entry per customer of a block.

    ``email`` and ``sms`` say who subscribed on the first day; ``private_opens`` whose mail program loads every
    message by machine; ``dead_address`` whose address does not exist; ``full_mailbox`` whose nearly always bounces.
    """

    email: Bools
    sms: Bools
    phone: Bools
    device: Ints
    private_opens: Bools
    dead_address: Bools
    full_mailbox: Bools


def draw_contacts(rows: Rows, population: Population, rng: np.random.Generator) -> Contacts:
    """Return how a block of customers can be reached, having added first visits and subscriptions to `rows`."""
    count = population.customers
    device = rng.choice(len(DEVICES), size=count, p=_DEVICE_SHARES)
    private = np.array([_PRIVATE_OPENS[name] for name in DEVICES])
    phone = rng.random(count) < 0.5
    contacts = Contacts(
        email=rng.random(count) < 0.74,
        sms=phone & (rng.random(count) < 0.62),
        phone=phone,
        device=device,
        private_opens=rng.random(count) < private[device],
        dead_address=rng.random(count) < 0.012,
        full_mailbox=rng.random(count) < 0.004,
    )
    rows.add("active_on_site", np.arange(count), population.created, channel=CHANNELS.index("web"), device=device)
    for channel, subscribed in (("email", contacts.email), ("sms", contacts.sms)):
        who = np.flatnonzero(subscribed)
        at = population.created[who] + (rng.random(who.size) * 8 * MINUTE).astype(np.int64)
        rows.add("subscribed", who, at, channel=CHANNELS.index(channel), device=device[who])
    return contacts


def device_used(contacts: Contacts, customer: Ints, rng: np.random.Generator) -> Ints:
    """Return the device of one visit of each customer: mostly their own usual one."""
    other = rng.integers(0, len(DEVICES), customer.size)
    return np.where(rng.random(customer.size) < _SAME_DEVICE, contacts.device[customer], other)
