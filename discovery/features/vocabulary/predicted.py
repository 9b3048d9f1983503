"""What the lifetime models expect of a customer; missing where they are refused, with the reason in the notes."""

from __future__ import annotations

from discovery.core.feature import Feature
from discovery.features.vocabulary.terms import COUNTS, DAYS, MONEY, SHARES

_REFUSED = "no order, or refused for want of history: missing"


def _predicted(name: str, label: str, unit: str, steps: tuple[float, ...]) -> Feature:
    return Feature(name, label, "Predicted", "predicted", unit=unit, missing=_REFUSED, human_step=steps)


def _quintile(name: str, label: str, of: str) -> Feature:
    steps = (1.0, 2.0, 3.0, 4.0, 5.0)
    return Feature(
        name,
        f"{label}, 5 is best",
        "Predicted",
        "predicted",
        of=(of,),
        bands="quintiles",
        labels=tuple(f"{s:.0f}" for s in steps),
        unit="score",
        missing=_REFUSED,
        human_step=steps,
    )


PREDICTED: tuple[Feature, ...] = (
    _predicted("predicted_orders_365d", "orders expected in the next 365 days", "orders", (0.1, 0.25, 0.5, *COUNTS)),
    _predicted("predicted_value_365d", "revenue expected in the next 365 days", "money", MONEY),
    _predicted("total_value", "historic and expected revenue", "money", MONEY),
    _predicted("probability_no_order_90d", "chance of no order in the next 90 days", "share", SHARES),
    _predicted("next_order_from_days", "days until the next order, at the earliest", "days", DAYS),
    _predicted("next_order_to_days", "days until the next order, at the latest", "days", DAYS),
    _quintile("predicted_value_quintile", "fifth by revenue expected in the next 365 days", "predicted_value_365d"),
    _quintile("total_value_quintile", "fifth by historic and expected revenue", "total_value"),
)
