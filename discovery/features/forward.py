"""What happened after a date, measured by the same vocabulary; and what a config states as the response."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from discovery.core.errors import SettingError, did_you_mean
from discovery.core.feature import Feature
from discovery.core.settings import ResponseSettings
from discovery.features.vocabulary.terms import CLICKED, HUMAN, ORDERED, REFUNDED


def forward_features(days: int, event: str = "") -> tuple[Feature, ...]:
    """Return orders, net revenue and clicks of the `days` before a date, and how often `event` happened, if named.

    Extracted at ``as_of + days`` they are the response in the forward window of ``as_of``.

    Examples
    --------
    >>> [f.name for f in forward_features(90, "redeemed_coupon")]
    ['forward_orders', 'forward_revenue', 'forward_clicks', 'forward_stated']
    """
    stated = Feature(
        "forward_stated", f"{event} after the date", "Response", "count", (event,), window=days, where=HUMAN
    )
    return (
        Feature("forward_orders", "orders after the date", "Response", "count", ORDERED, window=days),
        Feature(
            "forward_revenue",
            "net revenue after the date",
            "Response",
            "sum",
            (*ORDERED, *REFUNDED),
            "value",
            window=days,
            unit="money",
        ),
        Feature("forward_clicks", "clicks after the date", "Response", "count", CLICKED, window=days, where=HUMAN),
        *((stated,) if event else ()),
    )


def stated_property(response: ResponseSettings, events: Iterable[str], properties: Iterable[Feature]) -> Feature | None:
    """Return the property that the config states as the response, or None where it states none.

    Parameters
    ----------
    response : ResponseSettings
        An event, a property, or neither.
    events : iterable of str
        Names of the events that the data hold.
    properties : iterable of Feature
        The data's own.

    Raises
    ------
    SettingError
        If both are stated, or the data hold no such event or property, with the nearest one.
    """
    if response.event and response.property:
        raise SettingError(
            "response must name an event or a property, got both. Leave out the property: it has no time."
        )
    if response.event and response.event not in (known := tuple(events)):
        raise SettingError(
            f"response.event must name an event of the data, got {response.event!r}. "
            f"{did_you_mean(response.event, known)}"
        )
    if not response.property:
        return None
    own = {f.column.removeprefix("property."): f for f in properties}
    if response.property not in own:
        raise SettingError(
            f"response.property must name a property of the data, got {response.property!r}. "
            f"{did_you_mean(response.property, own)}"
        )
    return own[response.property]


def yes_or_no(feature: Feature, values: pd.Series) -> pd.Series:
    """Return who has the property as booleans; not answered counts as no.

    Raises
    ------
    SettingError
        If its values are anything but yes and no, or 1 and 0.

    Examples
    --------
    >>> last = Feature("property_last", "last (asked)", "Zero-party", "profile", column="property.last")
    >>> yes_or_no(last, pd.Series([1.0, 0.0, None])).tolist()
    [True, False, False]
    """
    strange = [v for v in values.dropna().unique() if v not in (0, 1)]
    if strange:
        raise SettingError(
            f"response.property must be yes or no (1 or 0), got {strange[0]!r} in {feature.column}. Name another one."
        )
    return values.eq(1)
