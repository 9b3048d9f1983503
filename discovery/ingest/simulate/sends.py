"""Who was sent what, who was held out, whose mail bounced, who left, and the orders that campaigns caused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from discovery.ingest.simulate.campaigns import ATTRIBUTION_DAYS, SEND_AT, SEND_HOLDOUT, SEND_STRENGTH, SENDS
from discovery.ingest.simulate.contacts import Contacts
from discovery.ingest.simulate.orders import Orders
from discovery.ingest.simulate.planted import TYPES
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.reading import deliver
from discovery.ingest.simulate.rows import ARMS, BOUNCES, CHANNELS, NONE, Rows
from discovery.ingest.simulate.seasons import CHANGE, DAY, END, HOUR, MINUTE, Bools, Floats, Ints

_WINDOW = ATTRIBUTION_DAYS * DAY
_LEAVES = {"email": 0.004, "sms": 0.008}  # per message received
_MARKS_SPAM = 0.0005
_SOFT_BOUNCE = 0.006
_SOFT_BOUNCE_FULL = 0.95


@dataclass(frozen=True, eq=False)
class Mailing:
    """What came of all sends to a block of customers.

    Parameters
    ----------
    caused : Orders
        Those that campaigns caused.
    email_until : array of int
        Instant from which a customer is sent no more e-mail; the calendar's end for most.
    unsubscribed : mapping of str to array of bool
        By channel: who left.
    suppressed : array of bool
        Whose address does not exist, or who marked a message as spam.
    tally : array, sends x types x 4
        Customers eligible, orders the campaign would cause in them, customers treated, customers held out.
    """

    caused: Orders
    email_until: Ints
    unsubscribed: Mapping[str, Bools]
    suppressed: Bools
    tally: Floats


@dataclass(frozen=True, eq=False)
class _Delivery:
    """What came of the sends of one channel; every table is customers x sends.

    ``spell`` is the customer's at the time. ``uplift`` is the true chance that the send causes an order which would
    not be there otherwise, and ``delay`` how soon, or -1 where it causes none.
    """

    send: Ints
    at: Ints
    spell: Ints
    eligible: Bools
    held: Bools
    received: Bools
    hard: Bools
    soft: Bools
    spam: Bools
    unsubscribed: Bools
    uplift: Floats
    delay: Ints


def run_sends(
    rows: Rows, population: Population, contacts: Contacts, orders: Orders, counted: int, rng: np.random.Generator
) -> Mailing:
    """Return what came of every send, having added it to `rows`.

    A treated customer who does not order of their own accord in the attribution window does so, because of the
    campaign, with the probability strength x `answers`. A customer's own orders are the same in both arms, so the
    true uplift is known: that probability, and 0 for those who order anyway.

    Parameters
    ----------
    rows : Rows
        The block's events.
    population, contacts : Population, Contacts
        Who they are and how they are reached.
    orders : Orders
        Those no campaign caused.
    counted : int
        Only the first so many customers of the block are tallied: the store may end within it.
    rng : Generator
        Source of chance.
    """
    deliveries = {
        channel: _draw_delivery(population, contacts, orders, channel, subscribed, rng)
        for channel, subscribed in (("email", contacts.email), ("sms", contacts.sms))
    }
    tally = np.zeros((len(SENDS), len(TYPES), 4))
    for channel, delivery in deliveries.items():
        tally[delivery.send] = _tally(population, delivery, counted)
        _add_rows(rows, population, contacts, channel, delivery, rng)
    email, sms = deliveries["email"], deliveries["sms"]
    suppressing: Bools = email.hard | email.spam
    left = suppressing | email.unsubscribed
    return Mailing(
        caused=_caused(population, email) + _caused(population, sms),
        email_until=np.where(left, email.at, END).min(axis=1),
        unsubscribed={channel: _ever(d.unsubscribed) for channel, d in deliveries.items()},
        suppressed=_ever(suppressing),
        tally=tally,
    )


def _ever(table: Bools) -> Bools:
    ever: Bools = np.logical_or.reduce(table, axis=1)
    return ever


def _draw_delivery(
    population: Population,
    contacts: Contacts,
    orders: Orders,
    channel: str,
    subscribed: Bools,
    rng: np.random.Generator,
) -> _Delivery:
    send = np.array([i for i, s in enumerate(SENDS) if s.channel == channel])
    shape = (population.customers, send.size)
    is_email = channel == "email"
    at = SEND_AT[send] + (rng.random(shape) * 30 * MINUTE).astype(np.int64)
    before, after = np.arange(population.customers), population.spell_after_change()
    spell = np.where(SEND_AT[send] >= CHANGE, after[:, None], before[:, None])

    eligible = subscribed[:, None] & (population.created[:, None] + DAY < SEND_AT[send])
    held = eligible & (rng.random(shape) < SEND_HOLDOUT[send])
    sent = eligible & ~held
    hard = sent & contacts.dead_address[:, None] & is_email
    soft_chance = np.where(contacts.full_mailbox, _SOFT_BOUNCE_FULL, _SOFT_BOUNCE)[:, None]
    soft = sent & ~hard & (rng.random(shape) < soft_chance) & is_email
    received = sent & ~hard & ~soft
    spam = received & (rng.random(shape) < _MARKS_SPAM) & is_email
    unsubscribed = received & ~spam & (rng.random(shape) < _LEAVES[channel])
    # Who leaves is not written to again: drop everything after the first time.
    here = np.ones(shape, dtype=np.bool_)
    here[:, 1:] = ~np.logical_or.accumulate(hard | spam | unsubscribed, axis=1)[:, :-1]

    uplift = _uplift(population, orders, send, at, spell)
    answers = received & here & (rng.random(shape) < uplift)
    hours = np.clip(np.exp(2.2 + 0.9 * rng.standard_normal(shape)), 1.0, 24 * ATTRIBUTION_DAYS - 1)
    return _Delivery(
        send=send,
        at=at,
        spell=spell,
        eligible=eligible & here,
        held=held & here,
        received=received & here,
        hard=hard & here,
        soft=soft & here,
        spam=spam & here,
        unsubscribed=unsubscribed & here,
        uplift=uplift,
        delay=np.where(answers, (hours * HOUR).astype(np.int64), -1),
    )


def _uplift(population: Population, orders: Orders, send: Ints, at: Ints, spell: Ints) -> Floats:
    strength = SEND_STRENGTH[send]
    uplift: Floats = np.minimum(strength * population.nature.answers[spell], 0.9)
    for j in np.flatnonzero(strength > 0):
        since = orders.at - at[orders.customer, j]
        uplift[orders.customer[(since > 0) & (since <= _WINDOW)], j] = 0.0
    return uplift


def _caused(population: Population, delivery: _Delivery) -> Orders:
    who, which = np.nonzero(delivery.delay >= 0)
    spell = delivery.spell[who, which]
    at = delivery.at[who, which] + delivery.delay[who, which]
    return Orders(population.customer[spell], spell, at, delivery.send[which])


def _tally(population: Population, delivery: _Delivery, counted: int) -> Floats:
    kind = population.kind_of_spell[delivery.spell[:counted]]
    parts = (
        delivery.eligible,
        delivery.eligible * delivery.uplift,
        delivery.received,
        delivery.held,
    )
    tally = [
        [np.bincount(kind[:, j], part[:counted, j], minlength=len(TYPES)) for part in parts]
        for j in range(delivery.send.size)
    ]
    return np.array(tally).transpose(0, 2, 1)


def _add_rows(
    rows: Rows,
    population: Population,
    contacts: Contacts,
    channel: str,
    delivery: _Delivery,
    rng: np.random.Generator,
) -> None:
    send, code = delivery.send, CHANNELS.index(channel)
    treated = np.where(SEND_HOLDOUT[send] > 0, ARMS.index("treated"), NONE)

    who, which = np.nonzero(delivery.held)
    at, arm = delivery.at[who, which], ARMS.index("holdout")
    rows.add("held_out", who, at, campaign=send[which], channel=code, arm=arm)
    for kind, bounced in (("hard", delivery.hard), ("soft", delivery.soft)):
        who, which = np.nonzero(bounced)
        at, bounce = delivery.at[who, which], BOUNCES.index(kind)
        rows.add("bounced_email", who, at, campaign=send[which], channel=code, arm=treated[which], bounce=bounce)
    for event, leaving in (("unsubscribed", delivery.unsubscribed), ("marked_spam", delivery.spam)):
        who, which = np.nonzero(leaving)
        at = delivery.at[who, which] + MINUTE + (rng.exponential(2.0, who.size) * HOUR).astype(np.int64)
        rows.add(event, who, at, campaign=send[which], channel=code)

    who, which = np.nonzero(delivery.received)
    spell, at, delay = (table[who, which] for table in (delivery.spell, delivery.at, delivery.delay))
    deliver(rows, population, contacts, channel, spell, at, send[which], rng, arm=treated[which], delay=delay)
