"""What stands before an amount of money."""

from __future__ import annotations

#: XXX is the code of no currency.
_SIGNS = {
    "USD": "$",
    "GBP": "£",
    "EUR": "€",
    "JPY": "¥",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "INR": "₹",
    "XXX": "",
}


def currency_sign(currency: str) -> str:
    """Return what is written before an amount: the sign of an ISO 4217 code, or the code and a space.

    Examples
    --------
    >>> currency_sign("GBP"), currency_sign("CHF"), currency_sign("")
    ('£', 'CHF ', '')
    """
    return _SIGNS.get(currency, f"{currency} " if currency else "")
