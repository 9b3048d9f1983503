"""Rules over features: whom they select, counted, and compared between two dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.core.errors import UsageError
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress, silent
from discovery.core.rule import Condition, Rule, leaves
from discovery.core.settings import EngineSettings
from discovery.core.stated_day import stated_day
from discovery.engine.choice import query_engine
from discovery.engine.query import QueryEngine
from discovery.export.english import sentence
from discovery.rules.changes import COLUMNS, changes
from discovery.rules.coverage import Coverage, coverage
from discovery.rules.evaluate import membership
from discovery.rules.library import library_from, rules_from
from discovery.rules.overlap import membership_overlap
from discovery.rules.parse import to_text
from discovery.store import Workspace, open_workspace, read_entries
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


def evaluate_rules(table: FeatureTable, rules: Mapping[str, str]) -> pd.DataFrame:
    """Return whom each rule selects among the customers of a table.

    Parameters
    ----------
    table : FeatureTable
        Features at a date; a rule may speak of these only.
    rules : mapping of str to str
        Name to rule text (docs/rules.md), for example ``{"loyal": "orders >= 3"}``.

    Returns
    -------
    DataFrame of bool
        Shape (customers, rules): indexed by customer_id, one column per name.

    Raises
    ------
    RuleError
        If a text cannot be read, with the position; or names what the table lacks, with the nearest known name.

    Notes
    -----
    A condition on a missing value is unknown, as in SQL: it selects nobody, and neither does its opposite.

    Examples
    --------
    >>> import discovery
    >>> run = discovery.load_run(discovery.open_workspace("work"))
    >>> chosen = discovery.evaluate_rules(run.table, {"loyal": "orders >= 3", "once": "orders = 1"})
    >>> chosen.shape, int((chosen["loyal"] & chosen["once"]).sum())
    ((257, 2), 0)
    """
    entries = [{"name": name, "where": where} for name, where in rules.items()]
    parsed = rules_from(entries, {f.name: f for f in table.features})
    return membership({r.name: r.where for r in parsed}, table)


def evaluate_rule_file(
    path: str | Path,
    workspace: str | Path | Workspace,
    *,
    as_of: date | None = None,
    before: date | None = None,
    engine: str = "duckdb",
    spark_master: str = "",
    progress: Progress = silent,
) -> Evaluation:
    """Return whom every rule of a file selects in a workspace's data, all measured together.

    Parameters
    ----------
    path : str or Path
        A rule file: YAML, as ``configs/segments.yaml``.
    workspace : str, Path or Workspace
        Whose dataset.
    as_of : date, optional
        Exclusive; the day after the last event unless stated.
    before : date, optional
        An earlier date: who joined and left since then is listed, and through which condition.
    engine : str
        ``duckdb`` or ``spark``: what computes the measures. Both select the same customers.
    spark_master : str
        Address of a Spark master; empty: Spark on this machine.
    progress : callable
        Told the step (str) and the share of it that is done (0 to 1).

    Returns
    -------
    Evaluation
        Counts and shares of each rule, who is in it, how rules overlap, and what no rule selects.

    Raises
    ------
    SettingError
        If there is no such file, or no such engine.
    RuleError
        Naming every faulty entry at once.
    WorkspaceError
        If there is no workspace, or it holds no dataset.
    UsageError
        If `before` is no earlier date.

    Notes
    -----
    A rule that asks for what the data do not have is left out, and named in ``absent``. Shares are of the customers
    known at the date.

    Examples
    --------
    >>> import discovery
    >>> with open("rules.yaml", "w") as file:
    ...     _ = file.write("- {name: Loyal, where: orders >= 3}\\n")
    >>> found = discovery.evaluate_rule_file("rules.yaml", "work")
    >>> found.customers, found.rules[0].english
    (300, 'Customers with at least 3 orders.')
    """
    for name, stated in (("as_of", as_of), ("before", before)):
        if stated is not None:
            stated_day(stated, name)
    chosen = {"kind": engine, "spark_master": spark_master}
    raw = {"source": {"kind": "canonical", "path": "."}, "as_of": "data_end", "engine": chosen}
    with opened(workspace, compile_settings(raw).engine) as (asked, dataset):
        known = vocabulary_of(asked, dataset)
        library = library_from(read_entries(Path(path)), known)
        day = as_of or dataset.data_end
        if before and before >= day:
            raise UsageError(
                f"--before must be an earlier date than {'--as-of' if as_of else 'the end of the data'} {day}, got "
                f"{before}: who joined and left is told from the one to the other."
            )
        found, moved = [], [pd.DataFrame(columns=list(COLUMNS))]
        for where, names in blocks(library.rules):
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


@contextmanager
def opened(
    workspace: str | Path | Workspace, settings: EngineSettings | None = None
) -> Iterator[tuple[QueryEngine, Dataset]]:
    """Give the engine and the dataset of a workspace that holds one."""
    dataset = (workspace if isinstance(workspace, Workspace) else open_workspace(workspace)).needed_dataset()
    with query_engine(settings or EngineSettings()) as engine:
        yield engine, dataset


def blocks(rules: Sequence[Rule]) -> Iterator[tuple[dict[str, Condition], list[str]]]:
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
