"""The segmentations of a run side by side, with what each of them is recommended by, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from discovery.charts.format import NONE, amount, count, rate, span
from discovery.charts.scorecard import CLAIMS, method_name, worst
from discovery.core.evidence import Verdict
from discovery.core.headed import headed
from discovery.core.run import Run
from discovery.core.segment import Segmentation


def comparison_data(run: Run) -> list[dict[str, Any]]:
    """Return what is known of each segmentation as a whole, one mapping for each.

    ``found_again`` and ``responding`` count the segments that passed, and ``of`` those that were tested, on stability
    and on response; ``forward_auc`` is how well the segment alone ranks who responds after the date, with its interval
    and ``best``, what all features together reach; ``rules_f1`` is the mean F1 of its rules on customers they were not
    found on. None where nothing was tested.
    """
    return [
        {
            "name": s.name,
            "k": s.k,
            "structure": s.structure.value,
            "coverage": s.coverage,
            "recommended": s.name == run.recommended,
            "reason": run.recommended_reason if s.name == run.recommended else s.structure_reason,
            "found_again": _passed(run, s, "stable"),
            "forward_auc": _forward(run, s.name),
            "responding": _passed(run, s, "response"),
            "rules_f1": _rules_f1(run, s.name),
        }
        for s in run.segmentations
    ]


def _passed(run: Run, by: Segmentation, question: str) -> dict[str, int] | None:
    asked = ([e.verdict for e in run.evidence_for(by.name, s.id) if e.question == question] for s in by.placed)
    tested = [worst(verdicts) for verdicts in asked if {*verdicts} - {Verdict.NOT_TESTED}]
    return {"passed": tested.count(Verdict.PASS), "of": len(tested)} if tested else None


def _forward(run: Run, by: str) -> dict[str, float | None] | None:
    for e in run.evidence_for(by):
        if e.check == "forward_auc" and e.value is not None and e.interval is not None:
            return {"value": e.value, "low": e.interval[0], "high": e.interval[1], "best": e.threshold}
    return None


def _rules_f1(run: Run, by: str) -> float | None:
    found = [r.rule.fidelity.f1 for r in run.rules if r.segmentation == by and r.rule.fidelity]
    return sum(found) / len(found) if found else None


def comparison_table(run: Run) -> pd.DataFrame:
    """Return the segmentations side by side as people read them; why one is recommended stands beside the table."""
    claimed = {s.name: s.structure_reason for s in run.segmentations}
    return pd.DataFrame([{**_line(each), "Why": claimed[each["name"]]} for each in comparison_data(run)])


def comparison_sentence(each: Mapping[str, Any]) -> str:
    """Return what one of `comparison_data` is recommended by in a sentence, or nothing where nothing was tested."""
    again, auc, apart, f1 = (each[name] for name in ("found_again", "forward_auc", "responding", "rules_f1"))
    parts = []
    if again:
        parts.append(f"{_of(again)} segments are found again on other draws")
    if auc:
        best = "" if auc["best"] is None else f" (all features together: {auc['best']:.3f})"
        parts.append(f"the segment alone tells who responds with AUC {auc['value']:.3f}{best}")
    if apart:
        parts.append(f"{_of(apart)} answer otherwise than the rest")
    if f1 is not None:
        parts.append(f"their rules hold with F1 {f1:.2f}")
    told = "; ".join(parts)
    return f"{headed(told)}." if told else ""


def _line(each: Mapping[str, Any]) -> dict[str, str]:
    auc = each["forward_auc"]
    return {
        "Made by": method_name(each["name"]) + (" (recommended)" if each["recommended"] else ""),
        "Segments": count(each["k"]),
        "Claim": CLAIMS[each["structure"]],
        "Customers placed": rate(each["coverage"]),
        "Segments found again": _of(each["found_again"]),
        "Tells who responds (AUC)": f"{auc['value']:.3f} ({span((auc['low'], auc['high']), 'auc')})" if auc else NONE,
        "Segments that answer otherwise": _of(each["responding"]),
        "Rules hold (F1)": amount(each["rules_f1"], "score"),
    }


def _of(found: Mapping[str, int] | None) -> str:
    return f"{found['passed']} of {found['of']}" if found else NONE
