"""Turns columns of numbers into the canonical tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from discovery.core.dataset import MICROSECONDS_PER_DAY
from discovery.ingest.simulate.blocks import BLOCK, Block
from discovery.ingest.simulate.campaigns import CAMPAIGN_IDS
from discovery.ingest.simulate.catalogue import (
    BRANDS,
    CATEGORIES,
    CODE_NAMES,
    PRODUCT_BRAND,
    PRODUCT_CATEGORY,
    PRODUCT_IDS,
    PRODUCT_NAMES,
)
from discovery.ingest.simulate.extras import MORE_ANSWERS
from discovery.ingest.simulate.places import CITIES, COUNTRIES, POSTAL_CODES, REGIONS
from discovery.ingest.simulate.planted import TYPES
from discovery.ingest.simulate.profiles import CONSENTS, TEXT_ANSWERS
from discovery.ingest.simulate.rows import ARMS, BOUNCES, CHANNELS, DEVICES, EVENTS, NO_VALUE, NONE, Columns

_TIME = pa.timestamp("us", tz="UTC")
_MONEY = pa.decimal128(18, 4)
_DIGITS = 12
#: "0000" to "9999" as bytes: three look-ups write a number of twelve digits.
_FOUR_DIGITS = np.frombuffer("".join(f"{i:04d}" for i in range(10_000)).encode(), dtype=np.uint8).reshape(-1, 4)
_SEQUENCES = 100_000  # events, and orders, that a customer's ids have room for


def event_table(blocks: Sequence[Block], first_customer: int) -> pa.Table:
    """Return the events of consecutive blocks in canonical columns; `first_customer` is the number of the first."""
    events = _joined([b.events for b in blocks])
    sizes = [b.events["at"].size for b in blocks]
    customer = events["customer"] + np.repeat(BLOCK * np.arange(len(blocks)), sizes)
    order_counts = [b.order_number.size for b in blocks]
    orders_before = np.cumsum(order_counts) - order_counts
    order = np.where(events["order"] < 0, NONE, events["order"] + np.repeat(orders_before, sizes))
    order_number = np.concatenate(
        [
            (first_customer + i * BLOCK + b.order_customer) * _SEQUENCES + b.order_number + 1
            for i, b in enumerate(blocks)
        ]
    )
    customers = _labels("c", np.arange(first_customer, first_customer + BLOCK * len(blocks)), 7)
    product = events["product"]
    return pa.table(
        {
            "customer_id": pa.DictionaryArray.from_arrays(pa.array(customer.astype(np.int32)), customers),
            "event": _coded(events["event"], EVENTS),
            "at": pa.array(events["at"]).cast(_TIME),
            "event_id": _labels("e", (first_customer + customer) * _SEQUENCES + events["sequence"], _DIGITS),
            "value": _money(events["value"], NO_VALUE),
            "order_id": _coded(order, _labels("o", order_number, _DIGITS)),
            "product_id": _coded(product, PRODUCT_IDS),
            "product": _coded(product, PRODUCT_NAMES),
            "category": _coded(np.where(product < 0, NONE, PRODUCT_CATEGORY[product]), CATEGORIES),
            "brand": _coded(np.where(product < 0, NONE, PRODUCT_BRAND[product]), BRANDS),
            "quantity": pa.array(events["quantity"].astype(np.float64), mask=events["quantity"] < 0),
            "discount": _money(events["discount"].astype(np.int64), NONE),
            "discount_code": _coded(events["code"], CODE_NAMES),
            "campaign_id": _coded(events["campaign"], CAMPAIGN_IDS),
            "channel": _coded(events["channel"], CHANNELS),
            "arm": _coded(events["arm"], ARMS),
            "machine": pa.array(events["machine"] == 1, mask=events["machine"] < 0),
            "bounce_type": _coded(events["bounce"], BOUNCES),
            "device": _coded(events["device"], DEVICES),
            "country": _coded(events["country"], COUNTRIES),
        }
    )


def profile_table(blocks: Sequence[Block], first_customer: int) -> pa.Table:
    """Return the profiles of consecutive blocks in canonical columns."""
    given = _joined([b.profiles for b in blocks])
    number = np.arange(first_customer, first_customer + given["created_at"].size)
    address = [
        f"customer{i:07d}@example.com" if known else None for i, known in zip(number, given["email"], strict=True)
    ]
    phone = [f"+1555{i:07d}" if known else None for i, known in zip(number, given["phone"], strict=True)]
    columns = {
        "customer_id": _labels("c", number, 7),
        "created_at": pa.array(given["created_at"]).cast(_TIME),
        "email": pa.array(address, pa.string()),
        "phone": pa.array(phone, pa.string()),
        "country": _coded(given["country"], COUNTRIES),
        "region": _coded(given["region"], REGIONS),
        "city": _coded(given["city"], CITIES),
        "postal_code": _coded(given["postal_code"], POSTAL_CODES),
        "latitude": pa.array(given["latitude"], from_pandas=True),
        "longitude": pa.array(given["longitude"], from_pandas=True),
        "consent_email": _coded(given["consent_email"], CONSENTS),
        "consent_sms": _coded(given["consent_sms"], CONSENTS),
        "suppressed": pa.array(given["suppressed"]),
        "birthday": _days(given["birthday"]),
        "property.interest": _coded(given["interest"], CATEGORIES),
        "property.topics": _topics(given["topics"]),
        **{f"property.{name}": _coded(given[name], texts) for name, (texts, _) in TEXT_ANSWERS.items()},
        "property.household_size": pa.array(
            given["household_size"].astype(np.float64), mask=given["household_size"] < 0
        ),
        "property.gift_buyer": pa.array(given["gift_buyer"] == 1, mask=given["gift_buyer"] < 0),
        "property.anniversary": _days(given["anniversary"]),
        **{f"property.{name}": _coded(given[name], texts) for name, (texts, _) in MORE_ANSWERS.items()},
    }
    return pa.table(columns)


def truth_table(blocks: Sequence[Block], first_customer: int, *, types: bool) -> pa.Table:
    """Return type and latent values of the customers of consecutive blocks."""
    given = _joined([b.truth for b in blocks])
    names = [t.name for t in TYPES] if types else ["all"]
    number = np.arange(first_customer, first_customer + given["type"].size)
    left = given.pop("active_until")
    day = given.pop("changed") // MICROSECONDS_PER_DAY
    columns = {
        "customer_id": _labels("c", number, 7),
        "type": _coded(given.pop("type"), names),
        "type_after": _coded(given.pop("type_after"), names),
        "changed_at": _days(day),
        "active_until": pa.array(left, mask=left < 0).cast(_TIME),
        **{name: pa.array(column) for name, column in given.items()},
    }
    return pa.table(columns)


def _joined(parts: Sequence[Mapping[str, npt.NDArray[Any]]]) -> Columns:
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def _coded(codes: npt.NDArray[Any], texts: Sequence[str] | pa.Array) -> pa.DictionaryArray:
    """Return texts by their position; a negative one is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, texts if isinstance(texts, pa.Array) else pa.array(list(texts)))


