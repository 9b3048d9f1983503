"""The rules of a segmentation as people check them before they hand them over."""

from __future__ import annotations

import pandas as pd

from discovery.charts.format import DASH, NONE, count, number_word, rate
from discovery.core.run import Run, SegmentRule


def handover_table(run: Run, by: str) -> pd.DataFrame:
    """Return one row per segment: its rule in words, and how well that selects its customers on held-out ones."""
    ruled = {r.rule.segment_id: r for r in run.rules if r.segmentation == by}
    rows = []
    for segment in run.segmentation(by).placed:
        found = ruled.get(segment.id)
        words = found.english if found else "No rule was found: export its members instead."
        if segment.retired:
            words = f"Left out, for it is retired: {segment.retired}"
        rows.append((segment.name, count(segment.size), words, *_measured(found)))
    return pd.DataFrame(rows, columns=["Segment", "Customers", "Who they are", "Found", "Right", "F1"])


def handover_title(run: Run, by: str) -> str:
    """Return how many rules there are, and how well they hold, as a sentence."""
    segmentation = run.segmentation(by)
    retired = {s.id for s in segmentation.segments if s.retired}
    rules = [r.rule for r in run.rules if r.segmentation == by and r.rule.segment_id not in retired]
    if by == "rules":
        return f"{number_word(len(rules))} rules, ready for the tools that send"
    held = [rule for rule in rules if rule.fidelity is not None]
    if not held:
        return f"{segmentation.title} has no rules to hand over; its members can be listed"
    f1, worst = min(((rule.fidelity, rule) for rule in held if rule.fidelity), key=lambda each: each[0].f1)
    noun = "segment" if len(rules) == 1 else "segments"
    return (
        f"{number_word(len(rules))} {noun} as rules; the weakest finds {rate(f1.recall)} of “{worst.name}”, and "
        f"{rate(f1.precision)} of whom it selects belong there"
    )


def _measured(found: SegmentRule | None) -> tuple[str, str, str]:
    fidelity = found.rule.fidelity if found else None
    if fidelity is None:
        return (NONE, NONE, NONE)
    ends = fidelity.interval
    interval = f" ({ends.f1[0]:.2f}{DASH}{ends.f1[1]:.2f})" if ends else ""
    return rate(fidelity.recall), rate(fidelity.precision), f"{fidelity.f1:.2f}{interval}"
