"""The standing fixture: a store of four kinds of customers that nobody could mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

AS_OF = date(2025, 7, 1)
END = date(2025, 10, 1)


@dataclass(frozen=True)
class Kind:
    """How one kind buys: orders before the date, days before it of the last one, value, and the chance to buy after."""

    name: str
    orders: tuple[int, int]
    last: tuple[int, int]
    gap: tuple[int, int]
    value: tuple[float, float]
    after: float


KINDS = (
    Kind("devoted", (9, 14), (2, 25), (20, 35), (55, 75), 0.9),
    Kind("big baskets", (3, 4), (40, 90), (80, 110), (550, 800), 0.4),
    Kind("gone", (3, 5), (420, 520), (25, 45), (45, 65), 0.02),
    Kind("once", (1, 1), (150, 320), (1, 1), (18, 30), 0.1),
)
EACH = 100
COUNTRIES = ("US", "GB", "DE", None)


def write_planted_store(folder: Path) -> None:
    """Write the canonical folder, its truth, and a config beside them."""
    rng = np.random.default_rng(11)
    events, profiles, truth = [], [], []
    for k, kind in enumerate(KINDS):
        for i in range(EACH):
            customer = f"{kind.name[:2]}-{i:03d}"
            truth.append((customer, kind.name))
            profiles.append((customer, COUNTRIES[(k + i) % 4], "subscribed" if i % 5 else "unsubscribed", i == 3))
            last = int(rng.integers(kind.last[0], kind.last[1] + 1))
            days = [last]
            for _ in range(int(rng.integers(kind.orders[0], kind.orders[1] + 1)) - 1):
                days.append(days[-1] + int(rng.integers(kind.gap[0], kind.gap[1] + 1)))
            days += [-int(rng.integers(0, 90))] if rng.random() < kind.after else []
            for n, day in enumerate(days):
                at = datetime.combine(AS_OF - timedelta(days=day), datetime.min.time()) + timedelta(
                    minutes=int(rng.integers(0, 1440))
                )
                value = round(float(rng.uniform(*kind.value)), 2)
                order = f"{customer}/{n}"
                events.append(
                    (customer, "placed_order", at, value, order, None, 1.0 + n % 3, 5.0 if n % 4 == 0 else 0.0)
                )
                events.append((customer, "ordered_product", at, value, order, f"p{(k * 7 + n) % 12}", 1.0 + n % 3, 0.0))
                if n % 9 == 8:
                    events.append(
                        (customer, "refunded_order", at + timedelta(hours=1), -value / 2, order, None, None, None)
                    )
    # Someone who looks and never buys.
    profiles.append(("pr-000", "US", "subscribed", False))
    look = datetime.combine(AS_OF - timedelta(days=9), datetime.min.time())
    events.append(("pr-000", "viewed_product", look, None, None, "p1", None, None))
    folder.mkdir(parents=True)
    columns = ["customer_id", "event", "at", "value", "order_id", "product_id", "quantity", "discount"]
    table = pd.DataFrame(events, columns=columns)
    table.insert(3, "event_id", [f"e{n}" for n in range(len(table))])
    table.to_parquet(folder / "events.parquet", index=False)
    people = pd.DataFrame(profiles, columns=["customer_id", "country", "consent_email", "suppressed"])
    people["created_at"] = pd.NaT
    people["created_at"] = people["created_at"].astype("datetime64[us]")
    people.to_parquet(folder / "profiles.parquet", index=False)
    pd.DataFrame(truth, columns=["customer_id", "kind"]).to_parquet(folder / "truth.parquet", index=False)
    (folder / "store.json").write_text('{"schema_version": 1, "currency": "EUR"}', encoding="utf-8")
    (folder / "config.yaml").write_text(
        f"source: {{kind: canonical, path: .}}\nas_of: {AS_OF}\nseed: 7\nquestion: repeat\n", encoding="utf-8"
    )
