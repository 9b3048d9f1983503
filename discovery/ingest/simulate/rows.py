"""Collects the events of one block of customers as columns of small numbers, and puts them in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from discovery.core.dataset import EVENT_NAMES
from discovery.ingest.simulate.seasons import END, START, Ints

Columns = dict[str, npt.NDArray[Any]]

#: Stands for a missing number in every column but `value`, where every whole number has a meaning.
NONE = -1
NO_VALUE = int(np.iinfo(np.int64).min)

#: The last ones are a store's own: nothing but a rule that names them gives them a meaning.
EVENTS = (*EVENT_NAMES, "added_to_wishlist", "downloaded_case_study", "visited_pricing")
CHANNELS = ("email", "sms", "form", "web")
ARMS = ("treated", "holdout")
BOUNCES = ("hard", "soft")
DEVICES = ("ios", "android", "desktop", "tablet")

#: Optional columns: type, and what stands where nothing was given. Money is in cents.
_OPTIONAL: Mapping[str, tuple[type[np.signedinteger[Any]], int]] = {
    "value": (np.int64, NO_VALUE),
    "order": (np.int32, NONE),
    "product": (np.int16, NONE),
    "quantity": (np.int8, NONE),
    "discount": (np.int32, NONE),
    "code": (np.int8, NONE),
    "campaign": (np.int8, NONE),
    "channel": (np.int8, NONE),
    "arm": (np.int8, NONE),
    "machine": (np.int8, NONE),
    "bounce": (np.int8, NONE),
    "device": (np.int8, NONE),
}
_AT_BITS, _EVENT_BITS = 46, 5  # 46 bits of microseconds are 814 days


class Rows:
    """The events of one block, in the order they were added."""

    def __init__(self) -> None:
        self._parts: dict[str, list[npt.NDArray[Any]]] = {n: [] for n in ("event", "customer", "at", *_OPTIONAL)}

    def add(self, event: str, customer: Ints, at: Ints, **columns: npt.NDArray[Any] | int) -> None:
        """Add one event per entry of `customer`; a column given as one number holds it in every row."""
        size = customer.size
        self._parts["event"].append(np.full(size, EVENTS.index(event), dtype=np.int8))
        self._parts["customer"].append(customer.astype(np.int32))
        self._parts["at"].append(at)
        for name, (kind, missing) in _OPTIONAL.items():
            given = columns.pop(name, missing)
            filled = given.astype(kind) if isinstance(given, np.ndarray) else np.full(size, given, dtype=kind)
            self._parts[name].append(filled)
        if columns:
            raise TypeError(f"Unknown columns {sorted(columns)}.")

    def ordered(self, customers: int) -> Columns:
        """Return the rows of the first `customers` within the calendar, by customer, time and event.

        ``sequence`` counts the events of each customer from 0.
        """
        table = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        kept = np.flatnonzero((table["at"] < END) & (table["customer"] < customers))
        since = table["at"][kept] - START
        key = table["customer"][kept].astype(np.int64) << (_AT_BITS + _EVENT_BITS)
        key |= (since << _EVENT_BITS) | table["event"][kept]
        order = kept[np.argsort(key, kind="stable")]
        table = {name: column[order] for name, column in table.items()}
        first = np.searchsorted(table["customer"], np.arange(customers))
        table["sequence"] = np.arange(order.size) - first[table["customer"]]
        return table
