"""The rules of a run as segments of Klaviyo, with the profiles' properties that they need."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from discovery.core.errors import UsageError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition
from discovery.core.run import Run
from discovery.engine.duckdb import Engine
from discovery.export.english import in_words
from discovery.export.klaviyo.compile import Consent, Part, compile_rule
from discovery.export.klaviyo.measures import Cut, Known
from discovery.export.klaviyo.metric_ids import absent, metrics, with_ids
from discovery.export.klaviyo.payload import Payload, payload
from discovery.export.klaviyo.profiles import ProfileValues, csv_parts, import_jobs
from discovery.export.klaviyo.push import Created, push
from discovery.export.klaviyo.shapes import as_document
from discovery.features.bands import labels_in_order
from discovery.rules.evaluate import select
from discovery.rules.parse import to_text
from discovery.store import Workspace
from discovery.usecases.exports import chosen_rules, file_stem, json_text

_REVIEW_ONLY = "Names of metrics stand where an account's ids must. This cannot be sent; it is to be read."


@dataclass(frozen=True)
class ConditionSaid:
    """One condition of a rule, also in words, how Klaviyo says it (native, predictive, property), and what it loses."""

    condition: str
    english: str
    way: str
    lost: tuple[str, ...]


@dataclass(frozen=True)
class SegmentSaid:
    """One rule as segments of Klaviyo: its files, whom it selects, and how each of its conditions is said."""

    name: str
    segmentation: str
    files: tuple[str, ...]
    customers: int
    conditions: tuple[ConditionSaid, ...]


@dataclass(frozen=True)
class KlaviyoExport:
    """The rules of a run for Klaviyo.

    Parameters
    ----------
    files : mapping
        Name to text: segments, profiles to import, and the index of both.
    segments : tuple of SegmentSaid
        One for each rule.
    payloads : tuple of Payload
        What creates the segments; empty where the account's metric ids are not stated.
    metrics : tuple of str
        Names of the metrics they need.
    properties : mapping
        Property to write to every profile, to what it holds.
    without_identifier, duplicates : int
        Customers whose values cannot be written: they have neither e-mail nor phone, or share one with another. 0 where
        the profiles were left out.
    """

    files: Mapping[str, str]
    segments: tuple[SegmentSaid, ...]
    payloads: tuple[Payload, ...]
    metrics: tuple[str, ...]
    properties: Mapping[str, str]
    without_identifier: int
    duplicates: int


def export_klaviyo(
    run: Run,
    workspace: Workspace,
    metric_ids: Mapping[str, str],
    *,
    segmentation: str = "",
    consent: Consent = "email",
    predictive: bool = False,
    review_only: bool = False,
    profiles: bool = True,
) -> KlaviyoExport:
    """Return the rules of a run's segments as Klaviyo's, with the profiles' properties that they need.

    Parameters
    ----------
    run : Run
        Whose rules.
    workspace : Workspace
        Whose profiles.
    metric_ids : mapping
        Name of a metric to the id that the account gave it; ``none`` where it has no such metric.
    segmentation : str
        Which one; empty: all that have rules.
    consent : str
        Channel on which those in the segments must allow marketing, in a group of its own; empty: none.
    predictive : bool
        Ask for Klaviyo's own numbers where it has one near ours.
    review_only : bool
        Write the definitions with the names of metrics, for reading: they cannot be sent.
    profiles : bool
        Make the profiles to import too. They hold everyone, so that a page leaves them out until they are taken.

    Returns
    -------
    KlaviyoExport
        Files, what creates the segments, and how each condition is said and what that loses. Nothing is sent.

    Raises
    ------
    UsageError
        Naming every metric that has no id, unless `review_only`; or if there is no rule to export.
    WorkspaceError
        If there is no such segmentation, or the workspace holds no dataset while profiles are asked for.

    Notes
    -----
    Klaviyo goes on counting cancelled orders: such losses are named condition by condition. Begin with `review_only`.

    Source
    ------
    Klaviyo's API reference, Create Segment.

    Examples
    --------
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> run = discovery.load_run(workspace)
    >>> export = discovery.export_klaviyo(run, workspace, {}, segmentation="rules", review_only=True)
    >>> export.metrics, export.segments[0].conditions[0].way
    (('Placed Order',), 'native')
    """
    known = known_to_klaviyo(run.table, {f.name: f for f in run.table.features}, predictive, absent(metric_ids))
    chosen = chosen_rules(run, segmentation)
    compiled = [compile_rule(each.rule.where, known, consent) for each in chosen]
    definitions = [definition for each in compiled for definition in each.definitions]
    ready = iter(definitions if review_only else with_ids(definitions, metric_ids))
    files: dict[str, str] = {}
    payloads: list[Payload] = []
    segments: list[SegmentSaid] = []
    called = Counter(rule.rule.name for rule in chosen)
    for each, rule in zip(compiled, chosen, strict=True):
        named = []
        # Segmentations often agree on a name; in the account two segments called the same cannot be told apart.
        twice = called[rule.rule.name] > 1
        own = f"{rule.rule.name} ({run.segmentation(rule.segmentation).title})" if twice else rule.rule.name
        for number in range(len(each.definitions)):
            several = len(each.definitions) > 1
            name = f"{own} ({number + 1} of {len(each.definitions)})" if several else own
            file = f"{file_stem(rule)}{f'-{number + 1}' if several else ''}{'.review' if review_only else ''}.json"
            made = payload(name, next(ready))
            files[file] = json_text(_for_reading(name, made) if review_only else as_document(made))
            payloads.append(made)
            named.append(file)
        who = int(select(rule.rule.where, run.table).sum())
        said = tuple(_said(run, known, part) for part in each.parts)
        segments.append(SegmentSaid(rule.rule.name, rule.segmentation, tuple(named), who, said))
    properties = {name: what for each in compiled for name, what in each.properties.items()}
    everyone, without, doubles = _profiles(workspace, property_values(run.table, properties if profiles else {}))
    for number, job in enumerate(import_jobs(everyone), 1):
        files[f"profiles-{number:04}.json"] = json_text(job)
    for number, text in enumerate(csv_parts(everyone), 1):
        files[f"profiles-{number:04}.csv"] = text
    export = KlaviyoExport(
        files,
        tuple(segments),
        () if review_only else tuple(payloads),
        metrics(definitions),
        {name: what if isinstance(what, str) else to_text(what) for name, what in properties.items()},
        without,
        doubles,
    )
    files["index.json"] = json_text(_index(run, export, consent))
    return export


def push_klaviyo(export: KlaviyoExport, send: bool = False) -> tuple[Created, ...]:
    """Create the segments in the account whose key the environment holds; unless `send`, only say which.

    Raises
    ------
    UsageError
        If the export has only definitions to read.
    """
    if not export.payloads:
        raise UsageError("Segments to send must name an account's metrics: state --metric-ids, and not --review-only.")
    return push(export.payloads, dry_run=not send, environ=os.environ)


def known_to_klaviyo(
    table: FeatureTable, features: Mapping[str, Feature], predictive: bool = False, absent: frozenset[str] = frozenset()
) -> Known:
    """Return what rules over a table speak of, its bands with their cut-offs frozen."""
    cuts = {}
    for name, edges in table.cutoffs.items():
        numbers = features[name].kind == "number"
        labels = labels_in_order(features[name])
        cuts[name] = Cut(tuple(float(each) if numbers else each for each in labels), edges)
    return Known(features, table.as_of, cuts, predictive, absent)


def property_values(table: FeatureTable, properties: Mapping[str, str | Condition]) -> pd.DataFrame:
    """Return the values that properties hold: of a measure, or whether a condition holds; None where missing."""
    columns = {}
    for name, what in properties.items():
        if isinstance(what, str):
            values = table.column(what).astype("object")
            columns[name] = values.where(values.notna(), None)
        else:
            columns[name] = pd.Series(select(what, table), table.customers, dtype="object")
    return pd.DataFrame(columns, table.customers)


def _profiles(workspace: Workspace, values: pd.DataFrame) -> tuple[list[ProfileValues], int, int]:
    """Return what to write to each profile, how many cannot be found, and how many are another one's."""
    if values.columns.empty:
        return [], 0, 0
    dataset = workspace.needed_dataset()
    with Engine() as engine:
        people = engine.frame(f"SELECT customer_id, email, phone FROM {engine.table(dataset.profiles_path)}")
    found = people.set_index("customer_id").reindex(values.index)
    found = found.astype("object").where(found.notna(), None)
    named = found[found["email"].notna() | found["phone"].notna()]
    once = named[~named["email"].fillna(named["phone"]).duplicated()]
    rows = values.loc[once.index].to_dict("records")
    profiles = [
        ProfileValues({str(k): v for k, v in row.items()}, email, phone)
        for row, email, phone in zip(rows, once["email"], once["phone"], strict=True)
    ]
    return profiles, len(found) - len(named), len(named) - len(once)


def _index(run: Run, export: KlaviyoExport, consent: Consent) -> dict[str, Any]:
    rules = [
        {
            "name": s.name,
            "segmentation": s.segmentation,
            "files": list(s.files),
            "customers": s.customers,
            "conditions": [{"condition": c.condition, "said": c.way, "lost": list(c.lost)} for c in s.conditions],
        }
        for s in export.segments
    ]
    return {
        "run": run.id,
        "as_of": str(run.as_of),
        "consent": consent or "not asked for",
        "segments": rules,
        "metrics": list(export.metrics),
        "properties": dict(export.properties),
        "customers_without_identifier": export.without_identifier,
        "customers_sharing_an_identifier": export.duplicates,
    }


def _said(run: Run, known: Known, part: Part) -> ConditionSaid:
    english = in_words(part.condition, known.features, run.currency)
    return ConditionSaid(to_text(part.condition), english, part.way, part.lost)


def _for_reading(name: str, made: Payload) -> dict[str, Any]:
    """Return a definition in a wrapping that no Klaviyo endpoint takes."""
    return {"not_sendable": _REVIEW_ONLY, "name": name, "definition": as_document(made.data.attributes.definition)}
