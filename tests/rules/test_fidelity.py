"""Fidelity on tiny cases, and intervals that hold the true value as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.core.errors import UsageError
from discovery.rules.fidelity import fidelity, fidelity_interval


@pytest.mark.parametrize(
    ("selected", "belongs", "precision", "recall", "f1", "coverage"),
    [
        ([1, 1, 1, 0], [1, 0, 1, 1], 2 / 3, 2 / 3, 2 / 3, 0.75),
        ([1, 0, 0, 0], [1, 1, 1, 0], 1.0, 1 / 3, 0.5, 0.25),
        ([0, 0], [1, 0], math.nan, 0.0, 0.0, 0.0),
        ([1, 0], [0, 0], 0.0, math.nan, 0.0, 0.5),
        ([0, 0], [0, 0], math.nan, math.nan, math.nan, 0.0),
        ([], [], math.nan, math.nan, math.nan, math.nan),
    ],
)
def test_fidelity_on_tiny_cases(selected, belongs, precision, recall, f1, coverage):
    got = fidelity(np.array(selected, dtype=bool), np.array(belongs, dtype=bool))
    np.testing.assert_allclose(
        [got.precision, got.recall, got.f1, got.coverage], [precision, recall, f1, coverage], equal_nan=True
    )
    assert got.n == len(selected)


def test_fidelity_refuses_two_lengths():
    with pytest.raises(UsageError):
        fidelity(np.ones(2, dtype=bool), np.ones(3, dtype=bool))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_an_interval_holds_what_was_measured(pairs):
    selected, belongs = np.array(pairs).T
    got, ends = fidelity(selected, belongs), fidelity_interval(selected, belongs)
    for name in ("precision", "recall", "f1"):
        low, high = getattr(ends, name)
        value = getattr(got, name)
        assert math.isnan(low) == math.isnan(high) == math.isnan(value)
        assert math.isnan(value) or -1e-9 <= low - 1e-12 <= value <= high + 1e-12 <= 1 + 1e-9


def test_intervals_cover_the_truth_as_often_as_they_say():
    chance = np.random.default_rng(2)
    # Per customer: selected and belongs, only selected, only belongs, neither.
    shares = np.array([0.12, 0.03, 0.05, 0.80])
    truth = {"precision": 0.12 / 0.15, "recall": 0.12 / 0.17, "f1": 0.24 / 0.32}
    held = dict.fromkeys(truth, 0)
    runs = 600
    for _ in range(runs):
        kind = chance.choice(4, 300, p=shares)
        ends = fidelity_interval(kind <= 1, np.isin(kind, (0, 2)))
        for name, value in truth.items():
            low, high = getattr(ends, name)
            held[name] += low <= value <= high
    assert all(0.92 <= count / runs <= 0.985 for count in held.values()), held


def test_f1_interval_agrees_with_the_bootstrap():
    chance = np.random.default_rng(3)
    kind = chance.choice(4, 800, p=[0.2, 0.04, 0.05, 0.71])
    selected, belongs = kind <= 1, np.isin(kind, (0, 2))
    draws = [fidelity(selected[rows], belongs[rows]).f1 for rows in chance.integers(0, 800, (1000, 800))]
    np.testing.assert_allclose(fidelity_interval(selected, belongs).f1, np.quantile(draws, (0.025, 0.975)), atol=0.012)


def test_confidence_is_a_share():
    with pytest.raises(UsageError):
        fidelity_interval(np.ones(2, dtype=bool), np.ones(2, dtype=bool), confidence=95)
