"""Klaviyo's conditions on what somebody did: how often, worth how much, in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from discovery.core.errors import UsageError
from discovery.export.klaviyo.filters import (
    Ago,
    AllTime,
    Around,
    AroundAnniversary,
    Boolean,
    Existence,
    ListLength,
    ListSet,
    ListSubstring,
    Numeric,
    OneOfTexts,
    RelativeRange,
    StaticRange,
    Text,
)
from discovery.export.klaviyo.shapes import ABSENT, Absent

#: As Klaviyo's help centre states it.
MOST_FILTERS = 10

OfEvent = Text | OneOfTexts | Existence | ListSet | ListLength | ListSubstring | Boolean | Numeric


@dataclass(frozen=True)
class EventFilter:
    """What a property of an event must be for the event to count; several are ANDed."""

    property: str
    filter: OfEvent | Absent | None = ABSENT


EventFilters = tuple[EventFilter, ...] | Absent | None


@dataclass(frozen=True)
class Metric:
    """How often something happened, or what it was worth, in a time."""

    type: Literal["profile-metric"] = field(init=False, default="profile-metric")
    metric_id: str
    measurement: Literal["count", "sum"]
    measurement_filter: Numeric
    timeframe_filter: Ago | AroundAnniversary | AllTime
    metric_filters: EventFilters = ABSENT

    def __post_init__(self) -> None:
        _check_event_filters(self.metric_filters)


@dataclass(frozen=True)
class Step:
    """A step of a funnel: something happened next, or did not."""

    metric_exists: bool
    metric_id: str
    metric_filters: EventFilters = ABSENT

    def __post_init__(self) -> None:
        _check_event_filters(self.metric_filters)


@dataclass(frozen=True)
class Funnel:
    """Went through steps in their order."""

    type: Literal["profile-metric-funnel"] = field(init=False, default="profile-metric-funnel")
    timeframe_filter: StaticRange | RelativeRange | Around
    steps: tuple[Step, ...]
    completion_window_seconds: (
        Literal["HOURS_1", "DAYS_1", "DAYS_3", "DAYS_5", "WEEKS_1", "DAYS_30", "DAYS_90", "DAYS_180", "YEARS_1"]
        | Absent
        | None
    ) = ABSENT


def _check_event_filters(filters: EventFilters) -> None:
    if isinstance(filters, tuple) and len(filters) > MOST_FILTERS:
        raise UsageError(f"`metric_filters` must hold at most {MOST_FILTERS} filters, got {len(filters)}.")
