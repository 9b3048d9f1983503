"""Rule files over a store: counted in one go, compared between two dates, checked against the data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from discovery import service
from discovery.core.errors import RuleError, UsageError, WorkspaceError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import All, Compare, Not
from discovery.rules.changes import changes
from discovery.rules.faults import Fault

NOW, BEFORE = date(2025, 10, 1), date(2025, 7, 1)
TEXT = """
- name: Recent
  where: orders(days => 90) >= 1
- name: Lapsing
  where: days_since('placed_order') BETWEEN 120 AND 395
- name: Viewed yoga, never ordered
  where: events('viewed_product', category => 'yoga') >= 1 AND NOT orders >= 1
- name: Drinks tea
  where: property('tea') = 'green'
  divides: false
"""


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_rules_are_counted_and_listed(rule_file: Path, run_workspace: Path) -> None:
    found = service.evaluate_rule_file(rule_file, run_workspace, as_of=NOW)
    assert [r.name for r in found.rules] == ["Recent", "Lapsing", "Viewed yoga, never ordered"]
    assert list(found.absent) == ["Drinks tea"]
    assert "Unknown property 'tea'" in found.absent["Drinks tea"]
    assert found.customers == len(found.members)
    assert {r.name: r.customers for r in found.rules} == found.pairs()["rule"].value_counts().to_dict()
    assert all(0 < r.customers < found.customers for r in found.rules)
    apart = found.overlap.set_index(["a", "b"]).loc[("Recent", "Lapsing")]
    assert apart["both"] == 0
    assert found.rules[0].joined is None


def test_who_joined_and_who_left_adds_up(rule_file: Path, run_workspace: Path) -> None:
    before = service.evaluate_rule_file(rule_file, run_workspace, as_of=BEFORE)
    found = service.evaluate_rule_file(rule_file, run_workspace, as_of=NOW, before=BEFORE)
    sizes = {r.name: r.customers for r in before.rules}
    for rule in found.rules:
        assert rule.joined is not None
        assert rule.left is not None
        assert sizes[rule.name] + rule.joined - rule.left == rule.customers
    assert set(found.changes["change"]) == {"joined", "left"}
    assert (found.changes["through"] != "").all()


def test_a_change_names_the_conditions_that_turned() -> None:
    orders = Feature("orders", "orders", "RFM", "count", ("placed_order",))
    country = Feature("country", "country", "Geography", "profile", column="country", kind="text", missing="missing")

    def table(rows: dict[str, tuple[float, str | None]], day: date) -> FeatureTable:
        values = pd.DataFrame.from_dict(rows, orient="index", columns=["orders", "country"]).sort_index()
        values["country"] = values["country"].astype(object)
        return FeatureTable(values, (orders, country), day, "x")

    rule = All((Compare("orders", ">=", 2), Not(Compare("country", "=", "US"))))
    before = table({"a": (1, "FR"), "b": (2, "FR"), "c": (3, "US"), "d": (1, None)}, BEFORE)
    now = table({"a": (2, "FR"), "b": (2, "US"), "c": (3, "FR"), "d": (5, None), "e": (2, "FR")}, NOW)
    found = changes({"r": rule}, before, now).set_index("customer_id")
    assert found["change"].to_dict() == {"a": "joined", "c": "joined", "e": "joined", "b": "left"}
    assert found["through"].to_dict() == {
        "a": "orders >= 2",
        "b": "country = 'US'",
        "c": "country = 'US'",
        "e": "new customer",
    }


def test_the_data_tell_the_linter_more(tmp_path: Path, run_workspace: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "- {name: Not American, where: NOT region = 'US-CA'}\n- {name: Old, where: days_since_last_order > 9000}\n"
        "- {name: Full price, where: share_discounted = 0}\n",
        encoding="utf-8",
    )
    library, found = service.lint_rules(path, run_workspace, "klaviyo")
    assert [(f.rule, f.fault) for f in found] == [
        ("Not American", Fault.MISSING_LEFT_OUT),
        ("Old", Fault.LONGER_THAN_HISTORY),
        ("Full price", Fault.NOT_EXPRESSIBLE),
    ]
    assert "customers without a value of region" in found[0].sentence
    assert len(library.rules) == 3
    assert [f.fault for f in service.lint_rules(path)[1]] == [Fault.MISSING_LEFT_OUT]


def test_wrong_use_is_told(rule_file: Path, run_workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A target must be one of klaviyo, sql"):
        service.lint_rules(rule_file, run_workspace, "klavio")
    with pytest.raises(WorkspaceError, match="must hold a dataset"):
        service.evaluate_rule_file(rule_file, tmp_path)
    rule_file.write_text("- {name: a, where: orders > 'b'}\n- {name: c, where: orders >}\n", encoding="utf-8")
    with pytest.raises(RuleError, match=r"(?s)Rule 1 \(a\).*Rule 2 \(c\)"):
        service.evaluate_rule_file(rule_file, run_workspace)


def test_the_earlier_date_must_be_earlier(rule_file: Path, run_workspace: Path) -> None:
    with pytest.raises(UsageError, match="earlier date than --as-of"):
        service.evaluate_rule_file(rule_file, run_workspace, as_of=BEFORE, before=NOW)
    with pytest.raises(UsageError, match="earlier date than the end of the data"):
        service.evaluate_rule_file(rule_file, run_workspace, before=date(2090, 1, 1))
