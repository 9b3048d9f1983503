"""What the store knows of each customer, and what they told it of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from discovery.ingest.simulate.catalogue import CATEGORIES
from discovery.ingest.simulate.contacts import Contacts
from discovery.ingest.simulate.places import (
    PLACE_CITY,
    PLACE_COUNTRY,
    PLACE_POINT,
    PLACE_REGION,
    PLACE_WEIGHT,
    POSTAL_COUNT,
    POSTAL_FIRST,
)
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, NONE, Columns, Rows
from discovery.ingest.simulate.seasons import MINUTE, Bools, Floats, Ints
from discovery.ingest.simulate.sends import Mailing

CONSENTS = ("subscribed", "unsubscribed", "never", "unknown")

#: Text answers of the form, and how they are spread. ``interest`` follows the customer's favourite category.
TEXT_ANSWERS: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "style": (("classic", "sporty", "minimal", "colourful"), (0.35, 0.30, 0.20, 0.15)),
    "pet": (("none", "dog", "cat", "both"), (0.40, 0.30, 0.22, 0.08)),
    "skin_concern": (("none", "dryness", "acne", "ageing", "sensitivity"), (0.35, 0.25, 0.15, 0.15, 0.10)),
    "diet": (("none", "vegetarian", "vegan", "gluten free"), (0.68, 0.18, 0.07, 0.07)),
    "favourite_colour": (("black", "blue", "green", "red", "white"), (0.28, 0.30, 0.18, 0.12, 0.12)),
    "income_band": (("under 40k", "40k to 80k", "80k to 150k", "over 150k"), (0.25, 0.38, 0.27, 0.10)),
}
_ANSWERED = {  # share of those who filled in the form
    **{"style": 0.85, "pet": 0.7, "skin_concern": 0.5, "diet": 0.45, "favourite_colour": 0.6, "income_band": 0.3},
    **{"household_size": 0.65, "gift_buyer": 0.75, "anniversary": 0.2, "interest": 0.9},
}
_FORM = 0.38  # share of customers who filled it in
_HOUSEHOLD = np.cumsum([0.27, 0.35, 0.16, 0.14, 0.06])  # one to five; the rest are six


@dataclass(frozen=True, eq=False)
class Homes:
    """Where each customer lives, and what of it is known."""

    place: Ints
    country: Ints
    region: Ints
    city: Ints
    postal: Ints
    latitude: Floats
    longitude: Floats


def draw_homes(customers: int, rng: np.random.Generator) -> Homes:
    """Return where a block of customers lives; some leave out the region, more the city."""
    place = rng.choice(PLACE_WEIGHT.size, size=customers, p=PLACE_WEIGHT)
    city_known = rng.random(customers) < 0.72
    postal = POSTAL_FIRST[place] + (rng.random(customers) * POSTAL_COUNT[place]).astype(np.int64)
    located = city_known & (rng.random(customers) < 0.85)
    point = np.round(PLACE_POINT[place] + 0.05 * rng.standard_normal((customers, 2)), 4)
    point[~located] = np.nan
    return Homes(
        place=place,
        country=np.where(rng.random(customers) < 0.985, PLACE_COUNTRY[place], NONE),
        region=np.where(rng.random(customers) < 0.93, PLACE_REGION[place], NONE),
        city=np.where(city_known, PLACE_CITY[place], NONE),
        postal=np.where(rng.random(customers) < 0.9, postal, NONE),
        latitude=point[:, 0],
        longitude=point[:, 1],
    )


def draw_profiles(
    rows: Rows,
    population: Population,
    contacts: Contacts,
    mailing: Mailing,
    homes: Homes,
    device: Ints,
    rng: np.random.Generator,
) -> Columns:
    """Return the profile columns of a block, texts as codes and -1 for missing; forms filled in go to `rows`.

    ``topics`` is a bit mask of categories; dates are days since the epoch.
    """
    count = population.customers
    filled: Bools = rng.random(count) < np.where(contacts.email, _FORM * 1.2, _FORM * 0.45)
    columns: Columns = {
        "created_at": population.created,
        "email": rng.random(count) < np.where(contacts.email, 1.0, 0.9),
        "phone": contacts.phone,
        "country": homes.country,
        "region": homes.region,
        "city": homes.city,
        "postal_code": homes.postal,
        "latitude": homes.latitude,
        "longitude": homes.longitude,
        "consent_email": _consent(contacts.email, mailing.unsubscribed["email"], 0.75, rng),
        "consent_sms": _consent(contacts.sms, mailing.unsubscribed["sms"], 0.85, rng),
        "suppressed": mailing.suppressed,
        "birthday": np.where(rng.random(count) < 0.15 + 0.5 * filled, _birthdays(count, rng), NONE),
    }
    for name, (texts, spread) in TEXT_ANSWERS.items():
        columns[name] = _answered(name, rng.choice(len(texts), size=count, p=spread), filled, rng)
    size = 1 + np.searchsorted(_HOUSEHOLD, rng.random(count))
    columns["household_size"] = _answered("household_size", size, filled, rng)
    gifts = (rng.random(count) < 0.25 + 0.5 * population.nature.season[:count]).astype(np.int64)
    columns["gift_buyer"] = _answered("gift_buyer", gifts, filled, rng)
    columns["anniversary"] = _answered("anniversary", _birthdays(count, rng, date(1985, 1, 1)), filled, rng)

    shares = np.diff(population.nature.mix[:count], axis=1, prepend=0.0)
    said = np.argmax(shares + 0.1 * rng.random(shares.shape), axis=1)
    columns["interest"] = _answered("interest", said, filled, rng)
    ticked = rng.random(shares.shape) < 0.05 + 1.2 * shares
    topics = (ticked << np.arange(len(CATEGORIES))).sum(axis=1)
    columns["topics"] = np.where(filled, topics, NONE)

    who = np.flatnonzero(filled)
    at = population.created[who] + ((2 + 10 * rng.random(who.size)) * MINUTE).astype(np.int64)
    rows.add("submitted_form", who, at, channel=CHANNELS.index("form"), device=device[who])
    return columns


def _answered(name: str, answer: Ints, filled: Bools, rng: np.random.Generator) -> Ints:
    return np.where(filled & (rng.random(answer.size) < _ANSWERED[name]), answer, NONE)


def _consent(subscribed: Bools, left: Bools, never: float, rng: np.random.Generator) -> Ints:
    without = np.where(rng.random(subscribed.size) < never, CONSENTS.index("never"), CONSENTS.index("unknown"))
    given = np.where(left, CONSENTS.index("unsubscribed"), CONSENTS.index("subscribed"))
    return np.where(subscribed, given, without)


def _birthdays(count: int, rng: np.random.Generator, first: date = date(1948, 1, 1)) -> Ints:
    low, high = (first - date(1970, 1, 1)).days, (date(2007, 12, 31) - date(1970, 1, 1)).days
    middle = (low + high) / 2
    drawn = middle + (high - low) / 5 * rng.standard_normal(count)
    # A birthday on 1970-01-01 minus one day would read as missing; nobody has it.
    days = np.clip(drawn, low, high).astype(np.int64)
    return np.where(days == NONE, 0, days)
