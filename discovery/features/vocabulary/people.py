"""Where customers are, and how they may be reached."""

from __future__ import annotations

from discovery.core.feature import Feature
from discovery.features.vocabulary.terms import field

_place = field("text", "Geography")
_degree = field("number", "Geography")
_consent = field("text", "Consent")

PEOPLE: tuple[Feature, ...] = (
    _place("country", "country"),
    _place("region", "region"),
    _place("city", "city"),
    _place("postal_code", "postal code"),
    _degree("latitude", "latitude"),
    _degree("longitude", "longitude"),
    _consent("consent_email", "e-mail consent"),
    _consent("consent_sms", "SMS consent"),
    field("boolean", "Consent")("suppressed", "suppressed"),
    field("date", "Zero-party")("birthday", "birthday"),
    Feature(
        "age",
        "age",
        "Zero-party",
        "years_since_date",
        column="birthday",
        unit="years",
        missing="not known: missing",
        human_step=tuple(range(15, 95, 5)),
    ),
)
