"""What pages need is loaded beside the first one: nobody waits for it at a click."""

from __future__ import annotations

import subprocess
import sys

#: Settles, then imports what every page imports, and prints which modules of ours that still loads.
_PROGRAM = """
import ast, sys
from pathlib import Path
from discovery import dashboard
from discovery.dashboard.settled import settle

settle()
before = set(sys.modules)
pages = sorted((Path(dashboard.__file__).parent / "pages_").glob("*.py"))
assert len(pages) > 8, pages
for page in pages:
    for line in ast.parse(page.read_text(encoding="utf-8")).body:
        if isinstance(line, (ast.Import, ast.ImportFrom)):
            exec(ast.unparse(line), {})
from discovery import service
for name in service.__all__:
    getattr(service, name)
print(*sorted(name for name in set(sys.modules) - before if name.startswith("discovery")))
"""


def test_no_page_loads_a_module_at_its_first_visit() -> None:
    found = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
