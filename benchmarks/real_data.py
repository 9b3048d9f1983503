"""Every segmentation of every real data set, side by side: what it claims, and what it is worth.

``python -m benchmarks.real_data``: the shipped config of each data set, all settings as they are. Out-of-time value is
the AUC of the segments alone for the question's response after the date, beside boosted trees on all features. Stable
are segments that are found again in halves of the customers, and beyond those of stores without kinds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from discovery import service
from discovery.core.evidence import Verdict
from discovery.core.run import Run
from discovery.core.segment import Segmentation

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
#: Where each config's source lies in the folder of shared data.
SOURCES = {
    "online_retail_ii": "online_retail_ii/online_retail_ii.parquet",
    "cdnow": "cdnow/CDNOW_master.txt",
    "completejourney": "completejourney",
    "ifood": "customer_personality/marketing_campaign.csv",
    "starbucks": "starbucks",
}


def table() -> str:
    """Return the table, as Markdown; data sets that are not at hand are left out."""
    rows = [
        "| data | customers | segmentation | segments | claims | placed | stable | AUC (boosting) | rules, F1 | "
        "recommended |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, path in SOURCES.items():
        if (DATA / path).exists():
            with tempfile.TemporaryDirectory() as folder:
                run = service.discover(
                    ROOT / "configs" / f"{name}.yaml", folder, overrides=(f"source.path={DATA / path}",)
                )
            rows += [_row(name, run, each) for each in run.segmentations]
    return "\n".join(rows)


def _row(name: str, run: Run, segmentation: Segmentation) -> str:
    value = next((e for e in run.evidence_for(segmentation.name) if e.check == "forward_auc"), None)
    auc = "" if value is None or value.value is None else f"{value.value:.3f}"
    beside = "" if value is None or value.threshold is None else f" ({value.threshold:.3f})"
    known = [r.rule.fidelity for r in run.rules if r.segmentation == segmentation.name and r.rule.fidelity]
    f1 = f"{np.mean([f.f1 for f in known]):.2f}" if known else ""
    stable = [
        e.verdict is Verdict.PASS
        for e in run.evidence
        if e.segmentation == segmentation.name and e.check == "half_jaccard" and e.value is not None
    ]
    again = f"{sum(stable)} of {len(stable)}" if stable else ""
    chosen = "yes" if segmentation.name == run.recommended else ""
    return (
        f"| {name} | {len(run.table):,} | {segmentation.title} | {segmentation.k} | {segmentation.structure} | "
        f"{segmentation.coverage:.0%} | {again} | {auc}{beside} | {f1} | {chosen} |"
    )


if __name__ == "__main__":
    print(table())
