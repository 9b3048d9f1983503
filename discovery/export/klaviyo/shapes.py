"""JSON read strictly into frozen dataclasses, and back.

The dataclasses are the grammar: a field's annotation says what may stand there. Objects are closed. Where several
shapes may stand in one place, the fields that tell them apart are annotated with ``Literal``.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from discovery.core.errors import DataError, UsageError, did_you_mean


class Absent(Enum):
    """The value of a key that may be left out, and is; null is another thing."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
#: Default of a field whose type is a parameter of its class.
LEFT_OUT: Any = ABSENT
Shape = TypeVar("Shape")

#: What tells shapes apart, in the order they are asked.
_TAGS = (
    *("type", "operator", "dimension", "measurement", "is_member", "channel", "can_receive_marketing"),
    *("subscription", "reachable_status", "field", "method"),
)
_WORDS: Mapping[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    types.NoneType: "null",
    Absent: "nothing",
    tuple: "a list",
}


def as_document(value: Any) -> Any:
    """Return a shape as JSON values; reading them again gives an equal shape."""
    if is_dataclass(value):
        found = {f.name: getattr(value, f.name) for f in fields(value)}
        return {name: as_document(v) for name, v in found.items() if v is not ABSENT}
    return [as_document(v) for v in value] if isinstance(value, tuple) else value


def read(kind: type[Shape], document: object, what: str) -> Shape:
    """Return the shape that a JSON document states.

    Parameters
    ----------
    kind : dataclass
        What it must be.
    document : JSON value
        What it is.
    what : str
        What to call it in an error.

    Raises
    ------
    DataError
        If it is anything else, with every fault and its place.
    """
    faults: list[str] = []
    found: Shape = _read(kind, document, "", faults)
    if faults:
        raise DataError("\n  ".join([f"{what} must follow Klaviyo's grammar; {len(faults)} not right:", *faults]))
    return found


def _read(kind: Any, value: Any, path: str, faults: list[str]) -> Any:
    options = _options(kind)
    if isinstance(value, dict):
        objects = [o for o in options if is_dataclass(get_origin(o) or o)]
        if objects:
            chosen = _told_apart(objects, value, path, faults)
            return None if chosen is None else _read_object(chosen, value, path, faults)
    elif isinstance(value, list):
        lists = [_read_list(get_args(o)[0], value, path) for o in options if get_origin(o) is tuple]
        if lists:
            found, wrong = min(lists, key=lambda each: len(each[1]))
            faults += wrong
            return found
    elif any(_fits(o, value) for o in options):
        return value
    faults.append(f"{path or 'it'} must be {_words(options)}, got {_shown(value)}.")
    return None


def _read_list(kind: Any, values: list[Any], path: str) -> tuple[tuple[Any, ...], list[str]]:
    faults: list[str] = []
    return tuple(_read(kind, v, f"{path}[{i}]", faults) for i, v in enumerate(values)), faults


def _read_object(kind: Any, document: Mapping[str, Any], path: str, faults: list[str]) -> Any:
    hints, before = _hints(kind), len(faults)
    faults += [f"{_at(path, n)} must not be here. {did_you_mean(n, hints)}" for n in document if n not in hints]
    values = {}
    for name, hint in hints.items():
        if name in document:
            values[name] = _read(hint, document[name], _at(path, name), faults)
        elif Absent not in _options(hint):
            faults.append(f"{_at(path, name)} must be {_words(_options(hint))}, got nothing.")
    if len(faults) > before:
        return None
    made: Any = get_origin(kind) or kind
    try:
        return made(**{f.name: values[f.name] for f in fields(made) if f.init and f.name in values})
    except UsageError as error:
        faults.append(f"{path or 'it'}: {error}")
        return None


def _told_apart(objects: list[Any], document: Mapping[str, Any], path: str, faults: list[str]) -> Any:
    """Return the one of several shapes whose tags the document bears."""
    for tag in _TAGS:
        allowed = [_options(_hints(o).get(tag)) for o in objects]
        if len(objects) == 1 or not all(get_origin(a[0]) is Literal for a in allowed):
            continue
        value = document.get(tag, ABSENT)
        fitting = [o for o, a in zip(objects, allowed, strict=True) if any(_fits(each, value) for each in a)]
        if not fitting:
            every = tuple(dict.fromkeys(each for a in allowed for each in a))
            faults.append(f"{_at(path, tag)} must be {_words(every)}, got {_shown(value)}.")
            return None
        objects = fitting
    (only,) = objects
    return only


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return what each field may hold, the parameters of a generic class filled in."""
    made = get_origin(kind) or kind
    given = dict(zip(getattr(made, "__parameters__", ()), get_args(kind), strict=True))
    hints = {name: given.get(hint, hint) for name, hint in get_type_hints(made).items()}
    return {name: hint for name, hint in hints.items() if hint is not Absent}


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _fits(kind: Any, value: Any) -> bool:
    """Whether a scalar is of a kind; true and false are no numbers, and whole numbers are numbers."""
    if get_origin(kind) is Literal:
        return any(type(value) is type(each) and value == each for each in get_args(kind))
    if kind is float and type(value) is float:
        return math.isfinite(value)
    return type(value) is (int if kind is float else kind)


def _words(options: tuple[Any, ...]) -> str:
    literals = sorted({json.dumps(each) for o in options if get_origin(o) is Literal for each in get_args(o)})
    others = [_WORDS.get(get_origin(o) or o, "an object") for o in options if get_origin(o) is not Literal]
    listed = [f"one of {', '.join(literals)}"] if len(literals) > 1 else literals
    return " or ".join(dict.fromkeys([*listed, *others]))


def _shown(value: object) -> str:
    return "nothing" if value is ABSENT else json.dumps(value, ensure_ascii=False, default=repr)[:60]


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else str(name)
