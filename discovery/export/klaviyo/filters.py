"""What Klaviyo compares values and dates with, in the names and with the operators of its API.

Its published schemas (revision 2026-07-15) allow exactly these; which of them may stand where, ``conditions`` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from discovery.core.errors import UsageError
from discovery.export.klaviyo.shapes import LEFT_OUT, Absent

Kind = TypeVar("Kind")
Sign = TypeVar("Sign")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Filter(Generic[Kind, Sign, Value]):
    """A comparison with a value of some kind, or with none."""

    type: Kind
    operator: Sign
    value: Value = LEFT_OUT


def by(kind: str, operator: str, *value: Any) -> Any:
    """Return a filter whose kind is known only as it is made; whoever sends it has it checked as a whole."""
    return Filter(kind, operator, *value)


Same = Literal["equals", "not-equals"]
Larger = Literal["greater-than", "greater-than-or-equal"]
Smaller = Literal["less-than", "less-than-or-equal"]
Part = Literal["contains", "not-contains", "starts-with", "not-starts-with", "ends-with", "not-ends-with"]
SetSign = Literal["contains-any", "contains-all", "not-contains-any", "not-contains-all"]
Longer = Literal["length-equals", "length-greater-than", "length-greater-than-or-equal"]
Shorter = Literal["length-less-than", "length-less-than-or-equal"]
Texts = tuple[str, ...]

Numeric = Filter[Literal["numeric"], Same | Larger | Smaller, float]
WholeNumber = Filter[Literal["numeric"], Same | Larger | Smaller, int]
Text = Filter[Literal["string"], Same | Part | Literal["regex", "nregex"], str | None]
EqualsText = Filter[Literal["string"], Literal["equals"], str | None]
OneOfTexts = Filter[Literal["string"], Literal["in", "not-in"], Texts]
InTexts = Filter[Literal["string"], Literal["in"], Texts]
PhoneCountry = Filter[Literal["string"], Literal["phone-country-code-in", "phone-country-code-not-in"], Texts]
Boolean = Filter[Literal["boolean"], Literal["equals"], bool]
Existence = Filter[Literal["existence"], Literal["is-set", "not-set"], Absent]
IsSet = Filter[Literal["existence"], Literal["is-set"], Absent]
ListContains = Filter[Literal["list"], Literal["contains", "not-contains"], str | int | None]
ListSet = Filter[Literal["list"], SetSign, Texts]
ListSubstring = Filter[Literal["list"], Literal["contains-substring", "not-contains-substring"], str | None]
ListLength = Filter[Literal["list"], Longer | Shorter, int]


@dataclass(frozen=True)
class NumericRange:
    """From `start` to `end`; of custom objects only."""

    type: Literal["numeric"] = field(init=False, default="numeric")
    operator: Literal["between"] = field(init=False, default="between")
    start: float
    end: float


#: There is neither a month nor a year.
Unit = Literal["hour", "day", "week"]


@dataclass(frozen=True)
class Relative(Generic[Sign]):
    """So many units back or ahead, counted in UTC days: in the last N is d <= N, at least N ago is d > N."""

    type: Literal["date"] = field(init=False, default="date")
    operator: Sign
    unit: Unit
    quantity: int


@dataclass(frozen=True)
class RelativeRange:
    """From `start` to `end` units ago, both included."""

    type: Literal["date"] = field(init=False, default="date")
    operator: Literal["between"] = field(init=False, default="between")
    start: int
    end: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise UsageError(f"`start` must not exceed `end`, got {self.start} and {self.end}.")


@dataclass(frozen=True)
class Static:
    """Before or after a date."""

    type: Literal["date"] = field(init=False, default="date")
    operator: Literal["before", "after"]
    date: str

    def __post_init__(self) -> None:
        _check_instant(self.date)


@dataclass(frozen=True)
class StaticRange:
    """From one date to another, both days included."""

    type: Literal["date"] = field(init=False, default="date")
    operator: Literal["between-static"] = field(init=False, default="between-static")
    start: str
    end: str

    def __post_init__(self) -> None:
        _check_instant(self.start)
        _check_instant(self.end)


@dataclass(frozen=True)
class CalendarMonth:
    """In a month of any year, 1 to 12."""

    type: Literal["date"] = field(init=False, default="date")
    operator: Literal["calendar-month"] = field(init=False, default="calendar-month")
    value: int

    def __post_init__(self) -> None:
        if not 1 <= self.value <= 12:
            raise UsageError(f"`value` must be a month from 1 to 12, got {self.value}.")


AllTime = Filter[Literal["date"], Literal["alltime"], Absent]
Anniversary = Filter[Literal["date"], Literal["anniversary", "anniversary-month"], Absent]
Around = Relative[Literal["in-the-last", "at-least", "in-the-next"]]
AroundAnniversary = Relative[Literal["anniversary-last", "anniversary-next"]]

WithoutYear = AroundAnniversary | CalendarMonth | Anniversary
Ago = Static | StaticRange | Around | RelativeRange
#: Everything but ``alltime``.
Dated = Ago | WithoutYear


def _check_instant(text: str) -> None:
    """Raise unless `text` is a date and time with its offset, as RFC 3339 writes it."""
    try:
        known = "T" in text.upper() and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"a date must read like 2026-01-31T00:00:00+00:00, got {text!r}.")
