"""Values of a config, typed by the setting they are for."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, NoReturn, get_args, get_origin


def typed(raw: Any, hint: Any) -> tuple[Any, str]:
    """Return the value as the hinted type and "", or None and what was expected.

    Examples
    --------
    >>> typed("7", int), typed("seven", int)
    ((7, ''), (None, 'a whole number'))
    """
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        for option in get_args(hint):
            value, expected = typed(raw, option)
            if not expected:
                return value, ""
        return None, "a date such as 2026-01-01, or data_end"
    if origin is Literal:
        options = get_args(hint)
        return (raw, "") if raw in options else (None, "one of " + ", ".join(repr(o) for o in options))
    if origin is tuple:
        ok = isinstance(raw, (list, tuple)) and all(isinstance(v, str) for v in raw)
        return (tuple(raw), "") if ok else (None, "a list of texts")
    if origin is Mapping:
        ok = isinstance(raw, Mapping) and all(isinstance(v, str) for v in raw.values())
        return ({str(k): v for k, v in raw.items()}, "") if ok else (None, "a mapping of texts")
    return _plain(raw, hint)


def _plain(raw: Any, hint: Any) -> tuple[Any, str]:
    """Type a scalar by its setting; a text of the right form counts, since YAML and ``--set`` bring texts."""
    read, expected = _SCALARS[hint]
    try:
        return read(raw), ""
    except (ValueError, TypeError):
        return None, expected


def _as_date(raw: Any) -> date:
    if isinstance(raw, datetime):
        raise TypeError
    return raw if isinstance(raw, date) else date.fromisoformat(raw)


def _as_bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "false": False}[raw] if raw in ("true", "false") else _refuse()


def _as_int(raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)", raw):
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else _refuse()


def _as_float(raw: Any) -> float:
    if isinstance(raw, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]+)?", raw):
        return float(raw)
    return float(raw) if isinstance(raw, (int, float)) and not isinstance(raw, bool) else _refuse()


def _as_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else _refuse()


def _refuse() -> NoReturn:
    raise ValueError


_SCALARS: Mapping[Any, tuple[Callable[[Any], Any], str]] = {
    date: (_as_date, "a date such as 2026-01-01"),
    bool: (_as_bool, "true or false"),
    int: (_as_int, "a whole number"),
    float: (_as_float, "a number"),
    str: (_as_text, "a text (put it in quotes)"),
}
