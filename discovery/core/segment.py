"""Segments, and a segmentation: one way to divide the customers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html import escape

import pandas as pd

from discovery.core.candidate import Candidate
from discovery.core.errors import DataError, WorkspaceError, did_you_mean
from discovery.core.segment_look import colour_of, symbol_of

#: The segment of customers that a segmentation does not place.
UNASSIGNED = "unassigned"

#: What people call a segmentation.
TITLES: Mapping[str, str] = {
    "kmeans": "KMeans",
    "hdbscan": "HDBSCAN",
    "rules": "Rules",
    "mixture": "Mixture",
    "lifecycle": "Lifecycle",
}


class Structure(StrEnum):
    """What a segmentation may claim about the customers."""

    DISCOVERED = "discovered"
    CONSTRUCTED = "constructed"
    NONE = "none"


@dataclass(frozen=True)
class Description:
    """One feature of one segment beside everyone, in real units.

    ``effect`` is Cliff's delta of the segment against all other placed customers, -1 to 1.
    """

    median: float
    q1: float
    q3: float
    everyone: float
    effect: float
    missing_share: float


@dataclass(frozen=True)
class Answer:
    """What customers of a segment told of themselves.

    Parameters
    ----------
    feature : str
        Name of the property that was asked.
    said : str
        The answer; several rare ones together are *other answers*.
    customers : int
        Of the segment, at least ten.
    share, everyone : float
        Of those of the segment who answered, and of all placed customers who did, 0 to 1.
    """

    feature: str
    said: str
    customers: int
    share: float
    everyone: float

    @property
    def effect(self) -> float:
        """Cohen's h between the shares; from .2 on it is small, from .5 on medium (Cohen 1988).

        Examples
        --------
        >>> round(Answer("property_skin_type", "dry", 62, 0.62, 0.31).effect, 2)
        0.63
        """
        return 2 * (math.asin(math.sqrt(self.share)) - math.asin(math.sqrt(self.everyone)))


@dataclass(frozen=True)
class Segment:
    """A group of customers with a name, a colour and a symbol that stay the same on every page and export.

    Parameters
    ----------
    id : str
        Unique within its segmentation; ``unassigned`` for customers not placed.
    name, why_named : str
        What people call it, and the measured reason.
    size : int
        Customers.
    share : float
        Of all customers of the table, 0 to 1.
    rank : int
        Place in the order of colours and symbols; -1 for ``unassigned``.
    profile : mapping
        Feature name to its Description.
    note : str
        What people noted of it.
    retired : str
        Why people retired it; empty while it is in use. Its customers stay in it, and exports leave it out.
    nearest : str
        Id of the segment most like it; empty where there is no other.
    versus_nearest : mapping
        Feature name to its Description beside that segment, those that separate the two most first: ``everyone`` is
        the nearest's median, ``effect`` Cliff's delta between the two.
    answers : tuple of Answer
        What its customers told of themselves, by question, the most frequent answer first.
    """

    id: str
    name: str
    why_named: str
    size: int
    share: float
    rank: int
    profile: Mapping[str, Description] = field(default_factory=dict)
    note: str = ""
    retired: str = ""
    nearest: str = ""
    versus_nearest: Mapping[str, Description] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()

    @property
    def colour(self) -> str:
        """Hex colour, fixed by the segment's rank."""
        return colour_of(self.rank)

    @property
    def symbol(self) -> str:
        """Marker symbol, fixed by the segment's rank; it differs where colours come round again."""
        return symbol_of(self.rank)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """One way to divide the customers, from a clustering or from rules.

    Parameters
    ----------
    name : str
        ``kmeans``, ``hdbscan``, ``mixture``, ``lifecycle`` or ``rules``.
    segments : tuple of Segment
        In the order of their rank; ``unassigned`` last, and only where someone is in it.
    labels : Series of str
        Segment id per customer, indexed by customer_id.
    strength : Series of float
        0 to 1: how clearly the customer belongs. 1 for a rule.
    method : str
        One sentence: how it was made.
    structure : Structure
        Whether the groups are discovered, constructed, or not there.
    structure_reason : str
        Why, in words.
    unassigned_reason : str
        Why customers were left out; empty where all are placed.
    seed : int
        The only source of chance.
    model : mapping
        Learnt transforms and centres as plain JSON values.
    candidates : tuple of Candidate
        The numbers of segments considered.
    lineage : tuple of str
        What was merged, oldest first.
    next_labels : Series of str or None
        Segment id per customer where they would be next; empty where there is none. None: not known.

    Raises
    ------
    DataError
        If ids or names of segments are not unique, sizes do not add up to the labels, labels and strength are of other
        customers, or nobody says why customers are unassigned.

    Examples
    --------
    >>> labels = pd.Series({"ann": "c1", "ben": "c2", "cem": "c1"})
    >>> two = Segment("c1", "Regulars", "many orders", 2, 2 / 3, 0), Segment("c2", "Lapsed", "none now", 1, 1 / 3, 1)
    >>> found = Segmentation("kmeans", two, labels, labels.eq("").astype(float), "by hand", Structure.CONSTRUCTED, "so")
    >>> found.k, found.coverage, list(found.members("c1")), found.merged("c1", "c2").k
    (2, 1.0, ['ann', 'cem'], 1)
    """

    name: str
    segments: tuple[Segment, ...]
    labels: pd.Series
    strength: pd.Series
    method: str
    structure: Structure
    structure_reason: str
    unassigned_reason: str = ""
    seed: int = 0
    model: Mapping[str, object] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    lineage: tuple[str, ...] = ()
    next_labels: pd.Series | None = None

    def __post_init__(self) -> None:
        counts = self.labels.value_counts()
        sizes = {s.id: s.size for s in self.segments}
        if len(sizes) != len(self.segments):
            raise DataError(
                f"Segmentation {self.name}: segment ids must be unique, got {[s.id for s in self.segments]}."
            )
        names = [s.name for s in self.segments]
        if len(set(names)) != len(names):
            raise DataError(f"Segmentation {self.name}: segment names must be unique, got {names}.")
        counted = {str(i): int(n) for i, n in counts.items() if n}
        stated = {i: n for i, n in sizes.items() if n}
        if counted != stated:
            raise DataError(f"Segmentation {self.name}: sizes must add up, got {stated} for labels {counted}.")
        beside = [self.strength] if self.next_labels is None else [self.strength, self.next_labels]
        if not all(self.labels.index.equals(each.index) for each in beside):
            raise DataError(f"Segmentation {self.name}: labels and strength must be of the same customers.")
        if UNASSIGNED in counted and not self.unassigned_reason:
            raise DataError(f"Segmentation {self.name}: say why {counted[UNASSIGNED]} customers are unassigned.")

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES.get(self.name, self.name)

    @property
    def placed(self) -> tuple[Segment, ...]:
        """The segments without ``unassigned``."""
        return tuple(s for s in self.segments if s.id != UNASSIGNED)

    @property
    def k(self) -> int:
        """Number of segments without ``unassigned``."""
        return len(self.placed)

    @property
    def coverage(self) -> float:
        """Share of customers that are placed, 0 to 1."""
        return sum(s.size for s in self.placed) / max(len(self.labels), 1)

    def segment(self, segment_id: str) -> Segment:
        """Return the segment with that id, or raise with the nearest one."""
        for found in self.segments:
            if found.id == segment_id:
                return found
        known = [s.id for s in self.segments]
        raise WorkspaceError(f"No segment {segment_id!r} in {self.name}. {did_you_mean(segment_id, known)}")

    def members(self, segment_id: str) -> pd.Index:
        """Return the customer ids of one segment, in increasing order."""
        self.segment(segment_id)
        return self.labels.index[self.labels == segment_id]

    def joined(self, a: str, b: str, name: str | None = None) -> tuple[Segment, ...]:
        """Return the segments as they would be with `b` part of `a`."""
        first, second = self.segment(a), self.segment(b)
        both = replace(
            first,
            name=name or f"{first.name} + {second.name}",
            why_named=f"{first.name} and {second.name}, merged",
            size=first.size + second.size,
            share=first.share + second.share,
            profile={},
            nearest="",
            versus_nearest={},
            answers=(),
        )
        return tuple(both if s.id == a else s for s in self.segments if s.id != b)

    def merged(self, a: str, b: str, name: str | None = None) -> Segmentation:
        """Return a new segmentation in which `b` is part of `a`; this one stays as it is.

        Every customer keeps a segment, so sizes add up before and after. ``model["merged"]`` says that customers whom
        the model places in `b` belong to `a`.
        """
        if a == b or UNASSIGNED in (a, b):
            raise WorkspaceError(f"Two different segments must be named to merge, got {a!r} and {b!r}.")
        known = self.model.get("merged", {})
        moved = {i: a if into == b else into for i, into in known.items()} if isinstance(known, Mapping) else {}
        labels = self.labels.mask(self.labels == b, a)
        following = None if self.next_labels is None else self.next_labels.mask(self.next_labels == b, a)
        return replace(
            self,
            segments=self.joined(a, b, name),
            labels=labels,
            next_labels=None if following is None else following.mask(following == labels, ""),
            model={**self.model, "merged": {**moved, b: a}},
            lineage=(*self.lineage, f"{b} merged into {a}"),
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(s.name)}</td><td>{s.size:,}</td><td>{s.share:.1%}</td></tr>" for s in self.segments
        )
        head = "<tr><th>segment</th><th>customers</th><th>share</th></tr>"
        return f"<p>{self.name}: {self.k} segments, {self.structure.value}</p><table>{head}{rows}</table>"
