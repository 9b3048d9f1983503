"""Groups of conditions as Klaviyo joins them: all groups must hold, each by one of its conditions at least."""

from __future__ import annotations

from collections.abc import Iterable

from discovery.export.klaviyo.conditions import Condition
from discovery.export.klaviyo.definition import MOST_CONDITIONS

Groups = tuple[tuple[Condition, ...], ...]
#: Holds for everyone, and for nobody.
TRUE: Groups = ()
FALSE: Groups = ((),)
#: Groups that are multiplied out at once, before those that say nothing new are dropped.
_MOST_PRODUCTS = 10 * MOST_CONDITIONS


class TooMany(Exception):
    """Multiplied out, there would be more conditions than a segment may hold."""


def one(condition: Condition) -> Groups:
    """Return the groups that say one condition."""
    return ((condition,),)


def both(*parts: Groups) -> Groups:
    """Return the groups that hold where all `parts` hold, less those that another one implies.

    Examples
    --------
    >>> both(FALSE, TRUE) == FALSE, both(TRUE, TRUE) == TRUE
    (True, True)
    """
    groups = list(dict.fromkeys(group for part in parts for group in part))
    sets = [frozenset(group) for group in groups]
    implied = [
        any(other < each or (other == each and j < i) for j, other in enumerate(sets)) for i, each in enumerate(sets)
    ]
    return tuple(group for group, dropped in zip(groups, implied, strict=True) if not dropped)


def either(parts: Iterable[Groups]) -> Groups:
    """Return the groups that hold where one of `parts` holds: multiplied out, as Klaviyo nests no deeper.

    Raises
    ------
    TooMany
        If they would hold more conditions than a segment may.

    Examples
    --------
    >>> either([FALSE, TRUE]) == TRUE, either([]) == FALSE
    (True, True)
    """
    out = FALSE
    for part in parts:
        if len(out) * len(part) > _MOST_PRODUCTS:
            raise TooMany
        out = both(tuple(tuple(dict.fromkeys((*a, *b))) for a in out for b in part))
    if size(out) > MOST_CONDITIONS:
        raise TooMany
    return out


def size(groups: Groups) -> int:
    """Return how many conditions the groups hold."""
    return sum(len(group) for group in groups)
