"""The rules of the house, read from the source with the standard library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "discovery"
STAGES = {"ingest", "features", "cluster", "profile", "rules", "validate", "compare", "export"}
FLOORS = {
    "core": 0,
    "engine": 1,
    **dict.fromkeys(STAGES, 2),
    "store": 3,
    "usecases": 3,
    "service": 3,
    "charts": 3,
    "commands": 4,
    "cli": 4,
    "report": 4,
    "dashboard": 4,
    "__main__": 4,
}
#: On the third and fourth floor, who may look into whom.
NEIGHBOURS = {
    "store": set(),
    "usecases": {"store"},
    "service": {"usecases", "store"},
    "charts": set(),
    "commands": {"report"},
    "cli": {"commands"},
    "__main__": {"cli"},
    "report": set(),
    # The page Review hands over the files that the command writes.
    "dashboard": {"report"},
}
#: Among the use cases and among the commands, who may look into whom; the others look into nobody.
WITHIN = {
    "usecases.judgement": {"responses"},
    "usecases.reading": {"measuring"},
    "usecases.linting": {"measuring", "rulebook"},
    "usecases.rulebook": {"measuring"},
    "usecases.building": {"placing"},
    "usecases.segmentations": {"building", "placing", "steadiness"},
    "usecases.steadiness": {"placing"},
    "usecases.lifecycle": {"building", "placing"},
    "usecases.analysis": {
        "building",
        "judgement",
        "lifecycle",
        "measuring",
        "placing",
        "provenance",
        "responses",
        "segment_rules",
        "segmentations",
    },
    "usecases.pipeline": {"analysis", "measuring", "provenance", "responses", "segment_rules"},
    "usecases.exports": {"measuring", "selected"},
    "usecases.klaviyo_export": {"exports"},
    "usecases.rule_imports": {"measuring"},
    "usecases.drafts": {"measuring"},
    "usecases.merging": {
        "analysis",
        "decided",
        "judgement",
        "made_of",
        "measuring",
        "provenance",
        "responses",
        "segment_rules",
    },
    "usecases.frozen": {"measuring"},
    "usecases.made_of": {"pipeline"},
    "usecases.chain": {"decided", "provenance"},
    "usecases.segment_reviews": {"chain", "decided"},
    "usecases.reviewing": {
        "chain",
        "decided",
        "frozen",
        "made_of",
        "pipeline",
        "provenance",
        "quarter",
        "segment_reviews",
    },
    "commands.rules": {"progress_bars", "terminal", "writing"},
    "commands.exports": {"terminal", "writing"},
    "commands.breakdowns": {"terminal"},
    "commands.explaining": {"terminal"},
    "commands.progress_file": {"progress_bars"},
    "commands.decisions": {"progress_file", "terminal"},
    "commands.reviews": {"progress_file", "terminal", "writing"},
}
#: Numbers of a method, not of a decision: tables, quartiles, what is added to an empty bin.
NO_THRESHOLDS = {"_HALF", "_QUARTILES", "_TAIL"}
MAY_OPEN_FILES = {"ingest", "store", "report", "cli", "commands.rules", "commands.writing", "usecases.jobs"}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def corner(path: Path) -> str:
    """Return the room and the module in it, such as ``usecases.jobs``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """Yield the full dotted names a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(path) if name.startswith("discovery.") and name.count(".") >= 1}
    return found - {room(path)}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_floor_imports_only_from_lower_floors(path: Path) -> None:
    here = room(path)
    assert here in FLOORS, f"{here} has no floor: add it to the house and to this test"
    for other in rooms_imported(path):
        if here == "charts":
            assert other == "core", f"{path}: charts import core only, not {other}"
        elif FLOORS[here] == 4:
            assert other in {"service", "charts", "core"} | NEIGHBOURS[here], f"{path} may not import {other}"
        elif FLOORS[here] == 3:
            assert FLOORS[other] < 3 or other in NEIGHBOURS[here], f"{path} may not import {other}"
        else:
            assert FLOORS[other] < FLOORS[here], f"{path}: {here} may not import {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_use_cases_and_commands_look_only_into_their_declared_neighbours(path: Path) -> None:
    here = room(path)
    if here in {"usecases", "commands"}:
        seen = {name.split(".")[2] for name in imports(path) if name.startswith(f"discovery.{here}.")}
        assert seen <= WITHIN.get(corner(path), set()), f"{path} may not import {seen}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_engines_are_reached_only_through_the_engine_floor(path: Path) -> None:
    if room(path) != "engine":
        assert not {n.split(".")[0] for n in imports(path)} & {"duckdb", "pyspark"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_opened_only_where_the_house_says(path: Path) -> None:
    if MAY_OPEN_FILES & {room(path), corner(path)}:
        return
    opening = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "read_parquet", "to_parquet", "read_csv"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in opening, f"{path}:{node.lineno} opens a file"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_is_long_or_a_drawer(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert path.stem not in {"utils", "util", "misc", "helpers", "common"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_one_clock_and_one_source_of_chance(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func).split("(")[0]
            now = called in {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
            assert not now or FLOORS[room(path)] == 4, f"{path}: {called}"
            assert not called.startswith("np.random.") or called in {
                "np.random.default_rng",
                "np.random.Generator",
                "np.random.SeedSequence",
                "np.random.PCG64",
            }, f"{path}: {called} is global chance"
            if called == "np.random.default_rng":
                assert node.args or node.keywords, f"{path}: a generator without a seed"


def test_what_decides_a_verdict_or_a_name_is_a_setting() -> None:
    for path in (p for p in modules() if room(p) in {"validate", "profile", "compare", "usecases"}):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                shares = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and type(n.value) is float]
                names = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
                assert not shares or names in NO_THRESHOLDS, f"{path}: {names} belongs into core/settings"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_pickle(path: Path) -> None:
    loaded = {n.split(".")[0] for n in imports(path)}
    assert not loaded & {"pickle", "joblib", "skops", "dill", "cloudpickle"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_and_public_name_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if "pages_" in path.parts:
        return
    assert ast.get_docstring(tree), f"{path} says nothing of itself"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path}:{node.lineno} {node.name} has no docstring"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, discovery; heavy = {'streamlit', 'umap', 'hdbscan', 'plotly', 'pyspark', 'duckdb', 'sklearn'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_starts_light() -> None:
    code = (
        "import sys, discovery.cli; heavy = {'streamlit', 'umap', 'plotly', 'pyspark', 'scipy', 'sklearn', 'hdbscan'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_public_door_opens() -> None:
    import discovery

    for name in discovery.__all__:
        assert getattr(discovery, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = discovery.nothing
