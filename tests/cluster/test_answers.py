"""Answers as a part of records: each question weighs like one number, and silence says nothing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from benchmarks.stores import drawn
from discovery.cluster.answers import OTHER, common_answers, with_answers
from discovery.cluster.mixture import fit_mixture
from discovery.cluster.null import record_draws
from discovery.cluster.prepare import distance_shares
from discovery.cluster.shrink import shrink
from discovery.cluster.stored import assign_frame
from discovery.core.records import Records

SKIN = "property_skin_type"
SORTS = ("dry", "oily", "normal", "mixed", "sensitive")


def asked(kind: np.ndarray, customers: pd.Index, seed: int) -> pd.DataFrame:
    """Three in ten are silent; of the others most give the answer of their kind."""
    rng = np.random.default_rng(seed)
    own = np.where(rng.random(len(kind)) < 0.8, kind, rng.integers(0, len(SORTS), len(kind)))
    answers = np.array(SORTS, dtype=object)[own]
    answers[rng.random(len(kind)) < 0.3] = None
    return pd.DataFrame({SKIN: answers}, index=customers)


@pytest.fixture(scope="module")
def store() -> tuple[Records, np.ndarray, Records]:
    records, kind = drawn("five log-normal kinds", 1_500, seed=3)
    assert kind is not None
    values = asked(kind, records.customer, seed=1)
    return records, kind, with_answers(records, values, {SKIN: common_answers(values[SKIN], 10)})


@settings(max_examples=50)
@given(st.lists(st.sampled_from([None, "a", "b", "c", "other"]), min_size=1, max_size=30), st.integers(1, 4))
def test_who_answered_counts_once_and_who_did_not_nowhere(answers: list[str | None], most: int) -> None:
    records = drawn("heavy tails", 30, seed=1)[0].taken(np.arange(len(answers)))
    values = pd.DataFrame({SKIN: pd.Series(answers, index=records.customer, dtype=object)})
    parts = common_answers(values[SKIN], most)
    assert len(parts) == len(set(parts)) <= most + 1
    found = with_answers(records, values, {SKIN: parts})
    np.testing.assert_array_equal(found.counts[SKIN].sum(axis=1), [a is not None for a in answers])


def test_an_answer_that_a_model_does_not_know_is_other_or_nothing() -> None:
    records = drawn("heavy tails", 3, seed=1)[0]
    values = pd.DataFrame({SKIN: ["dry", "new", None]}, index=records.customer)
    told = with_answers(records, values, {SKIN: ("dry", OTHER)}).counts[SKIN]
    np.testing.assert_array_equal(told, [[1, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(with_answers(records, values, {SKIN: ("dry", "oily")}).counts[SKIN][1], [0, 0])


def test_a_question_weighs_like_one_number(store: tuple[Records, np.ndarray, Records]) -> None:
    records, _, answered = store
    shrinkage = shrink(answered, clip=9.0)
    shares = distance_shares(shrinkage.transform(answered), shrinkage.names)
    own = sum(share for name, share in shares.items() if name.startswith(SKIN))
    others = len(shrink(records, clip=9.0).names)
    assert own == pytest.approx(1 / (others + 1), rel=0.05)


def test_silence_stands_in_the_middle(store: tuple[Records, np.ndarray, Records]) -> None:
    answered = store[2]
    shrinkage = shrink(answered, clip=9.0)
    silent = answered.counts[SKIN].sum(axis=1) == 0
    columns = [name.startswith(SKIN) for name in shrinkage.names]
    points = shrinkage.transform(answered)[:, columns]
    assert len(np.unique(points[silent], axis=0)) == 1
    assert np.abs(points[silent]).max() < np.abs(points[~silent]).max(axis=0).min()


def test_kinds_that_answer_differently_are_found_better(store: tuple[Records, np.ndarray, Records]) -> None:
    records, kind, answered = store

    def near(known: Records) -> float:
        points = shrink(known, clip=3.0).transform(known)
        return float(adjusted_rand_score(kind, fit_mixture(known, points, 5, 1, 3).assign(known)[0]))

    assert near(answered) > near(records) + 0.05


def test_the_null_keeps_an_answer_one_of_several(store: tuple[Records, np.ndarray, Records]) -> None:
    answered = store[2].taken(np.arange(600))
    shrinkage = shrink(answered, clip=9.0)
    columns = [name.startswith(SKIN) for name in shrinkage.names]
    alike, points = next(record_draws(answered, shrinkage, 1, seed=3))
    np.testing.assert_array_equal(alike.counts[SKIN].sum(axis=1), answered.counts[SKIN].sum(axis=1))
    assert len(np.unique(points[:, columns], axis=0)) == len(SORTS) + 1


def test_a_stored_mixture_places_by_answers_too(store: tuple[Records, np.ndarray, Records]) -> None:
    answered = store[2]
    mixture = fit_mixture(answered, shrink(answered, clip=3.0).transform(answered), 4, 1, 1)
    again = assign_frame(json.loads(json.dumps(mixture.as_plain())), answered.as_frame())
    assert again["segment_id"].tolist() == [f"c{n + 1}" for n in mixture.assign(answered)[0]]
