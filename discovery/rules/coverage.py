"""How a set of rules shares the customers: who meets none, who several."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    """

    n: int
    uncovered: float
    once: float
    repeated: float


def coverage(members: pd.DataFrame) -> Coverage:
    """Return the `Coverage` of rules by whom they select.

    Parameters
    ----------
    members : DataFrame of bool
        One row per customer, one column per rule, as `discovery.rules.evaluate.membership` returns.

    Examples
    --------
    >>> coverage(pd.DataFrame({"new": [True, True, False, False], "loyal": [False, True, True, False]}))
    Coverage(n=4, uncovered=0.25, once=0.5, repeated=0.25)
    """
    times = members.sum(axis=1)
    shares = [float(found.mean()) if len(members) else math.nan for found in (times == 0, times == 1, times > 1)]
    return Coverage(len(members), *shares)
