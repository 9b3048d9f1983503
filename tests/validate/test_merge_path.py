"""The merge path: one pair at a time to a single segment, alike ones first, with the numbers shown elsewhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from discovery.core.documents import merge_path_from, plain
from discovery.core.errors import DataError
from discovery.core.evidence import MergeDecision
from discovery.core.merge_path import MergePath
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.campaigns import Campaigns, campaign_evidence
from discovery.validate.distinctness import HeldOutScores, held_out_scores
from discovery.validate.merge_path import LONGEST, merge_path
from discovery.validate.outcome import ForwardWindow
from discovery.validate.pairs import Comparison, compare
from discovery.validate.response import forward_value, holm
from tests.validate.planted import segmentation
from tests.validate.test_merges import mailed

SETTINGS = ValidateSettings()
BAND = (5, 8)


def window(found: Segmentation, rates: dict[str, float], seed: int = 3) -> ForwardWindow:
    rng = np.random.default_rng(seed)
    ordered = rng.random(len(found.labels)) < found.labels.map(rates).fillna(0.5).to_numpy(dtype=float)
    frame = pd.DataFrame({"ordered": ordered, "revenue": 20.0 * ordered, "clicked": False}, index=found.labels.index)
    return ForwardWindow(90, frame, "ordered", "EUR")


def scores(found: Segmentation, apart: dict[str, float], seed: int = 5) -> HeldOutScores | None:
    """Return held-out scores of one feature that segments differ in by so many deviations."""
    values = np.random.default_rng(seed).normal(size=len(found.labels)) + found.labels.map(apart).fillna(0.0)
    return held_out_scores(found, pd.DataFrame({"x": values}), 4_000, seed)


RATES = {"a": 0.1, "b": 0.1, "c": 0.35, "d": 0.6, "e": 0.75}
SIZES = dict.fromkeys(RATES, 1_200)


@pytest.fixture(scope="module")
def five() -> tuple[Segmentation, ForwardWindow, HeldOutScores | None]:
    """Five segments: a and b alike, the others not."""
    found = segmentation(SIZES)
    return found, window(found, RATES), scores(found, {"a": 0.0, "b": 0.0, "c": 1.5, "d": 3.0, "e": 4.0})


Five = tuple[Segmentation, ForwardWindow, HeldOutScores | None]


def path_of(five: Five, campaigns: Campaigns | None = None) -> MergePath:
    found, forward, held_out = five
    path = merge_path(found, compare(found, forward, campaigns, held_out, SETTINGS), forward, BAND)
    assert path is not None
    return path


def test_alike_segments_are_joined_first_and_at_little_cost(five: Five) -> None:
    first, *others = path_of(five).steps
    assert first.pair == ("a", "b")
    assert first.verdict is not None
    assert first.cost < 0.02
    assert all(step.cost > 2 * first.cost for step in others)
    assert min(step.cost for step in others) == others[0].cost


def test_each_step_goes_on_from_the_last_and_ends_in_one_segment(five: Five) -> None:
    steps = path_of(five).steps
    assert [s.k for s in steps] == [4, 3, 2, 1]
    assert [s.in_band for s in steps] == [False] * 4
    assert sorted(steps[-1].joined) == sorted(SIZES)
    for step, after in pairwise(steps):
        assert [(x.check, x.after) for x in step.losses] == [(x.check, x.before) for x in after.losses]
    last = {x.check: x.after for x in steps[-1].losses}
    assert last == {"response_kept": 0.0, "forward_auc": 0.5, "heldout_auc": None}


def test_response_is_only_ever_lost(five: Five) -> None:
    kept = [x for step in path_of(five).steps for x in step.losses if x.check == "response_kept"]
    assert kept[0].before == 1.0
    assert kept[0].after == pytest.approx(1.0, abs=0.01)
    assert all(x.after is not None and x.before is not None and x.after <= x.before + 0.01 for x in kept)


def test_the_auc_is_that_of_the_evidence_at_every_step(five: Five) -> None:
    found, forward, _ = five
    for step in path_of(five).steps[:-1]:
        shown = next(x for x in step.losses if x.check == "forward_auc")
        assert shown.before == pytest.approx(forward_value(found, forward, None)[0].value)
        found = found.merged(*step.pair)
        assert found.k == step.k
        assert shown.after == pytest.approx(forward_value(found, forward, None)[0].value)


labellings = st.lists(st.sampled_from("abcd"), min_size=60, max_size=120)


@given(labellings, st.integers(0, 99))
@settings(max_examples=25)
def test_joining_measures_what_comparing_the_joined_would(letters: list[str], seed: int) -> None:
    """A path re-measures only what changed: that must equal measuring all of the merged segmentation."""
    labels = pd.Series(letters, dtype="str", index=pd.Index([f"c{i:03d}" for i in range(len(letters))], name="id"))
    present = sorted(set(letters))
    if len(present) < 3:
        return
    found = segmentation({i: letters.count(i) for i in present}, labels)
    forward = window(found, dict.fromkeys(present, 0.4), seed)
    campaigns = mailed(found, {i: [0.3, 0.5] for i in present}, seed)
    a, b = present[0], present[-1]

    def numbers(comparison: Comparison) -> list[object]:
        return [
            (ids, [(o.check, d.value, d.centre, d.error, d.n) for o, d in p.measured], [d.value for _, d in p.alone])
            for ids, p in comparison.pairs.items()
        ]

    step = compare(found, forward, campaigns, None, SETTINGS).joined(a, b)
    assert numbers(step) == numbers(compare(found.merged(a, b), forward, campaigns, None, SETTINGS))


def test_the_band_is_marked() -> None:
    many = {f"s{i}": 40 for i in range(10)}
    found = segmentation(many)
    forward = window(found, {i: 0.05 + n / 12 for n, i in enumerate(many)})
    steps = path_of((found, forward, None)).steps
    assert {s.k for s in steps if s.in_band} == {5, 6, 7, 8}


def test_the_order_of_customers_changes_no_pair(five: Five) -> None:
    found, forward, _ = five
    order = np.random.default_rng(1).permutation(len(found.labels))
    turned = replace(found, labels=found.labels.iloc[order], strength=found.strength.iloc[order])
    later = replace(forward, responses=forward.responses.iloc[order])
    one, other = path_of((found, forward, None)), path_of((turned, later, None))
    assert [s.pair for s in one.steps] == [s.pair for s in other.steps]
    assert [s.cost for s in one.steps] == pytest.approx([s.cost for s in other.steps])


def test_campaigns_count_as_response_too() -> None:
    """Alike in the forward window, but not in what they answer: campaigns decide."""
    found = segmentation(dict.fromkeys("abc", 2_000))
    forward = window(found, dict.fromkeys("abc", 0.3))
    steps = path_of((found, forward, None), mailed(found, {"a": [0.05] * 3, "b": [0.3] * 3, "c": [0.06] * 3})).steps
    assert steps[0].pair == ("a", "c")
    assert steps[1].verdict is not None
    assert steps[1].verdict.decision is MergeDecision.KEEP


def test_where_nothing_was_seen_after_the_date_held_out_features_decide() -> None:
    found = segmentation({"a": 400, "b": 400, "c": 400})
    unseen = pd.DataFrame({"ordered": False, "revenue": 0.0, "clicked": False}, index=found.labels.index)
    forward = ForwardWindow(0, unseen, "ordered", "EUR")
    steps = path_of((found, forward, scores(found, {"a": 0.0, "b": 3.0, "c": 0.0}))).steps
    assert steps[0].pair == ("a", "c")
    assert steps[0].verdict is None
    assert [x.check for x in steps[0].losses] == ["heldout_auc"]


def test_tiny_and_unassigned_customers_break_nothing() -> None:
    found = segmentation({"a": 300, "b": 3, "c": 1, UNASSIGNED: 50})
    steps = path_of((found, window(found, {"a": 0.3}), None)).steps
    assert steps[0].pair == ("b", "c")
    assert steps[-1].joined == ("a", "b", "c")


def test_a_single_segment_or_too_many_have_no_path() -> None:
    for many in (1, LONGEST + 1):
        found = segmentation({f"s{i:02d}": 12 for i in range(many)})
        forward = window(found, {})
        assert merge_path(found, compare(found, forward, None, None, SETTINGS), forward, BAND) is None


def test_a_path_read_back_equals_the_path_written(five: Five) -> None:
    path = path_of(five)
    assert merge_path_from(plain(path)) == path
    with pytest.raises(DataError, match="one pair at a time"):
        replace(path, steps=path.steps[:-1])


@given(st.lists(st.floats(0, 0.2), max_size=30))
@settings(max_examples=20)
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    theirs = list(multipletests(p_values, alpha=0.05, method="holm")[0]) if p_values else []
    assert holm(p_values, 0.05) == theirs


def test_shrinking_tames_the_best_of_equal_segments() -> None:
    """Eight segments that answer alike: the best looks better than it is, and less so once shrunk."""
    found = segmentation({f"s{i}": 200 for i in range(8)})
    raw, shrunk = [], []
    for seed in range(20):
        campaigns = mailed(found, {f"s{i}": [0.06] for i in range(8)}, seed)
        rates = [e for e in campaign_evidence(found, campaigns, SETTINGS) if e.check == "campaign_order_rate"]
        assert all(e.shrunk is not None and e.value is not None and e.null is not None for e in rates)
        assert all(min(e.value, e.null[0]) <= e.shrunk <= max(e.value, e.null[0]) for e in rates)  # type: ignore
        raw.append(max(e.value or 0.0 for e in rates))
        shrunk.append(max(e.shrunk or 0.0 for e in rates))
    assert np.mean(raw) > 0.08
    assert np.mean(shrunk) - 0.06 < 0.75 * (np.mean(raw) - 0.06)
