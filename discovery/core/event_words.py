"""What is counted where events are, in words."""

from __future__ import annotations

from collections.abc import Mapping

_COUNTED: Mapping[str, str] = {
    "placed_order": "orders placed",
    "ordered_product": "products ordered",
    "refunded_order": "refunds",
    "cancelled_order": "orders cancelled",
    "fulfilled_order": "orders sent",
    "viewed_product": "views of a product",
    "added_to_cart": "additions to a cart",
    "started_checkout": "checkouts started",
    "active_on_site": "visits to the site",
    "submitted_search": "searches",
    "submitted_form": "forms filled in",
    "submitted_review": "reviews written",
    "received_email": "e-mails received",
    "opened_email": "e-mails opened",
    "clicked_email": "e-mails clicked",
    "bounced_email": "e-mails bounced",
    "received_sms": "SMS received",
    "clicked_sms": "SMS clicked",
}


def counted(event: str) -> str:
    """Return what events of a name are called where they are counted; the first word is the one that has a plural.

    Examples
    --------
    >>> counted("ordered_product"), counted("visited_pricing")
    ('products ordered', 'events called visited pricing')
    """
    return _COUNTED.get(event, f"events called {event.replace('_', ' ')}")
