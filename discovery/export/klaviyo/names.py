"""What our events, their columns and places are called in Klaviyo."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pycountry

#: Metrics whose name is not that of our event with blanks and capitals. Those of consent are told apart by channel.
_METRICS: Mapping[str, str] = {
    "active_on_site": "Active on Site",
    "started_checkout": "Checkout Started",
    "submitted_form": "Form submitted by profile",
    "marked_spam": "Marked Email as Spam",
    "received_sms": "Received SMS",
    "clicked_sms": "Clicked SMS",
}
CONSENT_METRICS: Mapping[str, Mapping[str, str]] = {
    "subscribed": {"email": "Subscribed to Email Marketing", "sms": "Subscribed to SMS Marketing"},
    "unsubscribed": {"email": "Unsubscribed from Email Marketing", "sms": "Unsubscribed from SMS Marketing"},
}

#: Column of an event to the property of Klaviyo's event: by event where that matters, else for all.
_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "value": {"": "$value", "viewed_product": "Price"},
    "quantity": {"ordered_product": "Quantity", "added_to_cart": "AddedItemQuantity"},
    "discount": {"placed_order": "DiscountValue"},
    "discount_code": {"placed_order": "Discount Codes"},
    "product": {
        **{"ordered_product": "Name", "viewed_product": "ProductName"},
        "added_to_cart": "AddedItemProductName",
    },
    "product_id": {
        **{"ordered_product": "ProductID", "viewed_product": "ProductID"},
        "added_to_cart": "AddedItemProductID",
    },
    "category": {
        **{"ordered_product": "Collections", "viewed_product": "Categories"},
        "added_to_cart": "AddedItemCategories",
    },
    "brand": {"ordered_product": "Vendor", "viewed_product": "Brand"},
    "campaign_id": {"": "$message"},
    "bounce_type": {"bounced_email": "Bounce Type"},
    "device": {"": "Device Type"},
    "machine": {"opened_email": "Apple Privacy Open", "clicked_email": "Bot Click", "clicked_sms": "Bot Click"},
}
#: Other names of the same, as integrations send them.
_ALIASES: Mapping[str, str] = {
    **{"Name": "product", "ProductName": "product", "SKU": "product_id"},
    **{"Collections": "category", "Categories": "category", "ProductCategories": "category"},
    **{"Vendor": "brand", "Brand": "brand", "ProductBrand": "brand"},
}
#: Columns that Klaviyo holds as a list.
LISTED = ("category", "discount_code")


def metric_name(event: str) -> str:
    """Return what an event's metric is called.

    Examples
    --------
    >>> metric_name("placed_order"), metric_name("started_checkout"), metric_name("added_to_wishlist")
    ('Placed Order', 'Checkout Started', 'Added To Wishlist')
    """
    return _METRICS.get(event) or event.replace("_", " ").title()


def event_property(event: str, column: str) -> str | None:
    """Return what a column of an event is called, or None where Klaviyo's event does not hold it."""
    named = _PROPERTIES.get(column, {})
    # Our refunds are negative, Klaviyo's are not.
    return None if (event, column) == ("refunded_order", "value") else named.get(event) or named.get("")


def event_column(event: str, name: str) -> str | None:
    """Return the column that a property of Klaviyo's event is, or None where our tables do not hold it.

    Examples
    --------
    >>> event_column("ordered_product", "SKU"), event_column("placed_order", "Items")
    ('product_id', None)
    """
    alias = _ALIASES.get(name, "")
    if alias and event_property(event, alias):
        return alias
    return next((column for column in _PROPERTIES if event_property(event, column) == name), None)


def country_name(code: str) -> str:
    """Return a country's name; of what is no country, the code itself.

    Examples
    --------
    >>> country_name("US"), country_name("VN")
    ('United States', 'Vietnam')
    """
    found = pycountry.countries.get(alpha_2=code)
    return str(getattr(found, "common_name", found.name)) if found else code


def region_name(code: str) -> str:
    """Return a region's name; of what is no region, the code itself.

    Examples
    --------
    >>> region_name("US-MA")
    'Massachusetts'
    """
    regions: Any = pycountry.subdivisions
    found = regions.get(code=code)
    return str(found.name) if found else code


@cache
def country_codes() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of each country name."""
    return {country_name(c.alpha_2): (c.alpha_2,) for c in pycountry.countries}


@cache
def region_codes() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of each region name: several countries may have a region of one name."""
    out: dict[str, tuple[str, ...]] = {}
    for each in pycountry.subdivisions:
        out[each.name] = (*out.get(each.name, ()), each.code)
    return out
