"""Which events count at a date: those before it, of orders that were not cancelled by then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from discovery.core.dataset import midnight
from discovery.engine.sql import literals


def seen(names: Iterable[str], as_of: date) -> str:
    """Return the condition that an event of one of these names counts at `as_of`, exclusive.

    Examples
    --------
    >>> seen(["placed_order"], date(1970, 1, 2))
    'event IN (\\'placed_order\\') AND "at" < 86400000000 AND (cancelled_at IS NULL OR cancelled_at >= 86400000000)'
    """
    end = midnight(as_of)
    return f'event IN {literals(names)} AND "at" < {end} AND (cancelled_at IS NULL OR cancelled_at >= {end})'
