"""What is wrong with a set of rules before anybody is mailed: each fault with a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from discovery.core.feature import Feature
from discovery.core.many import many
from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Missing, Not, Rule, leaves
from discovery.rules.faults import Fault, Finding
from discovery.rules.logic import faults_of_a_partition, faults_of_one, faults_of_pairs
from discovery.rules.parse import to_text
from discovery.rules.regions import Box, Space, TooTangled


@dataclass(frozen=True)
class History:
    """What is known of the data that rules will be evaluated on.

    Parameters
    ----------
    days : int
        From the first event to the date.
    missing : mapping
        Customers without a value, by feature; a feature that is not named was not counted.
    """

    days: int
    missing: Mapping[str, int]


def lint(
    rules: Sequence[Rule],
    features: Mapping[str, Feature],
    *,
    history: History | None = None,
    expressible: Callable[[Feature], bool] | None = None,
    target: str = "the target",
    exclusive: bool = False,
) -> tuple[Finding, ...]:
    """Return the faults of `rules`, rule by rule and then pair by pair.

    What depends on logic alone is decided for any data: features are taken to vary freely, so nothing is reported that
    could be otherwise, while contradictions that only arithmetic between features shows (more orders in 30 days than
    in all) are not seen.

    Parameters
    ----------
    rules : sequence of Rule
        In their order: as a segmentation the first that holds wins.
    features : Vocabulary or mapping
        What they speak of.
    history : History, optional
        Of the data; without it windows are not checked against it.
    expressible : callable, optional
        Whether `target` can say a condition on a feature.
    target : str
        What it is called.
    exclusive : bool
        Also ask whether everyone is in exactly one segment.
    """
    space = Space.of([r.where for r in rules], features)
    found: list[Finding] = []
    regions: dict[str, tuple[Box, ...]] = {}
    for rule in rules:
        try:
            regions[rule.name] = space.boxes(rule.where)
        except TooTangled:
            sentence = "It has too many alternatives for its logic to be decided. Split it into several rules."
            found.append(Finding(rule.name, Fault.TANGLED, sentence))
        else:
            found += [Finding(rule.name, *each) for each in faults_of_one(rule.where, space, regions[rule.name])]
        found += [Finding(rule.name, *each) for each in _missing(rule.where, features, history)]
        found += [Finding(rule.name, *each) for each in _too_long(rule.where, features, history)]
        found += [Finding(rule.name, *each) for each in _not_expressible(rule.where, features, expressible, target)]
    found += faults_of_pairs(rules, regions, space)
    return (*found, *(faults_of_a_partition(rules, regions, space) if exclusive else ()))


def _missing(where: Condition, features: Mapping[str, Feature], history: History | None) -> Iterator[tuple[Fault, str]]:
    told: set[str] = set()
    for text, names in _negations(where):
        for name in names:
            feature = features[name]
            unknown = None if history is None else history.missing.get(name)
            if name in told or feature.missing == "never" or feature.missing.endswith(": 0") or unknown == 0:
                continue
            told.add(name)
            who = "Customers" if unknown is None else f"The {many(unknown, 'customer')}"
            verb = "is" if unknown == 1 else "are"
            yield (
                Fault.MISSING_LEFT_OUT,
                (
                    f"{who} without a value of {name} {verb} not selected by {text}: what is unknown is neither so "
                    f"nor not so. If they are meant, write ({text} OR {name} IS NULL)."
                ),
            )


def _negations(where: Condition) -> Iterator[tuple[str, list[str]]]:
    """Yield each negation with the features in it that may be unknown."""
    match where:
        case Compare(feature, "<>", _):
            yield to_text(where), [feature]
        case Not(Missing()):
            return
        case Not(part):
            asked = [leaf.feature for leaf in leaves(part) if isinstance(leaf, Missing)]
            yield to_text(where), [leaf.feature for leaf in leaves(part) if leaf.feature not in asked]
        case All(parts) | AnyOf(parts):
            caught = [p.feature for p in parts if isinstance(where, AnyOf) and isinstance(p, Missing)]
            for part in parts:
                for text, names in _negations(part):
                    yield text, [n for n in names if n not in caught]


def _too_long(
    where: Condition, features: Mapping[str, Feature], history: History | None
) -> Iterator[tuple[Fault, str]]:
    if history is None:
        return
    for leaf in leaves(where):
        feature = features[leaf.feature]
        asked = feature.window or feature.skip or 0
        if feature.unit == "days" and isinstance(leaf, (Compare, Between)) and feature.kind == "number":
            edge = leaf.low if isinstance(leaf, Between) else leaf.value
            asked = max(asked, int(edge)) if isinstance(edge, (int, float)) else asked
        if asked > history.days and feature.events:
            yield (
                Fault.LONGER_THAN_HISTORY,
                (
                    f"{to_text(leaf)} looks back {many(asked, 'day')}, but the data begin {many(history.days, 'day')} "
                    "before the date: it means less than it says. Shorten it, or bring in older events."
                ),
            )


def _not_expressible(
    where: Condition, features: Mapping[str, Feature], expressible: Callable[[Feature], bool] | None, target: str
) -> Iterator[tuple[Fault, str]]:
    if expressible is None:
        return
    for name in dict.fromkeys(leaf.feature for leaf in leaves(where)):
        if not expressible(features[name]):
            yield (
                Fault.NOT_EXPRESSIBLE,
                (
                    f"No query can compute {name}: it is predicted by a fitted model. Use another feature, or export "
                    "lists of members."
                )
                if target.lower() == "sql"
                else (
                    f"{target} has no condition on {name}: the export writes its value to each profile, which goes "
                    "stale until it is written again. Use another feature if the segment must update by itself."
                ),
            )
