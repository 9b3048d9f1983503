"""The rule library: named segments a person wrote, as entries of a YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from discovery.core.errors import RuleError
from discovery.core.feature import Feature
from discovery.core.rule import Rule
from discovery.rules.parse import parse, to_text

_KEYS = ("name", "where", "why", "campaign", "family")


def rules_from(entries: Any, features: Mapping[str, Feature]) -> tuple[Rule, ...]:
    """Return the rules that `entries` state, in their order.

    Parameters
    ----------
    entries : list of mappings
        Each with ``name`` and ``where``, and optionally ``why``, ``campaign`` and ``family``.
    features : mapping
        The vocabulary.

    Raises
    ------
    RuleError
        Naming every faulty entry at once.
    """
    faults: list[str] = []
    rules: list[Rule] = []
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise RuleError("A rule file must be a list of entries, each with `name` and `where`.")
    for number, entry in enumerate(entries, start=1):
        try:
            rules.append(_rule(entry, features))
        except RuleError as error:
            name = entry.get("name", "?") if isinstance(entry, Mapping) else "?"
            faults.append(f"Rule {number} ({name}): {error}")
    ids = [slug(rule.name) for rule in rules]
    faults += [f"Two rules are called {i!r}; names must differ." for i in sorted({i for i in ids if ids.count(i) > 1})]
    if faults:
        raise RuleError("\n".join(faults))
    return tuple(rules)


def as_entries(rules: Sequence[Rule]) -> list[dict[str, str]]:
    """Return the rules as entries of a YAML file; reading them back gives equal names and conditions."""
    return [
        {
            key: value
            for key, value in (
                ("name", rule.name),
                ("where", to_text(rule.where)),
                ("why", rule.why),
                ("campaign", rule.campaign),
                ("family", rule.family),
            )
            if value
        }
        for rule in rules
    ]


def slug(name: str) -> str:
    """Return a name as a segment id: lower case, words joined by hyphens.

    Examples
    --------
    >>> slug("One and done!")
    'one-and-done'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "segment"


def _rule(entry: Any, features: Mapping[str, Feature]) -> Rule:
    if not isinstance(entry, Mapping):
        raise RuleError(f"must be a mapping with `name` and `where`, got {entry!r}.")
    unknown = sorted(str(k) for k in entry if k not in _KEYS)
    if unknown:
        raise RuleError(f"unknown keys {', '.join(unknown)}; known: {', '.join(_KEYS)}.")
    texts = {key: entry.get(key, "") for key in _KEYS}
    wrong = [key for key, value in texts.items() if not isinstance(value, str)]
    if wrong or not texts["name"].strip():
        raise RuleError(f"{', '.join(wrong) or 'name'} must be a text.")
    condition = parse(texts["where"], features)
    return Rule(texts["name"], condition, texts["why"], texts["campaign"], texts["family"])
