"""A rule as segments of Klaviyo: what it can say by itself, and properties that carry the rest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from discovery.core.rule import All, AnyOf, Compare, Condition, Leaf, Not, leaves
from discovery.export.klaviyo.definition import MOST_CONDITIONS, Definition, Group, read_definition
from discovery.export.klaviyo.groups import TRUE, Groups, TooMany, both, either, size
from discovery.export.klaviyo.known import can_receive, custom
from discovery.export.klaviyo.measures import Known, Way
from discovery.export.klaviyo.said import Unsaid, written
from discovery.export.klaviyo.shapes import as_document
from discovery.export.negation import pushed_down

Consent = Literal["", "email", "sms"]
_LONGEST = 60
_BY_CONSENT = "Nothing: the group on consent says it."

_SUPPRESSED, _NOT_SUPPRESSED = Compare("suppressed", "=", True), Compare("suppressed", "=", False)


def _consent(sign: Literal["=", "<>"], state: str) -> Compare:
    return Compare("consent_email", sign, state)


#: Two conditions that Klaviyo says only together: suppression alone, or consent whatever the suppression, it cannot.
_TOGETHER: Mapping[type[All | AnyOf], tuple[tuple[Compare, Compare, Groups], ...]] = {
    All: (
        (_consent("=", "subscribed"), _NOT_SUPPRESSED, can_receive("email", True, "subscribed")),
        (_consent("=", "never"), _NOT_SUPPRESSED, can_receive("email", True, "never_subscribed")),
        (_consent("<>", "unsubscribed"), _NOT_SUPPRESSED, can_receive("email", True, "any")),
    ),
    AnyOf: ((_consent("=", "unsubscribed"), _SUPPRESSED, can_receive("email", False, "any")),),
}
#: What a campaign's own group says already.
_IMPLIED: Mapping[Consent, tuple[Compare, ...]] = {
    "": (),
    "email": (_consent("=", "subscribed"), _NOT_SUPPRESSED),
    "sms": (Compare("consent_sms", "=", "subscribed"),),
}


@dataclass(frozen=True)
class Part:
    """One condition of a rule, how Klaviyo says it, and in plain words what that loses."""

    condition: Condition
    way: Way
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """A rule as segments of Klaviyo.

    Parameters
    ----------
    definitions : tuple of Definition
        One; or several that together hold its members, where one would be too long.
    parts : tuple of Part
        Each condition of the rule.
    properties : mapping
        Property to write to every profile: the measure it holds, or the condition of which it says whether it holds.
    """

    definitions: tuple[Definition, ...]
    parts: tuple[Part, ...]
    properties: Mapping[str, str | Condition]


def compile_rule(where: Condition, known: Known, consent: Consent = "") -> Compiled:
    """Return the segments of Klaviyo that hold whom `where` selects; metrics stand by their names.

    Parameters
    ----------
    where : Condition
        Who is selected.
    known : Known
        What it speaks of, at the date of the export.
    consent : str
        Also ask that marketing may be sent on a channel: for campaigns, in a group of its own, the last.

    Notes
    -----
    NOT is pushed down to the operators. OR of ANDs is multiplied out while that gives at most 100 conditions. Beyond
    that an OR at the top becomes one segment for each of its parts, and any other one property that says whether it
    holds.
    """
    work = _Compiling(known)
    where = pushed_down(where)
    stated = where.parts if isinstance(where, All) else (where,)
    asked = [part for part in stated if part not in _IMPLIED[consent]]
    work.parts = {part: Part(part, "native", (_BY_CONSENT,)) for part in stated if part not in asked}
    root = All(tuple(asked)) if len(asked) > 1 else asked[0] if asked else None
    last = can_receive(consent, True, "subscribed") if consent else TRUE
    found = work.boxes(root, MOST_CONDITIONS - size(last)) if root else [TRUE]
    return Compiled(
        tuple(_definition(groups, last) for groups in found), tuple(work.parts.values()), dict(work.properties)
    )


@dataclass
class _Compiling:
    known: Known
    parts: dict[Condition, Part] = field(default_factory=dict)
    properties: dict[str, str | Condition] = field(default_factory=dict)

    def boxes(self, root: Condition, most: int) -> list[Groups]:
        """Return the groups of one segment, or of several whose union is meant."""
        before = dict(self.parts), dict(self.properties)
        try:
            found = self.groups(root, whole=True)
            if size(found) <= most:
                return [found]
        except TooMany:
            pass
        self.parts, self.properties = before
        if isinstance(root, AnyOf):
            return [groups for part in root.parts for groups in self.boxes(part, most)]
        return [self.flagged(root)]

    def groups(self, node: Condition, whole: bool = False) -> Groups:
        """Return the groups of a condition without NOT but at its leaves; `whole`: raise rather than use a flag."""
        match node:
            case All(parts):
                return both(*self.together(node, list(parts)))
            case AnyOf(parts):
                before = dict(self.parts), dict(self.properties)
                try:
                    return either(self.together(node, list(parts)))
                except TooMany:
                    if whole:
                        raise
                    self.parts, self.properties = before
                    return self.flagged(node)
            case Not(part):
                return self.leaf(part, False)  # type: ignore[arg-type]
            case _:
                return self.leaf(node, True)

    def together(self, node: All | AnyOf, parts: list[Condition]) -> list[Groups]:
        """Return the groups of each part, those that Klaviyo says only together as one."""
        out = []
        for one, other, groups in _TOGETHER[type(node)]:
            if one in parts and other in parts:
                for each in (one, other):
                    parts.remove(each)
                    self.parts[each] = Part(each, "native")
                out.append(groups)
        return [*out, *(self.groups(part) for part in parts)]

    def leaf(self, leaf: Leaf, holds: bool) -> Groups:
        stated = leaf if holds else Not(leaf)
        way, said = self.known.said(leaf.feature)
        try:
            if said is None:
                raise Unsaid
            groups = said.leaf(leaf, holds)
            self.parts[stated] = Part(stated, way, said.lost)
            return groups
        except (Unsaid, TooMany):
            feature = self.known.features[leaf.feature]
            name = self.property_name(feature.name, leaf.feature)
            self.parts[stated] = Part(stated, "property", (self.stale(name),))
            return written(custom(name), feature.kind).leaf(leaf, holds)

    def flagged(self, node: Condition) -> Groups:
        """Return the condition on a property that says whether a whole condition holds."""
        about = " ".join(dict.fromkeys(leaf.feature for leaf in leaves(node)))
        name = self.property_name(f"rule of {about}", node, repr(node))
        self.parts[node] = Part(node, "property", (f"More than {MOST_CONDITIONS} conditions. {self.stale(name)}",))
        return written(custom(name), "boolean").relation("=", True)

    def property_name(self, text: str, what: str | Condition, exactly: str = "") -> str:
        """Return the name of a property, and note what it holds; `exactly` says it where `text` only tells of it."""
        plain = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
        if plain != text:
            # Names that differ only in signs must not share a property.
            plain = f"{plain[:_LONGEST].strip('_')}_{hashlib.sha256((exactly or text).encode()).hexdigest()[:8]}"
        name = f"segment_discovery_{plain}_{self.known.as_of}"
        self.properties[name] = what
        return name

    def stale(self, name: str) -> str:
        return f"Klaviyo cannot compute it: the property {name} holds its value of {self.known.as_of} and goes stale."


def _definition(groups: Groups, last: Groups) -> Definition:
    if groups == TRUE and not last:
        groups = (_SOMEBODY[0] + _SOMEBODY[1],)
    if any(not group for group in groups):
        groups = _SOMEBODY
    made = Definition(tuple(Group(group) for group in (*groups, *last)))
    return read_definition(as_document(made))


_EMAIL = written("email", "text")
assert _EMAIL.known is not None
assert _EMAIL.missing is not None
#: Nobody has an e-mail and has none; everybody has one or has none.
_SOMEBODY: Groups = (*_EMAIL.known, *_EMAIL.missing)
