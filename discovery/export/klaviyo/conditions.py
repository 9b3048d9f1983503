"""The shapes that a condition of a Klaviyo segment may have.

They are told apart by ``type`` and, where that is shared, by what else they hold, as Klaviyo publishes them (API
revision 2026-07-15). What only its flows know, such as ``profile-sample``, is no condition of a segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from discovery.core.errors import UsageError
from discovery.export.klaviyo.consent import AnyConsent, AnyPermission
from discovery.export.klaviyo.events import Funnel, Metric
from discovery.export.klaviyo.filters import (
    Ago,
    AroundAnniversary,
    Boolean,
    Dated,
    Existence,
    Filter,
    ListContains,
    ListLength,
    Numeric,
    NumericRange,
    OneOfTexts,
    PhoneCountry,
    Same,
    Text,
    Texts,
    WholeNumber,
)
from discovery.export.klaviyo.shapes import ABSENT, Absent

Dimension = TypeVar("Dimension")
Measure = TypeVar("Measure")
By = TypeVar("By")

OfProfile = Text | OneOfTexts | PhoneCountry | Numeric | Boolean | Dated | ListContains | ListLength | Existence
OfObject = Text | OneOfTexts | Numeric | NumericRange | Boolean | Ago | AroundAnniversary | Existence


@dataclass(frozen=True)
class Property:
    """What a property of the profile must be."""

    type: Literal["profile-property"] = field(init=False, default="profile-property")
    property: str
    filter: OfProfile


@dataclass(frozen=True)
class Member:
    """On a list, added to it in a time."""

    type: Literal["profile-group-membership"] = field(init=False, default="profile-group-membership")
    is_member: Literal[True] = field(init=False, default=True)
    group_ids: Texts
    timeframe_filter: Ago | Absent | None = ABSENT


@dataclass(frozen=True)
class NotMember:
    """Not on a list."""

    type: Literal["profile-group-membership"] = field(init=False, default="profile-group-membership")
    is_member: Literal[False] = field(init=False, default=False)
    group_ids: Texts


@dataclass(frozen=True)
class MarketingConsent:
    """Can, or cannot, be written to on a channel."""

    type: Literal["profile-marketing-consent"] = field(init=False, default="profile-marketing-consent")
    consent: AnyConsent


@dataclass(frozen=True)
class Predicted(Generic[Dimension, By]):
    """What Klaviyo predicts of somebody."""

    type: Literal["profile-predictive-analytics"] = field(init=False, default="profile-predictive-analytics")
    dimension: Dimension
    filter: By


@dataclass(frozen=True)
class ChannelAffinity(Generic[Measure, By]):
    """How likely somebody is to answer on a channel."""

    type: Literal["profile-predictive-analytics"] = field(init=False, default="profile-predictive-analytics")
    dimension: Literal["channel_affinity"] = field(init=False, default="channel_affinity")
    measurement: Measure
    predicted_channel: Literal["email", "push", "sms", "whatsapp"]
    filter: By


@dataclass(frozen=True)
class PostalDistance:
    """Lives within, or beyond, a distance of a postal code."""

    type: Literal["profile-postal-code-distance"] = field(init=False, default="profile-postal-code-distance")
    country_code: str
    postal_code: str
    unit: Literal["miles", "kilometers"]
    filter: Filter[Literal["numeric"], Literal["less-than", "greater-than"], float]

    def __post_init__(self) -> None:
        if not (len(self.country_code) == 3 and self.country_code.isupper()):
            raise UsageError(f"`country_code` must have three letters, such as USA, got {self.country_code!r}.")


@dataclass(frozen=True)
class Region:
    """Is in one of two regions, or is not."""

    type: Literal["profile-region"] = field(init=False, default="profile-region")
    in_region: bool
    region: Literal["european_union", "united_states"]


@dataclass(frozen=True)
class ObjectFilter:
    """What a property of a custom object must be."""

    property_id: int
    filter: OfObject


@dataclass(frozen=True)
class CustomObject:
    """Has so many objects of a custom type."""

    type: Literal["profile-has-custom-object"] = field(init=False, default="profile-has-custom-object")
    object_type_id: str
    object_type_relationship_id: str
    filter: WholeNumber
    filters: tuple[ObjectFilter, ...]


@dataclass(frozen=True)
class Reachable:
    """Can, or cannot, be reached on WhatsApp."""

    type: Literal["profile-permissions"] = field(init=False, default="profile-permissions")
    channel: Literal["whatsapp_marketing", "whatsapp_transactional"]
    permission: AnyPermission


_Amounts = Literal["average_days_between_orders", "average_order_value", "churn_probability"]
_Lifetime = Literal["historic_clv", "predicted_clv", "total_clv"]
_Orders = Literal["historic_number_of_orders", "predicted_number_of_orders"]
_Gender = Literal["likely_female", "likely_male", "uncertain"]
AnyPrediction = (
    Predicted[_Amounts | _Lifetime | _Orders, Numeric]
    | Predicted[Literal["expected_date_of_next_purchase"], Dated]
    | Predicted[Literal["predicted_gender"], Filter[Literal["string"], Same, _Gender]]
    | ChannelAffinity[Literal["priority"], Filter[Literal["numeric"], Literal["equals"], int]]
    | ChannelAffinity[Literal["rank"], Filter[Literal["string"], Same, Literal["high", "medium", "low"]]]
)
Condition = (
    Metric
    | Property
    | Member
    | NotMember
    | MarketingConsent
    | AnyPrediction
    | PostalDistance
    | Region
    | CustomObject
    | Reachable
    | Funnel
)
