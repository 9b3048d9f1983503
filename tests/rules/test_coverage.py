"""How a set of rules shares the customers."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from discovery.rules.coverage import coverage


@given(hnp.arrays(bool, st.tuples(st.integers(0, 30), st.integers(0, 4))))
def test_shares_of_coverage_add_up(members):
    found = coverage(pd.DataFrame(members, columns=[f"r{i}" for i in range(members.shape[1])]))
    if len(members):
        assert found.uncovered + found.once + found.repeated == pytest.approx(1)
        assert (found.repeated > 0) == (members.sum(axis=1) > 1).any()
    else:
        assert math.isnan(found.uncovered)
