"""Where commands write: refused in one sentence, before the work, and never with a trace."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from discovery.commands.writing import check_folder, telling, write_files
from discovery.core.errors import UsageError
from discovery.core.run import Run
from tests.cli.test_cli import discovery


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    for out, why in ((taken, "that is a file"), (taken / "in" / "it", f"'{taken}' is a file")):
        with pytest.raises(UsageError, match="--out must be a folder") as refused:
            write_files(out, {"a.txt": "x"})
        assert why in str(refused.value)
    assert taken.read_text(encoding="utf-8") == "mine"
    assert check_folder(tmp_path / "new" / "folder") == tmp_path / "new" / "folder"
    assert not (tmp_path / "new").exists()


def test_what_the_system_refuses_is_one_sentence_but_for_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "out" / "a.txt").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"Is a directory.*Choose another"):
        write_files(tmp_path / "out", {"a.txt": "x"})
    with pytest.raises(OSError, match="No space"), telling(tmp_path, "a folder"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_commands_refuse_a_place_that_cannot_be_written(
    planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {name: A, where: orders >= 2}\n", encoding="utf-8")
    for words in (
        ("export", planted_run.id, "-w", planted_workspace, "--out", taken),
        ("rules", "evaluate", rules, "-w", planted_workspace, "--out", taken),
        ("review", planted_run.id, planted_run.id, "-w", planted_workspace, "--out", taken),
    ):
        done = discovery(*words)
        assert done.returncode == 2, done.stderr
        assert done.stderr == f"discovery: --out must be a folder that can be written to, got '{taken}': that is a file. Choose another.\n"  # fmt: skip  # noqa: E501
    unknown = discovery("export", "latest", "-w", planted_workspace, "--format", "csv", "--out", tmp_path / "out")
    assert unknown.returncode == 2
    assert "members; got 'csv'" in unknown.stderr
