"""Intervals of many groups at once are those of each group alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.core.intervals import Amounts, Numbers, rate_intervals
from discovery.validate.response import mean_interval, rate_interval

AMOUNTS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 4.0, 25.5, 180.0, -12.0, float("nan")]), min_size=3, max_size=60)


@given(AMOUNTS, st.integers(1, 4))
def test_groups_at_once_have_the_intervals_of_each_alone(amounts: list[float], groups: int) -> None:
    values = np.array(amounts)
    which = np.arange(len(values)) % groups

    def add(each: Numbers) -> Numbers:
        return np.bincount(which, each, groups)

    low, high = Amounts.each(values).summed(add).interval(Amounts.of(values))
    known = ~np.isnan(values)
    for group in range(groups):
        mine = values[known & (which == group)]
        if len(mine):
            mean, ends = mean_interval(mine, values[known])
            assert (low[group], high[group]) == pytest.approx(ends)
            assert ends[0] <= mean + 1e-9
            assert mean <= ends[1] + 1e-9
        else:
            assert np.isnan(low[group]) or not values[known].any()


def test_rates_of_several_groups_are_those_of_each() -> None:
    hits, n = np.array([0.0, 3.0, 50.0]), np.array([50.0, 4.0, 50.0])
    low, high = rate_intervals(hits, n)
    for i in range(3):
        assert (low[i], high[i]) == pytest.approx(rate_interval(int(hits[i]), int(n[i]))[1])


def test_where_everyone_pays_only_what_they_pay_is_not_certain() -> None:
    values = np.array([10.0, 12.0, 11.0, 9.0] * 25)
    half = 1.96 * values.std(ddof=1) / 10
    _, (low, high) = mean_interval(values, values)
    assert (low, high) == pytest.approx((10.5 - half, 10.5 + half))
