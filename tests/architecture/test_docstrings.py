"""Every public docstring says all there is to know: parameters with types, what comes back, what is raised, an example.

Public is what `import discovery` gives, and the estimators. The examples are executed beside the tests.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import runpy
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sklearn import exceptions
from sklearn.base import BaseEstimator

import discovery
from discovery.core import errors

PAGE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "write_python.py"))
sections, entries = PAGE["sections"], PAGE["entries"]
#: In their order; Source says whose definition it is, where it is not ours.
HEADINGS = ["", "Parameters", "Attributes", "Returns", "Raises", "Notes", "Source", "Examples"]
VERBS = [name for name in discovery.__all__ if name.islower()]
NOUNS = [name for name in discovery.__all__ if not name.islower()]
PUBLIC = {
    **{name: getattr(discovery, name) for name in discovery.__all__},
    **{e.__name__: e for e in PAGE["ESTIMATORS"]},
}
METHODS = {
    f"{each.__name__}.{name}": method
    for each in PAGE["ESTIMATORS"]
    for name, method in vars(each).items()
    if inspect.isfunction(method) and not name.startswith("_")
}


def typed(text: str) -> dict[str, tuple[str, str]]:
    """Return the entries of a section, each of which must have a type and a description."""
    found = entries(text)
    assert all(kind and what for kind, what in found.values()), found
    return found


def given(called: Any) -> list[str]:
    """Return the names of what a function is given, as a docstring writes them."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(called).parameters.values()
    return [f"{stars.get(p.kind, '')}{p.name}" for p in parameters if p.name != "self"]


def raises(called: Any) -> bool:
    """Return whether the source of a function raises by itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(called)))
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


@pytest.mark.parametrize("name", PUBLIC)
def test_it_begins_with_a_sentence_and_ends_with_an_example(name: str) -> None:
    found = sections(PUBLIC[name])
    first = found[""].partition("\n\n")[0]
    assert first.endswith((".", ":")), first
    assert [h for h in HEADINGS if h in found] == list(found), "unknown headings, or in another order"
    assert ">>> " in found["Examples"]
    assert "# doctest: +SKIP" not in found["Examples"]


@pytest.mark.parametrize("name", PUBLIC)
def test_it_names_errors_that_exist(name: str) -> None:
    for head in sections(PUBLIC[name]).get("Raises", "").splitlines():
        if head and not head.startswith(" "):
            for error in head.split(", "):
                assert any(hasattr(place, error) for place in (errors, builtins, exceptions)), error


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_says_what_it_takes_returns_and_raises(name: str) -> None:
    found = sections(PUBLIC[name])
    assert list(typed(found["Parameters"])) == given(PUBLIC[name])
    assert found["Returns"]
    assert found["Raises"]


@pytest.mark.parametrize("name", NOUNS)
def test_a_noun_says_what_it_holds_and_refuses(name: str) -> None:
    found, noun = sections(PUBLIC[name]), PUBLIC[name]
    assert set(typed(found["Parameters"])) == {f.name for f in dataclasses.fields(noun)}
    assert ("Raises" in found) == raises(noun.__post_init__)
    for each, method in vars(noun).items():
        if not each.startswith("_") and (inspect.isfunction(method) or isinstance(method, property)):
            assert inspect.getdoc(method), f"{name}.{each} says nothing of itself"


@pytest.mark.parametrize("each", PAGE["ESTIMATORS"], ids=lambda e: e.__name__)
def test_an_estimator_says_what_it_takes_and_learns(each: type[BaseEstimator]) -> None:
    found = sections(each)
    assert list(typed(found["Parameters"])) == given(each.__init__)
    assert all(name.endswith("_") for name in typed(found["Attributes"]))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_an_estimator_says_what_it_takes_returns_and_raises(name: str) -> None:
    found = sections(METHODS[name])
    assert list(typed(found["Parameters"])) == given(METHODS[name])
    assert found["Returns"]
    assert found["Raises"]


def test_the_page_of_python_has_every_public_name() -> None:
    assert sorted([*sum(PAGE["VERBS"].values(), ()), *PAGE["NOUNS"]]) == sorted(discovery.__all__)


def test_every_estimator_is_on_the_page_and_keeps_scikit_learns_contract() -> None:
    root = Path(__file__).parents[2]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (root / "discovery").rglob("*.py")}
    classes = [node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {c.name for c in classes if any("BaseEstimator" in ast.unparse(base) for base in c.bases)}
    assert found == {e.__name__ for e in PAGE["ESTIMATORS"]}
    checked: set[str] = set()
    for path in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "parametrize_with_checks":
                checked |= {ast.unparse(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    assert found <= checked, "each must go through parametrize_with_checks in a test"
