"""The payload that creates a Klaviyo segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from discovery.core.errors import UsageError
from discovery.export.klaviyo.definition import Definition
from discovery.export.klaviyo.shapes import ABSENT, Absent, read


@dataclass(frozen=True)
class Attributes:
    """What the new segment is called, and who is in it."""

    name: str
    definition: Definition
    is_starred: bool | Absent | None = ABSENT

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("`name` must not be blank.")


@dataclass(frozen=True)
class NewSegment:
    """A segment to create; nothing else can be said of it, no description, tag or folder."""

    type: Literal["segment"] = field(init=False, default="segment")
    attributes: Attributes


@dataclass(frozen=True)
class Payload:
    """The body of a request to create a segment.

    Examples
    --------
    >>> from discovery.export.klaviyo.conditions import Region
    >>> from discovery.export.klaviyo.definition import Group
    >>> from discovery.export.klaviyo.shapes import as_document
    >>> as_document(payload("Europeans", Definition((Group((Region(True, "european_union"),)),))))["data"]["type"]
    'segment'
    """

    data: NewSegment


def payload(name: str, definition: Definition, is_starred: bool = False) -> Payload:
    """Return the payload that creates a segment called `name`."""
    return Payload(NewSegment(Attributes(name, definition, is_starred)))


def read_payload(document: object) -> Payload:
    """Return the payload that a JSON document states.

    Raises
    ------
    DataError
        If Klaviyo's grammar does not allow it, with every fault and its place.
    """
    return read(Payload, document, "A payload that creates a segment")