def _labels(prefix: str, numbers: npt.NDArray[np.int64], digits: int) -> pa.StringArray:
    """Return one letter and a number of so many digits each; byte by byte, as Python is too slow for millions."""
    text = np.empty((numbers.size, 1 + _DIGITS), dtype=np.uint8)
    for part, unit in ((slice(1, 5), 100_000_000), (slice(5, 9), 10_000), (slice(9, 13), 1)):
        text[:, part] = _FOUR_DIGITS[numbers // unit % 10_000]
    text = np.ascontiguousarray(text[:, _DIGITS - digits :])
    text[:, 0] = ord(prefix)
    offsets = np.arange(numbers.size + 1, dtype=np.int32) * (digits + 1)
    return pa.StringArray.from_buffers(numbers.size, pa.py_buffer(offsets), pa.py_buffer(text))


def _money(cents: npt.NDArray[np.int64], missing: int) -> pa.Array:
    """Return cents as decimals with four places, laid out as the 128-bit integers they are stored in."""
    given = cents != missing
    low = np.where(given, cents * 100, 0)
    words = np.column_stack([low, low >> 63])
    bits = pa.py_buffer(np.packbits(given, bitorder="little"))
    return pa.Array.from_buffers(_MONEY, cents.size, [bits, pa.py_buffer(words)])


def _days(days: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=days == NONE).cast(pa.date32())


def _topics(masks: npt.NDArray[np.int64]) -> pa.Array:
    chosen = (masks[:, None] >> np.arange(len(CATEGORIES)) & 1).astype(bool) & (masks >= 0)[:, None]
    offsets = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]).astype(np.int32)
    values = pa.array([CATEGORIES[c] for c in np.nonzero(chosen)[1]], type=pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(masks < 0))
