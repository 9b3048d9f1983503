"""A config, compiled against the table of settings: checked, typed, every fault named at once."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin

from discovery.core.documents import plain
from discovery.core.errors import SettingError, did_you_mean
from discovery.core.setting_values import typed
from discovery.core.settings import Settings
from discovery.core.sources import SOURCES, JoinedSource, Source


@dataclass(frozen=True)
class SettingRow:
    """One line of ``discovery config show``."""

    name: str
    value: object
    default: object
    unit: str
    origin: str
    help: str


def compile_settings(raw: Mapping[str, Any]) -> Settings:
    """Return the settings a config states, checked; whatever it leaves out keeps its default.

    Parameters
    ----------
    raw : mapping
        A config as read from YAML: plain strings, numbers, booleans, dates, lists and mappings.

    Raises
    ------
    SettingError
        Naming every fault at once: unknown keys with the nearest known one, wrong types, values out of range.

    Examples
    --------
    >>> compile_settings({"source": {"kind": "canonical", "path": "s"}, "as_of": "2026-01-01"}).cluster.k_high
    12
    """
    faults: list[str] = []
    compiled = _compile(Settings, raw, "", faults)
    if faults:
        raise SettingError("\n".join(faults))
    result = typing.cast(Settings, compiled)
    _check_paths(result.source)
    if result.cluster.k_low > result.cluster.k_high or result.cluster.band_low > result.cluster.band_high:
        raise SettingError("cluster.k_low and cluster.band_low must not exceed cluster.k_high and cluster.band_high.")
    return result


def setting_rows(settings: Settings, origins: Mapping[str, str]) -> Iterator[SettingRow]:
    """Yield every setting in order, with where its value came from (``default`` where `origins` says nothing)."""
    yield from _rows(settings, "", origins)


def _rows(settings: Any, prefix: str, origins: Mapping[str, str]) -> Iterator[SettingRow]:
    for each in fields(settings):
        name, value = prefix + each.name, getattr(settings, each.name)
        if is_dataclass(value):
            yield from _rows(value, name + ".", origins)
            continue
        default = None if each.default is MISSING else each.default
        empty: Any = {} if isinstance(value, Mapping) and default == () else default
        meta = each.metadata
        yield SettingRow(name, plain(value), plain(empty), meta["unit"], origins.get(name, "default"), meta["help"])


def _compile(kind: type, raw: Any, prefix: str, faults: list[str]) -> Any:
    where = prefix.rstrip(".") or "the config"
    if not isinstance(raw, Mapping):
        faults.append(f"{where} must be a mapping of settings, got {raw!r}.")
        return None
    known = {f.name: f for f in fields(kind)}
    for key in raw:
        if key not in known:
            faults.append(f"Unknown setting {prefix}{key}. {did_you_mean(str(key), known)}")
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name not in raw:
            if each.default is MISSING:
                faults.append(f"{prefix}{name} must be set. {each.metadata['help']}")
            elif each.default == () and get_origin(hints[name]) is not tuple:
                values[name] = {}
            elif is_dataclass(each.default) and not isinstance(each.default, type):
                # Written down and compiled again, settings must be the same.
                values[name] = _compile(type(each.default), {}, f"{prefix}{name}.", faults)
            continue
        if name == "source":
            values[name] = _source(raw[name], "source", faults)
        elif kind is JoinedSource and name == "parts":
            values[name] = _parts(raw[name], prefix + name, faults)
        elif is_dataclass(hints[name]):
            values[name] = _compile(hints[name], raw[name], f"{prefix}{name}.", faults)
        elif get_origin(hints[name]) is tuple and is_dataclass(get_args(hints[name])[0]):
            listed = raw[name] if isinstance(raw[name], list) else [raw[name]]
            kind_of = typing.cast(type, get_args(hints[name])[0])
            values[name] = tuple(_compile(kind_of, r, f"{prefix}{name}[{i}].", faults) for i, r in enumerate(listed))
        else:
            values[name] = _value(raw[name], hints[name], each, prefix + name, faults)
    return None if faults else kind(**values)


def _source(raw: Any, name: str, faults: list[str], known: Iterable[str] = SOURCES) -> Any:
    kind = str(raw.get("kind", "")) if isinstance(raw, Mapping) else ""
    if kind not in known:
        hint = did_you_mean(kind, known)
        faults.append(f"{name}.kind must be one of {', '.join(known)}, got {kind!r}. {hint}")
        return None
    return _compile(SOURCES[kind], raw, f"{name}.", faults)


def _parts(raw: Any, name: str, faults: list[str]) -> Any:
    if not isinstance(raw, (list, tuple)):
        faults.append(f"{name} must be a list of two or more sources, got {raw!r}.")
        return None
    known = [k for k in SOURCES if k != "joined"]
    return tuple(_source(part, f"{name}[{i}]", faults, known) for i, part in enumerate(raw))


def _check_paths(source: Source) -> None:
    parts = source.parts if isinstance(source, JoinedSource) else ()
    if isinstance(source, JoinedSource) and len(parts) < 2:
        raise SettingError(f"source.parts must be a list of two or more sources, got {len(parts)}.")
    for name, path in [(f"source.parts[{i}]", p.path) for i, p in enumerate(parts)] or [("source", source.path)]:
        if not path:
            with_set = "" if parts else f" or with --set {name}.path=..."
            raise SettingError(f"{name}.path must name a file or folder. Set it in the config{with_set}")
    if len({p.path.startswith("/") for p in parts}) > 1:
        raise SettingError("The paths of source.parts must be all relative to the config, or all absolute.")


def _value(raw: Any, hint: Any, each: Field[Any], name: str, faults: list[str]) -> Any:
    low, high = each.metadata["low"], each.metadata["high"]
    value, expected = typed(raw, hint)
    if expected:
        faults.append(f"{name} must be {expected}, got {raw!r}. {each.metadata['help']}")
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        bottom, ceiling = -math.inf if low is None else low, math.inf if high is None else high
        if not bottom <= value <= ceiling:
            unit = f" {each.metadata['unit']}" if each.metadata["unit"] else ""
            top = "" if high is None else f" and at most {high:g}"
            faults.append(f"{name} must be at least {low:g}{top}{unit}, got {value!r}. {each.metadata['help']}")
    return value
