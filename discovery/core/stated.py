"""Measures stated where they are used: ``orders(days => 14)`` in a rule is a Feature whose name is its own text.

So a rule can ask for what the catalogue does not hold, and everything that reads a feature (extraction, exports, the
linter) treats both alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from discovery.core.errors import UsageError
from discovery.core.event_words import counted
from discovery.core.feature import Aggregate, Feature, Filter
from discovery.core.filters import check_filter, filter_text, filter_words, rule_literal
from discovery.core.rule import Scalar


@dataclass(frozen=True)
class EventMeasure:
    """A function over events: how they become a number, of which event unless it is named, and in what unit."""

    aggregate: Aggregate
    event: str = ""
    column: str = ""
    unit: str = "events"
    label: str = "{counted}"

    def said_of(self, event: str, counted: str) -> str:
        """Return the label for an event, in words alone and in words where it is counted."""
        return self.label.format(event=event, counted=counted)


#: Functions over events; those without an event of their own take its name first.
EVENT_MEASURES: Mapping[str, EventMeasure] = {
    "events": EventMeasure("count"),
    "orders": EventMeasure("count", "placed_order", unit="orders", label="orders"),
    "value": EventMeasure("sum", column="value", unit="money", label="value of {event}"),
    "spent": EventMeasure("sum", "placed_order", "value", "money", "money spent, before refunds,"),
    "days_since": EventMeasure("days_since_last", unit="days", label="days since last {event}"),
    "days_since_first": EventMeasure("days_since_first", unit="days", label="days since first {event}"),
}

#: Functions over the profile, with their arguments.
PROFILE_MEASURES: Mapping[str, tuple[str, ...]] = {
    "property": ("name",),
    "has": ("list property", "value"),
    "items": ("list property",),
    "days_since_property": ("date property",),
    "birthday_within": ("days",),
    "birthday_this_month": (),
    "distance_miles": ("country", "postal_code"),
    "distance_km": ("country", "postal_code"),
    "distance_miles_to": ("latitude", "longitude"),
    "distance_km_to": ("latitude", "longitude"),
    "sample": ("percent", "seed"),
}


def event_measure(
    function: str,
    event: str = "",
    *,
    days: int | None = None,
    skip: int = 0,
    since: str = "",
    until: str = "",
    where: Iterable[Filter] = (),
) -> Feature:
    """Return the measure that a function over events states.

    Parameters
    ----------
    function : str
        One of `EVENT_MEASURES`.
    event : str
        Its event, for those that take one.
    days : int, optional
        The last so many days: day distance d <= days, in UTC days before the date.
    skip : int
        Days just before the date that are left out: d > skip.
    since, until : str
        First and last day, both included, of a window that stands still: ``2025-11-28``.
    where : filters
        Events that count.

    Raises
    ------
    UsageError
        If a number, a day, a column or a value is not what it must be.

    Examples
    --------
    >>> event_measure("events", "viewed_product", days=30, where=[("category", "=", "shoes")]).name
    "events('viewed_product', days => 30, category => 'shoes')"
    >>> event_measure("orders", days=120, skip=60).label
    'orders 61 to 120 days ago'
    """
    made = EVENT_MEASURES[function]
    if bool(event) == bool(made.event):
        wanted = "an event's name first" if not made.event else "no event"
        raise UsageError(f"{function}() must be given {wanted}, got {event!r}.")
    filters = tuple(where)
    for each in filters:
        check_filter(function, each)
    _check_window(function, days, skip, since, until)
    options = {"days": days, "skip": skip, "since": since, "until": until}
    arguments = [rule_literal(event)] if event else []
    arguments += [f"{name} => {rule_literal(value)}" for name, value in options.items() if value]
    arguments += [filter_text(f) for f in filters]
    label = made.said_of(event.replace("_", " "), counted(event))
    return Feature(
        f"{function}({', '.join(arguments)})",
        label + _window_words(days, skip, since, until) + filter_words(filters),
        "Stated in a rule",
        made.aggregate,
        (event or made.event,),
        made.column,
        window=days,
        skip=skip,
        since=since,
        until=until,
        where=filters,
        unit=made.unit,
        missing="never: missing" if made.aggregate.startswith("days") else "none: 0",
    )


def profile_measure(function: str, column: str = "", given: Sequence[Scalar] = ()) -> Feature:
    """Return the measure that a function over the profile states; `column` is the list or date property it reads.

    Raises
    ------
    UsageError
        If what is given is not what it must be.

    Examples
    --------
    >>> profile_measure("birthday_within", given=(30,)).name
    'birthday_within(days => 30)'
    >>> profile_measure("has", "property.interests", ("tea",)).label
    'interests holds tea'
    """
    _check_given(function, given)
    name = column.removeprefix("property.")
    label = name.replace("_", " ")
    named = [rule_literal(name)] if column else []
    place = ", ".join(str(g) for g in given)
    values: dict[str, Any] = {"given": tuple(given), "missing": "not known: missing"}
    match function:
        case "has":
            values |= {"label": f"{label} holds {given[0]}", "aggregate": "holds", "kind": "boolean"}
            named.append(rule_literal(given[0]))
        case "items":
            values |= {"label": f"values in {label}", "aggregate": "length", "unit": "values"}
        case "days_since_property":
            values |= {"label": f"days since {label}", "aggregate": "days_since_date", "unit": "days"}
        case "birthday_within":
            values |= {"label": f"birthday in the next {given[0]} days", "aggregate": "anniversary", "kind": "boolean"}
            column = "birthday"
        case "birthday_this_month":
            values |= {"label": "birthday this month", "aggregate": "anniversary_month", "kind": "boolean"}
            column = "birthday"
        case "sample":
            label = f"{given[0]:g}% sample (seed {given[1]})"
            values |= {"label": label, "aggregate": "sample", "kind": "boolean", "missing": "never"}
        case _:
            unit = "miles" if "miles" in function else "km"
            values |= {"label": f"{unit} from {place}", "aggregate": "distance", "unit": unit}
            values["given"] = (*given, unit)
            named = [rule_literal(g) for g in given]
    if function in ("birthday_within", "sample"):
        named = [f"{n} => {rule_literal(g)}" for n, g in zip(PROFILE_MEASURES[function], given, strict=True)]
    return Feature(f"{function}({', '.join(named)})", family="Stated in a rule", column=column, **values)


def usage(function: str) -> str:
    """Return how a function is written.

    Examples
    --------
    >>> usage("orders"), usage("sample")
    ('orders(days => 30, skip => ..., since => ..., until => ..., <column> => ...)', 'sample(percent, seed)')
    """
    if function not in EVENT_MEASURES:
        return f"{function}({', '.join(PROFILE_MEASURES[function])})"
    event = "" if EVENT_MEASURES[function].event else "'event', "
    return f"{function}({event}days => 30, skip => ..., since => ..., until => ..., <column> => ...)"


def _check_window(function: str, days: int | None, skip: int, since: str, until: str) -> None:
    for name, number, least in (("days", days, 1), ("skip", skip, 0)):
        if number is not None and (type(number) is not int or number < least):
            raise UsageError(f"{function}(): {name} must be a whole number of at least {least}, got {number!r}.")
    if days is not None and skip >= days:
        raise UsageError(f"{function}(): skip must lie below days, got {skip} of {days}.")
    for name, day in (("since", since), ("until", until)):
        if day != "" and not (isinstance(day, str) and is_day(day)):
            raise UsageError(f"{function}(): {name} must be a day such as '2025-11-28', got {day!r}.")
    if since and until and since > until:
        raise UsageError(f"{function}(): since must not lie after until, got {since} and {until}.")


def _check_given(function: str, given: Sequence[Scalar]) -> None:
    numbers = [g for g in given if isinstance(g, (int, float)) and not isinstance(g, bool)]
    match function:
        case "birthday_within":
            fits = len(numbers) == 1 and isinstance(given[0], int) and 0 <= numbers[0] <= 365
            wanted = "days from 0 to 365"
        case "sample":
            fits = len(numbers) == 2 and 0 < numbers[0] <= 100 and isinstance(given[1], int)
            wanted = "a percent above 0 and up to 100, and a whole number as seed"
        case "distance_miles" | "distance_km":
            fits = len(given) == 2 and not numbers
            wanted = "a country code and a postal code, both in single quotes"
        case "distance_miles_to" | "distance_km_to":
            fits = len(numbers) == 2 and abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180
            wanted = "a latitude and a longitude in degrees"
        case "has":
            fits, wanted = len(given) == 1 and isinstance(given[0], str), "a text to look for"
        case _:
            fits, wanted = not given, "nothing"
    if not fits:
        raise UsageError(f"{function}() must be given {wanted}, got {', '.join(map(repr, given)) or 'nothing'}.")


def is_day(text: str) -> bool:
    """Return whether `text` is a day written as 2025-12-31."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _window_words(days: int | None, skip: int, since: str, until: str) -> str:
    words = ""
    if days is not None:
        words = f" {skip + 1} to {days} days ago" if skip else f" in the last {days} days"
    elif skip:
        words = f" more than {skip} days ago"
    if since and until:
        words += f" from {since} to {until}"
    elif since or until:
        words += f" since {since}" if since else f" until {until}"
    return words
