"""A Run made up in memory, for tests of charts and pages: plausible, seeded, and awkward where stores are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from discovery.core.candidate import AgainstNull, Candidate
from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Question, Verdict
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import All, Between, Compare, Fidelity, OneOf, Rule
from discovery.core.run import Run, SegmentRule
from discovery.core.segment import UNASSIGNED, Description, Segment, Segmentation, Structure

FEATURES = (
    Feature("days_since_last_order", "days since the last order", "rfm", "days_since_last", unit="days"),
    Feature("orders", "orders, ever", "rfm", "count", unit="orders"),
    Feature("orders_90d", "orders in the last 90 days", "rfm", "count", window=90, unit="orders"),
    Feature("revenue", "net revenue, ever", "rfm", "sum", unit="money"),
    Feature("revenue_365d", "net revenue in the last 365 days", "rfm", "sum", window=365, unit="money"),
    Feature("average_order_value", "average order value", "shape", "ratio", of=("revenue", "orders"), unit="money"),
    Feature("items_per_order", "items per order", "shape", "ratio", of=("revenue", "orders"), unit="items"),
    Feature("share_discounted", "share of spend discounted", "money", "share", unit="share"),
    Feature("median_gap_days", "median days between orders", "shape", "median_gap_days", unit="days", missing="one"),
    Feature("share_weekend", "share of orders placed at weekends", "time", "share", unit="share"),
    Feature("categories", "categories bought from", "shape", "distinct", unit="categories", holdout=True),
    Feature("clicks_90d", "e-mail clicks in the last 90 days", "engagement", "count", window=90, unit="clicks"),
    Feature("refund_share", "share of spend refunded", "money", "share", unit="share"),
    Feature("country", "country", "geography", "profile", column="country", kind="text"),
)
KMEANS = (
    ("frequent-full-price", "Frequent full-price buyers", 0.13),
    ("new-and-curious", "New, one order, browsing", 0.22),
    ("discount", "Discount hunters who order at weekends", 0.18),
    ("lapsing", "Lapsing regulars", 0.16),
    ("lapsed", "Lapsed one-time buyers of the Christmas season", 0.26),
    ("wholesale", "Wholesale-like baskets", 0.05),
)
RULES = (
    ("champions", "Champions", 0.08),
    ("loyal", "Loyal", 0.13),
    ("potential", "Potential loyalists", 0.12),
    ("new", "New customers", 0.14),
    ("attention", "Need attention", 0.1),
    ("risk", "At risk, used to order every month", 0.11),
    ("hibernating", "Hibernating", 0.2),
    ("vip-lapsed", "Former VIP", 0.011),
)
THRESHOLD = 0.6


def example_run(customers: int = 600, seed: int = 1, forward: bool = True) -> Run:
    """Return a Run of `customers`: kmeans (6), hdbscan (refused) and rules (8 and unassigned).

    `forward` False leaves out the forward window, as where the data end at the date.
    """
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(KMEANS), customers, p=[s for *_, s in KMEANS])
    ids = pd.Index([f"c{i:06d}" for i in range(customers)], name="customer_id")
    table = FeatureTable(_values(rng, truth, ids), FEATURES, date(2011, 9, 10), "f" * 16)
    kmeans = _segmentation("kmeans", KMEANS, pd.Series([KMEANS[t][0] for t in truth], index=ids), table, seed)
    second = np.where(rng.random(customers) < 0.55, truth, rng.choice(len(RULES) + 1, customers))
    names = [*(i for i, *_ in RULES), UNASSIGNED]
    rules = _segmentation("rules", RULES, pd.Series([names[t] for t in second], index=ids), table, seed)
    parts = (kmeans, _refused(ids, seed), rules)
    evidence = tuple(e for s in parts for e in _evidence(s, rng, customers, forward))
    return Run(
        id="2011-09-10-repeat-1a2b3c4d",
        question_asked="Who orders again within 90 days, and what of?",
        currency="GBP",
        horizon_days=90,
        settings={"seed": seed, "question": "repeat", "cluster": {"band_low": 5, "band_high": 8}},
        table=table,
        segmentations=parts,
        recommended="kmeans",
        recommended_reason="It tells customers apart on what happens next at least as well as the rules, and places "
        "everyone.",
        evidence=evidence,
        merges=_merges(),
        rules=_rules(),
        overlap=_overlap(kmeans, rules),
        embedding=_embedding(rng, truth, ids),
        embedding_method="PCA",
        problems={"price_not_positive": 2_511, "no_customer_id": 107_927, "duplicate_row": 12},
        notes=("The file was read as order lines; an order id that starts with C is a refund.",),
        timings={"features": 1.2, "kmeans": 3.4},
        versions={"duckdb": "2.0"},
    )


def with_small_segment(run: Run, size: int = 4) -> Run:
    """Return `run` with the smallest kmeans segment cut down to `size` customers, the rest given to the first."""
    old = run.segmentation("kmeans")
    last, first = old.segments[-1], old.segments[0]
    gone = old.members(last.id)[size:]
    labels = old.labels.copy()
    labels[gone] = first.id
    n = len(labels)
    sizes = labels.value_counts()
    segments = tuple(replace(s, size=int(sizes[s.id]), share=int(sizes[s.id]) / n) for s in old.segments)
    new = replace(old, segments=segments, labels=labels)
    counted = {s.id: s.size for s in segments}
    return replace(
        run,
        segmentations=tuple(new if s.name == "kmeans" else s for s in run.segmentations),
        evidence=tuple(
            replace(e, n=counted[e.subject[0]]) if e.segmentation == "kmeans" and e.subject else e for e in run.evidence
        ),
    )


def _values(rng: np.random.Generator, truth: np.ndarray, ids: pd.Index) -> pd.DataFrame:
    n = len(truth)
    orders = 1 + rng.poisson(np.array([9, 0.1, 3, 6, 0, 5])[truth])
    aov = rng.lognormal(np.log(np.array([38, 30, 22, 35, 28, 240])[truth]), 0.35)
    recency = np.clip(rng.gamma(2.0, np.array([12, 18, 30, 80, 140, 20])[truth]), 1, 620).round()
    return pd.DataFrame(
        {
            "days_since_last_order": recency,
            "orders": orders,
            "orders_90d": np.where(recency < 90, rng.binomial(orders, 0.4), 0),
            "revenue": (orders * aov).round(2),
            "revenue_365d": (orders * aov * rng.uniform(0.4, 1, n)).round(2),
            "average_order_value": aov.round(2),
            "items_per_order": rng.gamma(3, np.array([2, 1.5, 2, 2, 1.5, 20])[truth]).round(1) + 1,
            "share_discounted": rng.beta(np.array([1, 2, 8, 2, 3, 1])[truth], np.array([12, 6, 3, 8, 6, 20])[truth]),
            "median_gap_days": np.where(orders > 1, rng.gamma(3, 20, n).round(), np.nan),
            "share_weekend": rng.beta(np.array([2, 2, 6, 2, 2, 1])[truth], 5),
            "categories": 1 + rng.poisson(np.array([5, 0.5, 2, 4, 0.4, 8])[truth]),
            "clicks_90d": rng.poisson(np.array([4, 3, 6, 1, 0.2, 0.5])[truth]),
            "refund_share": rng.beta(1, 20, n),
            "country": rng.choice(["GB", "DE", "FR", "NA"], n, p=[0.8, 0.1, 0.07, 0.03]),
        },
        index=ids,
    )


def _segmentation(
    name: str, plan: tuple[tuple[str, str, float], ...], labels: pd.Series, table: FeatureTable, seed: int
) -> Segmentation:
    sizes = labels.value_counts()
    order = sorted((p for p in plan if sizes.get(p[0], 0)), key=lambda p: -int(sizes[p[0]]))
    segments = [_segment(i, label, rank, labels, table) for rank, (i, label, _) in enumerate(order)]
    if sizes.get(UNASSIGNED, 0):
        segments.append(_segment(UNASSIGNED, "Unassigned", -1, labels, table))
    return Segmentation(
        name=name,
        segments=tuple(segments),
        labels=labels,
        strength=pd.Series(1.0, index=labels.index),
        method="KMeans on shrunken features, ten starts."
        if name == "kmeans"
        else "The rule library, first match wins.",
        structure=Structure.CONSTRUCTED,
        structure_reason="No number of segments from 2 to 10 stands out from data of the same shape without groups: "
        "this is a useful cut, not a natural one.",
        unassigned_reason="No rule of the library selects them." if UNASSIGNED in sizes else "",
        seed=seed,
        candidates=_candidates() if name == "kmeans" else (),
    )


def _segment(segment_id: str, name: str, rank: int, labels: pd.Series, table: FeatureTable) -> Segment:
    inside = labels == segment_id
    numeric = [f.name for f in table.features if f.kind == "number"]
    profile = {
        n: _describe(table.values.loc[inside, n], table.values.loc[~inside, n], table.values[n]) for n in numeric
    }
    return Segment(
        id=segment_id,
        name=name,
        why_named="Not selected by any rule." if rank < 0 else "Ordered 18 days ago (everyone: 64); 3 orders (1).",
        size=int(inside.sum()),
        share=float(inside.mean()),
        rank=rank,
        profile=profile,
    )


def _describe(inside: pd.Series, outside: pd.Series, everyone: pd.Series) -> Description:
    a, b = inside.dropna().to_numpy(float), np.sort(outside.dropna().to_numpy(float))
    below, above = np.searchsorted(b, a, "left"), np.searchsorted(b, a, "right")
    effect = float((below - (len(b) - above)).mean() / len(b)) if len(a) and len(b) else 0.0
    low, middle, high = (np.quantile(a, [0.25, 0.5, 0.75]) if len(a) else np.full(3, np.nan)).tolist()
    return Description(middle, low, high, float(everyone.median()), effect, float(inside.isna().mean()))


def _refused(ids: pd.Index, seed: int) -> Segmentation:
    return Segmentation(
        name="hdbscan",
        segments=(Segment(UNASSIGNED, "Unassigned", "Placed in no dense group.", len(ids), 1.0, -1),),
        labels=pd.Series(UNASSIGNED, index=ids),
        strength=pd.Series(0.0, index=ids),
        method="HDBSCAN on shrunken features.",
        structure=Structure.NONE,
        structure_reason="One group would hold 97.8% of the customers, and at most 60% is allowed.",
        unassigned_reason="The clustering was refused, so nobody is placed.",
        seed=seed,
    )


def _candidates() -> tuple[Candidate, ...]:
    found = []
    for k in range(2, 11):
        level = 0.42 - 0.025 * k
        found.append(
            Candidate(
                k,
                {
                    "silhouette": AgainstNull(level, level - 0.01, level - 0.03, level + 0.01),
                    "calinski_harabasz": AgainstNull(900 - 60 * k, 880 - 62 * k, 850 - 62 * k, 905 - 62 * k),
                    "stability": AgainstNull(0.9 if k == 6 else 0.8 - 0.03 * k, 0.5, 0.42, 0.61),
                },
            )
        )
    return tuple(found)


def _evidence(s: Segmentation, rng: np.random.Generator, customers: int, forward: bool) -> list[Evidence]:
    out = [
        Evidence(s.name, (), "artefact", "structure", None, None, None, None, Verdict.NOT_TESTED, s.structure_reason),
    ]
    if not s.k:
        return out
    out.append(
        Evidence(s.name, (), "response", "forward_auc", 0.74, (0.71, 0.77), (0.48, 0.52), THRESHOLD, Verdict.PASS,
                 "Segments alone order customers by who buys in the next 90 days with AUC 0.74.", "auc", customers)
        if forward
        else _untested(s.name, (), "response", "forward_auc")
    )  # fmt: skip
    for segment in s.placed:
        out += _about(s.name, segment, rng, forward)
    return out


def _about(name: str, s: Segment, rng: np.random.Generator, forward: bool) -> list[Evidence]:
    def say(
        question: Question, check: str, value: float, good: bool, reason: str, unit: str,
        half: float = 0.0, null: tuple[float, float] | None = None, threshold: float | None = None,
        bad: Verdict = Verdict.WARN,
    ) -> Evidence:  # fmt: skip
        ends = (max(value - half, 0.0), value + half) if half else None
        verdict = Verdict.PASS if good else bad
        return Evidence(name, (s.id,), question, check, value, ends, null, threshold, verdict, reason, unit, s.size)

    needed, base = 90, 0.22
    auc = float(np.clip(0.56 + 0.05 * s.rank + rng.normal(0, 0.01), 0.5, 0.97))
    order = float(np.clip(0.6 - 0.09 * s.rank, 0.02, 0.9))
    effect = max((abs(d.effect) for d in s.profile.values()), default=0.0)
    found = [
        say("measurable", "filled", 0.99, True, "Its features are filled for 99.0% of its customers.", "share"),
        say("substantial", "size", s.size, s.size >= needed, f"{s.size} customers; {needed} are needed.", "customers",
            threshold=needed, bad=Verdict.FAIL),
        say("substantial", "detectable_difference", 0.04 if s.size >= needed else 0.11, s.size >= needed,
            "The smallest response difference it can show.", "share", threshold=0.05),
        say("distinct", "heldout_auc", auc, auc >= THRESHOLD, "Told apart on features it was not made from.", "auc",
            0.05, (0.46, 0.54), THRESHOLD),
        say("distinct", "largest_effect", effect, effect > 0.33, "Its strongest feature against the others.", "delta",
            threshold=0.33),
        _untested(name, (s.id,), "accessible", "consent", "The data hold no consent: nobody is known to be reachable."),
        _untested(name, (s.id,), "actionable", "campaign", "No campaign or flow is named for this segment yet."),
    ]  # fmt: skip
    if not forward:
        return [*found, *(_untested(name, (s.id,), "response", c) for c in ("forward_order_rate", "forward_revenue"))]
    return [
        *found,
        say("response", "forward_order_rate", order, abs(order - base) > 0.06, "Orders again in the next 90 days.",
            "share", 0.6 / max(s.size, 4) ** 0.5, (base, base)),
        say("response", "forward_revenue", 110 * order, abs(order - base) > 0.06, "Revenue in the next 90 days.",
            "money", 260 / max(s.size, 4) ** 0.5, (26.0, 26.0)),
    ]  # fmt: skip


def _untested(
    name: str, subject: tuple[str, ...], question: Question, check: str, why: str = "The data end at the date."
) -> Evidence:
    return Evidence(name, subject, question, check, None, None, None, None, Verdict.NOT_TESTED, why)


def _merges() -> tuple[MergeVerdict, ...]:
    return (
        MergeVerdict("kmeans", ("lapsing", "lapsed"), MergeDecision.MERGE, "Alike on every outcome within 1 point."),
        MergeVerdict(
            "kmeans",
            ("new-and-curious", "discount"),
            MergeDecision.CANNOT_TELL,
            "The difference is between -2 and +4 points; 4,200 customers a segment would tell.",
            customers_needed=4_200,
        ),
        MergeVerdict("kmeans", ("wholesale", "discount"), MergeDecision.KEEP, "They differ by 21 points."),
    )


def _rules() -> tuple[SegmentRule, ...]:
    where = All(
        (Compare("orders", ">=", 4), Between("days_since_last_order", 0, 45), Compare("share_discounted", "<", 0.2))
    )
    odd = All((OneOf("country", ("GB", "it's")), Compare("orders", "=", 1)))
    return (
        SegmentRule(
            "kmeans",
            Rule("Frequent full-price buyers", where, segment_id="frequent-full-price",
                 fidelity=Fidelity(0.91, 0.84, 0.87, 0.12, 300)),
            "orders, ever of at least 4, and days since the last order between 0 and 45, and share of spend "
            "discounted below 20%",
        ),
        SegmentRule("kmeans", Rule("Lapsed", odd, segment_id="lapsed", fidelity=Fidelity(0.7, 0.9, 0.79, 0.3, 300)),
                    "country is GB, and orders, ever of exactly 1"),
    )  # fmt: skip


def _overlap(a: Segmentation, b: Segmentation) -> pd.DataFrame:
    rows = []
    for x in a.segments:
        for y in b.segments:
            both = int(((a.labels == x.id) & (b.labels == y.id)).sum())
            union = x.size + y.size - both
            rows.append((a.name, x.id, b.name, y.id, both, x.size - both, y.size - both, both / union))
    names = ["segmentation_a", "segment_a", "segmentation_b", "segment_b", "both", "a_only", "b_only", "jaccard"]
    return pd.DataFrame(rows, columns=names)


def _embedding(rng: np.random.Generator, truth: np.ndarray, ids: pd.Index) -> pd.DataFrame:
    angle = np.linspace(0, 2 * np.pi, len(KMEANS), endpoint=False)[truth]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "x": 2.2 * np.cos(angle) + rng.normal(0, 0.9, len(ids)),
            "y": 1.6 * np.sin(angle) + rng.normal(0, 0.8, len(ids)),
        }
    )
