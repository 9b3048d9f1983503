"""YAML for configs and rule files: texts, lists and mappings, and nothing that surprises.

Every scalar is a text; the settings table types it. So ``no`` is not False and ``0123`` is not 83.
Aliases (which can unfold without end), tags (which can name Python objects) and repeated keys are refused.
"""

from __future__ import annotations

from typing import Any

import yaml

from discovery.core.errors import SettingError


class _Loader(yaml.BaseLoader):
    """Builds texts, lists and mappings, and refuses the rest."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        where = f"line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent):
            raise SettingError(f"YAML aliases (*name) are not allowed here, got one in {where}. Write the value out.")
        if getattr(event, "tag", None) is not None:
            raise SettingError(f"YAML tags are not allowed here, got {event.tag!r} in {where}. Write a plain value.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise SettingError(
                    f"Key {key.value!r} stands twice, again in line {key.start_mark.line + 1}. Keep one."
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=True)


def read_yaml(text: str, name: str) -> Any:
    """Return the plain value that `text` states: texts, lists and mappings.

    Raises
    ------
    SettingError
        If it is no YAML, or uses aliases, tags or a key twice; `name` says which file.

    Examples
    --------
    >>> read_yaml("a: 0123\\nb: [no, 1e5]", "x.yaml")
    {'a': '0123', 'b': ['no', '1e5']}
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except SettingError as error:
        raise SettingError(f"{name}: {error}") from None
    except (yaml.YAMLError, RecursionError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise SettingError(f"{name} is not readable as YAML{where}: {getattr(error, 'problem', error)}.") from error
