"""The made-up Run with what customers are broken down by: places, bands, tiers and answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from discovery.core.feature import Feature
from discovery.core.run import Run
from discovery.features.bands import with_bands
from discovery.features.catalogue import BY_NAME
from tests.run_factory import example_run

BANDS = ("r_score", "f_score", "r_quintile", "f_quintile", "aov_band")
TIERS = ("rfm_group", "engagement_tier")
REGIONS = ("US-CA", "US-NY", "US-TX", "US-WY", "CA-ON")
CITIES = {"US-CA": (34.5, -118.5), "US-NY": (40.7, -73.5), "US-TX": (29.7, -95.4), "US-WY": (43.1, -107.3)}


def broken_down_run() -> Run:
    """Return the Run: four countries, five regions (few in Wyoming), cities with points, and a free text."""
    run, rng = example_run(), np.random.default_rng(5)
    ids = run.table.values.index
    n = len(ids)
    region = pd.Series(rng.choice(REGIONS, n, p=[0.4, 0.3, 0.2, 0.005, 0.095]), index=ids, dtype=object)
    # Nobody is told where one customer in ten lives, and Ontario states no points.
    region[rng.random(n) < 0.1] = None
    spot = region.map(CITIES)
    north = spot.map(lambda p: p[0], na_action="ignore").astype("float64") + rng.normal(0, 0.02, n)
    east = spot.map(lambda p: p[1], na_action="ignore").astype("float64") + rng.normal(0, 0.02, n)
    country = region.map(lambda r: r[:2], na_action="ignore").fillna("NA")
    answer = pd.Series(np.where(rng.random(n) < 0.5, "Tea", "Coffee"), index=ids, dtype=object)
    answer.iloc[:3] = ["jane@example.com", "I am Jane", None]
    said = Feature("property_drink", "drink (asked)", "Zero-party", "profile", column="property.drink", kind="text",
                   missing="not answered: missing")  # fmt: skip
    tiers = [BY_NAME[name] for name in TIERS]
    columns = [pd.Series(rng.choice(t.labels, n), index=ids, dtype=object) for t in tiers]
    places = [BY_NAME[name] for name in ("region", "latitude", "longitude")]
    table = run.table.only(f.name for f in run.table.features if f.name != "country")
    table = table.with_columns([BY_NAME["country"], *places], [country, region, north, east])
    table = table.with_columns([*tiers, said], [*columns, answer])
    return replace(run, table=with_bands(table, [BY_NAME[name] for name in BANDS]))
