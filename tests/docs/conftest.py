"""The four notebooks, executed one after the other in one folder, for every test that looks at what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
#: What a test adds to the end of a notebook: the numbers it ended with, as the command line would print them.
ASKED = {
    "1_orders_to_segments": "run_summary(run)",
    "2_validate_and_merge": "{'joined': joined.id, 'back': [r.id for r in workspace.runs()], 'decision': decision}",
    "3_rules_and_export": "{'rules': selected.rules, 'files': files, 'findings': findings, 'lists': lists.segments}",
    "4_quarterly_review": "whole_document(review)",
}
_ANSWER = """
import json
from discovery.charts.run_summary import run_summary
from discovery.core.documents import plain
from discovery.core.review_document import whole_document
Path = __import__("pathlib").Path
Path({name!r}).write_text(json.dumps(plain({asked})), encoding="utf-8")
"""


@pytest.fixture(scope="session")
def executed(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The folder the notebooks were executed in: store, workspace, and the answer of each as JSON."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for path in NOTEBOOKS:
            book = nbformat.read(path, as_version=4)
            asked = _ANSWER.format(name=f"{path.stem}.json", asked=ASKED[path.stem])
            book.cells.append(nbformat.v4.new_code_cell(asked))
            NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
            nbformat.write(book, folder / path.name)

    return once("notebooks", make)


@pytest.fixture(scope="session")
def answers(executed: Path) -> dict[str, object]:
    """What each notebook ended with, by its name."""
    return {p.stem: json.loads((executed / f"{p.stem}.json").read_text(encoding="utf-8")) for p in NOTEBOOKS}
