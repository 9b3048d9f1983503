"""Writes docs/commands.md from the command line itself: python docs/write_commands.py"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from discovery.cli import app

HEAD = """\
# The command line

Every command that answers takes `--json`, for other programs. Long work shows its progress; `--quiet` leaves that out.
Exit codes: 0 done; 1 done, but a check asked for with `--strict` found something; 2 a wrong word or setting; 3 data
that cannot be used; 70 our fault, with a trace. An error is one line: what must be, what was got, where, what to do.

This page is written by `docs/write_commands.py`."""


def page() -> str:
    """Return the manual's page of commands."""
    lines = [HEAD]
    for name, command in commands():
        context = typer.Context(command)
        pieces = [re.sub(r"^[{\[](.*)[}\]]$", r"\1", p) for p in command.collect_usage_pieces(context)]
        lines += ["", f"## {name}", "", f"`{' '.join((name, *pieces[1:], *pieces[:1]))}`", ""]
        lines += [" ".join((command.help or "").split()), "", "| word or option | what it is |", "|---|---|"]
        told = [p.get_help_record(context) or (p.name, "") for p in command.params if p.name != "help"]
        lines += [f"| `{words.replace('|', ' or ')}` | {' '.join(said.split())} |" for words, said in told]
    return "\n".join(lines) + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it, in the order of the alphabet."""
    todo = [("discovery", typer.main.get_command(app))]
    while todo:
        name, command = todo.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            todo += [(f"{name} {word}", each) for word, each in sorted(inner.items(), reverse=True)]


if __name__ == "__main__":
    (Path(__file__).parent / "commands.md").write_text(page(), encoding="utf-8")
