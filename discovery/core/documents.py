"""Nouns as plain JSON documents, and back: the workspace's public contract.

Floats keep every digit, NaN becomes null, and a document read back equals the one written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from discovery.core.candidate import AgainstNull, Candidate
from discovery.core.errors import WorkspaceError
from discovery.core.evidence import Evidence, MergeDecision, MergeVerdict, Verdict
from discovery.core.feature import Feature
from discovery.core.merge_path import Loss, MergePath, MergeStep
from discovery.core.rule import (
    PLACES,
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Fidelity,
    FidelityInterval,
    Matches,
    Missing,
    Not,
    OneOf,
    Rule,
)
from discovery.core.run import SCHEMA_VERSION, Beside, LibraryRule, Match, SegmentRule
from discovery.core.segment import Answer, Description, Segment

Document = dict[str, Any]


def plain(value: Any) -> Any:
    """Return any noun as JSON values.

    Examples
    --------
    >>> plain(Compare("orders", ">=", 2))
    {'feature': 'orders', 'sign': '>=', 'value': 2}
    """
    if isinstance(value, Condition):
        return _plain_condition(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value


def check_schema(document: Any, name: str) -> Document:
    """Return `document`, or raise if it is not of a version this release reads."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise WorkspaceError(
            f"{name} must have schema_version {SCHEMA_VERSION}, got {version!r}. "
            "Make the run again with this version of segment-discovery, or open it with the one that wrote it."
        )
    return dict(document)


def _plain_condition(condition: Condition) -> Document:
    match condition:
        case All(parts):
            return {"all": [_plain_condition(p) for p in parts]}
        case AnyOf(parts):
            return {"any": [_plain_condition(p) for p in parts]}
        case Not(part):
            return {"not": _plain_condition(part)}
        case Compare(feature, sign, value):
            return {"feature": feature, "sign": sign, "value": value}
        case Between(feature, low, high):
            return {"feature": feature, "between": [low, high]}
        case OneOf(feature, values):
            return {"feature": feature, "in": list(values)}
        case Matches(feature, place, text):
            return {"feature": feature, place: text}
        case Missing(feature):
            return {"feature": feature, "missing": True}


def condition_from(document: Document) -> Condition:
    """Return the condition a document states.

    Examples
    --------
    >>> condition_from({"not": {"feature": "orders", "between": [1, 2]}})
    Not(part=Between(feature='orders', low=1, high=2))
    """
    match document:
        case {"all": parts}:
            return All(tuple(condition_from(p) for p in parts))
        case {"any": parts}:
            return AnyOf(tuple(condition_from(p) for p in parts))
        case {"not": part}:
            return Not(condition_from(part))
        case {"feature": feature, "between": [low, high]}:
            return Between(feature, low, high)
        case {"feature": feature, "in": values}:
            return OneOf(feature, tuple(values))
        case {"feature": feature, "sign": sign, "value": value}:
            return Compare(feature, sign, value)
        case {"feature": feature, "missing": True}:
            return Missing(feature)
    for place in PLACES:
        if set(document) == {"feature", place}:
            return Matches(document["feature"], place, document[place])
    raise WorkspaceError(f"A condition must be all, any, not, or a feature with a comparison, got {document!r}.")


def feature_from(document: Document) -> Feature:
    """Return the feature a document states."""
    lists = ("events", "given", "of", "labels", "human_step", "words")
    values = {**document, **{name: tuple(document[name]) for name in lists}}
    values["where"] = tuple((c, sign, tuple(v) if isinstance(v, list) else v) for c, sign, v in document["where"])
    return Feature(**values)


def segment_from(document: Document) -> Segment:
    """Return the segment a document states; fields of other nouns in it are left alone."""
    described: Document = {
        name: {
            feature: Description(**{k: math.nan if v is None else v for k, v in found.items()})
            for feature, found in document.get(name, {}).items()
        }
        for name in ("profile", "versus_nearest")
    }
    described["answers"] = tuple(Answer(**found) for found in document.get("answers", ()))
    names = [f.name for f in fields(Segment) if f.name not in described]
    # A release that knew no notes, no nearest segments and no answers wrote none.
    return Segment(**{name: document[name] for name in names if name in document}, **described)


