"""Names of a module that are imported when they are first asked for, so that asking for one loads little."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import getsource
from typing import Any


def on_demand(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module that says under ``if TYPE_CHECKING:`` where its names live (PEP 562).

    Type checkers read those imports; this reads them too, so a name and its home are written once.

    Parameters
    ----------
    module : str
        Its name.

    Returns
    -------
    callable
        Takes a name and returns what it stands for; raises AttributeError for a name that is not imported there.
    """
    homes = {
        alias.asname or alias.name: (str(line.module), alias.name)
        for block in ast.parse(getsource(sys.modules[module])).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, own = homes[name]
        value = getattr(import_module(home), own)
        setattr(sys.modules[module], name, value)
        return value

    return found
