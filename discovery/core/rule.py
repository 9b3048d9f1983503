"""A rule: conditions over the vocabulary, joined by AND, OR and NOT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from discovery.core.errors import UsageError

Scalar = str | int | float | bool
ComparisonSign = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Operator:
    """One comparison in every rendering: the sign people type, its words, its opposite."""

    sign: ComparisonSign
    words: str
    opposite: ComparisonSign


#: One row per comparison; every rendering reads this table.
OPERATORS: dict[str, Operator] = {
    "=": Operator("=", "exactly", "<>"),
    "<>": Operator("<>", "other than", "="),
    "<": Operator("<", "less than", ">="),
    "<=": Operator("<=", "at most", ">"),
    ">": Operator(">", "more than", "<="),
    ">=": Operator(">=", "at least", "<"),
}


@dataclass(frozen=True)
class Compare:
    """`feature` `sign` `value`; unknown where the feature is missing."""

    feature: str
    sign: ComparisonSign
    value: Scalar

    def __post_init__(self) -> None:
        if self.sign not in OPERATORS:
            raise UsageError(f"A comparison must be one of {', '.join(OPERATORS)}, got {self.sign!r}.")


@dataclass(frozen=True)
class Between:
    """`low` <= `feature` <= `high`, two numbers or two days; unknown where the feature is missing."""

    feature: str
    low: float | str
    high: float | str

    def __post_init__(self) -> None:
        if isinstance(self.low, str) != isinstance(self.high, str):
            raise UsageError(f"BETWEEN must name two numbers or two days, got {self.low} and {self.high}.")
        if self.low > self.high:  # type: ignore[operator]
            raise UsageError(f"BETWEEN must name the smaller bound first, got {self.low} and {self.high}.")


@dataclass(frozen=True)
class OneOf:
    """`feature` is one of `values`; unknown where the feature is missing."""

    feature: str
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise UsageError(f"IN must list at least one value for {self.feature}.")


Place = Literal["contains", "starts", "ends"]
#: Where in a text another must stand, and what LIKE has before and after it to say so.
PLACES: dict[Place, tuple[str, str]] = {"contains": ("%", "%"), "starts": ("", "%"), "ends": ("%", "")}


@dataclass(frozen=True)
class Matches:
    """The text of `feature` contains, starts or ends with `text`, case and all; unknown where it is missing."""

    feature: str
    place: Place
    text: str

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise UsageError(f"A text may be searched for as {', '.join(PLACES)}, got {self.place!r}.")
        if not self.text or "%" in self.text:
            raise UsageError(f"LIKE must hold some text, with % only before or after it, got {self.text!r}.")


@dataclass(frozen=True)
class Missing:
    """`feature` has no value. Never unknown itself."""

    feature: str


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if len(self.parts) < 2:
            raise UsageError("AND must join at least two conditions.")


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if len(self.parts) < 2:
            raise UsageError("OR must join at least two conditions.")


@dataclass(frozen=True)
class Not:
    """The part is known not to hold: NOT of unknown stays unknown."""

    part: Condition


Leaf = Compare | Between | OneOf | Matches | Missing
Condition = Leaf | All | AnyOf | Not


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of `condition` from left to right.

    Examples
    --------
    >>> [leaf.feature for leaf in leaves(All((Compare("orders", ">=", 2), Compare("revenue", "<", 50))))]
    ['orders', 'revenue']
    """
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


#: Lower and upper end; NaN where there is nothing to measure on.
Interval = tuple[float, float]


@dataclass(frozen=True)
class FidelityInterval:
    """Where precision, recall and F1 would lie for all customers like those they were measured on.

    Parameters
    ----------
    precision, recall, f1 : (float, float)
        Lower and upper end; NaN where nobody was selected, nobody belongs, or neither.
    """

    precision: Interval
    recall: Interval
    f1: Interval


@dataclass(frozen=True)
class Fidelity:
    """How well a rule selects the customers it stands for, on customers it was not induced on.

    Parameters
    ----------
    precision : float
        Of those selected, the share that belongs. NaN where nobody was selected.
    recall : float
        Of those that belong, the share selected.
    f1 : float
        Harmonic mean of both.
    coverage : float
        Share of all customers selected.
    n : int
        Customers it was measured on.
    interval : FidelityInterval or None
        95 % intervals; None where they were not computed.
    """

    precision: float
    recall: float
    f1: float
    coverage: float
    n: int
    interval: FidelityInterval | None = None


@dataclass(frozen=True)
class Rule:
    """A named condition, with why and what for, and its fidelity when it was induced from a cluster.

    Parameters
    ----------
    name : str
        What people call those it selects.
    where : Condition
        Who they are.
    why, campaign, family : str
        Why it matters, what to send, which family of the library it stands in.
    segment_id : str
        The segment of a Run that it stands for; empty in a rule file.
    fidelity : Fidelity or None
        Measured on held-out customers, where it was induced.
    divides : bool
        It is one of those that divide the customers, the first that holds winning.

    Raises
    ------
    UsageError
        If it has no name.

    Examples
    --------
    >>> rule = Rule("Regulars", Compare("orders", ">=", 3), campaign="New arrivals")
    >>> [leaf.feature for leaf in leaves(rule.where)]
    ['orders']
    """

    name: str
    where: Condition
    why: str = ""
    campaign: str = ""
    family: str = ""
    segment_id: str = ""
    fidelity: Fidelity | None = None
    divides: bool = True

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("A rule must have a name.")
