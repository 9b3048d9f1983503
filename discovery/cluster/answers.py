"""What customers told of themselves, as part of their records: asked for by name, it has a part in the clustering.

An answer is counted as what customers buy is: a composition of which one part occurred once. So the priors draw it to
everyone's, whoever did not answer stands in the middle, a kind of the mixture has shares of answers, and the null draws
answers that are tied to behaviour smoothly. All answers to one question together weigh like one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from discovery.core.records import Records

#: What the names of such compositions begin with, as those of the features do.
ANSWER = "property_"
OTHER = "other"


def common_answers(values: pd.Series, most: int) -> tuple[str, ...]:
    """Return the answers that are counted on their own, the most frequent first, and ``other`` where there are more.

    Examples
    --------
    >>> common_answers(pd.Series(["dry", "oily", None, "dry", "normal"]), most=2)
    ('dry', 'normal', 'other')
    """
    counted = values.dropna().astype(str).value_counts()
    found = sorted(counted.index, key=lambda answer: (-counted[answer], answer))
    return tuple(found) if len(found) <= most else (*(a for a in found[:most] if a != OTHER), OTHER)


def with_answers(records: Records, values: pd.DataFrame, parts: Mapping[str, Sequence[str]]) -> Records:
    """Return the records with the answers of the same customers.

    Parameters
    ----------
    records : Records
        Of some customers.
    values : DataFrame
        One column per question, indexed by customer; missing where somebody did not answer.
    parts : mapping
        Column to the answers that are told apart; any other is ``other`` where that is one of them, and else unknown.
    """
    counts, known = dict(records.counts), dict(records.parts)
    for name, answers in parts.items():
        given = values[name].reindex(records.customer)
        place = pd.Index(answers).get_indexer(pd.Index(given.astype(str)))
        if OTHER in answers:
            place = np.where(place < 0, list(answers).index(OTHER), place)
        told = (given.notna() & (place >= 0)).to_numpy()
        counts[name] = np.zeros((len(records), len(answers)))
        counts[name][told, place[told]] = 1.0
        known[name] = tuple(answers)
    return replace(records, counts=counts, parts=known)
