"""What customers buy, as features: how many products of each of the store's common categories they ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from discovery.core.feature import Feature
from discovery.core.stated import event_measure
from discovery.engine.query import QueryEngine
from discovery.features.seen import seen
from discovery.features.vocabulary.terms import COUNTS, LINE


def common_categories(engine: QueryEngine, events: str, as_of: date, most: int) -> tuple[str, ...]:
    """Return the categories with most customers at `as_of`, at most so many; ties by name.

    Parameters
    ----------
    engine : QueryEngine
        Where the events are.
    events : str
        The table of events, as the engine names it.
    as_of : date
        Exclusive: midnight UTC at its start.
    most : int
        How many.
    """
    found = engine.frame(
        f"SELECT category, count(DISTINCT customer_key) AS buyers FROM {events} WHERE {seen(LINE, as_of)} "
        "AND category IS NOT NULL GROUP BY category ORDER BY buyers DESC, category"
    )
    return tuple(str(name) for name in found["category"].head(most))


def category_features(categories: Iterable[str]) -> tuple[Feature, ...]:
    """Return how many products of each category a customer ordered: measures that a rule can state by themselves.

    Examples
    --------
    >>> [found] = category_features(["kitchen"])
    >>> found.name, found.label
    ("events('ordered_product', category => 'kitchen')", 'products ordered (category kitchen)')
    """
    [line] = LINE
    stated = (event_measure("events", line, where=[("category", "=", name)]) for name in categories)
    return tuple(replace(feature, human_step=COUNTS) for feature in stated)
