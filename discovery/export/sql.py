"""A rule as one query over the canonical tables, in any dialect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from discovery.core.rule import Condition, leaves
from discovery.engine.sql import condition, translate

#: Returns the query that computes the named features at a date from two table expressions.
FeatureQuery = Callable[[tuple[str, ...], date, str, str], str]


def query(where: Condition, as_of: date, measure: FeatureQuery, dialect: str) -> str:
    """Return a query that lists the customers `where` selects at `as_of`, ordered by ``customer_id``.

    Parameters
    ----------
    where : Condition
        The rule.
    as_of : date
        Exclusive; windows count back from it.
    measure : callable
        Gives the query of the features the rule reads.
    dialect : str
        One of ``discovery.engine.sql.DIALECTS``.

    Notes
    -----
    It reads the tables ``profiles`` and ``events`` as the workspace's ``dataset`` folder holds them.
    """
    names = tuple(dict.fromkeys(leaf.feature for leaf in leaves(where)))
    measured = measure(names, as_of, "profiles", "events")
    text = f"SELECT customer_id FROM ({measured}) AS features WHERE {condition(where)} ORDER BY customer_id"
    return translate(text, dialect)
