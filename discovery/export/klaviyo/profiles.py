"""Values that Klaviyo cannot compute itself, as properties to write to its profiles: bulk-import jobs and CSV files.

Such values go stale until they are written again, so whoever names a property puts the date into its name.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from discovery.core.errors import DataError, UsageError

Value = str | int | float | bool | date | tuple[str, ...] | None


@dataclass(frozen=True)
class ImportLimits:
    """What Klaviyo takes at once, as it publishes; bytes, counted as powers of ten to be on the safe side."""

    profiles: int = 10_000
    job_bytes: int = 5_000_000
    profile_bytes: int = 100_000
    file_bytes: int = 50_000_000


LIMITS = ImportLimits()


@dataclass(frozen=True)
class ProfileValues:
    """The properties to write to one profile, found by its e-mail, else by its phone (E.164).

    What is missing is written as null, so that a value written earlier does not stay.
    """

    properties: Mapping[str, Value] = field(default_factory=dict)
    email: str | None = None
    phone_number: str | None = None

    def __post_init__(self) -> None:
        if not (self.email or self.phone_number):
            raise UsageError("A profile must have an e-mail or a phone, or Klaviyo cannot find it; got neither.")
        quoted = [name for name in self.properties if "'" in name]
        if quoted:
            raise UsageError(f"A property's name must not hold a quote, got {quoted[0]!r}: no condition could name it.")


def import_jobs(profiles: Iterable[ProfileValues], limits: ImportLimits = LIMITS) -> Iterator[dict[str, Any]]:
    """Yield the bodies of bulk-import jobs that together hold all `profiles`, in their order.

    Raises
    ------
    DataError
        If one profile alone is larger than Klaviyo takes.

    Examples
    --------
    >>> job, = import_jobs([ProfileValues({"cluster": "c1"}, email="a@example.com")])
    >>> job["data"]["attributes"]["profiles"]["data"]
    [{'type': 'profile', 'attributes': {'email': 'a@example.com', 'properties': {'cluster': 'c1'}}}]
    """
    room = limits.job_bytes - _size(_job([]))
    chunk: list[dict[str, Any]] = []
    size = 0
    for number, profile in enumerate(profiles, 1):
        document = _profile(profile)
        length = _size(document) + len(", ")
        if length > limits.profile_bytes:
            raise DataError(
                f"A profile must take at most {limits.profile_bytes:,} bytes, got {length:,} for the one at place "
                f"{number}. Shorten its properties."
            )
        if len(chunk) == limits.profiles or (chunk and size + length > room):
            yield _job(chunk)
            chunk, size = [], 0
        chunk.append(document)
        size += length
    if chunk:
        yield _job(chunk)


def csv_parts(profiles: Sequence[ProfileValues], limits: ImportLimits = LIMITS) -> Iterator[str]:
    """Yield the texts of CSV files that together hold all `profiles`, each with the header, in their order.

    Lists are JSON arrays, dates ISO 8601, truth values ``true`` and ``false``: what Klaviyo reads. The files are for a
    machine, so no cell is guarded against spreadsheets.

    Examples
    --------
    >>> text, = csv_parts([ProfileValues({"tags": ("a", "b"), "vip": True}, email="a@example.com")])
    >>> text.splitlines()
    ['Email,Phone Number,tags,vip', 'a@example.com,,"[""a"", ""b""]",true']
    """
    names = list(dict.fromkeys(name for p in profiles for name in p.properties))
    header = _line(["Email", "Phone Number", *names])
    lines: list[str] = []
    size = 0
    for profile in profiles:
        line = _line([profile.email, profile.phone_number, *(_cell(profile.properties.get(n)) for n in names)])
        length = len(line.encode())
        if lines and size + length > limits.file_bytes:
            yield "".join(lines)
            lines = []
        if not lines:
            lines, size = [header], len(header.encode())
        lines.append(line)
        size += length
    if lines:
        yield "".join(lines)


def _job(profiles: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": profiles}}}}


def _profile(profile: ProfileValues) -> dict[str, Any]:
    known = {"email": profile.email, "phone_number": profile.phone_number}
    found = {name: value for name, value in known.items() if value}
    properties = {name: _plain(value) for name, value in profile.properties.items()}
    return {"type": "profile", "attributes": {**found, "properties": properties}}


def _plain(value: Value) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: Value) -> object:
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, (list, bool)) else plain


def _line(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _size(document: object) -> int:
    # As the official package writes it: blanks after separators, all beyond ASCII escaped. Nothing is longer.
    return len(json.dumps(document))
