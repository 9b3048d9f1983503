"""What must always hold of features at a date."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from discovery.core.feature import Feature, FeatureTable
from discovery.features.catalogue import CATALOGUE
from tests.stores import features_at

AS_OF = date(2024, 3, 1)
START = datetime(2023, 1, 1)
LAW = settings(max_examples=15)


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Draw the events of a few customers, some of them at midnight, at the date itself and after it."""
    rows = []
    for n in range(draw(st.integers(3, 25))):
        day = draw(st.integers(0, 460))
        second = draw(st.sampled_from([0, 1, 43_200, 86_399]))
        event = draw(
            st.sampled_from(["placed_order", "placed_order", "ordered_product", "refunded_order", "viewed_product"])
        )
        sign = -1 if event == "refunded_order" else 1
        rows.append(
            {
                "customer_id": draw(st.sampled_from(["a", "b", "c", "d"])),
                "event": event,
                "at": START + timedelta(days=day, seconds=second),
                "value": sign * draw(st.integers(0, 50_000)) / 100,
                "order_id": f"o{n}",
                "product_id": draw(st.sampled_from(["p1", "p2", "p3"])),
                "quantity": float(draw(st.integers(1, 5))),
                "discount": draw(st.sampled_from([None, 0.0, 2.5])),
            }
        )
    # Somebody has ordered before the date, or there is nothing to compute.
    rows.append({"customer_id": "a", "event": "placed_order", "at": START, "value": 5.0, "order_id": "first"})
    return pd.DataFrame(rows)


def at_date(events: pd.DataFrame, features: Sequence[Feature] = CATALOGUE) -> FeatureTable:
    with tempfile.TemporaryDirectory() as folder:
        return features_at(Path(folder) / "store", events, AS_OF, features)


@given(histories(), st.integers(0, 500))
@LAW
def test_nothing_at_or_after_the_date_matters(events: pd.DataFrame, later: int) -> None:
    before = at_date(events[events["at"] < pd.Timestamp(AS_OF)]).values
    extra = pd.DataFrame(
        [
            {
                "customer_id": "a",
                "event": event,
                "at": datetime(2024, 3, 1) + timedelta(hours=later),
                "value": 99.0,
                "order_id": "late",
            }
            for event in ("placed_order", "cancelled_order", "refunded_order")
        ]
    )
    after = at_date(pd.concat([events, extra])).values
    assert_frame_equal(before, after.loc[before.index], check_exact=True)


@given(histories(), st.randoms(use_true_random=False))
@LAW
def test_the_order_of_rows_does_not_matter(events: pd.DataFrame, chance: random.Random) -> None:
    shuffled = events.sample(frac=1, random_state=chance.randrange(2**31))
    first, second = at_date(events), at_date(shuffled)
    assert first.fingerprint == second.fingerprint
    assert_frame_equal(first.values, second.values, check_exact=True)


@given(histories())
@LAW
def test_a_customer_does_not_depend_on_the_others(events: pd.DataFrame) -> None:
    """But for bands, whose cut-offs are learnt from the crowd and stored."""
    own = [f for f in CATALOGUE if f.aggregate != "band"]
    alone = at_date(events[events["customer_id"] == "a"], own).values
    assert_frame_equal(alone, at_date(events, own).values.loc[["a"]], check_exact=True)


@given(histories(), st.sampled_from([2, 10, 100]))
@LAW
def test_another_currency_scales_only_money(events: pd.DataFrame, rate: int) -> None:
    dear = events.assign(value=events["value"] * rate, discount=events["discount"] * rate)
    first, second = at_date(events), at_date(dear)
    for feature in first.features:
        if feature.kind == "number":
            scale = rate if feature.unit == "money" else 1
            np.testing.assert_allclose(
                second.values[feature.name], first.values[feature.name] * scale, rtol=1e-12, err_msg=feature.name
            )


@given(histories())
@LAW
def test_features_equal_an_independent_calculation(events: pd.DataFrame) -> None:
    got = at_date(events).values
    seen = events[events["at"] < pd.Timestamp(AS_OF)]
    for customer, row in got.iterrows():
        mine = seen[seen["customer_id"] == customer]
        orders = mine[(mine["event"] == "placed_order") & (mine["value"] > 0)].sort_values("at")
        days = (pd.Timestamp(AS_OF) - orders["at"].dt.normalize()).dt.days
        refunds = mine[mine["event"] == "refunded_order"]
        gaps = orders["at"].dt.normalize().diff().dt.days.dropna()
        lines = mine[mine["event"] == "ordered_product"]
        known = orders["discount"].notna()
        spent = lines.groupby("product_id")["value"].sum()
        expected = {
            "orders": len(orders),
            "orders_90d": (days <= 90).sum(),
            "revenue": orders["value"].sum(),
            "net_revenue": orders["value"].sum() + refunds["value"].sum(),
            "days_since_last_order": days.min(),
            "days_since_first_order": days.max(),
            "median_gap_days": gaps.median(),
            "mean_gap_days": gaps.mean(),
            "average_order_value": orders["value"].mean(),
            "largest_order": orders["value"].max(),
            "share_weekend": (orders["at"].dt.day_of_week >= 5).mean(),
            "share_november_december": (orders["at"].dt.month >= 11).mean(),
            "share_evening": (orders["at"].dt.hour >= 17).mean(),
            "share_discounted": (orders.loc[known, "discount"] > 0).mean(),
            "distinct_products": lines["product_id"].nunique(),
            "top_product_share": spent.max() / spent.sum() if spent.sum() > 0 else np.nan,
            "refunded_orders": len(refunds),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(row[name], float(value), rtol=1e-9, err_msg=f"{customer} {name}")
