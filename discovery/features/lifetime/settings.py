"""Thresholds of the lifetime models, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.core.settings import setting


@dataclass(frozen=True)
class LifetimeSettings:
    """When customers' future orders are predicted, and how far."""

    models: tuple[str, ...] = setting(("pareto_nbd", "mbg_nbd"), "Models tried in order, until one converges.")
    horizon_days: int = setting(365, "How far orders and value are predicted.", "days", 1, 1_825)
    churn_days: int = setting(90, "No order within this many days is the risk that is predicted.", "days", 1, 1_825)
    min_customers: int = setting(
        500, "With fewer, four parameters differ too much between equal stores.", "customers", 10, 1_000_000
    )
    min_history_days: int = setting(
        180, "In a shorter history somebody who left looks like somebody who has not come back yet.", "days", 14, 3_650
    )
    max_silent_days: int = setting(
        30, "No order at all for longer means that the data end before the date, not that customers left.", "days", 1
    )
    min_orders: int = setting(3, "Somebody must have ordered on this many days, or regularity cannot be seen.", "", 2)
    window_probability: float = setting(
        0.5, "Chance of the next order in the window shown; the rest lies half before, half after.", "share", 0.05, 0.95
    )
    window_limit_days: int = setting(1_095, "A next order later than this is called never.", "days", 30, 36_500)
    window_given_order: bool = setting(
        False, "Show when the next order comes if it comes, instead of leaving the window open where it may not."
    )
