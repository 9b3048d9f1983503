"""Configs and rule files: found, read, and compiled against the settings table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discovery.core.compile import SettingRow, compile_settings, setting_rows
from discovery.core.errors import SettingError
from discovery.core.settings import Settings
from discovery.core.strict_yaml import read_yaml

_PACKAGE = Path(__file__).parents[1]
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Config:
    """A compiled config, where each value came from, and where relative paths start.

    Parameters
    ----------
    settings : Settings
        As compiled.
    origins : mapping
        Setting name to ``config`` or ``--set``; the rest are defaults.
    base : Path
        Folder that ``source.path`` starts from.
    folder : Path
        Folder of the config, where its rule library may lie.
    """

    settings: Settings
    origins: Mapping[str, str]
    base: Path
    folder: Path


def config_rows(config: Config) -> tuple[SettingRow, ...]:
    """Return every setting of a config: value, default, unit, where it came from."""
    return tuple(setting_rows(config.settings, config.origins))


def shipped(name: str) -> Path:
    """Return a file that comes with the package: beside it in a checkout, inside it once installed."""
    for folder in (_PACKAGE.parent, _PACKAGE / "shipped"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is missing from this installation of segment-discovery. Install it again.")


def read_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Return the config at `path` with the overrides laid over it.

    Parameters
    ----------
    path : Path
        A YAML file.
    overrides : sequence of str
        ``name=value``, for example ``cluster.k=6``; the value is read as YAML. A path given so is relative to the
        working folder, one in the config to the config's own.

    Raises
    ------
    SettingError
        If the file or an override cannot be read, or a setting is wrong.
    """
    raw = read_yaml(_text(path, "a config"), path.name)
    if not isinstance(raw, dict):
        raise SettingError(f"{path.name} must be a mapping of settings such as `seed: 7`, got {type(raw).__name__}.")
    origins = dict.fromkeys(_names(raw), "config")
    for override in overrides:
        name, sign, value = override.partition("=")
        if not sign or not name.strip():
            raise SettingError(f"--set must be given as name=value, got {override!r}.")
        _lay(raw, name.strip().split("."), read_yaml(value, f"--set {name}") if value.strip() else "")
        origins[name.strip()] = "--set"
    settings = compile_settings(raw)
    folder = path.resolve().parent
    base = Path.cwd() if origins.get("source.path") == "--set" else folder
    return Config(settings, origins, base, folder)


def read_library(config: Config) -> Any:
    """Return the entries of the config's rule library: beside the config if it lies there, else the shipped one."""
    name = config.settings.rules.library
    beside = config.folder / name
    path = beside if beside.is_file() else shipped(f"configs/{Path(name).name}")
    return read_entries(path)


def read_entries(path: Path) -> Any:
    """Return what a rule file holds, typed by nobody yet."""
    return read_yaml(_text(path, "a rule file"), path.name)


def _text(path: Path, what: str) -> str:
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise SettingError(f"{what[0].upper()}{what[1:]} must be a file, got {str(path)!r}, which {kind}.")
    if path.stat().st_size > _LARGEST:
        raise SettingError(f"{path.name} must be at most {_LARGEST:,} bytes, got {path.stat().st_size:,}.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingError(f"{path.name} must be UTF-8 text: {error}. Save it as UTF-8.") from error


def _names(raw: Mapping[str, Any], prefix: str = "") -> list[str]:
    out = []
    for key, value in raw.items():
        out.append(prefix + key)
        if isinstance(value, dict):
            out += _names(value, f"{prefix}{key}.")
    return out


def _lay(raw: dict[str, Any], parts: Sequence[str], value: Any) -> None:
    for part in parts[:-1]:
        inner = raw.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingError(f"--set {'.'.join(parts)}: {part} is a single value in the config, not a group.")
        raw = inner
    raw[parts[-1]] = value
