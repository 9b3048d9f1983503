"""Tables made of a table share its columns."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from discovery.core.feature import Feature, FeatureTable


def table(**columns: list[float]) -> FeatureTable:
    values = pd.DataFrame(columns, index=pd.Index(["a", "b"], name="customer_id"))
    return FeatureTable(values, tuple(Feature(n, n, "RFM", "count") for n in columns), date(2026, 1, 1), "")


def test_what_is_chosen_is_not_held_twice_and_changes_nothing_of_the_whole() -> None:
    whole = table(orders=[1.0, 2.0], visits=[3.0, 4.0])
    chosen = whole.only(["visits"])
    assert np.shares_memory(chosen.values["visits"].to_numpy(), whole.values["visits"].to_numpy())
    chosen.values.loc[:, "visits"] = 9.0
    assert whole.values["visits"].tolist() == [3.0, 4.0]
