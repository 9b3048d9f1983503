"""Where customers stand among others, as pandas says it."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from discovery.core.places import by_customer, places

IDS = st.lists(st.text(max_size=3), max_size=8)


@given(customers=IDS, among=IDS.map(lambda ids: sorted(set(ids))))
def test_places_are_those_of_pandas(customers: list[str], among: list[str]) -> None:
    wanted, others = (pd.Index(ids, dtype="str") for ids in (customers, among))
    assert_array_equal(places(wanted, others), others.get_indexer(wanted))
    values = pd.Series(range(len(among)), others, "float64")
    assert_array_equal(by_customer(values, wanted, -1.0), values.reindex(wanted, fill_value=-1.0))
