"""What happened after a date, measured by the same vocabulary: a window that ends later."""

from __future__ import annotations

from discovery.core.feature import Feature


def forward_features(days: int) -> tuple[Feature, ...]:
    """Return orders, net revenue and clicks of the `days` before a date.

    Extracted at ``as_of + days`` they are the response in the forward window of ``as_of``.

    Examples
    --------
    >>> [f.name for f in forward_features(90)]
    ['forward_orders', 'forward_revenue', 'forward_clicks']
    """
    return (
        Feature("forward_orders", "orders after the date", "Response", "count", ("placed_order",), window=days),
        Feature(
            "forward_revenue",
            "net revenue after the date",
            "Response",
            "sum",
            ("placed_order", "refunded_order"),
            "value",
            window=days,
            unit="money",
        ),
        Feature(
            "forward_clicks",
            "clicks after the date",
            "Response",
            "count",
            ("clicked_email", "clicked_sms"),
            window=days,
            where=(("machine", "<>", True),),
        ),
    )
