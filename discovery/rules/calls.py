"""Function calls in a rule, read into the measures they state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import exp

from discovery.core.errors import AbsentError, UsageError, did_you_mean
from discovery.core.feature import Feature, Filter
from discovery.core.filters import WINDOW_OPTIONS
from discovery.core.holidays import on_days_of
from discovery.core.postal import point_of
from discovery.core.rule import Scalar
from discovery.core.stated import EVENT_MEASURES, PROFILE_MEASURES, event_measure, profile_measure, usage
from discovery.rules.nodes import SIGNS, Text

_FUNCTIONS = (*EVENT_MEASURES, *PROFILE_MEASURES)


def read_call(
    text: Text,
    node: exp.Expr,
    features: Mapping[str, Feature],
    events: Collection[str],
    lists: Collection[str],
    seasons: Mapping[str, str],
) -> Feature:
    """Return the measure that a call states.

    Parameters
    ----------
    text, node
        The rule and the call in it.
    features : mapping
        Named features; ``property('x')`` is the one that reads the profile's ``property.x``.
    events : collection of str
        Names of events that may be asked for.
    lists : collection of str
        Columns of the profile that hold lists.
    seasons : mapping
        Seasons of a config, which the measure names by their days.

    Raises
    ------
    RuleError
        With the position, and the nearest name or how the function is written.
    """
    if not isinstance(node, exp.Anonymous) or node.this not in _FUNCTIONS:
        function = node.sql(dialect="duckdb").partition("(")[0].lower()
        raise text.fault(f"A rule has no function {function}(). {did_you_mean(function, _FUNCTIONS)}", node)
    function = str(node.this)
    positional = [text.literal(n) for n in node.expressions if isinstance(n, (exp.Literal, exp.Neg, exp.Boolean))]
    try:
        if function in EVENT_MEASURES:
            return _event_measure(text, node, function, positional, events, seasons)
        return _profile_measure(text, node, function, positional, features, lists)
    except UsageError as error:
        if getattr(error, "position", None) is not None:
            raise
        raise text.fault(f"{error} Write {usage(function)}", node) from error


def _event_measure(
    text: Text,
    node: exp.Anonymous,
    function: str,
    positional: list[Scalar],
    events: Collection[str],
    seasons: Mapping[str, str],
) -> Feature:
    event = str(positional[0]) if positional else ""
    if event and event not in events and not EVENT_MEASURES[function].event:
        raise text.fault(f"Unknown event {event!r}. {did_you_mean(event, events)}", node, AbsentError)
    if len(positional) > 1:
        raise UsageError(f"{function}() takes one event, got {len(positional)} values.")
    options: dict[str, Any] = {}
    where: list[Filter] = []
    for part in node.expressions:
        if isinstance(part, exp.Kwarg):
            name, value = part.name.lower(), text.literal(part.expression)
            if name not in WINDOW_OPTIONS:
                where.append((name, "=", value))
            elif name in options:
                raise UsageError(f"{function}(): {name} is stated twice.")
            else:
                options[name] = value
        elif type(part) in SIGNS and isinstance(part.this, exp.Column):
            where.append((part.this.name, SIGNS[type(part)], text.literal(part.expression)))
        elif isinstance(part, exp.In) and part.expressions and isinstance(part.this, exp.Column):
            where.append((part.this.name, "IN", text.literals(part.expressions)))
        elif not isinstance(part, (exp.Literal, exp.Neg, exp.Boolean)):
            raise text.refused(part)
    return event_measure(function, event, where=on_days_of(where, seasons), **options)


def _profile_measure(
    text: Text,
    node: exp.Anonymous,
    function: str,
    given: list[Scalar],
    features: Mapping[str, Feature],
    lists: Collection[str],
) -> Feature:
    names = PROFILE_MEASURES[function]
    stated = {
        p.name.lower() or str(p.this): text.literal(p.expression) for p in node.expressions if isinstance(p, exp.Kwarg)
    }
    if len(given) + len(stated) != len(node.expressions):
        raise text.refused(node)
    values = dict(zip(names, given, strict=False)) | stated
    if list(values) != [n for n in names if n in values] or len(values) != len(names) or len(given) > len(names):
        raise UsageError(f"{function}() must be given {', '.join(names) or 'nothing'}.")
    read = list(values.values())
    if function in ("distance_miles", "distance_km"):
        try:
            point_of(str(read[0]), str(read[1]))
        except UsageError as error:
            raise text.fault(f"{function}(): {error}", node, AbsentError) from error
    if not names or not names[0].endswith(("property", "name")):
        return profile_measure(function, given=read)
    column = f"property.{read[0]}"
    dates = [f.column for f in features.values() if f.aggregate == "profile" and f.kind == "date"]
    single = {f.column: f for f in features.values() if f.column.startswith("property.") and f.aggregate == "profile"}
    known = {"list property": lists, "date property": dates}.get(names[0], single)
    if column not in known:
        near = did_you_mean(str(read[0]), [k.removeprefix("property.") for k in known])
        raise text.fault(f"Unknown {names[0].replace('name', 'property')} {read[0]!r}. {near}", node, AbsentError)
    return single[column] if function == "property" else profile_measure(function, column, read[1:])
