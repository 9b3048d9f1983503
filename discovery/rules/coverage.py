"""How a set of rules shares the customers: who meets none, who several, and which rules they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import pandas as pd


@dataclass(frozen=True)
class Coverage:
    """Which share of the customers a set of rules selects.

    Parameters
    ----------
    n : int
        Customers.
    uncovered, once, repeated : float
        Share of them that no rule, exactly one rule, or several rules select; NaN without customers.
    pairs : DataFrame
        One row per two rules: ``rule_a``, ``rule_b``, ``both``, ``a_only``, ``b_only`` (customers) and ``jaccard``
        (both over all three; 0 where neither selects anybody).
    """

    n: int
    uncovered: float
    once: float
    repeated: float
    pairs: pd.DataFrame


def coverage(members: pd.DataFrame) -> Coverage:
    """Return the `Coverage` of rules by whom they select.

    Parameters
    ----------
    members : DataFrame of bool
        One row per customer, one column per rule, as `discovery.rules.evaluate.membership` returns.

    Examples
    --------
    >>> found = coverage(pd.DataFrame({"new": [True, True, False, False], "loyal": [False, True, True, False]}))
    >>> found.uncovered, found.once, found.repeated, found.pairs["both"].tolist()
    (0.25, 0.5, 0.25, [1])
    """
    n, times = len(members), members.sum(axis=1)
    rows = []
    for a, b in combinations(members, 2):
        both = int((members[a] & members[b]).sum())
        a_only, b_only = int(members[a].sum()) - both, int(members[b].sum()) - both
        either = both + a_only + b_only
        rows.append((a, b, both, a_only, b_only, both / either if either else 0.0))
    none, once = (float((times == count).mean()) if n else math.nan for count in (0, 1))
    pairs = pd.DataFrame(rows, columns=["rule_a", "rule_b", "both", "a_only", "b_only", "jaccard"])
    return Coverage(n, none, once, float((times > 1).mean()) if n else math.nan, pairs)
