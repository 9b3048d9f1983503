"""The canonical tables, and the Dataset that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

from discovery.core.errors import DataError

MICROSECONDS_PER_DAY = 86_400_000_000

#: Canonical columns of a profile and their DuckDB types. ``property.<name>`` columns may follow.
PROFILE_COLUMNS: Mapping[str, str] = {
    "customer_id": "VARCHAR",
    "created_at": "BIGINT",
    "email": "VARCHAR",
    "phone": "VARCHAR",
    "country": "VARCHAR",
    "region": "VARCHAR",
    "city": "VARCHAR",
    "postal_code": "VARCHAR",
    "latitude": "DOUBLE",
    "longitude": "DOUBLE",
    "consent_email": "VARCHAR",
    "consent_sms": "VARCHAR",
    "suppressed": "BOOLEAN",
    "birthday": "DATE",
}

#: Canonical columns of an event. ``at`` is microseconds since the epoch, UTC; money is exact decimal, so
#: that a total depends neither on the engine nor on the order of rows.
EVENT_COLUMNS: Mapping[str, str] = {
    "customer_id": "VARCHAR",
    "event": "VARCHAR",
    "at": "BIGINT",
    "event_id": "VARCHAR",
    "value": "DECIMAL(18,4)",
    "order_id": "VARCHAR",
    "product_id": "VARCHAR",
    "product": "VARCHAR",
    "category": "VARCHAR",
    "brand": "VARCHAR",
    "quantity": "DOUBLE",
    "discount": "DECIMAL(18,4)",
    "discount_code": "VARCHAR",
    "campaign_id": "VARCHAR",
    "channel": "VARCHAR",
    "arm": "VARCHAR",
    "machine": "BOOLEAN",
    "bounce_type": "VARCHAR",
    "device": "VARCHAR",
    "country": "VARCHAR",
}

#: Event names the toolkit gives a meaning to. Others are kept, countable and reported.
EVENT_NAMES: tuple[str, ...] = (
    "placed_order",
    "ordered_product",
    "refunded_order",
    "cancelled_order",
    "fulfilled_order",
    "viewed_product",
    "added_to_cart",
    "started_checkout",
    "active_on_site",
    "submitted_search",
    "submitted_form",
    "submitted_review",
    "received_email",
    "opened_email",
    "clicked_email",
    "bounced_email",
    "marked_spam",
    "subscribed",
    "unsubscribed",
    "received_sms",
    "clicked_sms",
    "held_out",
)


def midnight(day: date) -> int:
    """Return the microseconds from the epoch to midnight UTC at the start of `day`.

    Examples
    --------
    >>> midnight(date(1970, 1, 2))
    86400000000
    """
    return (day - date(1970, 1, 1)).days * MICROSECONDS_PER_DAY


def day_of(at: int) -> date:
    """Return the UTC day that holds the instant `at`, in microseconds since the epoch.

    Examples
    --------
    >>> day_of(86_400_000_000)
    datetime.date(1970, 1, 2)
    """
    return datetime.fromtimestamp(at // 1_000_000, tz=UTC).date()


@dataclass(frozen=True)
class Dataset:
    """One store's customers and what they did, in canonical form, as files on this machine.

    Events may be many more than fit in memory, so the tables stay in Parquet and the value holds where they
    are. Two datasets with the same fingerprint hold the same rows.

    Parameters
    ----------
    folder : Path
        Holds ``profiles.parquet``, ``events.parquet`` and ``problems.parquet``.
    currency : str
        ISO 4217 code of every amount.
    fingerprint : str
        Digest of the content of both tables; row order and splitting of the input do not change it.
    customers, events : int
        Rows of the two tables.
    first_at, last_at : int
        Instants of the first and the last event, microseconds since the epoch.
    events_by_name : mapping
        Number of events of each name.
    problems : mapping
        Number of rows that could not be used, by reason code.
    notes : tuple of str
        What ingest recognised and treated specially, one sentence each.

    Raises
    ------
    DataError
        If it holds no customer, or its last event lies before its first.

    Examples
    --------
    >>> first, last = midnight(date(2025, 1, 3)), midnight(date(2025, 2, 1))
    >>> Dataset(Path("dataset"), "EUR", "1a2b", customers=2, events=3, first_at=first, last_at=last).data_end
    datetime.date(2025, 2, 2)
    """

    folder: Path
    currency: str
    fingerprint: str
    customers: int
    events: int
    first_at: int
    last_at: int
    events_by_name: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise DataError("A dataset must hold at least one customer, got none. Check the source and its mapping.")
        if self.last_at < self.first_at:
            raise DataError("The last event must not lie before the first one.")

    @property
    def profiles_path(self) -> Path:
        """Where the profiles lie."""
        return self.folder / "profiles.parquet"

    @property
    def events_path(self) -> Path:
        """Where the events lie."""
        return self.folder / "events.parquet"

    @property
    def data_end(self) -> date:
        """Midnight after the last event: the earliest ``as_of`` that sees everything."""
        return day_of(self.last_at + MICROSECONDS_PER_DAY)

    def _repr_html_(self) -> str:
        days = f"{day_of(self.first_at)} to {day_of(self.last_at)}"
        unusable = "".join(f"<li>{n:,} {escape(reason)}</li>" for reason, n in self.problems.items())
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        head = f"<p>{self.customers:,} customers, {self.events:,} events, {escape(self.currency)}, {days}</p>"
        return f"{head}<ul>{notes}{unusable}</ul>"
