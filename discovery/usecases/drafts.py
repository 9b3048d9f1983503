"""A rule while it is written over a run: whom it selects, what it says, what is wrong with it; and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from discovery.core.dataset import EVENT_NAMES, day_of
from discovery.core.errors import UsageError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition, Rule, leaves
from discovery.core.run import LibraryRule, Run
from discovery.engine.duckdb import Engine
from discovery.export.english import sentence
from discovery.export.yaml import document
from discovery.rules.evaluate import select
from discovery.rules.faults import Finding
from discovery.rules.library import as_entries, library_from, slug
from discovery.rules.lint import History, lint
from discovery.rules.parse import parse, to_text
from discovery.rules.vocabulary import Vocabulary
from discovery.store import Workspace, change_entries, own_entries, read_entries, shipped
from discovery.usecases.measuring import measure, vocabulary_of

DRAFT = "This rule"
_HEADING = "Rules saved in the dashboard; runs started there have them in their library."


@dataclass(frozen=True)
class Words:
    """What a rule over a run may speak of.

    Parameters
    ----------
    features : mapping
        The run's features by name; a measure stated in a rule is found by its own text.
    events : tuple of str
        Events that a stated measure can count.
    measurable : bool
        The data of the run are still in the workspace, so stated measures can be counted.
    """

    features: Mapping[str, Feature]
    events: tuple[str, ...]
    measurable: bool


@dataclass(frozen=True)
class Draft:
    """A rule as far as it is written.

    Parameters
    ----------
    where, text, english
        The condition, as rule text, and as a sentence.
    customers, share
        Whom it selects among the customers of the run.
    findings : tuple of Finding
        What is wrong with it, alone and beside the library.
    """

    where: Condition
    text: str
    english: str
    customers: int
    share: float
    findings: tuple[Finding, ...]


def rule_words(run: Run, workspace: Workspace) -> Words:
    """Return what a rule over `run` may speak of."""
    settings = cast(Mapping[str, Mapping[str, str]], run.settings)
    seasons = cast(Mapping[str, str], settings.get("features", {}).get("seasons", {}))
    dataset = workspace.dataset()
    if dataset is None or dataset.fingerprint != run.table.fingerprint:
        known = {f.name: f for f in run.table.features}
        return Words(Vocabulary(known, seasons=seasons), EVENT_NAMES, False)
    stated = settings.get("response", {}).get("property", "")
    with Engine() as engine:
        vocabulary = vocabulary_of(engine, dataset, seasons, f"property.{stated}" if stated else "")
    return Words(vocabulary, tuple(dataset.events_by_name), True)


def warm_up() -> None:
    """Load what the first rule that is read needs, so that nobody waits for it: the parser, and postal codes."""
    with suppress(UsageError):
        parse("distance_miles('US', '02108') <= 30", {})


def read_rule(text: str, words: Words) -> Condition:
    """Return the condition that `text` states, or raise `RuleError` with the position."""
    return parse(text, words.features)


def draft_rule(run: Run, workspace: Workspace, words: Words, text: str, library: Sequence[Rule] = ()) -> Draft:
    """Return a rule over `run`: counted, in words, and checked alone and beside the rules of a library.

    Raises
    ------
    RuleError
        With the position, if it cannot be read.
    UsageError
        If it asks for a measure of its own and the data of the run are no longer in the workspace.
    """
    where = read_rule(text, words)
    table = _with_stated(run.table, [leaf.feature for leaf in leaves(where)], workspace, words)
    chosen = select(where, table)
    missing = {leaf.feature: int(table.column(leaf.feature).isna().sum()) for leaf in leaves(where)}
    dataset = workspace.dataset() if words.measurable else None
    days = (run.as_of - day_of(dataset.first_at)).days if dataset else 10**6
    others = [r for r in library if all(leaf.feature in words.features for leaf in leaves(r.where))]
    findings = lint([*others, Rule(DRAFT, where)], words.features, history=History(days, missing))
    return Draft(
        where,
        to_text(where),
        sentence(where, words.features, run.currency),
        int(chosen.sum()),
        float(chosen.mean()),
        tuple(f for f in findings if f.rule == DRAFT),
    )


def saved_rules(run: Run, workspace: Workspace, words: Words) -> tuple[tuple[LibraryRule, ...], Mapping[str, str]]:
    """Return the rules saved in a workspace with their customers in `run`, and why others cannot be used on it."""
    library = library_from(own_entries(workspace), words.features)
    counted: list[LibraryRule] = []
    absent = dict(library.absent)
    for rule in library.rules:
        try:
            draft = draft_rule(run, workspace, words, to_text(rule.where))
        except UsageError as error:
            absent[rule.name] = str(error)
        else:
            counted.append(LibraryRule(rule, draft.english, draft.customers))
    return tuple(counted), absent


def save_rule(workspace: Workspace, rule: Rule) -> None:
    """Keep a rule in the workspace's library.

    Raises
    ------
    UsageError
        If another rule of the library has its name.
    """
    entry = {**as_entries([rule])[0], "divides": False}

    def added(entries: Sequence[Mapping[str, str]]) -> str:
        if slug(rule.name) in {slug(e["name"]) for e in (*read_entries(shipped("configs/segments.yaml")), *entries)}:
            raise UsageError(f"A rule called {rule.name!r} is in the library already. Give this one another name.")
        return document([*entries, entry], _HEADING)

    change_entries(workspace, added)


def forget_rule(workspace: Workspace, name: str) -> None:
    """Take a saved rule out of the workspace's library."""
    change_entries(workspace, lambda entries: document([e for e in entries if e["name"] != name], _HEADING))


def _with_stated(table: FeatureTable, names: Sequence[str], workspace: Workspace, words: Words) -> FeatureTable:
    """Return the table with the measures that a rule states in place, or features the run did not keep."""
    here = {f.name for f in table.features}
    wanted = [name for name in dict.fromkeys(names) if name not in here]
    if not wanted:
        return table
    dataset = workspace.dataset() if words.measurable else None
    if dataset is None:
        raise UsageError(
            f"{wanted[0]} cannot be counted: the workspace no longer holds the data of this run. "
            "Use the run's own features, or bring the data in again with a new run."
        )
    with Engine() as engine:
        found = measure(engine, dataset, table.as_of, wanted, vocabulary=cast(Vocabulary, words.features)).table
    added = found.only(wanted)
    return table.only(names).with_columns(added.features, [added.values[f.name] for f in added.features])
