"""Where customers are, and how they may be reached."""

from __future__ import annotations

from discovery.core.feature import Feature

PEOPLE: tuple[Feature, ...] = (
    Feature(
        "country",
        "country",
        "Geography",
        "profile",
        column="country",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "region",
        "region",
        "Geography",
        "profile",
        column="region",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "consent_email",
        "e-mail consent",
        "Consent",
        "profile",
        column="consent_email",
        kind="text",
        missing="not known: missing",
    ),
    Feature(
        "suppressed",
        "suppressed",
        "Consent",
        "profile",
        column="suppressed",
        kind="boolean",
        missing="not known: missing",
    ),
)
