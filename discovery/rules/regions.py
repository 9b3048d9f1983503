"""Which customers a rule could ever select, whatever the data: exact set algebra over the values of its features.

Between the values that rules compare a feature with, nothing tells two values apart. So a feature's values fall into a
few cells (below 3, exactly 3, above 3, missing), a set of values is a set of cells, kept as the bits of an integer, and
whom a rule selects is a union of boxes. Contradictions and implications are then decided, not guessed; features are
taken to vary freely, so that whatever is found holds for every data set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

from discovery.core.feature import Feature
from discovery.core.rule import (
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Leaf,
    Matches,
    Missing,
    Not,
    OneOf,
    Scalar,
    leaves,
)

#: A box: for each axis the cells it allows; an axis that is not named is free.
Box = Mapping[str, int]
#: More boxes than this, and a rule is too tangled to be decided.
_MOST_BOXES = 512
_WHOLE = ("count", "distinct", "unfollowed", "run_since", "days_since_last", "days_since_first", "length")
_MISSING = 1


class TooTangled(Exception):
    """A rule has so many alternatives that it is not decided."""


@dataclass(frozen=True)
class Axis:
    """One feature's values, cut where rules cut them; bit 0 is a missing value.

    A number has a bit for the values below the first cut, at it, between it and the next one, and so on; a text or a
    truth value has a bit for each value that is named, and a last one for all others.
    """

    cuts: tuple[Scalar, ...]
    ordered: bool
    possible: int

    def cells(self, leaf: Leaf) -> int:
        """Return the cells in which `leaf` holds."""
        if isinstance(leaf, Missing):
            return _MISSING
        if isinstance(leaf, Matches):
            return 2
        return sum(2 << n for n, value in enumerate(self._points()) if _holds(leaf, value))

    def _points(self) -> Iterator[tuple[Scalar | None, int]]:
        """Yield a value and a side for each cell: exactly it (0), just below (-1), or just above it (1)."""
        if not self.ordered:
            yield from ((cut, 0) for cut in self.cuts)
            yield None, 0
            return
        yield self.cuts[0], -1
        for cut in self.cuts:
            yield cut, 0
            yield cut, 1


@dataclass(frozen=True)
class Space:
    """The axes that some rules speak of."""

    axes: Mapping[str, Axis]

    @classmethod
    def of(cls, conditions: Iterable[Condition], features: Mapping[str, Feature]) -> Space:
        """Return the space of the features that `conditions` speak of."""
        named: dict[str, tuple[Feature, list[Leaf]]] = {}
        for condition in conditions:
            for leaf in leaves(condition):
                named.setdefault(_axis(leaf), (features[leaf.feature], []))[1].append(leaf)
        return cls({name: _cut(feature, found) for name, (feature, found) in named.items()})

    def boxes(self, condition: Condition) -> tuple[Box, ...]:
        """Return the union of boxes that `condition` selects.

        Raises
        ------
        TooTangled
            If there are too many.
        """
        return tuple(self._boxes(condition, True))

    def within(self, inner: Sequence[Box], outer: Sequence[Box]) -> bool:
        """Return whether every customer in `inner` is in `outer`, for any data."""
        return all(not self._outside(box, outer) for box in inner)

    def everyone(self) -> tuple[Box, ...]:
        """Return the box that every customer is in."""
        return ({},)

    def _boxes(self, condition: Condition, wanted: bool) -> list[Box]:
        """Return where `condition` is known to hold, or, unless `wanted`, known not to."""
        match condition:
            case All(parts) | AnyOf(parts):
                found = [self._boxes(part, wanted) for part in parts]
                if isinstance(condition, All) != wanted:
                    return _few([box for boxes in found for box in boxes])
                count = reduce(lambda n, boxes: n * len(boxes), found, 1)
                if count > _MOST_BOXES:
                    raise TooTangled
                joined = (self._joined(chosen) for chosen in product(*found))
                return [box for box in joined if box is not None]
            case Not(part):
                return self._boxes(part, not wanted)
            case _:
                name = _axis(condition)
                axis = self.axes[name]
                known = axis.possible if isinstance(condition, Missing) else axis.possible & ~_MISSING
                cells = axis.cells(condition)
                mask = (cells if wanted else ~cells) & known
                return [{name: mask}] if mask else []

    def _joined(self, boxes: Iterable[Box]) -> Box | None:
        out: dict[str, int] = {}
        for box in boxes:
            for name, mask in box.items():
                out[name] = out.get(name, self.axes[name].possible) & mask
                if not out[name]:
                    return None
        return out

    def _outside(self, box: Box, others: Sequence[Box]) -> bool:
        """Return whether some of `box` lies in none of `others`."""
        if not others:
            return True
        first, rest = others[0], others[1:]
        left = dict(box)
        for name, mask in first.items():
            mine = left.get(name, self.axes[name].possible)
            if not mine & mask:
                return self._outside(box, rest)
            if mine & ~mask and self._outside({**left, name: mine & ~mask}, rest):
                return True
            left[name] = mine & mask
        return False


def _axis(leaf: Leaf) -> str:
    """Return the axis a leaf speaks of; a search in a text is one of its own, true or not."""
    return f"{leaf.feature} {leaf.place} {leaf.text}" if isinstance(leaf, Matches) else leaf.feature


def _cut(feature: Feature, found: Sequence[Leaf]) -> Axis:
    missing = 0 if feature.missing == "never" or feature.missing.endswith(": 0") else _MISSING
    if any(isinstance(leaf, Matches) for leaf in found):
        return Axis((True,), False, missing | 0b110)
    cuts = {value for leaf in found for value in _values(leaf)}
    ordered = feature.kind in ("number", "date") and bool(cuts)
    if feature.kind == "boolean":
        return Axis((True, False), False, missing | 0b110)
    in_order = tuple(sorted(cuts))
    axis = Axis(in_order, ordered, 0)
    possible = sum(2 << n for n, point in enumerate(axis._points()) if _possible(feature, point, in_order))
    return Axis(in_order, ordered, possible | missing)


def _possible(feature: Feature, point: tuple[Scalar | None, int], cuts: Sequence[Scalar]) -> bool:
    """Return whether `feature` can have a value there: counts are whole and not negative, shares lie in 0 to 1."""
    value, side = point
    if feature.labels and feature.kind == "text":
        return value in feature.labels if value is not None else not set(feature.labels) <= set(cuts)
    if feature.kind != "number" or not isinstance(value, (int, float)):
        return True
    if feature.unit == "share":
        return 0 <= value <= 1 if side == 0 else value > 0 if side < 0 else value < 1
    if feature.aggregate not in _WHOLE:
        return True
    if side == 0:
        return value >= 0 and float(value).is_integer()
    if side < 0:
        return value > 0
    above = [c for c in cuts if isinstance(c, (int, float)) and c > value]
    # A whole number lies strictly between this cut and the next one.
    return not above or max(0, int(value // 1) + 1) < above[0]


def _values(leaf: Leaf) -> tuple[Scalar, ...]:
    match leaf:
        case Compare(_, _, value):
            return (value,)
        case Between(_, low, high):
            return (low, high)
        case OneOf(_, values):
            return values
        case _:
            return ()


def _holds(leaf: Leaf, point: tuple[Scalar | None, int]) -> bool:
    """Return whether `leaf` holds at a value, or just below or above it, or (None) at a value nobody names."""
    value, side = point
    match leaf:
        case OneOf(_, values):
            return side == 0 and value is not None and value in values
        case Between(_, low, high):
            return bool(_order(point, low) >= 0 and _order(point, high) <= 0)
        case Compare(_, sign, wanted):
            if sign in ("=", "<>"):
                return (side == 0 and value is not None and value == wanted) == (sign == "=")
            order = _order(point, wanted)
            return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]
    raise AssertionError(leaf)


def _order(point: tuple[Scalar | None, int], wanted: Scalar) -> int:
    value, side = point
    if value == wanted:
        return side
    return -1 if value < wanted else 1  # type: ignore[operator]


def _few(boxes: list[Box]) -> list[Box]:
    if len(boxes) > _MOST_BOXES:
        raise TooTangled
    return boxes
