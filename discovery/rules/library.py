"""The rule library: named segments a person wrote, as entries of a YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discovery.core.errors import AbsentError, RuleError
from discovery.core.feature import Feature
from discovery.core.rule import Rule
from discovery.rules.parse import parse, to_text

_TEXTS = ("name", "where", "why", "campaign", "family")
_KEYS = (*_TEXTS, "divides")
_SHOWN = 4
#: What the data lack, as `did_you_mean` goes on after it; a name may hold a full stop of its own.
_UNKNOWN = re.compile(r"Unknown (.+?)\. (?:Did you mean |Known: |None is known )")
_LACKING = (
    "A rule that divides the customers cannot be left out where the data lack what it asks for: take it out of the "
    "file, or mark only the others `divides: true`."
)


@dataclass(frozen=True)
class Library:
    """A rule file, as far as the data at hand can use it.

    Parameters
    ----------
    rules : tuple of Rule
        Those that can be used, in the file's order.
    absent : mapping of str to str
        Name of each that cannot, to what the data lack and the nearest name they have.
    """

    rules: tuple[Rule, ...]
    absent: Mapping[str, str]

    @property
    def dividing(self) -> tuple[Rule, ...]:
        """The rules that divide the customers, the first that holds winning."""
        return tuple(rule for rule in self.rules if rule.divides)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a run should know of it: at most one sentence.

        Examples
        --------
        >>> Library((), {"Vegans": "Unknown property 'diet'. Did you mean 'date'?"}).notes
        ("1 of 1 library rules cannot be used on these data, which lack property 'diet'.",)
        """
        if not self.absent:
            return ()
        told = f"{len(self.absent)} of {len(self.rules) + len(self.absent)} library rules cannot be used on these data"
        lacking = list(dict.fromkeys(found[1] for r in self.absent.values() if (found := _UNKNOWN.match(r))))
        if lacking:
            more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
            told += f", which lack {', '.join(lacking[:_SHOWN])}{more}"
        others = (r.partition(" (at character ")[0] for r in self.absent.values() if not _UNKNOWN.match(r))
        return (f"{'; '.join(dict.fromkeys((told, *others)))}.",)


def library_from(entries: Any, features: Mapping[str, Feature]) -> Library:
    """Return the rule file that `entries` state, less the rules that ask for what the data do not have.

    Parameters
    ----------
    entries : list of mappings
        Each with ``name`` and ``where``, and optionally ``why``, ``campaign``, ``family`` and ``divides``. Where no
        entry says ``divides``, all divide the customers; else those that say ``divides: true``.
    features : mapping
        The vocabulary.

    Raises
    ------
    RuleError
        Naming every faulty entry at once. A rule that divides the customers must not ask for what the data lack: it
        would silently give its customers to the next.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise RuleError("A rule file must be a list of entries, each with `name` and `where`.")
    all_divide = not any(isinstance(entry, Mapping) and "divides" in entry for entry in entries)
    faults: list[str] = []
    lacking = False
    rules: list[Rule] = []
    absent: dict[str, str] = {}
    named: list[str] = []
    for number, entry in enumerate(entries, start=1):
        name = str(entry.get("name", "?")) if isinstance(entry, Mapping) else "?"
        try:
            rules.append(_rule(entry, features, all_divide))
        except RuleError as error:
            if isinstance(error, AbsentError) and not _divides(entry, all_divide):
                absent[name] = str(error)
            else:
                faults.append(f"Rule {number} ({name}): {error}")
                lacking = lacking or isinstance(error, AbsentError)
                continue
        named.append(name)
    called: dict[str, list[str]] = {}
    for name in named:
        called.setdefault(slug(name), []).append(name)
    faults += [
        f"{len(names)} rules come to the id {i!r} ({', '.join(map(repr, names))}); names must differ in more than that."
        for i, names in sorted(called.items())
        if len(names) > 1
    ]
    if lacking:
        faults.append(_LACKING)
    if faults:
        raise RuleError("\n".join(faults))
    return Library(tuple(rules), absent)


def rules_from(entries: Any, features: Mapping[str, Feature]) -> tuple[Rule, ...]:
    """Return the rules that `entries` state, in their order; none may ask for what the data do not have.

    Raises
    ------
    RuleError
        As `library_from`, and where an entry asks for what the data lack.
    """
    library = library_from(entries, features)
    if library.absent:
        raise AbsentError("\n".join(f"Rule ({name}): {reason}" for name, reason in library.absent.items()))
    return library.rules


def as_entries(rules: Sequence[Rule]) -> list[dict[str, object]]:
    """Return the rules as entries of a YAML file; reading them back gives equal rules."""
    all_divide = all(rule.divides for rule in rules)
    return [
        {
            key: value
            for key, value in (
                ("name", rule.name),
                ("where", to_text(rule.where)),
                ("why", rule.why),
                ("campaign", rule.campaign),
                ("family", rule.family),
                ("divides", None if all_divide else rule.divides),
            )
            if value not in ("", None)
        }
        for rule in rules
    ]


def slug(name: str) -> str:
    """Return a name as a segment id: lower case, words joined by hyphens; in other letters where it has none of ours.

    Examples
    --------
    >>> slug("One and done!")
    'one-and-done'
    >>> slug("常連客")
    '常連客'
    """
    plain = (re.sub(other, "-", name.lower()).strip("-") for other in (r"[^a-z0-9]+", r"[\W_]+"))
    return next(filter(None, plain), "segment")


def _rule(entry: Any, features: Mapping[str, Feature], all_divide: bool) -> Rule:
    if not isinstance(entry, Mapping):
        raise RuleError(f"must be a mapping with `name` and `where`, got {entry!r}.")
    unknown = sorted(str(k) for k in entry if k not in _KEYS)
    if unknown:
        raise RuleError(f"unknown keys {', '.join(unknown)}; known: {', '.join(_KEYS)}.")
    texts = {key: entry.get(key, "") for key in _TEXTS}
    wrong = [key for key, value in texts.items() if not isinstance(value, str)]
    if wrong or not texts["name"].strip():
        raise RuleError(f"{', '.join(wrong) or 'name'} must be a text.")
    divides = _divides(entry, all_divide)
    return Rule(**{**texts, "where": parse(texts["where"], features)}, divides=divides)


def _divides(entry: Mapping[str, Any], all_divide: bool) -> bool:
    """Return whether an entry divides the customers; a file read strictly holds texts only."""
    stated = str(entry.get("divides", all_divide)).lower()
    if stated not in ("true", "false"):
        raise RuleError(f"divides must be true or false, got {entry['divides']!r}.")
    return stated == "true"
