"""Distinct, stable, an artefact, a hump: each verdict says no more than was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from discovery.core.evidence import Evidence, Verdict
from discovery.core.feature import Feature
from discovery.core.run import Run
from discovery.core.segment import Description, Segmentation, Structure
from discovery.core.settings import ValidateSettings
from discovery.features.catalogue import BY_NAME
from discovery.validate.artefact import artefact_evidence
from discovery.validate.dip import chance_of, dip, dip_evidence
from discovery.validate.distinctness import distinctness_evidence, held_out_scores
from discovery.validate.response import response_evidence
from discovery.validate.stability import stability_evidence
from tests.validate.planted import segmentation
from tests.validate.test_evidence import forward

SETTINGS = ValidateSettings()


def described(found: Segmentation, effects: dict[str, float]) -> Segmentation:
    profile = {i: {"orders": Description(1.0, 1.0, 1.0, 1.0, e, 0.0)} for i, e in effects.items()}
    return replace(found, segments=tuple(replace(s, profile=profile[s.id]) for s in found.segments))


def answers(found: Segmentation, features: pd.DataFrame | None, rates: dict[str, float] | None) -> dict[str, Evidence]:
    scores = None if features is None else held_out_scores(found, features, 5_000, 1)
    days = 0 if rates is None else 90
    seen = forward(found, rates or dict.fromkeys("abc", 0.0), 2, days)
    out = distinctness_evidence(found, scores, {}, SETTINGS, response_evidence(found, seen, SETTINGS))
    return {e.subject[0]: e for e in out if e.check == "distinct"}


CUT = described(segmentation({"a": 900, "b": 900, "c": 900}), {"a": 0.8, "b": -0.4, "c": 0.05})
RNG = np.random.default_rng(4)
NOISE = pd.DataFrame({"x": RNG.random(2_700), "y": RNG.random(2_700)}, index=CUT.labels.index)


def test_either_part_out_of_sample_makes_a_segment_distinct() -> None:
    apart = NOISE.assign(x=NOISE["x"] + (CUT.labels == "a").to_numpy() * 3)
    by_features = answers(CUT, apart, None)["a"]
    assert (by_features.verdict, by_features.unit) == (Verdict.PASS, "auc")
    assert "2 features that had no part" in by_features.reason
    by_response = answers(CUT, None, {"a": 0.4, "b": 0.1, "c": 0.1})["a"]
    assert (by_response.verdict, by_response.unit) == (Verdict.PASS, "share")


def test_what_it_was_cut_along_is_no_proof_and_nothing_is_a_failure() -> None:
    same = answers(CUT, NOISE, dict.fromkeys("abc", 0.2))
    assert {i: e.verdict for i, e in same.items()} == {"a": Verdict.WARN, "b": Verdict.WARN, "c": Verdict.FAIL}
    assert "Only what it was cut along" in same["a"].reason
    untested = answers(CUT, None, None)
    assert {e.verdict for e in untested.values()} <= {Verdict.WARN, Verdict.NOT_TESTED, Verdict.FAIL}
    assert "is left to tell it" in untested["a"].reason
    assert "nor after" in same["c"].reason
    assert "nor after" not in untested["c"].reason, "nothing was seen after the date"
    nobody = answers(segmentation({"a": 900, "b": 900, "c": 900}), None, None)
    assert {e.verdict for e in nobody.values()} == {Verdict.NOT_TESTED}


def test_segments_drawn_at_random_are_rarely_distinct() -> None:
    wrong = 0
    for seed in range(12):
        labels = pd.Series(np.random.default_rng(seed).choice(list("abc"), 2_700), CUT.labels.index, dtype="str")
        found = segmentation(labels.value_counts().to_dict(), labels)
        wrong += sum(e.verdict is Verdict.PASS for e in answers(found, NOISE, dict.fromkeys("abc", 0.2)).values())
    # Holm keeps any false one among three to 5 % of stores: more than 3 in 12 would come up once in 500.
    assert wrong <= 3


def test_a_segment_that_is_one_value_one_gap_or_one_side_is_named() -> None:
    found = segmentation({"ones": 300, "silent": 300, "big": 300, "rest": 600})
    labels = found.labels.to_numpy()
    rng = np.random.default_rng(2)
    features = pd.DataFrame(
        {
            "orders": np.where(labels == "ones", 1.0, rng.integers(2, 9, 1_500)),
            "days_since_last_click": np.where(labels == "silent", np.nan, rng.integers(1, 90, 1_500)),
            "revenue": np.where(labels == "big", 1_000 + rng.random(1_500), rng.random(1_500) * 900),
        },
        index=found.labels.index,
    )
    alarms = {(e.subject[0], e.check): e for e in artefact_evidence(found, features, {}, SETTINGS)}
    warned = {key for key, e in alarms.items() if e.verdict is Verdict.WARN}
    assert warned == {
        ("ones", "single_value"),
        ("ones", "one_threshold"),
        ("silent", "single_value"),
        ("big", "one_threshold"),
    }
    assert "orders of exactly 1" in alarms["ones", "single_value"].reason
    assert "days_since_last_click not known" in alarms["silent", "single_value"].reason
    assert "revenue of more than" in alarms["big", "one_threshold"].reason
    dear = {"revenue": features["revenue"] * 123_456.0}
    assert "e+" not in " ".join(e.reason for e in artefact_evidence(found, dear, {}, SETTINGS))


def test_a_cluster_of_two_features_is_no_artefact(planted_run: Run) -> None:
    kmeans = planted_run.segmentation("kmeans")
    noise = pd.DataFrame({"x": np.random.default_rng(1).random(len(kmeans.labels))}, index=kmeans.labels.index)
    assert {e.verdict for e in artefact_evidence(kmeans, noise, {}, SETTINGS)} == {Verdict.PASS}


def with_stability(value: float, low: float, high: float, **model: object) -> Evidence:
    known = {"a": {"value": value, "null_mean": (low + high) / 2, "null_low": low, "null_high": high}}
    found = replace(CUT, model={"kind": "kmeans", "space": "shrunken", "stability": known, **model})
    return next(e for e in stability_evidence(found, SETTINGS) if e.subject == ("a",))


@pytest.mark.parametrize(
    ("value", "high", "verdict"),
    [(0.9, 0.8, Verdict.PASS), (0.9, 0.95, Verdict.WARN), (0.7, 0.5, Verdict.WARN), (0.5, 0.4, Verdict.FAIL)],
)
def test_stable_passes_only_beyond_its_null(value: float, high: float, verdict: Verdict) -> None:
    found = with_stability(value, 0.3, high)
    assert (found.verdict, found.value, found.null) == (verdict, value, (0.3, high))


def test_stability_never_passes_where_its_null_cries_wolf_or_it_was_not_measured() -> None:
    assert with_stability(0.9, 0.3, 0.5, space="features").verdict is Verdict.WARN
    assert with_stability(0.9, 0.3, 0.5, merged={"b": "a"}).verdict is Verdict.NOT_TESTED
    assert {e.verdict for e in stability_evidence(replace(CUT, model={"kind": "mixture"}), SETTINGS)} == {
        Verdict.NOT_TESTED
    }
    assert stability_evidence(replace(CUT, model={"kind": "rules"}), SETTINGS) == []


def nearest_with_one_hump(values: np.ndarray) -> float:
    """Return the dip by linear programming: one programme for each place the mode may have."""
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    return max(min(_with_mode(x, above - counts / len(values), above, m) for m in range(len(x))), 0.5 / len(values))


def _with_mode(x: np.ndarray, below: np.ndarray, above: np.ndarray, mode: int) -> float:
    # The unknowns: the function at each place up to the mode, there from the left; from the mode on; and the distance.
    size = len(x) + 2
    rows: list[dict[int, float]] = []
    limits: list[float] = []
    for i in range(size - 1):
        at = i - (i > mode)
        levels = [above[at]] * (i != mode) + [below[at]] * (i != mode + 1)
        rows += [{i: sign, size - 1: -1.0} for _ in levels for sign in (1.0, -1.0)]
        limits += [sign * level for level in levels for sign in (1.0, -1.0)]
        if i:
            rows.append({i - 1: 1.0, i: -1.0})
            limits.append(0.0)
    for i in range(1, len(x) - 1):
        before, after = 1 / (x[i] - x[i - 1]), 1 / (x[i + 1] - x[i])
        if i != mode:
            convex, shift = (1.0, 0) if i < mode else (-1.0, 1)
            rows.append(
                {i - 1 + shift: -convex * before, i + shift: convex * (before + after), i + 1 + shift: -convex * after}
            )
            limits.append(0.0)
    matrix = np.array([[row.get(i, 0.0) for i in range(size)] for row in rows])
    found = linprog(np.eye(size)[-1], A_ub=matrix, b_ub=limits, bounds=[(0, 1)] * size)
    return float(found.fun) if found.status == 0 else 1.0


@given(st.lists(st.integers(0, 60), min_size=2, max_size=14))
@settings(max_examples=60)
def test_the_dip_is_the_distance_to_the_nearest_distribution_with_one_hump(values: list[int]) -> None:
    assume(len(set(values)) > 1)
    assert dip(np.array(values, dtype=float)) == pytest.approx(nearest_with_one_hump(np.array(values, dtype=float)))


def test_the_chance_of_a_dip_is_that_of_uniform_numbers() -> None:
    rng = np.random.default_rng(7)
    beyond = np.mean([chance_of(dip(rng.random(800)), 800) <= 0.05 for _ in range(300)])
    assert 0.02 <= beyond <= 0.09


def test_two_humps_are_a_threshold_and_counts_are_not_tested() -> None:
    found = segmentation({"a": 1_000, "b": 1_000})
    rng = np.random.default_rng(3)
    names = ("revenue", "days_since_last_order", "orders")
    values = pd.DataFrame(
        {
            "revenue": np.exp(np.where(np.arange(2_000) % 2, 3.0, 6.0) + 0.4 * rng.standard_normal(2_000)),
            "days_since_last_order": np.floor(rng.gamma(3, 30, 2_000)),
            "orders": rng.integers(1, 4, 2_000).astype(float),
        },
        index=found.labels.index,
    )
    features: dict[str, Feature] = {n: BY_NAME[n] for n in names}
    revenue, days = dip_evidence(found, values, features, SETTINGS, 1)
    assert (revenue.verdict, days.verdict) == (Verdict.WARN, Verdict.PASS)
    at = float(revenue.reason.partition("valley near ")[2].partition(":")[0].replace(",", ""))
    assert 40 < at < 200
    assert revenue.value > revenue.null[1] > days.value
    assert "no threshold of it" in days.reason
    few = segmentation({"a": 120})
    [unsure] = dip_evidence(few, values.iloc[:120][["days_since_last_order"]], features, SETTINGS, 1)
    assert (unsure.value > SETTINGS.min_dip, unsure.verdict) == (True, Verdict.PASS)
    assert unsure.reason.endswith("shows no more humps than chance does among 120 customers.")


def test_a_stable_segment_of_a_mixture_passes_only_where_kinds_were_discovered() -> None:
    stable = {"value": 0.9, "null_mean": 0.4, "null_low": 0.2, "null_high": 0.6}
    found = replace(CUT, model={"kind": "mixture", "space": "shrunken", "stability": {"a": stable}})
    for structure, verdict in ((Structure.CONSTRUCTED, Verdict.WARN), (Structure.DISCOVERED, Verdict.PASS)):
        evidence = stability_evidence(replace(found, structure=structure), SETTINGS)
        assert next(e for e in evidence if e.subject == ("a",)).verdict is verdict


def test_what_customers_told_is_held_out_too() -> None:
    said = pd.Series(np.where(CUT.labels == "a", "kitchen", "running"), CUT.labels.index, dtype="object")
    said[RNG.random(len(said)) < 0.5] = None
    by_answer = answers(CUT, NOISE.assign(interest=said), None)["a"]
    assert by_answer.verdict is Verdict.PASS
    assert "3 features that had no part" in by_answer.reason
    # Yes and no are answers; free text, which tells everybody apart, is none.
    yes = pd.Series((CUT.labels == "a").to_numpy(), CUT.labels.index)
    assert answers(CUT, NOISE.assign(gift=yes), None)["a"].verdict is Verdict.PASS
    own = pd.Series([f"I am {n}" for n in range(len(CUT.labels))], CUT.labels.index)
    assert held_out_scores(CUT, {"own": own}, 5_000, 1) is None
