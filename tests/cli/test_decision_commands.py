"""Decisions from the command line: made, listed, seen in the scorecard, taken back."""

from __future__ import annotations

from pathlib import Path

from discovery.core.run import Run
from tests.cli.test_cli import answer, discovery


def test_a_merge_is_accepted_named_seen_and_undone(place: Path, planted_run: Run) -> None:
    here = ("-w", place, "--who", "Ana", "--segmentation", "kmeans")
    first, second, *_ = planted_run.segmentation("kmeans").placed
    merged = answer("merge", planted_run.id, first.name, second.id, *here)
    assert merged["size"] == first.size + second.size
    named = answer("decisions", "add", merged["run"], first.id, "name", "Both [now]", *here)
    card = answer("show", merged["run"], "-w", place)
    [kmeans] = [s for s in card["segmentations"] if s["name"] == "kmeans"]
    assert {"Both [now]": merged["size"]}.items() <= {s["name"]: s["size"] for s in kmeans["segments"]}.items()
    listed = discovery("decisions", "list", "-w", place).stdout
    assert "Both [now]" in listed
    assert [d["id"] for d in answer("decisions", "list", merged["run"], "-w", place)] == [named["id"]]
    undone = discovery("decisions", "undo", merged["decision"]["id"], "-w", place, "--who", "Ben")
    assert f"Run {merged['run']} is off the list" in undone.stdout
    assert [r["id"] for r in answer("runs", "-w", place)] == [planted_run.id]


def test_what_cannot_be_decided_is_one_line(place: Path, planted_run: Run) -> None:
    for words in (
        ("merge", planted_run.id, "c1", "c1", "--who", "Ana"),
        ("merge", planted_run.id, "c1", "nobody", "--who", "Ana"),
        ("decisions", "add", planted_run.id, "c1", "name", "X", "--who", " "),
        ("decisions", "undo", 9, "--who", "Ana"),
    ):
        done = discovery(*words, "-w", place)
        assert done.returncode == 2
        assert done.stderr.startswith("discovery: ")
        assert len(done.stderr.splitlines()) == 1
