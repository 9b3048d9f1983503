"""What the documents say, held against the code."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import files, metadata
from pathlib import Path

import pytest

from discovery.core.compile import compile_settings
from discovery.core.strict_yaml import read_yaml
from discovery.features.catalogue import BY_NAME
from discovery.rules.library import library_from
from discovery.store import read_config

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[><=\[; ]", r)[0].lower() for r in requirements}


def test_every_dependency_is_named_with_its_reason() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    told = {
        name.strip() for line in text.splitlines() if line.startswith("| ") for name in line.split("|")[1].split(",")
    }
    needed = names(PROJECT["dependencies"]).union(*map(names, PROJECT["optional-dependencies"].values()))
    assert needed <= told
    assert told - {"package"} <= needed


#: What is imported under another name than it is installed by.
IMPORTED = {"python-calamine": "python_calamine", "pyyaml": "yaml", "scikit-learn": "sklearn", "umap-learn": "umap"}


def imported(folder: str) -> set[str]:
    """Return the packages that modules of a folder import, inside functions too."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"discovery"}


def test_what_is_needed_is_imported_and_what_is_imported_is_needed() -> None:
    needed = {IMPORTED.get(name, name) for name in names(PROJECT["dependencies"])}
    # Imported where its extra is installed. The postal packages are imported by name, of core/postal.py.
    extras = {"pyspark", "klaviyo_api"}
    assert imported("discovery") == needed | extras


def stated_licence(package: str) -> str:
    """Return what an installed package says of its licence: an expression, a name or the text's first words."""
    about = metadata(package)
    kinds = (kind for kind in about.get_all("Classifier") or () if kind.startswith("License"))
    said = " ".join((about.get("License-Expression") or "", (about.get("License") or "")[:60], *kinds)).strip()
    texts = (p for p in files(package) or () if p.name.startswith("LICENSE") and "dist-info" in str(p))
    return said or " ".join(p.read_text(encoding="utf-8")[:60] for p in texts)


def test_every_licence_is_the_one_the_package_states() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for line in (line for line in text.splitlines() if line.startswith("| ") and "| package" not in line):
        told = [each.strip().partition("-")[0] for each in line.split("|")[-2].split(",")]
        for name in line.split("|")[1].split(","):
            stated = stated_licence(name.strip())
            assert any(licence in stated for licence in told), f"{name.strip()}: {stated}"


def test_what_is_not_permissive_is_named() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    permissive = re.compile(r"MIT|BSD|Apache|Python Software|PSF|ISC|HPND|Unlicense|Zlib|Enthought")
    for name in re.findall(r"^([\w.-]+)==[^;\n]*$", lock, flags=re.MULTILINE):
        stated = stated_licence(name)
        assert (permissive.search(stated) and not re.search("GPL|MPL", stated)) or name in text, f"{name}: {stated}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_pin_everything_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    blocks = [b for b in re.split(r"\n(?=[a-z])", text) if "==" in b]
    assert all("--hash=sha256:" in b for b in blocks)
    pinned = {b.split("==")[0].strip().lower() for b in blocks}
    assert names(PROJECT["dependencies"]) <= pinned


def test_the_readme_shows_the_two_commands_first() -> None:
    top = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "make demo" in top
    assert "make test" in top


def test_the_readme_names_every_folder() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in (ROOT / "discovery").iterdir():
        if folder.is_dir() and not folder.name.startswith("_"):
            assert f"`{folder.name}/`" in text, f"the README does not say what {folder.name}/ does"


def test_every_command_is_in_the_readme() -> None:
    done = subprocess.run([sys.executable, "-m", "discovery", "--help"], capture_output=True, text=True, check=True)
    commands = re.findall(r"^  ([a-z]+)  ", done.stdout, flags=re.MULTILINE)
    assert len(commands) >= 8
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in commands:
        assert f"discovery {command}" in text, f"the README does not name `discovery {command}`"


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.name)
def test_every_config_compiles(path: Path) -> None:
    if path.name == "segments.yaml":
        library = library_from(read_yaml(path.read_text(encoding="utf-8"), path.name), BY_NAME)
        assert len(library.dividing) == 8
    else:
        assert read_config(path).settings.source.path


def test_every_setting_has_a_help() -> None:
    from discovery.core.compile import setting_rows

    settings = compile_settings({"source": {"kind": "table", "path": "x"}, "as_of": "data_end"})
    assert all(row.help for row in setting_rows(settings, {}))


def test_the_make_targets_are_commented() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"\.PHONY: (.*)", text).group(1).split()
    for target in targets:
        if target != "install-dev":
            assert re.search(rf"^#   make {target}\b", text, flags=re.MULTILINE), target


def test_nothing_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".parquet"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert "pypi" + ".org" not in text, name
        assert not re.search(r"(?<![\w.])/(root|work|home)/\w", text), name


def test_the_page_of_features_is_the_vocabulary() -> None:
    spec = importlib.util.spec_from_file_location("write_features", ROOT / "docs" / "write_features.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == module.page(), "run docs/write_features.py"


def test_deploying_names_what_exists() -> None:
    from streamlit import config

    from discovery.dashboard import frame, gate

    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "discovery", "dashboard", "--help"], capture_output=True, text=True, check=True
    ).stdout
    ours = re.findall(r"(--[a-z-]+)", "\n".join(re.findall(r"^discovery dashboard.*", text, flags=re.MULTILINE)))
    assert set(ours) == {"--workspace", "--port", "--base-path", "--login"}
    assert all(option in told for option in ours)
    for setting in re.findall(r"(?:`|--)((?:server|secrets)\.(?!toml)\w+)", text):
        assert setting in config.get_config_options(), setting
    assert set(re.findall(r"SEGMENT_DISCOVERY_\w+", text)) == {frame.VARIABLE, gate.VARIABLE}
    assert config.get_option("server.maxUploadSize") == 200
    assert set(re.findall(r"segment-discovery\[(\w+)\]", text)) <= set(PROJECT["optional-dependencies"])
    [secrets] = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    parts = [tomllib.loads(part) for part in (secrets, gate.PROVIDER[gate.PROVIDER.index("[auth]") :])]
    keys = [{table: set(values) for table, values in part.items()} for part in parts]
    assert keys[0] == keys[1]
    assert gate.ALLOWED in parts[0][gate.TABLE]
