"""Payloads to create segments with, valid and invalid, and every way to spoil one at a single place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXAMPLES = json.loads((Path(__file__).parent / "examples.json").read_text(encoding="utf-8"))
VALID: dict[str, Any] = {e["id"]: e["payload"] for e in EXAMPLES["examples"]}
INVALID: dict[str, Any] = {e["id"]: e["payload"] for e in EXAMPLES["invalid_examples"]}
#: What may be left out, wherever it stands.
OPTIONAL = {"is_starred", "metric_filters", "completion_window_seconds", "filters"}

Place = tuple[str | int, ...]


def definition(payload: Any) -> Any:
    """Return the definition a payload carries."""
    return payload["data"]["attributes"]["definition"]


def places(document: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every value of a document with its place, the document itself first."""
    yield here, document
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, value in inner:
        yield from places(value, (*here, name))


def replaced(document: Any, place: Place, value: Any) -> Any:
    """Return a copy of a document with another value at a place."""
    if not place:
        return value
    out = copy.deepcopy(document)
    parent = out
    for name in place[:-1]:
        parent = parent[name]
    parent[place[-1]] = value
    return out


def spoilt(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield what was done and the result, for every single fault: a key less, a key more, a wrong kind of value."""
    for place, value in places(document):
        where = ".".join(map(str, place))
        if isinstance(value, dict):
            yield f"{where}: a key more", replaced(document, place, {**value, "surplus": 1})
            for name in value:
                if not may_be_left_out(place, value, name):
                    less = {k: v for k, v in value.items() if k != name}
                    yield f"{where}: without {name}", replaced(document, place, less)
        wrong = [{"no": "such"}, [["no such"]], 1.5 if isinstance(value, (str, bool)) else "no such"]
        if place and place[-1] in ("type", "operator", "measurement", "unit", "dimension", "channel", "subscription"):
            wrong += ["no-such", None]
        for other in wrong:
            yield f"{where}: {other}", replaced(document, place, other)


def may_be_left_out(place: Place, parent: dict[str, Any], name: str) -> bool:
    """Whether a document stays valid without a key."""
    if name == "filters":
        # Custom objects need theirs.
        return "object_type_id" not in parent
    if name == "timeframe_filter":
        return parent.get("type") == "profile-group-membership"
    # The filter of an event's property may be missing, and a method's.
    return name in OPTIONAL or (name == "filter" and ("metric_filters" in place or "method" in parent))
