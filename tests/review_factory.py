"""A Review made up in memory, of two Runs made up in memory: plausible, seeded, and awkward where stores are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from discovery.core.evidence import Evidence, Verdict
from discovery.core.review import (
    DRIFT_COLUMNS,
    ENTRANTS,
    LEAVERS,
    RATE_COLUMNS,
    Action,
    Identity,
    Movement,
    Review,
    SegmentReview,
)
from discovery.core.run import Run
from tests.run_factory import KMEANS, example_run

THEN, NOW = date(2011, 6, 10), date(2011, 9, 10)
BORN = "new-gifts"
#: Which campaigns were sent in the quarter.
CAMPAIGNS = ("Summer sale", "Back to school")
ACTIONS = {
    "lapsed": (Action.RETIRE, "Two reviews in a row saw no response: 0.4% ordered (0.0% to 1.4%), everyone 22.0%."),
    "new-and-curious": (Action.KEEP, "It answers: 51.0% ordered (44.2% to 57.8%), everyone 22.0%, and is 9 months old "
                        "or younger in every measure."),
    "discount": (Action.REDEFINE, "Its customers drifted in 3 of 13 features beyond chance, and 34.0% of them were "
                 "moved by boundaries alone."),
    "lapsing": (Action.WATCH, "One review without a response: 2.1% ordered (0.7% to 6.0%). A second one retires it."),
    "frequent-full-price": (Action.MERGE, "It answers like Discount hunters who order at weekends within 1.0 point on "
                            "every outcome with enough data."),
    "wholesale": (Action.TOO_SMALL_TO_TELL, "9 customers: no response could be told from none. 310 would tell."),
    BORN: (Action.KEEP, "It is new: 8.1% of customers, and no segment before held more than 30.0% of them."),
}  # fmt: skip


def example_review(customers: int = 600, seed: int = 1) -> tuple[Review, Run, Run]:
    """Return a review of kmeans in two runs, and the runs of before and now.

    Six segments before; one died of them, one was born; a segment of 9 customers; people entered and left.
    """
    then = example_run(customers, seed)
    then = replace(then, id="2011-06-10-repeat-0a0b0c0d", table=replace(then.table, as_of=THEN))
    now = example_run(customers, seed + 1)
    rng = np.random.default_rng(seed)
    moved = _customers(then, rng)
    segments = _segments(moved, now)
    return (
        Review(
            id="2011-06-10-repeat-0a0b0c0d-2011-09-10-repeat-1a2b3c4d-kmeans",
            before=then.id,
            now=now.id,
            as_of_before=THEN,
            as_of_now=NOW,
            segmentation="kmeans",
            question_asked=now.question_asked,
            currency="GBP",
            segments=segments,
            identity=Identity({i: i for i, *_ in KMEANS}, ("gifts",), (), {"discount": ("discount", BORN)}, {}),
            movement=_movement(moved),
            customers=moved,
            drift=_drift(segments, now, rng),
            rates=_rates(segments, rng),
            flows=(
                "31 customers went from Lapsing regulars to Lapsed one-time buyers of the Christmas season.",
                "24 customers went from New, one order, browsing to Frequent full-price buyers.",
            ),
            summary=(
                "Seven segments: retire one, merge one, redefine one, watch one, keep two; one is too small to tell.",
                "Retire Lapsed one-time buyers of the Christmas season: nobody answered twice.",
                "64 customers moved by themselves; 41 were moved by redrawn boundaries.",
                "Four of seven segments have no campaign, so they are not ready to use.",
            ),
            notes=("The data end on 9 Dec 2011, so the response window of now is complete.",),
        ),
        then,
        now,
    )


def _customers(then: Run, rng: np.random.Generator) -> pd.DataFrame:
    before = then.segmentation("kmeans").labels.astype(object)
    ids = [i for i, *_ in KMEANS]
    n = len(before)
    frozen = before.where(rng.random(n) > 0.12, rng.choice(ids, n))
    fresh = frozen.where(rng.random(n) > 0.08, rng.choice([*ids, BORN, BORN, BORN], n))
    small = fresh.index[fresh == "wholesale"]
    fresh.loc[small[9:]] = "discount"
    gone = rng.random(n) < 0.07
    frozen[gone], fresh[gone] = None, None
    entered = pd.Index([f"e{i:06d}" for i in range(n // 9)])
    new = pd.Series(rng.choice(["new-and-curious", "discount", BORN], len(entered), p=[0.8, 0.15, 0.05]), entered)
    everyone = before.index.append(entered)
    return pd.DataFrame(
        {
            "customer_id": everyone,
            "before": before.reindex(everyone).to_numpy(),
            "frozen": pd.concat([frozen, new.replace(BORN, "discount")]).to_numpy(),
            "fresh": pd.concat([fresh, new]).to_numpy(),
        }
    )


def _movement(moved: pd.DataFrame) -> Movement:
    rows = [*(i for i, *_ in KMEANS), ENTRANTS]
    columns = [*(i for i, *_ in KMEANS), BORN, LEAVERS]

    def flows(now: str) -> pd.DataFrame:
        table = pd.crosstab(moved["before"].fillna(ENTRANTS), moved[now].fillna(LEAVERS))
        return table.reindex(index=rows, columns=columns, fill_value=0)

    known = moved.dropna()
    changed, drawn = known["before"] != known["frozen"], known["frozen"] != known["fresh"]
    return Movement(
        flows("fresh"),
        flows("frozen"),
        moved=int((changed & ~drawn).sum()),
        redrawn=int((drawn & ~changed).sum()),
        both=int((changed & drawn).sum()),
        stayed=int((~changed & ~drawn).sum()),
    )


def _segments(moved: pd.DataFrame, now: Run) -> tuple[SegmentReview, ...]:
    names = {i: name for i, name, _ in KMEANS} | {BORN: "Gift buyers of the autumn"}
    found = []
    for rank, (segment_id, (action, reason)) in enumerate(ACTIONS.items()):
        before, today = (int((moved[c] == segment_id).sum()) for c in ("before", "fresh"))
        tested = action is not Action.TOO_SMALL_TO_TELL
        response = Evidence(
            "kmeans", (segment_id,), "response", "review_response",
            0.3 if tested else None, (0.22, 0.39) if tested else None, (0.22, 0.22), 0.22,
            (Verdict.FAIL if action is Action.RETIRE else Verdict.PASS) if tested else Verdict.NOT_TESTED,
            reason, "share", today,
        )  # fmt: skip
        found.append(
            SegmentReview(
                segment_id=segment_id,
                id_now=segment_id.removeprefix("new-"),
                name=names[segment_id],
                rank=rank,
                size_before=before,
                size_now=today,
                action=action,
                reason=reason,
                response=response,
                silent_reviews={Action.RETIRE: 2, Action.WATCH: 1}.get(action, 0),
                since=NOW if segment_id == BORN else date(2010, 12, 10),
                age_months=0 if segment_id == BORN else 9,
                campaign="Win-back with a postcard" if rank % 3 == 0 else "",
                merge_with=("discount",) if action is Action.MERGE else (),
            )
        )
    return tuple(found)


def _rates(segments: tuple[SegmentReview, ...], rng: np.random.Generator) -> pd.DataFrame:
    plan = [
        ("order_rate", "ordered within 90 days", "", "share"),
        ("revenue", "revenue per customer within 90 days", "", "money"),
        *(("campaign_click_rate", "clicked", name, "share") for name in CAMPAIGNS),
    ]
    rows = []
    for measure, label, campaign, unit in plan:
        for s in segments:
            scale = 40.0 if unit == "money" else 1.0
            base, half = rng.uniform(0.1, 0.5) * scale, 0.05 * scale
            now = base + rng.normal(0, 0.07) * scale
            then = (base, base - half, base + half, s.size_before)
            today = (now, max(now - half, 0), now + half, s.size_now)
            if campaign:
                then = (np.nan, np.nan, np.nan, 0)
            if not s.size_before:
                then = (np.nan, np.nan, np.nan, 0)
            change = today[0] - then[0]
            rows.append(
                (s.segment_id, measure, label, campaign, unit, *then, *today,
                 change, change - 1.4 * half, change + 1.4 * half)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS))


def _drift(segments: tuple[SegmentReview, ...], now: Run, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for s in segments:
        if min(s.size_before, s.size_now) < 10:
            continue
        for f in now.table.features:
            if f.kind == "number":
                psi, limit = float(rng.gamma(1.2, 0.06)), 0.1 + 2.5 / s.size_now
                values = now.table.values[f.name]
                middle = float(values.median())
                rows.append(
                    (s.segment_id, f.name, psi, limit, psi > limit, middle, middle * (1 + psi), s.size_before,
                     s.size_now)
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(DRIFT_COLUMNS))
