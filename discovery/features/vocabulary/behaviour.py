"""Seasons, messages, browsing, and the stage of a customer's life."""

from __future__ import annotations

from typing import Any

from discovery.core.feature import Feature
from discovery.features.vocabulary.terms import (
    CLICKED,
    DAYS,
    EMAILED,
    HUMAN,
    OPENED,
    ORDERED,
    SHARES,
    TEXTED,
    counted,
    ratio,
    share_of_orders,
    since,
    windowed,
)

_SEASON = "Season and time"
_ENGAGEMENT = "Engagement"
_BROWSING = "Browsing"


def _season(name: str, label: str, words: tuple[str, str] | tuple[()] = ()) -> Feature:
    return share_of_orders(f"share_{name}", f"share of orders {label}", _SEASON, (("season", "=", name),), words=words)


def _campaigns(name: str, label: str, events: tuple[str, ...], **more: Any) -> Feature:
    # One message may be opened many times, so only different ones say which share was read.
    return counted(name, label, _ENGAGEMENT, events, "campaigns", aggregate="distinct", column="campaign_id", **more)


def _abandoned(name: str, label: str, event: str) -> Feature:
    return counted(
        name,
        f"{label} in the last 30 days with no order within 7 days",
        _BROWSING,
        (event, "placed_order"),
        "times",
        aggregate="unfollowed",
        window=30,
    )


SEASONAL: tuple[Feature, ...] = (
    share_of_orders(
        "share_weekend",
        "share of orders on a weekend",
        _SEASON,
        (("weekday", ">=", 5),),
        words=("weekday {}", "weekend {}"),
    ),
    share_of_orders(
        "share_morning", "share of orders from 5:00 to 12:00 UTC", _SEASON, (("hour", ">=", 5), ("hour", "<", 12))
    ),
    share_of_orders(
        "share_evening",
        "share of orders from 17:00 UTC",
        _SEASON,
        (("hour", ">=", 17),),
        words=("daytime {}", "evening {}"),
    ),
    _season("november_december", "in November and December", ("all-year {}", "holiday {}")),
    _season("black_friday", "from Black Friday to Cyber Monday"),
    _season("christmas", "from 1 to 25 December"),
    _season("valentines", "in the two weeks before Valentine's Day"),
    _season("mothers_day", "in the two weeks before Mother's Day"),
    _season("summer", "in June, July and August"),
    counted(
        "orders_last_black_friday",
        "orders on the last Black Friday weekend",
        _SEASON,
        ORDERED,
        "orders",
        where=(("season", "=", "last_black_friday"),),
    ),
)

_RECEIVED = counted("emails_received", "e-mails received", _ENGAGEMENT, EMAILED, "e-mails")
_OPENS = counted("opens", "e-mails opened by a person", _ENGAGEMENT, OPENED, "opens", where=HUMAN)
_CLICKS = counted("clicks", "e-mail and SMS clicks", _ENGAGEMENT, CLICKED, "clicks", where=HUMAN)
_VIEWS = counted("product_views", "products viewed", _BROWSING, ("viewed_product",), "views")

ENGAGEMENT: tuple[Feature, ...] = (
    _RECEIVED,
    *windowed(_RECEIVED, 90),
    *windowed(_OPENS, 30, 90),
    _CLICKS,
    *windowed(_CLICKS, 30),
    *windowed(_CLICKS, 90, holdout=True, words=("unengaged {}", "engaged {}")),
    ratio(
        "click_rate_90d",
        "clicks per e-mail received in the last 90 days",
        _ENGAGEMENT,
        "clicks_90d",
        "emails_received_90d",
        unit="times",
        missing="no e-mail received: missing",
        human_step=SHARES,
        words=("{} who rarely click", "{} who click"),
    ),
    *windowed(_campaigns("campaigns_received", "different campaigns received by e-mail", EMAILED), 90),
    *windowed(_campaigns("campaigns_opened", "different campaigns a person opened", OPENED, where=HUMAN), 90),
    ratio(
        "open_rate_90d",
        "campaigns a person opened per campaign received in the last 90 days",
        _ENGAGEMENT,
        "campaigns_opened_90d",
        "campaigns_received_90d",
        missing="no campaign received: missing",
        human_step=SHARES,
    ),
    since("days_since_last_open", "days since a person opened an e-mail", _ENGAGEMENT, OPENED, where=HUMAN),
    since(
        "days_since_last_click",
        "days since last e-mail or SMS click",
        _ENGAGEMENT,
        CLICKED,
        where=HUMAN,
        words=("{} who clicked lately", "{} who stopped clicking"),
    ),
    since("days_since_subscribed", "days since last subscribing", _ENGAGEMENT, ("subscribed",)),
    *windowed(counted("sms_received", "SMS received", _ENGAGEMENT, TEXTED, "SMS"), 90),
    *windowed(counted("sms_clicks", "SMS clicks", _ENGAGEMENT, ("clicked_sms",), "clicks", where=HUMAN), 90),
    counted(
        "bounces_in_a_row",
        "e-mails bounced since the last delivered",
        _ENGAGEMENT,
        ("bounced_email", "received_email"),
        "bounces",
        aggregate="run_since",
    ),
    counted("spam_complaints", "times marked as spam", _ENGAGEMENT, ("marked_spam",), "times"),
    Feature(
        "engagement_tier",
        "engagement tier",
        _ENGAGEMENT,
        "tier",
        kind="text",
        labels=(
            "champion",
            "recent buyer",
            "engaged 30",
            "engaged 60",
            "engaged 90",
            "engaged 180",
            "nearly lapsed",
            "nearly there",
            "unreachable",
            "never engaged",
            "lapsed",
        ),
    ),
)

BROWSING: tuple[Feature, ...] = (
    *windowed(_VIEWS, 30),
    *windowed(_VIEWS, 90, holdout=True, words=("{} who rarely browse", "{} who browse")),
    *windowed(counted("site_visits", "site visits", _BROWSING, ("active_on_site",), "visits"), 90),
    since("days_since_last_visit", "days since last site visit", _BROWSING, ("active_on_site", "viewed_product")),
    *windowed(counted("searches", "searches", _BROWSING, ("submitted_search",), "searches"), 90),
    *windowed(counted("carts", "carts filled", _BROWSING, ("added_to_cart",), "carts"), 30),
    *windowed(counted("checkouts", "checkouts started", _BROWSING, ("started_checkout",), "checkouts"), 30),
    _abandoned("browse_abandoned_30d", "products viewed", "viewed_product"),
    _abandoned("carts_abandoned_30d", "carts filled", "added_to_cart"),
    _abandoned("checkouts_abandoned_30d", "checkouts started", "started_checkout"),
    counted("reviews", "reviews written", _BROWSING, ("submitted_review",), "reviews"),
)

LIFECYCLE: tuple[Feature, ...] = (
    Feature(
        "days_since_created",
        "days since the profile was made",
        "Lifecycle",
        "days_since_field",
        column="created_at",
        unit="days",
        missing="not known: missing",
        human_step=DAYS,
    ),
    Feature(
        "lifecycle",
        "stage of life",
        "Lifecycle",
        "tier",
        kind="text",
        labels=("prospect", "new", "former VIP", "lapsed", "lapsing", "one-time", "loyal", "repeat"),
    ),
)
