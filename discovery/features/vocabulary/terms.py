"""Words that declarations of features share: events, thresholds people use, and the common shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from discovery.core.feature import Feature, Filter

ORDERED = ("placed_order",)
LINE = ("ordered_product",)
REFUNDED = ("refunded_order",)
EMAILED = ("received_email",)
TEXTED = ("received_sms",)
OPENED = ("opened_email",)
CLICKED = ("clicked_email", "clicked_sms")

#: A machine's open or click (Apple Mail Privacy Protection, bots) says nothing of the person.
HUMAN: tuple[Filter, ...] = (("machine", "<>", True),)

DAYS = (7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 240, 270, 300, 365, 395, 450, 540, 730, 1095)
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500)
MONEY = tuple(
    digit * 10**power for power in range(6) for digit in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8) if digit * 10**power >= 5
)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)
RATIOS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

NO_ORDER = "no order: missing"
#: No order is older than this to a clustering: far beyond any real recency.
NEVER_DAYS = 3_650.0


def counted(name: str, label: str, family: str, events: tuple[str, ...], unit: str, **more: Any) -> Feature:
    """Return a feature that counts events; nobody's count is missing."""
    use = {"aggregate": "count", "missing": "none: 0", "fill": 0.0, "human_step": COUNTS, **more}
    return Feature(name, label, family, events=events, unit=unit, **use)


def summed(name: str, label: str, events: tuple[str, ...], **more: Any) -> Feature:
    """Return a feature that adds up money."""
    use = {"missing": NO_ORDER.replace("missing", "0"), "fill": 0.0, "human_step": MONEY, **more}
    return Feature(name, label, "RFM", "sum", events, "value", unit="money", **use)


def since(name: str, label: str, family: str, events: tuple[str, ...], **more: Any) -> Feature:
    """Return a feature that counts days since the last event; missing where there was none."""
    use = {"missing": "never: missing", "human_step": DAYS, **more}
    return Feature(name, label, family, "days_since_last", events, unit="days", **use)


def share_of_orders(name: str, label: str, family: str, where: tuple[Filter, ...], **more: Any) -> Feature:
    """Return a feature that says which share of the orders a filter holds for."""
    use = {"missing": NO_ORDER, "fill": 0.0, "holdout": True, "human_step": SHARES, **more}
    return Feature(name, label, family, "share", ORDERED, where=where, unit="share", **use)


def ratio(name: str, label: str, family: str, above: str, below: str, **more: Any) -> Feature:
    """Return a feature that divides one by another; missing where the divisor is 0 or missing."""
    use = {"unit": "times", "missing": NO_ORDER, "human_step": RATIOS, **more}
    return Feature(name, label, family, "ratio", of=(above, below), **use)


def windowed(base: Feature, *windows: int, **more: Any) -> tuple[Feature, ...]:
    """Return `base` over the last so many days, once for each window."""
    return tuple(
        replace(
            base,
            **{
                "name": f"{base.name}_{w}d",
                "label": f"{base.label} in the last {w} days",
                "window": w,
                "cluster": False,
                **more,
            },
        )
        for w in windows
    )


def field(kind: Any, family: str) -> Callable[..., Feature]:
    """Return a maker of features that are read straight from the profile."""
    return partial(_field, kind, family)


def _field(kind: Any, family: str, column: str, label: str, **more: Any) -> Feature:
    return Feature(
        column, label, family, "profile", column=column, kind=kind, **{"missing": "not known: missing", **more}
    )
