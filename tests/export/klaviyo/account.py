"""Our canonical tables at a date, as a Klaviyo account would hold them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd
import pycountry

Row = Mapping[str, Any]

DAY = 86_400_000_000


class Unpublished(NotImplementedError):
    """Klaviyo does not say what this means, or our tables do not hold what it asks for."""


@dataclass(frozen=True)
class Store:
    """The canonical tables at a date, as a Klaviyo account would hold them.

    "Today" is `as_of`, and now is midnight UTC at its start: what happens at or after it is not seen.
    """

    profiles: pd.DataFrame
    events: pd.DataFrame
    as_of: date
    #: Metric id to the metric's name in Klaviyo.
    metric_names: Mapping[str, str]
    #: List id to customer to the instant of joining, in microseconds since the epoch.
    lists: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Indexed by customer: one column per dimension; ``channel_affinity.rank.email`` for an affinity.
    predictions: pd.DataFrame = field(default_factory=pd.DataFrame)
    #: (ISO alpha-3 country, postal code) to latitude and longitude.
    places: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def now(self) -> int:
        return (self.as_of - date(1970, 1, 1)).days * DAY

    @cached_property
    def people(self) -> dict[str, Row]:
        """Profiles there at the date: created before it, or seen to do something before it."""
        rows = {str(r["customer_id"]): known(r) for r in self.profiles.to_dict("records")}
        seen = set(self.events.loc[self.events["at"] < self.now, "customer_id"])
        return {k: r for k, r in rows.items() if k in seen or r.get("created_at") is None or r["created_at"] < self.now}

    @cached_property
    def history(self) -> dict[str, dict[str, list[Row]]]:
        """Event name to customer to what happened.

        A cancelled order is left out from its cancellation on, with its lines, and so is an order of no value. Klaviyo
        itself goes on counting both as Placed Order; to our vocabulary neither is an order, and the proof is about how
        rules are translated, not about which orders an account holds.
        """
        out: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in map(known, self.events[self.events["at"] < self.now].to_dict("records")):
            cancelled = row.get("cancelled_at") is not None and row["cancelled_at"] < self.now
            worthless = row["event"] == "placed_order" and not (row.get("value") or 0) > 0
            if not cancelled and not worthless:
                out[row["event"]][str(row["customer_id"])].append(row)
        return out

    @cached_property
    def lines(self) -> dict[tuple[str, str], list[Row]]:
        """The lines of an order, which its Placed Order event lists by name."""
        out = defaultdict(list)
        for customer, rows in self.history["ordered_product"].items():
            for row in rows:
                out[customer, row.get("order_id")].append(row)
        return out


def event_property(name: str, row: Row, store: Store) -> Any:
    """Return what Klaviyo's event would hold under `name`; None where it has no such property."""
    if row["event"] == "placed_order" and name in OF_LINES:
        lines = store.lines[str(row["customer_id"]), row.get("order_id")]
        return sorted({line[OF_LINES[name]] for line in lines if line.get(OF_LINES[name]) is not None}) or None
    if name not in OF_EVENT:
        raise Unpublished(f"event property {name!r}")
    return OF_EVENT[name](row)


def _listed(column: str, separator: str | None = None) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        text = row.get(column)
        return None if text is None else text.split(separator) if separator else [text]

    return read


def _plainly(column: str) -> Callable[[Row], Any]:
    return lambda row: row.get(column)


#: What a Placed Order lists of its lines.
OF_LINES = {
    **dict.fromkeys(("Items", "ItemNames"), "product"),
    **dict.fromkeys(("Collections", "Categories"), "category"),
    "Brands": "brand",
}
OF_EVENT: dict[str, Callable[[Row], Any]] = {
    "$value": _plainly("value"),
    "$message": _plainly("campaign_id"),
    "Campaign Name": _plainly("campaign_id"),
    **dict.fromkeys(("Name", "ProductName"), _plainly("product")),
    **dict.fromkeys(("ProductID", "SKU"), _plainly("product_id")),
    **dict.fromkeys(("Brand", "Vendor"), _plainly("brand")),
    **dict.fromkeys(("Collections", "Categories", "ProductCategories"), _listed("category")),
    "Quantity": _plainly("quantity"),
    "Discount Codes": _listed("discount_code", ","),
    "DiscountValue": _plainly("discount"),
    # Klaviyo says it of every open; one we know nothing of is not a machine's.
    "Apple Privacy Open": lambda row: bool(row.get("machine")),
    "Bot Click": _plainly("machine"),
    "Bounce Type": lambda row: row["bounce_type"].title() if row.get("bounce_type") else None,
    "Device Type": _plainly("device"),
    "Client Type": _plainly("device"),
    "Country Code": _plainly("country"),
}


def profile_property(name: str, person: Row) -> Any:
    """Return what Klaviyo's profile would hold under `name`; None where it has no such property."""
    custom = re.fullmatch(r"properties\['([^']+)'\]", name)
    if custom:
        asked = custom.group(1)
        return person.get("birthday") if asked == "Birthday" else person.get(f"property.{asked}")
    if name not in OF_PROFILE:
        raise Unpublished(f"profile property {name!r}")
    return OF_PROFILE[name](person)


def _country(person: Row) -> str | None:
    """Klaviyo holds names of countries, as in its own examples, where our tables hold codes."""
    found = pycountry.countries.get(alpha_2=person.get("country") or "")
    return getattr(found, "common_name", found.name) if found else None


def _region(person: Row) -> str | None:
    found = pycountry.subdivisions.get(code=person.get("region") or "")
    return found.name if found else None


OF_PROFILE: dict[str, Callable[[Row], Any]] = {
    "email": _plainly("email"),
    "phone_number": _plainly("phone"),
    "created": lambda person: moment(person.get("created_at")),
    "location['country']": _country,
    "location['region']": _region,
    "location['city']": _plainly("city"),
    "location['zip']": _plainly("postal_code"),
}


def known(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row of a frame as plain values, None where something is missing."""
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return list(value)
    if pd.isna(value):
        return None
    return value


def instant(value: Any) -> int | None:
    """Return a date as microseconds since the epoch; a day without a time is its midnight. Texts are no dates."""
    if isinstance(value, datetime):
        return round((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    return (value - date(1970, 1, 1)).days * DAY if isinstance(value, date) else None


def moment(at: int | None) -> Any:
    """Return an instant as a date and time."""
    return None if at is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at))
