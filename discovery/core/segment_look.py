"""What a segment looks like: a colour and a symbol by its rank, the same on every page and export."""

from __future__ import annotations

#: Found by search: each has at least 3:1 on white and on near-black, and any two, and each beside the grey, stay
#: apart under protanopia, deuteranopia and tritanopia (tests/core/test_segment_colours.py simulates it).
COLOURS: tuple[str, ...] = (
    "#0070B0",
    "#D86000",
    "#409848",
    "#E068B0",
    "#885838",
    "#18A0C0",
    "#B03078",
    "#8880F8",
)
SYMBOLS: tuple[str, ...] = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "star",
    "triangle-down",
    "hexagon",
)
UNASSIGNED_COLOUR = "#858585"


def colour_of(rank: int) -> str:
    """Return the hex colour of a segment by its rank; -1 is ``unassigned``.

    Examples
    --------
    >>> colour_of(0), colour_of(8), colour_of(-1)
    ('#0070B0', '#0070B0', '#858585')
    """
    return UNASSIGNED_COLOUR if rank < 0 else COLOURS[rank % len(COLOURS)]


def symbol_of(rank: int) -> str:
    """Return the marker symbol of a segment by its rank; it differs where colours come round again.

    Examples
    --------
    >>> symbol_of(0), symbol_of(8), symbol_of(-1)
    ('circle', 'square', 'circle-open')
    """
    turn = rank // len(COLOURS)
    return "circle-open" if rank < 0 else SYMBOLS[(rank + turn) % len(SYMBOLS)]
