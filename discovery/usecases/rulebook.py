"""Rule files over a workspace's data: checked, counted, and compared between two dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from discovery.core.dataset import Dataset, day_of
from discovery.core.errors import UsageError
from discovery.core.progress import Progress, silent
from discovery.core.rule import Condition, Rule, leaves
from discovery.core.settings import EngineSettings
from discovery.engine.choice import query_engine
from discovery.engine.query import QueryEngine
from discovery.export import targets
from discovery.export.english import sentence
from discovery.features.catalogue import BY_NAME
from discovery.rules.changes import COLUMNS, changes
from discovery.rules.coverage import Coverage, coverage
from discovery.rules.evaluate import membership
from discovery.rules.faults import Finding
from discovery.rules.library import Library, library_from
from discovery.rules.lint import History, lint
from discovery.rules.overlap import membership_overlap
from discovery.rules.parse import to_text
from discovery.rules.vocabulary import Vocabulary
from discovery.store import Workspace, read_entries
from discovery.usecases.measuring import measure, vocabulary_of

#: Each batch reads its events again, so it is as large as the memory of a million customers allows.
_MEASURES_AT_ONCE = 192


@dataclass(frozen=True)
class Counted:
    """One rule and whom it selects.

    ``joined`` and ``left`` are None unless two dates were asked for.
    """

    name: str
    where: str
    english: str
    customers: int
    share: float
    joined: int | None = None
    left: int | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All rules of a file at a date.

    Parameters
    ----------
    as_of : date
        Exclusive.
    customers : int
        Known at the date.
    rules : tuple of Counted
        In the order of the file.
    absent : mapping
        Rules that ask for what the data do not have, with what that is.
    members : DataFrame
        Indexed by customer_id, one boolean column per rule.
    coverage : Coverage
        Share of the customers that none of the rules, one, or several select.
    overlap : DataFrame
        One row per pair of rules: customers of both, of one only, Jaccard, lift.
    changes : DataFrame
        Who joined and left each rule since the earlier date, and through which condition.
    """

    as_of: date
    customers: int
    rules: tuple[Counted, ...]
    absent: Mapping[str, str]
    members: pd.DataFrame
    coverage: Coverage
    overlap: pd.DataFrame
    changes: pd.DataFrame

    def pairs(self) -> pd.DataFrame:
        """Return one row per rule and customer it selects."""
        named = [(name, self.members.index[self.members[name]]) for name in self.members.columns]
        frames = [pd.DataFrame({"rule": name, "customer_id": ids}) for name, ids in named]
        return pd.concat([pd.DataFrame({"rule": [], "customer_id": []}, dtype="str"), *frames], ignore_index=True)


def evaluate(
    path: Path,
    workspace: Workspace,
    as_of: date | None = None,
    before: date | None = None,
    engine: EngineSettings | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Return whom every rule of a file selects, all measured together.

    Parameters
    ----------
    path : Path
        A rule file: YAML, as ``configs/segments.yaml``.
    workspace : Workspace
        Whose dataset.
    as_of : date, optional
        Exclusive; the day after the last event unless stated.
    before : date, optional
        An earlier date: who joined and left since then is listed.
    engine : EngineSettings, optional
        What computes the measures.

    Raises
    ------
    RuleError
        Naming every faulty entry at once.
    WorkspaceError
        If the workspace holds no dataset.
    UsageError
        If `before` is no earlier date.
    """
    with _opened(workspace, engine) as (asked, dataset):
        known = vocabulary_of(asked, dataset)
        library = library_from(read_entries(path), known)
        day = as_of or dataset.data_end
        if before and before >= day:
            raise UsageError(
                f"--before must be an earlier date than {'--as-of' if as_of else 'the end of the data'} {day}, got "
                f"{before}: who joined and left is told from the one to the other."
            )
        found, moved = [], [pd.DataFrame(columns=list(COLUMNS))]
        for where, names in _blocks(library.rules):
            table = measure(asked, dataset, day, names, progress, vocabulary=known).table
            found.append(membership(where, table))
            if before:
                moved.append(changes(where, measure(asked, dataset, before, names, vocabulary=known).table, table))
    members = pd.concat(found, axis=1).fillna(False) if found else pd.DataFrame()
    changed = pd.concat(moved, ignore_index=True)
    tally = changed.groupby(["rule", "change"]).size().to_dict()
    counted = tuple(
        Counted(
            rule.name,
            to_text(rule.where),
            sentence(rule.where, known, dataset.currency),
            int(members[rule.name].sum()),
            float(members[rule.name].mean()) if len(members) else 0.0,
            int(tally.get((rule.name, "joined"), 0)) if before else None,
            int(tally.get((rule.name, "left"), 0)) if before else None,
        )
        for rule in library.rules
    )
    return Evaluation(
        day, len(members), counted, library.absent, members, coverage(members), membership_overlap(members), changed
    )


def check(
    path: Path, workspace: Workspace | None = None, target: str = "", exclusive: bool = False
) -> tuple[Library, tuple[Finding, ...]]:
    """Return the rules of a file and their faults.

    Parameters
    ----------
    path : Path
        A rule file.
    workspace : Workspace, optional
        Whose data say which values are missing and how far back they reach.
    target : str
        ``klaviyo`` or ``sql``: also tell what it cannot express.
    exclusive : bool
        Also tell why customers are in more than one segment, or in none.

    Raises
    ------
    RuleError
        Naming every entry that cannot be read.
    """
    history, known = None, Vocabulary(BY_NAME)
    library = None
    if workspace is not None:
        with _opened(workspace, None) as (asked, dataset):
            known = vocabulary_of(asked, dataset)
            library = library_from(read_entries(path), known)
            missing: dict[str, int] = {}
            for _, names in _blocks(library.rules):
                values = measure(asked, dataset, dataset.data_end, names, vocabulary=known).table.values
                missing |= {str(name): int(n) for name, n in values.isna().sum().items()}
            history = History((dataset.data_end - day_of(dataset.first_at)).days, missing)
    library = library or library_from(read_entries(path), known)
    expressible = targets.EXPRESSIBLE[target] if target else None
    found = lint(
        library.rules, known, history=history, expressible=expressible, target=target.title(), exclusive=exclusive
    )
    return library, found


@contextmanager
def _opened(workspace: Workspace, settings: EngineSettings | None) -> Iterator[tuple[QueryEngine, Dataset]]:
    dataset = workspace.needed_dataset()
    with query_engine(settings or EngineSettings()) as engine:
        yield engine, dataset


def _blocks(rules: Sequence[Rule]) -> Iterator[tuple[dict[str, Condition], list[str]]]:
    """Yield rules by name with the measures they need, so many at a time that a million customers' fit in memory."""
    where: dict[str, Condition] = {}
    names: list[str] = []
    for rule in rules:
        further = [leaf.feature for leaf in leaves(rule.where) if leaf.feature not in names]
        if where and len(names) + len(further) > _MEASURES_AT_ONCE:
            yield where, names
            where, names, further = {}, [], [leaf.feature for leaf in leaves(rule.where)]
        where[rule.name] = rule.where
        names += dict.fromkeys(further)
    if where:
        yield where, names
