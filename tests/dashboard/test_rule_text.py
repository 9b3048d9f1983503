"""The text a page shows for a rule is the rule: the parser reads it back."""

from __future__ import annotations

import pytest

from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Not, OneOf
from discovery.dashboard.rule_text import where_text
from discovery.features.catalogue import CATALOGUE
from discovery.rules.parse import parse, to_text

FEATURES = {f.name: f for f in CATALOGUE}
RULES: list[Condition] = [
    Compare("orders", ">=", 2),
    Compare("average_order_value", "<", 12.5),
    Compare("suppressed", "=", True),
    Compare("country", "<>", "it's"),
    Between("days_since_last_order", 0, 45),
    OneOf("country", ("GB", "NA")),
    Not(OneOf("country", ("GB",))),
    Not(AnyOf((Compare("orders", "=", 1), Compare("orders", ">", 9)))),
    AnyOf((All((Compare("orders", ">=", 2), Compare("country", "=", "GB"))), Compare("revenue", ">", 1e6))),
    All((AnyOf((Compare("orders", "=", 1), Compare("orders", "=", 2))), Not(Compare("suppressed", "=", True)))),
]


@pytest.mark.parametrize("rule", RULES, ids=where_text)
def test_the_parser_reads_it_back(rule: Condition) -> None:
    assert parse(where_text(rule), FEATURES) == parse(to_text(rule), FEATURES) == rule
