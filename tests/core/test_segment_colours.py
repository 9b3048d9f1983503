"""Segment colours carry meaning, so they are tested like numbers: seen on both grounds, told apart by everyone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from discovery.charts.theme import DARK, LIGHT
from discovery.core.segment import Segment
from discovery.core.segment_look import COLOURS, SYMBOLS, UNASSIGNED_COLOUR

#: Full protan-, deuter- and tritanopia on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
#: Linear RGB to Oklab (Ottosson 2020): straight-line distance is about as large as what is seen; 0.02 is just seen.
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
#: Three times what is just seen side by side: points of a chart stand apart and are small.
APART = 0.06
ALL = (*COLOURS, UNASSIGNED_COLOUR)


def linear(colour: str) -> NDArray[np.float64]:
    """Return a hex colour as linear RGB, 0 to 1."""
    value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (a, b))
    return light[1] / light[0]


def seen(colour: str, vision: str) -> NDArray[np.float64]:
    """Return where a colour lies in Oklab for somebody with that vision."""
    return TO_LAB @ np.cbrt(TO_LMS @ np.clip(VISIONS[vision] @ linear(colour), 0, 1))


def test_contrast_agrees_with_the_published_ends() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colour", ALL)
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
def test_every_segment_colour_is_seen_on_both_grounds(colour: str, look: object) -> None:
    assert contrast(colour, look.ground) >= 3.0


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_colours_are_told_apart(vision: str) -> None:
    near = {
        (a, b): float(np.linalg.norm(seen(a, vision) - seen(b, vision)))
        for a, b in combinations(ALL, 2)
        if np.linalg.norm(seen(a, vision) - seen(b, vision)) < APART
    }
    assert not near


def test_there_are_eight_of_each_and_a_ninth_segment_is_not_a_twin_of_the_first() -> None:
    assert len(set(COLOURS)) == len(set(SYMBOLS)) == 8
    looks = {(s.colour, s.symbol) for s in (Segment(str(r), str(r), "", 1, 0.1, r) for r in range(24))}
    assert len(looks) == 24


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
def test_text_and_verdicts_can_be_read(look: object) -> None:
    for text in (look.ink, look.muted, look.passed, look.warned, look.failed, look.untested, look.accent):
        assert contrast(text, look.ground) >= 4.5
    # Heat tables print ink on the ends and the middle of their scales.
    for cell in (look.low, look.middle, look.high, look.deep):
        assert contrast(look.ink, cell) >= 4.5


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda t: t.name)
def test_both_ends_of_the_diverging_scale_are_told_apart(look: object, vision: str) -> None:
    low, middle, high = (seen(c, vision) for c in (look.low, look.middle, look.high))
    assert min(np.linalg.norm(low - high), np.linalg.norm(low - middle), np.linalg.norm(high - middle)) >= APART
