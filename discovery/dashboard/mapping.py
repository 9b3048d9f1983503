"""Which column of a file is what: guessed from its name, said by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

#: What one row of a table is, as people say it.
SHAPES: Mapping[str, str] = {
    "A line of an order": "order_lines",
    "An order": "orders",
    "Something that happened": "events",
    "A customer": "customers",
}
#: Our columns in words, and what files often call them, the surest first.
COLUMNS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customer_id": ("Customer", ("customerid", "customer", "clientid", "userid", "buyerid", "memberid", "id", "email")),
    "order_id": ("Order number", ("orderid", "invoiceno", "invoice", "ordernumber", "order", "transactionid")),
    "at": ("Date and time", ("invoicedate", "orderdate", "date", "createdat", "timestamp", "datetime", "time", "at")),
    "event": ("What happened", ("event", "eventname", "eventtype", "action", "type")),
    "quantity": ("Quantity", ("quantity", "qty", "units")),
    "unit_price": ("Price of one", ("unitprice", "price", "itemprice")),
    "value": ("Amount", ("total", "amount", "value", "revenue", "sales", "ordertotal", "totalprice")),
    "discount": ("Discount", ("discount", "discountamount")),
    "discount_code": ("Discount code", ("discountcode", "coupon", "vouchercode")),
    "product_id": ("Product number", ("productid", "sku", "stockcode", "itemid")),
    "product": ("Product", ("productname", "product", "description", "itemname", "item")),
    "category": ("Category", ("category", "productcategory", "department")),
    "brand": ("Brand", ("brand", "vendor", "manufacturer")),
    "email": ("E-mail", ("email", "emailaddress")),
    "country": ("Country", ("country", "countrycode")),
    "region": ("State or region", ("region", "state", "province")),
    "city": ("City", ("city", "town")),
    "postal_code": ("Postal code", ("postalcode", "zip", "zipcode", "postcode")),
    "currency": ("Currency", ("currency", "currencycode")),
}


def guess(columns: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return our names and the columns they are probably read from; no column is read twice.

    Examples
    --------
    >>> guess(["InvoiceNo", "Customer ID", "InvoiceDate"], ["customer_id", "order_id", "at", "value"])
    {'customer_id': 'Customer ID', 'order_id': 'InvoiceNo', 'at': 'InvoiceDate'}
    """
    plain = {re.sub(r"[^a-z0-9]", "", c.lower()): c for c in reversed(columns)}
    found: dict[str, str] = {}
    for ours in wanted:
        column = next((plain[n] for n in COLUMNS.get(ours, ("", ()))[1] if n in plain), None)
        if column is not None and column not in found.values():
            found[ours] = column
    return found


def called(ours: str) -> str:
    """Return our name for a column in words.

    Examples
    --------
    >>> called("customer_id"), called("campaign_id")
    ('Customer', 'Campaign id')
    """
    return COLUMNS[ours][0] if ours in COLUMNS else ours.replace("_", " ").capitalize()


def properties(columns: Sequence[str]) -> dict[str, str]:
    """Return other columns about the customer by the names under which they are kept, each by its own.

    Examples
    --------
    >>> list(properties(["Skin type?", "skin type", "肌質"]))
    ['property.skin_type', 'property.skin_type_2', 'property.肌質']
    """
    found: dict[str, str] = {}
    for column in columns:
        plain = (re.sub(other, "_", column.lower()).strip("_") for other in (r"[^a-z0-9]+", r"\W+"))
        name = base = f"property.{next(filter(None, plain), 'other')}"
        turn = 2
        while name in found:
            name, turn = f"{base}_{turn}", turn + 1
        found[name] = column
    return found
