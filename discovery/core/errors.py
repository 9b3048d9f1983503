"""Every error the toolkit raises on purpose.

::

    DiscoveryError                 exit code 70: our fault, unless a child says otherwise
    ├── UsageError          2      the command, a setting or a name is wrong
    │   ├── SettingError    2      a config value is unknown, of the wrong type or out of range
    │   ├── RuleError       2      a rule text cannot be read, with the position
    │   │   └── AbsentError 2      it names a feature, property or event that these data do not have
    │   └── WorkspaceError  2      no such workspace, run or segment; or a name that is not allowed
    └── DataError           3      the data cannot be used for what was asked

A sentence says what must be, what was got, where, and what to do. Nothing else is printed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"[^\s'\",;:|/<>()\[\]]+@[\w-]+(\.[\w-]+)+")


class DiscoveryError(Exception):
    """Base of every error raised on purpose; ``exit_code`` is what the command line returns."""

    exit_code = 70


class UsageError(DiscoveryError):
    """The caller asked for something that does not exist or is not allowed."""

    exit_code = 2


class SettingError(UsageError):
    """A setting is unknown, of the wrong type, or out of range."""


class RuleError(UsageError):
    """A rule text cannot be read. ``position`` is the 0-based character where reading stopped."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class AbsentError(RuleError):
    """A rule names a feature, property or event that the data do not have; on other data it may be right."""


class WorkspaceError(UsageError):
    """A workspace, run or segment is missing, or its name is not allowed."""


class DataError(DiscoveryError):
    """The data cannot be used for what was asked.

    Where it shows what a file holds, an e-mail address is left out: errors are kept in logs.

    Examples
    --------
    >>> print(DataError("Row 2 is 'ann@example.com,5'."))
    Row 2 is '(e-mail address),5'.
    """

    exit_code = 3

    def __init__(self, message: str) -> None:
        super().__init__(_ADDRESS.sub("(e-mail address)", message))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest known name, or the known names when none is near.

    Examples
    --------
    >>> did_you_mean("order_90d", ["orders_90d", "country"])
    "Did you mean 'orders_90d'?"
    >>> did_you_mean("zzz", ["orders_90d", "country"])
    'Known: country, orders_90d.'
    """
    names = sorted(known)
    if not names:
        return "None is known here."
    shown = ", ".join(names[:12])
    return nearest(name, names) or f"Known: {shown}{', ...' if len(names) > 12 else ''}."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest known name, empty when none is near.

    Examples
    --------
    >>> nearest("order_90d", ["orders_90d", "country"]), nearest("zzz", ["country"])
    ("Did you mean 'orders_90d'?", '')
    """
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else ""
