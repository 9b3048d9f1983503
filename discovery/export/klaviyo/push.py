"""Creates segments in a Klaviyo account, one at a time and within its published limits."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from discovery.core.errors import DataError, UsageError
from discovery.export.klaviyo.account import Account, Refused
from discovery.export.klaviyo.payload import Payload, read_payload
from discovery.export.klaviyo.shapes import as_document


@dataclass(frozen=True)
class PushLimits:
    """How many segments may be created how fast, as Klaviyo publishes it, and how patient we are.

    15 a minute is one every 4 seconds, which also keeps within one a second.
    """

    seconds_between: float = 4.0
    per_day: int = 100
    processing: int = 5
    seconds_between_looks: float = 10.0
    looks: int = 360
    repeats: int = 3
    longest_wait: float = 120.0


LIMITS = PushLimits()


@dataclass(frozen=True)
class Created:
    """A segment that was created, with its id; in a dry run one that would be, without."""

    name: str
    id: str = ""


def push(
    payloads: Sequence[Payload],
    *,
    dry_run: bool = True,
    created_today: int = 0,
    environ: Mapping[str, str] = os.environ,
    host: str = "",
    sleep: Callable[[float], None] = time.sleep,
    limits: PushLimits = LIMITS,
) -> tuple[Created, ...]:
    """Create segments and return them; in a dry run say which, and send nothing.

    Parameters
    ----------
    payloads : sequence of Payload
        In the order to send them.
    dry_run : bool
        Needs neither a key nor the package.
    created_today : int
        Segments created in the account today already.
    environ : mapping
        Holds the private key as ``KLAVIYO_API_KEY``; it is read from nowhere else.
    host : str
        Instead of Klaviyo's own.
    sleep : function
        Waits so many seconds.
    limits : PushLimits
        How many, how fast.

    Raises
    ------
    UsageError
        If there are more than may be created in a day, the key is not set, or the package is not installed.
    DataError
        If Klaviyo's grammar does not allow one; if Klaviyo refuses one or cannot be reached, with what it says and
        what was created before.

    Examples
    --------
    >>> push([])
    ()
    """
    if len(payloads) + created_today > limits.per_day:
        raise UsageError(
            f"At most {limits.per_day} segments may be created in a day, got {len(payloads)} with {created_today} "
            "created today already. Send fewer, and the rest tomorrow."
        )
    # Types are checked before a program runs, not while it does.
    names = [read_payload(as_document(p)).data.attributes.name for p in payloads]
    if dry_run:
        return tuple(Created(name) for name in names)
    account = Account(environ, host)
    created: list[Created] = []
    processing: list[str] = []
    for name, payload in zip(names, payloads, strict=True):
        try:
            if created:
                sleep(limits.seconds_between)
            processing = _with_room(account, processing, sleep, limits)
            made = _create(account, payload, sleep, limits)
        except Refused as refused:
            before = ", ".join(f"{c.name!r} ({c.id})" for c in created) or "none"
            raise DataError(f"Segment {name!r} was not created: {refused}. Created before it: {before}.") from None
        created.append(Created(name, made))
        processing.append(made)
    return tuple(created)


def _create(account: Account, payload: Payload, sleep: Callable[[float], None], limits: PushLimits) -> str:
    """Create a segment, again after as long as Klaviyo asks for; nothing else is repeated, lest there be two."""
    for _ in range(limits.repeats):
        try:
            return account.create(payload)
        except Refused as refused:
            if refused.retry_after is None or refused.retry_after > limits.longest_wait:
                raise
            sleep(refused.retry_after)
    return account.create(payload)


def _with_room(
    account: Account, processing: list[str], sleep: Callable[[float], None], limits: PushLimits
) -> list[str]:
    """Return which of ours are still being worked out, once that is fewer than may be at a time."""
    looks = 0
    while len(processing) >= limits.processing:
        if looks == limits.looks:
            raise Refused(f"Klaviyo still works out {len(processing)} segments, and takes that many at a time")
        if looks:
            sleep(limits.seconds_between_looks)
        processing = [s for s in processing if account.is_processing(s)]
        looks += 1
    return processing
