"""A number of a quarter is held against one of its own unit only."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from discovery.core.evidence import Evidence, Verdict
from discovery.core.review import RATE_COLUMNS
from discovery.usecases.quarter import response_rows
from discovery.validate.answering import CHECK
from tests.review_factory import example_review

SEEN = ("a", CHECK, "responds", "", "share", math.nan, math.nan, math.nan, 0, 0.26, 0.22, 0.3, 900)


@pytest.mark.parametrize(("unit", "before"), [("share", 0.26), ("points", math.nan)])
def test_a_difference_to_those_held_out_is_not_held_against_a_share(unit: str, before: float) -> None:
    seen = pd.DataFrame([(*SEEN, math.nan, math.nan, math.nan)], columns=list(RATE_COLUMNS))
    earlier = replace(example_review()[0], rates=seen)
    about = ("kmeans", ("a",), "response", CHECK)
    now = Evidence(*about, 0.03, (0.01, 0.05), None, 0.01, Verdict.PASS, "It responds.", unit, 900)
    [row] = response_rows([now], earlier).to_dict("records")
    assert row["unit"] == unit
    assert row["before"] == pytest.approx(before, nan_ok=True)
    assert row["change"] == pytest.approx(0.03 - before, nan_ok=True)
