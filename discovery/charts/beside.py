"""Which rules describe a cluster, which cut one in half, and whom every rule of the library selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from discovery.charts.format import NONE, count, joined, number_word, part_of, rate
from discovery.core.run import Beside, LibraryRule, Match, Run


def clusters_of(run: Run, by: str) -> str:
    """Return the clustering to hold against the rules: `by`, unless that is the rules or found nothing."""
    found = [s.name for s in run.segmentations if s.name != "rules" and s.k]
    return by if by in found or not found else found[0]


def beside_title(run: Run, clusters: str) -> str:
    """Return the finding: how many clusters a rule, or two joined, describe."""
    found = _beside(run, clusters)
    if not found:
        return "The clusters were not held against the rules"
    said = sum(b.said for b in found)
    head = f"{part_of(said, len(found), 'clusters')} {'is' if said == 1 else 'are'} described by a rule or two"
    rest = len(found) - said
    return f"{head}; no rule describes the other {number_word(rest, small=True)}" if rest and said else head


def beside_tiles(run: Run, clusters: str) -> tuple[tuple[str, str, str], ...]:
    """Return the page's numbers: value, label, what stands under it."""
    found = _beside(run, clusters)
    rules = run.segmentation("rules")
    nobody = sum(not r.customers for r in run.library)
    cut = sum(bool(b.cut_by) for b in found)
    return (
        (count(sum(b.said for b in found)), "clusters a rule describes", f"of {len(found)}"),
        (count(cut), "clusters cut by a rule", "it selects 40% to 60% of them"),
        (rate(rules.coverage), "of customers in a rule segment", f"{number_word(rules.k, small=True)} rules divide"),
        (count(nobody), "rules select nobody", f"of {len(run.library)} in the library"),
    )


def beside_table(run: Run, clusters: str) -> pd.DataFrame:
    """Return the best rule and the best two rules of every cluster."""
    names = {s.id: s.name for s in run.segmentation(clusters).segments}
    rows = [
        (
            names[b.segment_id],
            _rules(b.single),
            *_scores(b.single),
            _rules(b.pair),
            *_scores(b.pair),
            "yes" if b.said else "no rule does",
        )
        for b in _beside(run, clusters)
    ]
    columns = [
        *("Cluster", "Best rule", "Precision", "Recall", "F1"),
        *("Best two rules", "Precision of both", "Recall of both", "F1 of both", "Described?"),
    ]
    return pd.DataFrame(rows, columns=columns)


def cuts_table(run: Run, clusters: str) -> pd.DataFrame:
    """Return the rules that cut a cluster in half, one row per cluster that is cut."""
    names = {s.id: s.name for s in run.segmentation(clusters).segments}
    rows = [(names[b.segment_id], joined([f"“{r}”" for r in b.cut_by])) for b in _beside(run, clusters) if b.cut_by]
    return pd.DataFrame(rows, columns=["Cluster", "Cut in half by"])


def unsaid(run: Run, clusters: str) -> tuple[str, ...]:
    """Return the names of the clusters that no rule describes."""
    names = {s.id: s.name for s in run.segmentation(clusters).segments}
    return tuple(names[b.segment_id] for b in _beside(run, clusters) if not b.said)


def library_table(run: Run, saved: Sequence[LibraryRule], absent: Mapping[str, str]) -> pd.DataFrame:
    """Return every rule with its customers: those saved in the workspace first, then the run's own library."""
    own = [r for r in run.library if r.rule.name not in {s.rule.name for s in saved}]
    rows = [
        (
            r.rule.name,
            count(r.customers),
            rate(r.customers / len(run.table)),
            family,
            r.english,
            r.rule.campaign or NONE,
        )
        for found, where in ((saved, "saved here"), (own, ""))
        for r in found
        for family in [where or ("divides the customers" if r.rule.divides else r.rule.family or NONE)]
    ]
    rows += [(name, "not usable", NONE, "saved here", reason, NONE) for name, reason in absent.items()]
    return pd.DataFrame(rows, columns=["Rule", "Customers", "Share", "Kind", "Who", "What to send"])


def _beside(run: Run, clusters: str) -> list[Beside]:
    return [b for b in run.beside if b.segmentation == clusters]


def _rules(match: Match | None) -> str:
    return f" {match.join} ".join(match.rules) if match else NONE


def _scores(match: Match | None) -> tuple[str, str, str]:
    return (rate(match.precision), rate(match.recall), f"{match.f1:.2f}") if match else (NONE, NONE, NONE)
