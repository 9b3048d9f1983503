"""Klaviyo's segment definitions as conditions of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from discovery.core.errors import DataError, UsageError
from discovery.core.feature import Filter
from discovery.core.rule import All, AnyOf, Compare, Condition
from discovery.core.stated import event_measure
from discovery.export.klaviyo.definition import read_definition
from discovery.export.klaviyo.events import EventFilter, Metric
from discovery.export.klaviyo.happened import WORTH
from discovery.export.klaviyo.imported_known import OURS, Inexpressible, day_of_instant, known_condition
from discovery.export.klaviyo.names import event_column
from discovery.export.klaviyo.shapes import ABSENT

Verdict = Literal["imported", "valid but not expressible here", "invalid"]
#: Tells the event that a metric is, and its channel where its name says one; None where the metric is not known.
EventOf = Callable[[str], tuple[str, str | None] | None]


@dataclass(frozen=True)
class Imported:
    """What became of one segment: its condition, or why there is none, one reason for each part."""

    name: str
    verdict: Verdict
    where: Condition | None = None
    reasons: tuple[str, ...] = ()


def segments_in(document: object) -> Iterator[tuple[str, object]]:
    """Yield name and definition of every segment in a document.

    Parameters
    ----------
    document : JSON value
        A payload that creates a segment, what the API answers for one or for many, a name with its definition (as an
        export to read has them), a definition alone, or a list of any of these.

    Examples
    --------
    >>> list(segments_in({"data": [{"type": "segment", "attributes": {"name": "A", "definition": {}}}]}))
    [('A', {})]
    >>> list(segments_in({"name": "A", "definition": {}}))
    [('A', {})]
    """
    if isinstance(document, list):
        for each in document:
            yield from segments_in(each)
    elif isinstance(document, dict) and "data" in document:
        yield from segments_in(document["data"])
    elif isinstance(document, dict) and isinstance(document.get("attributes"), dict):
        yield from segments_in({"definition": None, **document["attributes"]})
    elif isinstance(document, dict) and "definition" in document:
        yield str(document.get("name") or "Unnamed segment"), document["definition"]
    else:
        yield "Unnamed segment", document


def imported(name: str, document: object, event_of: EventOf) -> Imported:
    """Return a definition of Klaviyo's as a condition of ours that selects the same customers.

    Parameters
    ----------
    name : str
        What the segment is called.
    document : JSON value
        Its definition.
    event_of : function
        Tells which event a metric's id, or name, stands for.
    """
    try:
        definition = read_definition(document)
    except DataError as error:
        return Imported(name, "invalid", None, tuple(line.strip() for line in str(error).splitlines()[1:]))
    groups: list[Condition] = []
    reasons: list[str] = []
    for g, group in enumerate(definition.condition_groups):
        parts: list[Condition] = []
        for c, condition in enumerate(group.conditions):
            try:
                parts.append(_condition(condition, event_of))
            except (Inexpressible, UsageError, OverflowError) as reason:
                reasons.append(f"condition_groups[{g}].conditions[{c}]: {reason}")
        groups += [_joined(AnyOf, parts)] if parts else []
    if reasons:
        return Imported(name, "valid but not expressible here", None, tuple(reasons))
    return Imported(name, "imported", _joined(All, groups))


def _joined(kind: type[All] | type[AnyOf], parts: Sequence[Condition]) -> Condition:
    """Return the parts joined, those joined alike themselves laid open."""
    flat: list[Condition] = []
    for part in dict.fromkeys(parts):
        flat += part.parts if isinstance(part, kind) else (part,)
    return kind(tuple(flat)) if len(flat) > 1 else flat[0]


def _condition(condition: Any, event_of: EventOf) -> Condition:
    return _metric(condition, event_of) if isinstance(condition, Metric) else known_condition(condition)


def _metric(condition: Metric, event_of: EventOf) -> Condition:
    found = event_of(condition.metric_id)
    if found is None:
        raise Inexpressible(f"the metric {condition.metric_id} has no name; state it with --metric-names")
    event, channel = found
    filters = condition.metric_filters if isinstance(condition.metric_filters, tuple) else ()
    where = [_event_filter(event, f) for f in filters if not (event == "placed_order" and f == WORTH)]
    if channel and event in ("subscribed", "unsubscribed"):
        where.append(("channel", "=", channel))
    summed = condition.measurement == "sum"
    if event == "refunded_order" and summed:
        raise Inexpressible("our refunds are negative, Klaviyo's are not")
    function = {(False, False): "events", (False, True): "value", (True, False): "orders", (True, True): "spent"}[
        (event == "placed_order", summed)
    ]
    named = () if event == "placed_order" else (event,)
    measure = event_measure(function, *named, where=where, **_window(condition.timeframe_filter))
    return Compare(measure.name, OURS[condition.measurement_filter.operator], condition.measurement_filter.value)


def _event_filter(event: str, each: EventFilter) -> Filter:
    column = event_column(event, each.property)
    if column is None:
        raise Inexpressible(f"our {event} events do not hold {each.property}")
    if each.filter is ABSENT or each.filter is None:
        raise Inexpressible(f"{each.property} has no filter")
    by: Any = each.filter
    kind, operator = by.type, by.operator
    value: Any = getattr(by, "value", ABSENT)
    if kind == "boolean" and column == "machine":
        # Klaviyo says of every open whether it was private; what is not said is a person's.
        return (column, "<>", True) if each.property == "Apple Privacy Open" and not value else (column, "=", value)
    if column == "bounce_type" and isinstance(value, (str, tuple)):
        value = value.lower() if isinstance(value, str) else tuple(map(str.lower, value))
    if kind == "numeric" and operator != "not-equals":
        return column, OURS[operator], value
    if kind == "string" and operator == "equals" and value is not None:
        return column, "=", value
    if (kind, operator) in (("string", "in"), ("list", "contains-any")) and column != "discount_code" and value:
        return (column, "IN", value) if len(value) > 1 else (column, "=", value[0])
    raise Inexpressible(f"an event's {each.property} cannot be filtered by {kind} {operator}")


def _window(time: Any) -> dict[str, Any]:
    """Return the options of a measure that state a time."""
    days = {"day": 1, "week": 7}.get(getattr(time, "unit", "day"))
    operator = time.operator
    if days is None:
        raise Inexpressible("our windows are counted in days, not in hours")
    match operator:
        case "alltime":
            return {}
        case "in-the-last":
            return {"days": time.quantity * days}
        case "at-least":
            return {"skip": time.quantity * days}
        case "between":
            return {"days": time.end * days, "skip": max(time.start * days - 1, 0)}
        case "between-static":
            return {"since": str(day_of_instant(time.start)), "until": str(day_of_instant(time.end))}
        case "before":
            return {"until": str(day_of_instant(time.date, midnight=True) - timedelta(days=1))}
        case "after":
            return {"since": str(day_of_instant(time.date) + timedelta(days=1))}
    raise Inexpressible(f"a measure has no time {operator}")
