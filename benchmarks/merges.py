"""Merge verdicts on planted types: the pair that is alike must be merged, no other may; and how often, at which size.

Beside it stands the number of recipients that a verdict names where it cannot tell, to be held against the size at
which the pair is told.

``python -m benchmarks.merges [SEEDS] [SIZE ...]``: the planted types are the segments, so what is measured is the
verdict and not the clustering.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from discovery.core.evidence import MergeDecision, MergeVerdict
from discovery.core.question import question_named
from discovery.core.segment import UNASSIGNED, Segment, Segmentation, Structure
from discovery.core.settings import Settings, ValidateSettings
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import CATALOGUE
from discovery.ingest.read import ingest
from discovery.ingest.simulate import simulate
from discovery.usecases.measuring import measure
from discovery.usecases.responses import Responses, responses_at
from discovery.validate.campaigns import Campaigns, campaign_evidence
from discovery.validate.distinctness import HeldOutScores, held_out_scores
from discovery.validate.merges import merge_verdicts

AS_OF = date(2025, 10, 1)
SEEDS, SIZES = 20, (5_000, 20_000, 50_000)


@dataclass(frozen=True, eq=False)
class LookedAt:
    """What a verdict on one store rests on, and what was planted in it."""

    segmentation: Segmentation
    responses: Responses
    held_out: HeldOutScores | None
    planted: dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """What one store gave.

    Parameters
    ----------
    verdicts : tuple of MergeVerdict
        On every pair.
    alike : frozenset of str
        The pair to be merged.
    recipients : int
        Of the smaller segment of it, in the campaign that most of it got.
    covered, uplifts : int
        How many true uplifts lie in their intervals, and of how many.
    """

    verdicts: tuple[MergeVerdict, ...]
    alike: frozenset[str]
    recipients: int
    covered: int
    uplifts: int


def by_type(truth: pd.DataFrame, looked_at: pd.Index) -> Segmentation:
    """Return the planted types as a segmentation of the customers that are looked at."""
    labels = truth.set_index("customer_id")["type_after"].astype("str").sort_index()
    labels = labels.where(labels.index.isin(looked_at), UNASSIGNED)
    names = sorted(set(labels) - {UNASSIGNED})
    sizes = labels.value_counts()
    segments = [
        Segment(name, name, "planted", int(sizes[name]), sizes[name] / len(labels), rank)
        for rank, name in enumerate(names)
    ]
    left = int(sizes.get(UNASSIGNED, 0))
    segments.append(Segment(UNASSIGNED, "Unassigned", "never ordered", left, left / len(labels), -1))
    strength = pd.Series(1.0, index=labels.index)
    return Segmentation(
        "planted", tuple(segments), labels, strength, "planted", Structure.DISCOVERED, "planted", "never ordered"
    )


def coverage(segmentation: Segmentation, campaigns: Campaigns, truth: dict[str, Any]) -> tuple[int, int]:
    """Return how many of the true uplifts lie in their intervals, and of how many."""
    planted = {c["campaign_id"]: c["uplift_by_type"] for c in truth["campaigns"]}
    found = campaign_evidence(segmentation, campaigns, ValidateSettings())
    shown = [e for e in found if e.check == "campaign_uplift" and e.interval]
    inside = [e.interval[0] <= planted[e.campaign][e.subject[0]] <= e.interval[1] for e in shown if e.interval]
    return sum(inside), len(inside)


def looked_at(customers: int, seed: int) -> LookedAt:
    """Return what a verdict rests on in a simulated store whose segments are the planted types."""
    settings = Settings(CanonicalSource(path="."), AS_OF)
    with tempfile.TemporaryDirectory() as place, Engine() as engine:
        folder = simulate(Path(place) / "store", customers, seed)
        dataset = ingest(engine, CanonicalSource(path=str(folder)), folder, Path(place) / "dataset")
        table = measure(engine, dataset, AS_OF, tuple(held_out_names())).table
        question, _ = question_named("repeat")
        responses = responses_at(engine, dataset, table, question, None, settings)
        truth = pd.read_parquet(folder / "truth.parquet")
        planted = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    truth = truth[truth["customer_id"].isin(table.values.index)]
    segmentation = by_type(truth, table.values.index[table.values["orders"] >= 1])
    scores = held_out_scores(segmentation, table.values.drop(columns="orders"), settings.validate.auc_rows, seed)
    return LookedAt(segmentation, responses, scores, planted)


def tried(customers: int, seed: int) -> Tried:
    """Return the merge verdicts of a simulated store whose segments are the planted types."""
    found = looked_at(customers, seed)
    segmentation, campaigns = found.segmentation, found.responses.campaigns
    verdicts = merge_verdicts(segmentation, found.responses.forward, campaigns, found.held_out, ValidateSettings())
    alike = frozenset(found.planted["answer_alike"])
    got = campaigns.of(segmentation)
    reached = got[got["received"]].groupby(["segment", "campaign_id"]).size()
    recipients = min(int(reached[name].max()) for name in alike)
    return Tried(tuple(verdicts), alike, recipients, *coverage(segmentation, campaigns, found.planted))


def held_out_names() -> list[str]:
    """Return the features that are kept out of clustering, and orders."""
    return ["orders", *(f.name for f in CATALOGUE if f.holdout)]


def table(seeds: int, sizes: Sequence[int]) -> str:
    """Return the table of merges, as Markdown."""
    rows = [
        "| customers | stores | recipients of the smaller | alike: merge | cannot tell | keep | needed, it says | "
        "other pairs: merge | true uplift in interval |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for size in sizes:
        found = [tried(size, seed) for seed in range(1, seeds + 1)]
        same = [v for t in found for v in t.verdicts if set(v.pair) == t.alike]
        others = [v for t in found for v in t.verdicts if set(v.pair) != t.alike]
        alike = Counter(v.decision for v in same)
        needed = [v.customers_needed for v in same if v.customers_needed]
        said = f"{median(needed):,.0f}" if needed else ""
        wrong = sum(v.decision is MergeDecision.MERGE for v in others)
        inside, of = sum(t.covered for t in found), sum(t.uplifts for t in found)
        rows.append(
            f"| {size:,} | {seeds} | {median(t.recipients for t in found):,.0f} | {alike[MergeDecision.MERGE]} | "
            f"{alike[MergeDecision.CANNOT_TELL]} | {alike[MergeDecision.KEEP]} | {said} | {wrong} of {len(others)} | "
            f"{inside} of {of} ({inside / of:.1%}) |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(table(numbers[0] if numbers else SEEDS, numbers[1:] or SIZES))
