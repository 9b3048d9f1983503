"""What becomes of a message: received, opened by a person or a machine, clicked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from discovery.ingest.simulate.contacts import Contacts
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, NONE, Rows
from discovery.ingest.simulate.seasons import HOUR, MINUTE, Ints

_SECOND = MINUTE // 60
_MACHINE_OPENS = 0.95  # of the messages to a mail program that loads them in private
_CLICKS_BEFORE_ORDER = 0.8  # of the orders a campaign caused


def deliver(
    rows: Rows,
    population: Population,
    contacts: Contacts,
    channel: str,
    spell: Ints,
    at: Ints,
    campaign: Ints,
    rng: np.random.Generator,
    *,
    arm: npt.NDArray[np.int64] | int = NONE,
    delay: Ints | None = None,
) -> None:
    """Add messages received, opened and clicked to `rows`.

    Parameters
    ----------
    rows, population, contacts : Rows, Population, Contacts
        The block's events and customers.
    channel : str
        ``email`` or ``sms``.
    spell, at, campaign : array of int
        Who receives each message, when, and which one.
    rng : Generator
        Source of chance.
    arm : int or array of int
        ``treated``, where the message belongs to a campaign with a control group.
    delay : array of int, optional
        Microseconds to the order that the message causes, -1 where it causes none; most such orders follow a click.
    """
    count, nature, code = spell.size, population.nature, CHANNELS.index(channel)
    customer = population.customer[spell]
    rows.add(f"received_{channel}", customer, at, campaign=campaign, channel=code, arm=arm)

    clicked = rng.random(count) < nature.clicked[spell]
    click_at = at + MINUTE + (rng.exponential(3.0, count) * HOUR).astype(np.int64)
    if delay is not None:
        clicked |= (delay >= 0) & (rng.random(count) < _CLICKS_BEFORE_ORDER)
        before_order = at + MINUTE + (rng.random(count) * 0.2 * delay).astype(np.int64)
        click_at = np.where(delay >= 0, before_order, click_at)

    if channel == "email":
        private = contacts.private_opens[customer]
        by_machine = private & (rng.random(count) < _MACHINE_OPENS)
        by_person = ~private & (clicked | (rng.random(count) < nature.opened[spell]))
        soon = at + (rng.random(count) * 10 * MINUTE).astype(np.int64)
        later = at + _SECOND + (rng.exponential(6.0, count) * HOUR).astype(np.int64)
        read_at = np.where(clicked, click_at - _SECOND, later)
        for machine, opened, opened_at in ((1, by_machine, soon), (0, by_person, read_at)):
            chosen = np.flatnonzero(opened)
            who, which = customer[chosen], campaign[chosen]
            device = contacts.device[who]
            rows.add(
                "opened_email", who, opened_at[chosen], campaign=which, channel=code, machine=machine, device=device
            )
    chosen = np.flatnonzero(clicked)
    who, which = customer[chosen], campaign[chosen]
    device = contacts.device[who]
    rows.add(f"clicked_{channel}", who, click_at[chosen], campaign=which, channel=code, machine=0, device=device)
