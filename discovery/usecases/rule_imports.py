"""Segments of another system as rules of ours, so that a team's own stand next to the discovered ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discovery.core.errors import RuleError, SettingError
from discovery.core.strict_yaml import read_yaml
from discovery.engine.duckdb import Engine
from discovery.export.klaviyo.imported import Imported, Verdict, imported, segments_in
from discovery.export.yaml import document
from discovery.ingest.klaviyo.metrics import EVENTS, channel_of, event_name, words
from discovery.rules.parse import parse, to_text
from discovery.rules.vocabulary import Vocabulary
from discovery.store import Workspace, read_entries
from discovery.usecases.measuring import vocabulary_of

_HEADING = (
    "Segments of Klaviyo. Its Placed Order counts cancelled orders and those of no value; our orders do not.\n"
    "Its predictions are its own: ours are near them, not equal."
)


@dataclass(frozen=True)
class ImportedSegment:
    """What became of one segment.

    Parameters
    ----------
    name : str
        What it is called there.
    verdict : str
        ``imported``, ``valid but not expressible here``, or ``invalid``.
    where : str
        The rule, where it was imported.
    reasons : tuple of str
        Each part that cannot be said here, or each place that the other system would refuse.
    lacking : str
        What the workspace's data do not have, so that the rule selects nobody there.
    """

    name: str
    verdict: Verdict
    where: str = ""
    reasons: tuple[str, ...] = ()
    lacking: str = ""


def import_rules(
    found: object, metric_names: Mapping[str, str], workspace: Workspace | None = None
) -> tuple[tuple[ImportedSegment, ...], str]:
    """Return what became of every segment of Klaviyo in a document, and those that are rules as a rule file.

    Parameters
    ----------
    found : JSON value
        Payloads that create segments, what the API answers, or definitions.
    metric_names : mapping
        Id of a metric to its name, or the name to the id, as exports take it. Names themselves need not be listed.
    workspace : Workspace, optional
        Whose data the rules are tried on.
    """
    names = {**{ident: name for name, ident in metric_names.items()}, **metric_names}

    def event_of(metric: str) -> tuple[str, str | None] | None:
        name = metric if words(metric) in EVENTS else names.get(metric)
        return None if name is None else (event_name(name), channel_of(name))

    segments = [imported(name, definition, event_of) for name, definition in segments_in(found)]
    vocabulary = _vocabulary(workspace)
    answers = tuple(_answer(each, vocabulary) for each in segments)
    entries = [
        {"name": name, "where": each.where, "family": "imported"}
        for name, each in zip(_unique([a.name for a in answers]), answers, strict=True)
        if each.where
    ]
    return answers, document(entries, _HEADING)


def read_names(path: Path) -> dict[str, str]:
    """Return a file of YAML or JSON that gives each name another one, as `names_from` reads it."""
    return _names(read_entries(path), path.name)


def names_from(text: str, source: str) -> dict[str, str]:
    """Return a text of YAML or JSON that gives each name another one.

    Raises
    ------
    SettingError
        If it is anything else.

    Examples
    --------
    >>> names_from("Placed Order: AbC123", "ids.yaml")
    {'Placed Order': 'AbC123'}
    """
    return _names(read_yaml(text, source), source)


def _names(found: Any, source: str) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise SettingError(f"{source} must list names, one line each such as `Placed Order: AbC123`.")
    return {str(name): value for name, value in found.items()}


def _vocabulary(workspace: Workspace | None) -> Vocabulary | None:
    dataset = workspace.dataset() if workspace else None
    if dataset is None:
        return None
    with Engine() as engine:
        return vocabulary_of(engine, dataset)


def _answer(each: Imported, vocabulary: Vocabulary | None) -> ImportedSegment:
    if each.where is None:
        return ImportedSegment(each.name, each.verdict, reasons=each.reasons)
    text, lacking = to_text(each.where), ""
    try:
        if vocabulary is not None:
            parse(text, vocabulary)
    except RuleError as error:
        lacking = str(error)
    return ImportedSegment(each.name, each.verdict, text, lacking=lacking)


def _unique(names: list[str]) -> list[str]:
    """Return the names, those that stand twice numbered: a rule file has each once."""
    return [name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}" for i, name in enumerate(names)]
