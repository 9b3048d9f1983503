"""What every command shares: its common options, and how it answers."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from discovery import service
from discovery.core.documents import plain
from discovery.core.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help=service.RUN_NAMES)]
InWorkspace = Annotated[Path, typer.Option("--workspace", "-w", help="Folder that keeps dataset and runs.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="name=value, laid over the config; repeatable.")]
ToldTo = Annotated[
    Path | None,
    typer.Option("--progress-file", help="For programs: a JSON file of progress. Ends with standard input."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]


def console() -> Console:
    """Return a console that neither colours nor cuts what it prints into a file.

    Neither brackets nor `:smile:` are markup: what a store calls its things is printed as it stands.
    """
    shown = sys.stdout.isatty()
    return Console(width=None if shown else 200, markup=False, emoji=False, highlight=False, soft_wrap=not shown)


def grid(name: str, *columns: str) -> Table:
    """Return an empty table whose first column, what people type or look up, is never cut."""
    return Table(Column(name, no_wrap=True), *columns, box=None)


def answer(body: Any, as_json: bool, text: str) -> None:
    """Print the answer for people, or as JSON."""
    typer.echo(json.dumps(plain(body), indent=1, ensure_ascii=False) if as_json else text)


def day_from(text: str, option: str = "--as-of") -> date:
    """Return the date that an option states."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} must be a date such as 2011-09-10, got {text!r}.") from None
