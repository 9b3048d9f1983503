"""Who came into a rule and who left it between two dates, and through which condition."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from discovery.core.feature import FeatureTable
from discovery.core.rule import Condition, leaves
from discovery.rules.evaluate import select
from discovery.rules.parse import to_text

COLUMNS = ("rule", "customer_id", "change", "through")


def changes(rules: Mapping[str, Condition], before: FeatureTable, now: FeatureTable) -> pd.DataFrame:
    """Return one row per rule and customer that joined or left it.

    Parameters
    ----------
    rules : mapping
        Name to condition.
    before, now : FeatureTable
        The same features at two dates.

    Returns
    -------
    DataFrame
        ``rule``, ``customer_id``, ``change`` (``joined`` or ``left``) and ``through``: the conditions of the rule that
        hold now and did not before, or held and do not any more, joined by `` ; ``; ``new customer`` where the
        customer was not known before.
    """
    everyone = before.values.index.union(now.values.index)
    new = ~everyone.isin(before.values.index)

    def held(condition: Condition, table: FeatureTable) -> pd.Series:
        found = pd.Series(select(condition, table), index=table.customers)
        return found.reindex(everyone, fill_value=False)

    frames = [pd.DataFrame(columns=list(COLUMNS))]
    for name, where in rules.items():
        was, is_now = held(where, before), held(where, now)
        parts = {to_text(leaf): (held(leaf, before), held(leaf, now)) for leaf in leaves(where)}
        for change, moved in (("joined", is_now & ~was), ("left", was & ~is_now)):
            chosen = moved.to_numpy()
            turned = {text: ((a != b).to_numpy())[chosen] for text, (a, b) in parts.items()}
            through = [" ; ".join(t for t in turned if turned[t][n]) for n in range(int(chosen.sum()))]
            through = list(np.where(new[chosen], "new customer", np.array(through, dtype=object)))
            rows = {"rule": name, "customer_id": everyone[chosen], "change": change, "through": through}
            frames.append(pd.DataFrame(rows))
    return pd.concat(frames, ignore_index=True)
