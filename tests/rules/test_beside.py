"""Clusters beside rules: the best rule and the best pair are those an exhaustive search finds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from discovery.core.run import Run
from discovery.core.segment import Segment, Segmentation, Structure
from discovery.core.settings import RuleSettings
from discovery.rules.beside import beside

N = 300


def segmentation(labels: np.ndarray) -> Segmentation:
    index = pd.Index([f"c{i:03d}" for i in range(len(labels))], name="customer_id")
    series = pd.Series(labels, index=index, dtype="str")
    ids = sorted(set(labels))
    segments = tuple(
        Segment(i, i.upper(), "", int((labels == i).sum()), float((labels == i).mean()), n) for n, i in enumerate(ids)
    )
    return Segmentation("kmeans", segments, series, series == series, "", Structure.CONSTRUCTED, "")


def test_the_best_are_those_of_an_exhaustive_search() -> None:
    rng = np.random.default_rng(5)
    labels = rng.choice(np.array(["a", "b", "c"]), N, p=[0.5, 0.3, 0.2])
    members = pd.DataFrame({f"r{n}": (rng.random(N) < 0.4) | (labels == "abc"[n % 3]) for n in range(6)})
    members["nobody"] = False
    for found in beside(members, segmentation(labels), RuleSettings(), 1):
        own = labels == found.segment_id
        single = {name: f1_score(own, members[name]) for name in members}
        pairs = {
            (a, b, join): f1_score(own, members[a] & members[b] if join == "AND" else members[a] | members[b])
            for a, b in combinations(members, 2)
            for join in ("AND", "OR")
        }
        assert found.single is not None
        assert found.pair is not None
        assert abs(found.single.f1 - max(single.values())) < 1e-12
        assert abs(found.pair.f1 - max(pairs.values())) < 1e-12
        assert abs(pairs[(*found.pair.rules, found.pair.join)] - found.pair.f1) < 1e-12
        assert found.said == (max(found.single.f1, found.pair.f1) >= RuleSettings().said_f1)
        shares = {name: members[name][own].mean() for name in members}
        assert set(found.cut_by) == {name for name, share in shares.items() if 0.4 <= share <= 0.6}


def test_without_rules_nothing_is_said() -> None:
    labels = np.array(["a"] * 20 + ["b"] * 20)
    for members in (pd.DataFrame(index=range(40)), pd.DataFrame({"nobody": [False] * 40})):
        for found in beside(members, segmentation(labels), RuleSettings(), 1):
            assert (found.single, found.pair, found.said, found.cut_by) == (None, None, False, ())


def test_every_cluster_of_a_run_stands_beside_the_library(planted_run: Run) -> None:
    told = {(b.segmentation, b.segment_id) for b in planted_run.beside}
    placed = {(s.name, x.id) for s in planted_run.segmentations if s.name != "rules" for x in s.placed}
    assert told == placed
    names = {r.rule.name for r in planted_run.library}
    assert {r.rule.name for r in planted_run.rules if r.segmentation == "rules"} <= names
    assert all(0 <= r.customers <= len(planted_run.table) for r in planted_run.library)
    assert all(set(b.pair.rules) <= names for b in planted_run.beside if b.pair)
