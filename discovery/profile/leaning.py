"""What a segment buys more of than others: the category that it leans to, for its name."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from discovery.core.bounds import SMALL
from discovery.core.places import by_customer
from discovery.core.records import CATEGORY, OTHER, Records
from discovery.core.segment import UNASSIGNED
from discovery.profile.naming import Trait
from discovery.profile.ranks import grouped, ranked, standing


def leanings(records: Records | None, divided: Sequence[pd.Series], lift: float) -> list[dict[str, Trait]]:
    """Return, for every segment of several segmentations that leans to a category, the one it leans to most.

    Parameters
    ----------
    records : Records or None
        Of all customers placed, with what they bought by category; without it nothing is known.
    divided : sequence of Series of str
        Segment id per customer, of each segmentation.
    lift : float
        Whoever buys often has bought a little of everything: a segment leans to what fills so many times everyone's
        share of its items.

    Notes
    -----
    The effect is Cliff's delta of the share of a customer's items that are of the category, against all other placed
    customers with items.
    """
    found: list[dict[str, Trait]] = [{} for _ in divided]
    if records is None or CATEGORY not in records.counts:
        return found
    items = records.counts[CATEGORY].sum(axis=1)
    known = items > 0
    shares = records.counts[CATEGORY][known] / items[known, None]
    among = [grouped(pd.Series(by_customer(each, records.customer[known], UNASSIGNED))) for each in divided]
    for column, category in zip(shares.T, records.parts[CATEGORY], strict=True):
        if category == OTHER:
            continue
        number = ranked(column)
        for groups, leaning in zip(among, found, strict=True):
            stood = standing(number, groups)
            if stood is None:
                continue
            for at, effect in enumerate(stood.against_rest.tolist()):
                segment = groups.ids[at]
                if effect < SMALL or (segment in leaning and effect <= leaning[segment].effect):
                    continue
                mine, all_ = column[groups.of == at].mean(), column[groups.of < groups.placed].mean()
                if mine >= lift * all_:
                    why = f"{mine:.0%} of their items are {category}, {all_:.0%} of everyone's"
                    leaning[segment] = Trait(category, effect, f"{category} {{}}", why)
    return found
