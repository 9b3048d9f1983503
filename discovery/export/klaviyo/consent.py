"""Klaviyo's conditions on consent: who may be written to on which channel, and since when or how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from discovery.export.klaviyo.filters import Boolean, Dated, EqualsText, Filter, InTexts, IsSet
from discovery.export.klaviyo.shapes import LEFT_OUT, Absent

Name = TypeVar("Name")
Way = TypeVar("Way")
By = TypeVar("By")
Channel = TypeVar("Channel")
Can = TypeVar("Can")
State = TypeVar("State")


@dataclass(frozen=True)
class Detail(Generic[Name, By]):
    """A filter on one field of a consent."""

    field: Name
    filter: By


@dataclass(frozen=True)
class Method(Generic[Name, Way, By]):
    """How consent was given or taken back, where more is told with a filter on it."""

    field: Name
    method: Way
    filter: By = LEFT_OUT


@dataclass(frozen=True)
class Status(Generic[State, By]):
    """What a person's consent is, with filters where it has any."""

    subscription: State
    filters: By = LEFT_OUT


@dataclass(frozen=True)
class Consent(Generic[Channel, Can, State]):
    """Consent on one channel."""

    channel: Channel
    can_receive_marketing: Can
    consent_status: State


@dataclass(frozen=True)
class Permission(Generic[State, By]):
    """Whether somebody can be reached on WhatsApp."""

    reachable_status: State
    filters: By = LEFT_OUT


_By = Literal["method"]
_By_person = InTexts | Absent | None
_Since = Detail[Literal["status_date"], Dated]
_Suppressions = tuple[
    Detail[Literal["bounce_date", "manual_suppression_date", "invalid_email_date"], Dated | IsSet], ...
]
_Listed = Method[_By, Literal["form", "manual_import", "manual_add"], _By_person]
_Shopify = Method[_By, Literal["integration"], Filter[Literal["string"], Literal["in"], tuple[Literal["shopify"], ...]]]
_ConstantContact = Method[
    _By, Literal["integration"], Filter[Literal["string"], Literal["in"], tuple[Literal["constant_contact"], ...]]
]

_EmailGiven = (
    _Since
    | Detail[Literal["is_double_opt_in"], Boolean]
    | Detail[Literal["custom_source"], EqualsText]
    | _Listed
    | _Shopify
    | Method[_By, Literal["api"], _By_person]
    | Method[_By, Literal["preference_page"], EqualsText | Absent | None]
    | Method[_By, Literal["inbound_message", "back_in_stock", "sftp"], Absent]
)
_EmailTaken = (
    _Since
    | _ConstantContact
    | Method[_By, Literal["api"], _By_person]
    | Method[_By, Literal["inbound_message", "preference_page", "manual_remove", "manual_import", "sftp"], Absent]
    | Method[_By, Literal["spam_complaint", "mailbox_provider", "one_click_unsubscribe"], Absent]
    | Method[_By, Literal["data_warehouse_import", "profile_modification"], Absent]
)
_SmsGiven = (
    _Since
    | Detail[Literal["is_rcs_capable"], Boolean]
    | _Listed
    | _Shopify
    | Method[_By, Literal["checkout", "inbound_message", "preference_page", "sftp"], Absent]
)
_SmsTaken = (
    _Since
    | _Listed
    | _Shopify
    | Method[_By, Literal["checkout", "inbound_message", "preference_page", "sftp"], Absent]
    | Method[_By, Literal["manual_remove", "bulk_remove", "carrier_deactivation", "provided_landline"], Absent]
    | Method[_By, Literal["message_blocked", "provided_no_age", "failed_age_gate"], Absent]
)

_Any = Literal["any"]
_Subscribed = Literal["subscribed"]
_Unsubscribed = Literal["unsubscribed"]
_Never = Literal["never_subscribed"]

#: Who can be written to, and who cannot, on each channel.
AnyConsent = (
    Consent[
        Literal["email"],
        Literal[True],
        Status[_Any | _Never, Absent | None] | Status[_Subscribed, tuple[_EmailGiven, ...] | Absent | None],
    ]
    | Consent[
        Literal["email"],
        Literal[False],
        Status[_Any, _Suppressions | Absent | None]
        | Status[_Subscribed | _Never, _Suppressions]
        | Status[_Unsubscribed, tuple[_EmailTaken, ...] | _Suppressions | Absent | None],
    ]
    | Consent[Literal["sms"], Literal[True], Status[_Subscribed, tuple[_SmsGiven, ...] | Absent | None]]
    | Consent[
        Literal["sms"],
        Literal[False],
        Status[_Any | _Never, Absent] | Status[_Unsubscribed, tuple[_SmsTaken, ...] | Absent | None],
    ]
    | Consent[Literal["push"], Literal[True], Status[_Any, tuple[_Since, ...] | Absent | None]]
    | Consent[Literal["push"], Literal[False], Status[_Any, Absent]]
)

_WhatsAppMethods = Literal[
    "api",
    "back_in_stock",
    "bigcommerce",
    "bulk_remove",
    "campaign_monitor",
    "carrier_deactivation",
    "checkout",
    "constant_contact",
    "exact_target",
    "facebook",
    "failed_age_gate",
    "inbound_message",
    "integration",
    "mad_mimi",
    "magento_two",
    "mailbox_provider",
    "manual_add",
    "manual_import",
    "manual_remove",
    "message_blocked",
    "netsuite",
    "preference_page",
    "provided_landline",
    "provided_no_age",
    "sftp",
    "shopify",
    "social_instagram_message",
    "spam_complaint",
    "square",
    "wix",
    "woocommerce",
]
_WhatsAppDetails = tuple[
    Detail[Literal["effective_date", "recorded_date"], Dated]
    | Method[Literal["subscribe_method"], _WhatsAppMethods, Absent]
    | Method[Literal["subscribe_method"], Literal["form"], _By_person],
    ...,
]
#: Who can be reached on WhatsApp.
AnyPermission = (
    Permission[Literal["explicitly_reachable", "explicitly_unreachable"], _WhatsAppDetails]
    | Permission[Literal["implicitly_reachable", "implicitly_unreachable"], Absent]
    | Permission[Literal["implicitly_or_explicitly_reachable", "implicitly_or_explicitly_unreachable"], Absent]
)
