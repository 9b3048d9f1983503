"""Dates stated in Python: a day, and neither text nor an instant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from discovery import service
from discovery.core.errors import UsageError
from discovery.core.stated_day import stated_day


@pytest.mark.parametrize("wrong", ["2025-07-01", datetime(2025, 7, 1, 9, 30)])
def test_what_is_no_day_is_refused_with_how_to_make_one(wrong: Any) -> None:
    nothing: Any = None
    for call in (
        lambda: service.extract_features(nothing, wrong, ["orders"]),
        lambda: service.discover("no.yaml", "no", as_of=wrong),
        lambda: service.evaluate_rule_file("no.yaml", "no", before=wrong),
    ):
        with pytest.raises(UsageError, match=r"must be a date such as date\(2026, 1, 1\).*Make one by"):
            call()
    assert stated_day(date(2025, 7, 1), "as_of") == date(2025, 7, 1)
