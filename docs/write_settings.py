"""Writes docs/settings.md from the table of settings: python docs/write_settings.py"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from discovery.core.settings import Settings
from discovery.core.sources import SOURCES, FileLimits, TablePart

HEAD = """\
# Settings

A config is a YAML file. It must say `source` and `as_of`; everything else has a default. `discovery config show CONFIG`
prints every setting of a config, with its value and where that came from. `--set name=value` lays one over the config,
such as `--set cluster.k=6`. Lists and mappings are written as in YAML: `--set "rules.library=mine.yaml"`.

A setting that does not exist, is of the wrong type or out of range is refused before any work, all faults at once.
A threshold stands here with its reason. What must mean the same in every report is no setting: the ten customers below
which a group shows nothing, and the published bounds of small, medium and large differences (Cliff's delta .147, .33,
.474; Cohen's h .2). Changing a default is listed in the changes under "Numbers that will change".

This page is written by `docs/write_settings.py`."""
SHARED = {
    FileLimits: ("Size of files", "How large a file of a `table`, `shopify` or `klaviyo` source may be."),
    TablePart: (
        "One table",
        "What a `table` source says of its files, and each entry of its `tables` (see [any table](tables.md)).",
    ),
}


def page() -> str:
    """Return the manual's page of settings."""
    lines = [HEAD, "", "## The whole", "", *_table(Settings, "")]
    for kind, source in SOURCES.items():
        lines += ["", f"## source: {kind}", "", _about(source), "", *_table(source, "source.")]
    for part, (heading, about) in SHARED.items():
        lines += ["", f"## source: {heading.lower()}", "", about, "", *_table(part, "source.")]
    for each in fields(Settings):
        if _is_group(each):
            group = type(each.default)
            lines += ["", f"## {each.name}", "", _about(group), "", *_table(group, f"{each.name}.")]
    return "\n".join(lines) + "\n"


def _about(group: type) -> str:
    return " ".join((group.__doc__ or "").split())


def _table(group: type, prefix: str) -> Iterator[str]:
    hints = get_type_hints(group)
    yield "| setting | unless stated | may be | what it does |"
    yield "|---|---|---|---|"
    for each in fields(group):
        if each.name in group.__annotations__ and not _is_group(each):
            cells = (f"`{prefix}{each.name}`", _default(each), _range(each, hints[each.name]), each.metadata["help"])
            yield f"| {' | '.join(map(_in_cell, cells))} |"


def _is_group(each: Field[Any]) -> bool:
    return is_dataclass(each.default) and not isinstance(each.default, type)


def _default(each: Field[Any]) -> str:
    if each.default is MISSING:
        return "required"
    value = each.default
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value) or "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value == "" else f"`{value}`"


def _range(each: Field[Any], hint: Any) -> str:
    options = [f"`{o}`" for o in get_args(hint) if isinstance(o, str) and o] if get_origin(hint) is Literal else []
    low, high, unit = (each.metadata[k] for k in ("low", "high", "unit"))
    if options:
        return ", ".join(options)
    if low is None:
        return _words(hint)
    ends = f"{_number(low)} or more" if high is None else f"{_number(low)} to {_number(high)}"
    return f"{ends} {unit}".strip()


def _number(value: float) -> str:
    return f"{value:,}" if value == int(value) else f"{value:f}".rstrip("0")


def _words(hint: Any) -> str:
    if date in get_args(hint):
        return "a date, `data_end`"
    known = {str: "a text", bool: "`true`, `false`", tuple: "a list", Mapping: "a mapping"}
    return known.get(get_origin(hint) or hint, "one of the sources below")


def _in_cell(text: str) -> str:
    return text.replace("`|`", "<code>|</code>").replace("|", "&#124;")


if __name__ == "__main__":
    (Path(__file__).parent / "settings.md").write_text(page(), encoding="utf-8")
