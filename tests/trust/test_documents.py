"""Configs, rule files and the files of a workspace: refused in words where they are hostile, old or damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import service
from discovery.core.decision import Decision, DecisionKind
from discovery.core.errors import DataError, DiscoveryError, SettingError, UsageError, WorkspaceError
from discovery.core.run import Run
from discovery.store import Workspace
from discovery.store.decisions import Ledger
from tests.trust.conftest import cases

HOSTILE = {
    "object": ('!!python/object/apply:os.system ["touch {tmp}/owned"]', "tags are not allowed"),
    "tag": ("!!binary aGk=", "tags are not allowed"),
    "alias": ("&a [x, x]\nmore: *a", "aliases"),
    "laughs": ("&a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "aliases"),
    "merge": ("{<<: {b: c}, <<: {d: e}}", "stands twice"),
    "twice": ("x\nseed: 1\nseed: 2", "'seed' stands twice, again in line 3"),
    "list as a key": ("x\n? [a, b]\n: y", "not readable as YAML"),
    "deep": ("[" * 4000, "not readable as YAML"),
    "unclosed": ("'x", "not readable as YAML"),
    "control": ("\x00", "not readable as YAML"),
}


@pytest.mark.parametrize(("value", "says"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_yaml_is_refused_in_configs_and_rule_files(tmp_path: Path, value: str, says: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("question: " + value.replace("{tmp}", str(tmp_path)), encoding="utf-8")
    with pytest.raises(SettingError, match=says):
        service.read_config(path)
    with pytest.raises(SettingError, match=says):
        service.lint_rules(path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.yaml"], "nothing was run"


def test_values_are_typed_by_the_schema_and_not_by_yaml(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    source = "source: {kind: canonical, path: 0123}\nas_of: 2025-01-01\n"

    def config(more: str) -> service.Config:
        path.write_text(source + more, encoding="utf-8")
        return service.read_config(path)

    assert config("").settings.source.path == "0123"
    for more, says in (
        ("seed: 0123", "seed must be a whole number"),
        ("seed: 0x1F", "seed must be a whole number"),
        ("seed: 1_000", "seed must be a whole number"),
        ("seed: yes", "seed must be a whole number"),
        ("seed: .inf", "seed must be a whole number"),
        ("cluster: {clip: .nan}", "cluster.clip must be a number"),
        ("cluster: {lifecycle: on}", "cluster.lifecycle must be true or false"),
        ("on: push", "Unknown setting on"),
        ("question: {a: b}", "question must be"),
    ):
        with pytest.raises(SettingError, match=says):
            config(more)
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {name: no, where: country = 'NO'}\n- {name: 0123, where: orders >= 1}\n", encoding="utf-8")
    assert [r.name for r in service.lint_rules(rules)[0].rules] == ["no", "0123"]
    for entry, says in (
        ("{name: a, on: x, where: orders >= 1}", "unknown keys on"),
        ("{name: [a], where: orders >= 1}", "name must be a text"),
        ("{name: a, where: [orders >= 1]}", "where must be a text"),
        ("{name: a, where: 'x\" > 0; drop table t'}", "at character 2"),
    ):
        rules.write_text(f"- {entry}\n", encoding="utf-8")
        with pytest.raises(UsageError, match=says):
            service.lint_rules(rules)


def test_files_that_are_no_text_or_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("seed: 7 # Zoë".encode("cp1252"))
    with pytest.raises(SettingError, match="must be UTF-8 text"):
        service.read_config(path)
    path.write_bytes(b"#" * (1 << 20) + b"\nseed: 7")
    with pytest.raises(SettingError, match="must be at most"):
        service.read_config(path)
    path.write_text("- seed: 7")
    with pytest.raises(SettingError, match="must be a mapping of settings"):
        service.read_config(path)
    with pytest.raises(SettingError, match="tags are not allowed"):
        service.read_config(Path("configs/demo.yaml"), ["seed=!!python/object:os.system x"])
    for broken in ("{", "[]", '{"currency": 7}'):
        (tmp_path / "store.json").write_text(broken)
        for name in ("profiles", "events"):
            (tmp_path / f"{name}.parquet").write_bytes(b"")
        with pytest.raises(DataError):
            service.read_canonical(tmp_path, tmp_path / "out")


# A workspace of another release, or damaged


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    "change",
    [lambda d: d.update(schema_version=0), lambda d: d.pop("currency"), lambda d: d.pop("notes"), lambda d: d.clear()],
)
def test_a_dataset_of_another_release_is_read_again(
    planted_store: Path, place: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    before = service.open_workspace(place).dataset()
    changed(place / "dataset" / "dataset.json", change)
    assert service.open_workspace(place).dataset() is None
    with pytest.raises(WorkspaceError, match="discovery ingest"):
        service.evaluate_rule_file(Path("configs/segments.yaml"), place)
    again = service.ingest(service.read_config(planted_store / "config.yaml"), place)
    assert before is not None
    assert again.fingerprint == before.fingerprint


def test_a_dataset_without_its_tables_is_read_again(place: Path) -> None:
    (place / "dataset" / "events.parquet").unlink()
    assert service.open_workspace(place).dataset() is None


def test_what_earlier_releases_did_not_write_is_not_missed(place: Path, planted_run: Run) -> None:
    folder = place / "runs" / planted_run.id
    for name in ("library.json", "merge_path.json", "responses.parquet"):
        (folder / name).unlink()
    changed(folder / "segments.json", lambda d: [s.pop("note") for s in d["segments"]])
    read = service.open_workspace(place).load(planted_run.id)
    assert (read.library, read.merge_paths, read.responses.empty) == ((), (), True)
    assert [s.name for s in read.segmentations] == [s.name for s in planted_run.segmentations]


def test_a_run_under_settings_of_another_release_is_shown_and_says_what_it_cannot(
    place: Path, planted_run: Run
) -> None:
    changed(place / "runs" / planted_run.id / "run.json", lambda d: d["settings"]["cluster"].update(magic=3))
    found = service.open_workspace(place)
    assert found.load(planted_run.id).settings["cluster"]["magic"] == 3
    ids = [s.id for s in planted_run.segmentation("kmeans").placed]
    with pytest.raises(WorkspaceError, match=r"settings that this release cannot read.*Make the run again"):
        service.merge(found, planted_run.id, "kmeans", (ids[0], ids[1]), "Ana", datetime(2025, 10, 1, tzinfo=UTC))


def test_decisions_of_another_release(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "decisions.sqlite")
    ledger.keep(Decision(DecisionKind.NAME, "r", "kmeans", ("c1",), "Loyal", "Ana", datetime(2025, 10, 1, tzinfo=UTC)))
    with ledger._opened() as connection:
        connection.execute("PRAGMA user_version = 0")
    assert [d.value for d in ledger.decisions()] == ["Loyal"], "a file before versions were counted"
    with ledger._opened() as connection:
        connection.execute("UPDATE decisions SET kind = 'blessing'")
    with pytest.raises(WorkspaceError, match="blessing"):
        ledger.decisions()
    with ledger._opened() as connection:
        connection.execute("ALTER TABLE decisions DROP COLUMN undone_by")
    with pytest.raises(WorkspaceError, match="undone_by"):
        ledger.decisions()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@cases(0.2)
@given(data=st.data())
def test_a_document_of_which_anything_changed(
    planted_workspace: Path, planted_run: Run, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A run is listed and read, or it is said why not; nothing else ever happens."""
    folder = tmp_path_factory.getbasetemp() / "spoilt" / "runs" / planted_run.id
    if not folder.exists():
        shutil.copytree(planted_workspace / "runs" / planted_run.id, folder)
    name = data.draw(
        st.sampled_from(["run", "run", "segments", "evidence", "merges", "rules", "library", "merge_path"])
    )
    path = folder / f"{name}.json"
    whole = path.read_bytes()
    inside: Any = json.loads(whole)
    spoilt = inside
    while isinstance(inside, dict | list) and inside:
        key = data.draw(
            st.sampled_from(sorted(inside)) if isinstance(inside, dict) else st.integers(0, len(inside) - 1)
        )
        if not (isinstance(inside[key], dict | list) and inside[key] and data.draw(st.integers(0, 3))):
            if data.draw(st.booleans()):
                del inside[key]
            else:
                inside[key] = data.draw(ANYTHING)
            break
        inside = inside[key]
    path.write_text(json.dumps(spoilt), "utf-8")
    try:
        place = Workspace(folder.parents[1])
        listed = place.runs()
        assert [r.id for r in listed] == [planted_run.id] or list(place.unreadable()) == [planted_run.id]
        for read in (place.load, place.recommended, place.segmentations):
            try:
                read(planted_run.id)
            except DiscoveryError as refused:
                assert str(refused)  # noqa: PT017
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["features", "assignments", "responses", "overlap", "embedding"])
def test_a_damaged_table_of_a_run_is_said(place: Path, planted_run: Run, name: str) -> None:
    path = place / "runs" / planted_run.id / f"{name}.parquet"
    raw = path.read_bytes()
    for spoilt in (raw[: len(raw) // 2], b"", b"PAR1" + bytes(200), raw[:4] + b"\xff" * 60 + raw[64:]):
        path.write_bytes(spoilt)
        with pytest.raises((WorkspaceError, DataError), match=r"[Mm]ake"):
            _ = service.open_workspace(place).load(planted_run.id).table.values