def candidate_from(document: Document) -> Candidate:
    """Return the candidate a document states."""
    return Candidate(document["k"], {name: AgainstNull(**v) for name, v in document["statistics"].items()})


def evidence_from(document: Document) -> Evidence:
    """Return the evidence a document states."""
    ranges = {name: None if document[name] is None else tuple(document[name]) for name in ("interval", "null")}
    return Evidence(
        **{**document, **ranges, "subject": tuple(document["subject"]), "verdict": Verdict(document["verdict"])}
    )


def merge_from(document: Document) -> MergeVerdict:
    """Return the merge verdict a document states."""
    return MergeVerdict(
        **{
            **document,
            "pair": tuple(document["pair"]),
            "decision": MergeDecision(document["decision"]),
            "evidence": tuple(evidence_from(e) for e in document["evidence"]),
        }
    )


def merge_path_from(document: Document) -> MergePath:
    """Return the merge path a document states."""

    def step(stated: Document) -> MergeStep:
        pair, joined, losses = (tuple(stated[name]) for name in ("pair", "joined", "losses"))
        found = {
            "pair": pair,
            "joined": joined,
            "verdict": merge_from(stated["verdict"]) if stated["verdict"] else None,
            "losses": tuple(Loss(**loss) for loss in losses),
        }
        return MergeStep(**{**stated, **found})

    return MergePath(document["segmentation"], tuple(step(s) for s in document["steps"]))


def rule_document(induced: SegmentRule) -> Document:
    """Return an induced rule as it stands in ``rules.json``."""
    rule = induced.rule
    return {
        "segmentation": induced.segmentation,
        "segment_id": rule.segment_id,
        "name": rule.name,
        "rule": plain(rule.where),
        "english": induced.english,
        "why": rule.why,
        "campaign": rule.campaign,
        "family": rule.family,
        "fidelity": plain(rule.fidelity),
    }


def library_document(counted: LibraryRule) -> Document:
    """Return a rule of the library as it stands in ``library.json``."""
    rule = counted.rule
    return {
        "name": rule.name,
        "rule": plain(rule.where),
        "english": counted.english,
        "why": rule.why,
        "campaign": rule.campaign,
        "family": rule.family,
        "divides": rule.divides,
        "customers": counted.customers,
    }


def library_rule_from(document: Document) -> LibraryRule:
    """Return the rule of the library a document states."""
    texts = {key: document[key] for key in ("name", "why", "campaign", "family")}
    rule = Rule(**texts, where=condition_from(document["rule"]), divides=document["divides"])
    return LibraryRule(rule, document["english"], document["customers"])


def beside_from(document: Document) -> Beside:
    """Return the segment beside the library that a document states."""
    found = {
        name: Match(**{**document[name], "rules": tuple(document[name]["rules"])}) if document[name] else None
        for name in ("single", "pair")
    }
    return Beside(**{**document, **found, "cut_by": tuple(document["cut_by"])})


def _fidelity_from(document: Document) -> Fidelity:
    def number(value: float | None) -> float:
        return math.nan if value is None else value

    measured = {name: number(value) for name, value in document.items() if name != "interval"}
    ends = document.get("interval") or {}
    ranges = {name: (number(low), number(high)) for name, (low, high) in ends.items()}
    return Fidelity(**{**measured, "n": document["n"]}, interval=FidelityInterval(**ranges) if ranges else None)


def rule_from(document: Document) -> SegmentRule:
    """Return the induced rule a document states."""
    found = _fidelity_from(document["fidelity"]) if document["fidelity"] else None
    rule = Rule(
        document["name"],
        condition_from(document["rule"]),
        document["why"],
        document["campaign"],
        document["family"],
        document["segment_id"],
        found,
    )
    return SegmentRule(document["segmentation"], rule, document["english"])
