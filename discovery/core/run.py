"""A Run: everything one discovery produced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape

import pandas as pd

from discovery.core.errors import WorkspaceError, did_you_mean
from discovery.core.evidence import Evidence, MergeVerdict
from discovery.core.feature import FeatureTable
from discovery.core.merge_path import MergePath
from discovery.core.rule import Rule
from discovery.core.segment import Segmentation

#: Raised by one when a file of the workspace changes its shape.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class SegmentRule:
    """The rule of one segment, induced from a cluster or written by a person, with the sentence a person can check."""

    segmentation: str
    rule: Rule
    english: str


@dataclass(frozen=True)
class LibraryRule:
    """One rule of the library and how many customers it selects, whether or not it divides them."""

    rule: Rule
    english: str
    customers: int


@dataclass(frozen=True)
class Match:
    """How well one rule of the library, or two joined, select a segment.

    ``join`` is ``""`` for one rule, else ``AND`` or ``OR``.
    """

    rules: tuple[str, ...]
    join: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Beside:
    """One segment of a clustering beside the rules of the library.

    Parameters
    ----------
    segmentation, segment_id : str
        Which segment.
    single, pair : Match or None
        The rule, and the two rules joined, with the highest F1; None where no rule selects any of its customers.
    said : bool
        One rule or a pair reaches the F1 that the settings ask for.
    cut_by : tuple of str
        Rules that select a middling share of its customers: what they ask for runs through the segment.
    """

    segmentation: str
    segment_id: str
    single: Match | None
    pair: Match | None
    said: bool
    cut_by: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Run:
    """Everything one discovery produced: the one seam that command line, dashboard, notebook and report share.

    Parameters
    ----------
    id : str
        Unique in its workspace, made from the date, the question and a digest of settings and data: the same
        work has the same id.
    question_asked : str
        The business question it serves, one sentence.
    currency : str
        ISO 4217 code of every amount.
    horizon_days : int
        Length of the forward window that response is measured in.
    settings : mapping
        Every setting as compiled.
    table : FeatureTable
        Features at ``as_of``.
    segmentations : tuple of Segmentation
        Side by side; at least one.
    recommended, recommended_reason : str
        Which of them to use, and why.
    evidence : tuple of Evidence
        About segments, pairs of them, and segmentations as a whole.
    merges : tuple of MergeVerdict
        Whether two segments should be one, by pair.
    rules : tuple of SegmentRule
        The rule of each segment that has one.
    overlap : DataFrame
        Every pair of segments of two segmentations: segmentation_a, segment_a, segmentation_b, segment_b, both,
        a_only, b_only, jaccard, lift.
    library : tuple of LibraryRule
        Every rule of the library that the data can use, in its order.
    beside : tuple of Beside
        The segments of the clusterings beside the library.
    merge_paths : tuple of MergePath
        Of every segmentation that can be joined step by step: what each merge costs.
    embedding : DataFrame
        customer_id, x, y of a sample, for seeing only.
    embedding_method : str
        ``PCA`` or ``UMAP``.
    responses : DataFrame
        What each customer of the table did after the date: ``responded`` (bool) and ``revenue_after`` (money), indexed
        by customer_id. Without a column where nothing was seen.
    problems : mapping
        Rows that could not be used, by reason.
    notes : tuple of str
        What the reader should know about the data.
    timings, versions : mapping
        Seconds by step and the libraries used: the only part of a Run that may differ between two equal ones.

    Raises
    ------
    WorkspaceError
        If the recommended segmentation is not there, or one does not label every customer of the table.

    Examples
    --------
    >>> import discovery
    >>> run = discovery.load_run(discovery.open_workspace("work"))
    >>> best = run.segmentation(run.recommended)
    >>> sum(segment.size for segment in best.segments) == len(run.table)
    True
    >>> [str(found.verdict) for found in run.evidence_for("rules", "champions") if found.question == "accessible"]
    ['PASS']
    """

    id: str
    question_asked: str
    currency: str
    horizon_days: int
    settings: Mapping[str, object]
    table: FeatureTable
    segmentations: tuple[Segmentation, ...]
    recommended: str
    recommended_reason: str
    evidence: tuple[Evidence, ...]
    merges: tuple[MergeVerdict, ...]
    rules: tuple[SegmentRule, ...]
    overlap: pd.DataFrame
    embedding: pd.DataFrame
    embedding_method: str
    library: tuple[LibraryRule, ...] = ()
    beside: tuple[Beside, ...] = ()
    merge_paths: tuple[MergePath, ...] = ()
    responses: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.segmentation(self.recommended)
        for each in self.segmentations:
            if not each.labels.index.equals(self.table.customers):
                raise WorkspaceError(f"Run {self.id}: segmentation {each.name} must label every customer of the table.")

    @property
    def as_of(self) -> date:
        """The date features were computed at, exclusive."""
        return self.table.as_of

    def segmentation(self, name: str) -> Segmentation:
        """Return the segmentation called `name`, or raise with the nearest one."""
        for found in self.segmentations:
            if found.name == name:
                return found
        known = [s.name for s in self.segmentations]
        raise WorkspaceError(f"No segmentation {name!r} in run {self.id}. {did_you_mean(name, known)}")

    def merge_path(self, segmentation: str) -> MergePath | None:
        """Return the merge path of one segmentation, where it has one."""
        return next((path for path in self.merge_paths if path.segmentation == segmentation), None)

    def evidence_for(self, segmentation: str, segment_id: str | None = None) -> tuple[Evidence, ...]:
        """Return the evidence about one segment, or about the segmentation as a whole."""
        subject = () if segment_id is None else (segment_id,)
        return tuple(e for e in self.evidence if e.segmentation == segmentation and e.subject == subject)

    def _repr_html_(self) -> str:
        return f"<p>Run <code>{self.id}</code>: {escape(self.question_asked)}</p>" + "".join(
            s._repr_html_() for s in self.segmentations
        )
