"""Events that features read, and thresholds that people use."""

from __future__ import annotations

ORDERED = ("placed_order",)
LINE = ("ordered_product",)
REFUNDED = ("refunded_order",)
CLICKED = ("clicked_email", "clicked_sms")
DAYS = (7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 240, 270, 300, 365, 395, 450, 540, 730, 1095)
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500)
MONEY = tuple(
    digit * 10**power for power in range(6) for digit in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8) if digit * 10**power >= 5
)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)
NO_ORDER = "no order: missing"
NO_ORDER_ZERO = "no order: 0"
#: No order is older than this to a clustering: far beyond any real recency.
NEVER_DAYS = 3_650.0
