"""What is said of a division where there is little to say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from discovery import service
from discovery.core.evidence import Verdict
from tests.stores import write_store


def test_a_mixture_of_one_kind_claims_no_agreement(tmp_path: Path) -> None:
    """Two halves agree on one kind at 1.00, and everyone belongs to it: that was told as evidence."""
    days = ["2025-01-05", "2025-02-01", "2025-03-02", "2025-03-09"]
    rows = {"customer_id": list("aabb"), "event": "placed_order", "at": days, "value": [20.0, 30.0, 50.0, 10.0]}
    write_store(tmp_path / "store", pd.DataFrame(rows).assign(order_id=list("wxyz"), event_id=list("wxyz")))
    (tmp_path / "c.yaml").write_text("source: {kind: canonical, path: store, currency: EUR}\nas_of: 2025-07-01\n")
    run = service.discover(tmp_path / "c.yaml", tmp_path / "w", overrides=["cluster.n_init=1"])
    found = run.segmentation("mixture")
    assert (found.k, found.structure_reason[:16]) == (1, "One kind is left")
    [told] = [e for e in run.evidence if e.segmentation == "mixture" and e.check == "structure"]
    assert (told.value, told.verdict) == (None, Verdict.NOT_TESTED)
