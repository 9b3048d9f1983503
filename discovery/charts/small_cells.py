"""Which numbers may be shown: groups too small for a rate, and those that would give them away."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.charts.format import SMALL_CELL, TOO_FEW, WITHHELD

#: Checks whose number is a rate or an amount of a segment's own customers.
PERSONAL = frozenset(
    {
        "forward_order_rate",
        "forward_click_rate",
        "forward_event_rate",
        "forward_revenue",
        "stated_rate",
        "campaign_order_rate",
        "campaign_click_rate",
        "campaign_event_rate",
        "campaign_unsubscribe_rate",
        "campaign_spam_rate",
        "campaign_revenue",
        "campaign_uplift",
        "consent",
        "filled",
        "single_value",
        "one_threshold",
        "distinct",
    }
)
REASONS = {
    TOO_FEW: "Too few customers to show a number.",
    WITHHELD: "Withheld: with everyone's number it would give away that of a segment too small to show.",
}


def hidden(sizes: Mapping[str, int]) -> dict[str, str]:
    """Return the groups whose rates and amounts must not be shown, each with the words shown instead.

    Those with fewer than 10 customers are too few; and where that is a single one, the next smallest is
    withheld: with everyone's number and all the others, the one left out could be had by subtraction. Empty groups
    have nothing to hide.

    Examples
    --------
    >>> hidden({"a": 200, "b": 40, "c": 4})
    {'c': 'too few to show', 'b': 'withheld'}
    >>> hidden({"a": 200, "b": 40})
    {}
    """
    known = {i: n for i, n in sizes.items() if n > 0}
    small = {i: TOO_FEW for i, n in known.items() if n < SMALL_CELL}
    if len(small) == 1:
        rest = sorted((n, i) for i, n in known.items() if i not in small)
        small |= {i: WITHHELD for _, i in rest[:1]}
    return small
