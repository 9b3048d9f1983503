"""What a segment buys more of than others: categories, which are many, and so no features of the vocabulary."""

from __future__ import annotations

import pandas as pd

from discovery.core.records import Records
from discovery.core.segment import UNASSIGNED
from discovery.profile.describe import cliffs_delta, counts_by_value
from discovery.profile.naming import NEGLIGIBLE, Trait

_COMPOSITION, _OTHER = "category", "other"
#: Whoever buys often has bought a little of everything: a segment leans to what fills so many times everyone's share.
_LIFT = 1.5


def leanings(records: Records | None, labels: pd.Series) -> dict[str, Trait]:
    """Return, for every segment that leans to a category, the one it leans to most.

    Parameters
    ----------
    records : Records or None
        Of all customers placed, with what they bought by category; without it nothing is known.
    labels : Series of str
        Segment id per customer.

    Notes
    -----
    The effect is Cliff's delta of the share of a customer's items that are of the category, against all other placed
    customers with items.
    """
    if records is None or _COMPOSITION not in records.counts:
        return {}
    counts = records.counts[_COMPOSITION]
    mine = labels.reindex(records.customer, fill_value=UNASSIGNED).to_numpy()
    known = (counts.sum(axis=1) > 0) & (mine != UNASSIGNED)
    shares, mine = counts[known] / counts[known].sum(axis=1, keepdims=True), mine[known]
    group, segments = pd.factorize(mine, sort=True)
    found: dict[str, Trait] = {}
    for column, category in zip(shares.T, records.parts[_COMPOSITION], strict=True):
        if category == _OTHER:
            continue
        by_value = counts_by_value(column, group, len(segments))
        for i, segment in enumerate(segments):
            members = group == i
            effect = cliffs_delta(by_value[:, i], by_value.sum(axis=1) - by_value[:, i])
            leans = effect >= NEGLIGIBLE and column[members].mean() >= _LIFT * column.mean()
            if leans and (segment not in found or effect > found[segment].effect):
                why = f"{column[members].mean():.0%} of their items are {category}, {column.mean():.0%} of everyone's"
                found[str(segment)] = Trait(category, effect, f"{category} {{}}", why)
    return found
