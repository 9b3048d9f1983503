"""Merges accepted and undone, and decisions laid over runs: the old run stays, the new one is judged anew."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_series_equal

from discovery import service
from discovery.core.decision import NO_NAMES
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.evidence import MergeDecision, MergeVerdict, Verdict
from discovery.core.run import Run
from discovery.core.segment import Segmentation
from discovery.service import DecisionKind, Workspace
from discovery.usecases.decided import with_decisions
from tests.store.test_workspace import files_of

AT = datetime(2025, 10, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def place(place: Path) -> Workspace:
    """A copy of the planted workspace, to decide in."""
    return service.open_workspace(place)


@pytest.fixture(scope="module")
def merged_workspace(planted_workspace: Path, planted_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the first two KMeans segments and the first two rules of the planted run were merged."""
    folder = shutil.copytree(planted_workspace, tmp_path_factory.mktemp("merged") / "w")
    for name in ("kmeans", "rules"):
        merge(service.open_workspace(folder), planted_run, first_two(planted_run, name), segmentation=name)
    return folder


def first_two(run: Run, segmentation: str = "kmeans") -> tuple[str, str]:
    a, b, *_ = (s.id for s in run.segmentation(segmentation).placed if s.size)
    return a, b


def merge(
    place: Workspace, run: Run, pair: tuple[str, str], who: str = "Ana", segmentation: str = "kmeans"
) -> tuple[Run, service.Decision]:
    return service.merge(place, run.id, segmentation, pair, who, AT)


def made_of(folder: Path, run: Run, segmentation: str) -> Run:
    place = service.open_workspace(folder)
    [found] = [d for d in service.decisions(place, run.id) if d.segmentation == segmentation]
    return place.load(found.value)


def test_sizes_add_up_and_every_customer_keeps_a_place(merged_workspace: Path, planted_run: Run) -> None:
    before, after = (r.segmentation("kmeans") for r in (planted_run, made_of(merged_workspace, planted_run, "kmeans")))
    a, b = first_two(planted_run)
    assert after.k == before.k - 1
    assert sum(s.size for s in after.segments) == sum(s.size for s in before.segments)
    assert after.segment(a).size == before.segment(a).size + before.segment(b).size
    assert_series_equal(after.labels, before.labels.mask(before.labels == b, a), check_names=False)
    assert [s.rank for s in after.segments] == [s.rank for s in before.segments if s.id != b]
    assert after.lineage == (f"{b} merged into {a}",)
    assert after.model["merged"] == {b: a}


def test_all_that_follows_is_judged_anew_and_nothing_else_is_touched(merged_workspace: Path, planted_run: Run) -> None:
    new, (a, b) = made_of(merged_workspace, planted_run, "kmeans"), first_two(planted_run)
    assert new.segmentation("kmeans").segment(a).profile
    for found in (new.evidence, new.merges, new.rules, new.merge_paths, new.beside):
        others = [x for x in found if x.segmentation != "kmeans"]
        assert others
        old = {id(x): x for part in vars(planted_run).values() if isinstance(part, tuple) for x in part}
        assert all(any(x == y for y in old.values()) for x in others)
    about = {i for e in new.evidence if e.segmentation == "kmeans" for i in e.subject}
    assert about == {s.id for s in new.segmentation("kmeans").placed}
    assert b not in {r.rule.segment_id for r in new.rules if r.segmentation == "kmeans"}
    size = next(e for e in new.evidence_for("kmeans", a) if e.check == "size")
    assert size.value == new.segmentation("kmeans").segment(a).size
    path = new.merge_path("kmeans")
    assert path is not None
    assert path.steps[0].k == new.segmentation("kmeans").k - 1
    assert planted_run.id in new.notes[-1]
    structure = [next(e for e in r.evidence_for("kmeans") if e.check == "structure") for r in (planted_run, new)]
    assert structure[0] == structure[1]
    reference = [next(e for e in r.evidence_for("kmeans") if e.check == "forward_auc") for r in (planted_run, new)]
    assert reference[0].threshold == reference[1].threshold
    assert reference[0].value != reference[1].value


def test_the_first_step_of_the_path_is_what_accepting_it_gives(place: Workspace, planted_run: Run) -> None:
    path = planted_run.merge_path("kmeans")
    assert path is not None
    new, _ = merge(place, planted_run, path.steps[0].pair)
    promised = next(x for x in path.steps[0].losses if x.check == "forward_auc")
    found = next(e for e in new.evidence_for("kmeans") if e.check == "forward_auc")
    assert found.value == pytest.approx(promised.after)


def test_written_rules_that_are_one_select_either(merged_workspace: Path, planted_run: Run) -> None:
    new, (a, b) = made_of(merged_workspace, planted_run, "rules"), first_two(planted_run, "rules")
    wheres = {r.rule.segment_id: r.rule.where for r in planted_run.rules if r.segmentation == "rules"}
    texts = {name: service.rule_text(where) for name, where in (("a", wheres[a]), ("b", wheres[b]))}
    [joined] = [r.rule for r in new.rules if r.segmentation == "rules" and r.rule.segment_id == a]
    texts["either"] = service.rule_text(joined.where)
    found = service.evaluate_rules(planted_run.table, texts)
    assert np.array_equal(found["either"], found["a"] | found["b"])
    assert joined.name == new.segmentation("rules").segment(a).name


def test_the_same_merge_gives_the_same_run_whoever_accepts_it(
    merged_workspace: Path, place: Workspace, planted_run: Run
) -> None:
    a, b = first_two(planted_run)
    old = files_of(place.path / "runs" / planted_run.id)
    new, decision = merge(place, planted_run, (b, a), "Ben")
    there = made_of(merged_workspace, planted_run, "kmeans")
    assert new.id == there.id
    assert files_of(place.path / "runs" / new.id) == files_of(merged_workspace / "runs" / new.id)
    assert files_of(place.path / "runs" / planted_run.id) == old
    again, same = merge(place, planted_run, (a, b), "Cleo")
    assert (again.id, same) == (new.id, decision)
    assert [d.who for d in service.decisions(place)] == ["Ben"]


def test_two_people_at_once_make_one_run_and_one_decision(place: Workspace, planted_run: Run) -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from discovery import service\n"
        "place = service.open_workspace(sys.argv[1])\n"
        "service.merge(place, sys.argv[2], 'kmeans', (sys.argv[3], sys.argv[4]), sys.argv[5], datetime.now(UTC))"
    )
    pair = first_two(planted_run)
    command = [sys.executable, "-c", code, str(place.path), planted_run.id]
    both = [subprocess.Popen([*command, *order, who]) for order, who in ((pair, "Ana"), (pair[::-1], "Ben"))]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert len(service.decisions(place)) == 1
    assert len(place.runs()) == 2


def test_undone_a_merge_leaves_what_was_there_before(place: Workspace, planted_run: Run) -> None:
    old = files_of(place.path / "runs" / planted_run.id)
    new, first = merge(place, planted_run, first_two(planted_run))
    further, second = merge(place, new, first_two(new))
    assert further.segmentation("kmeans").lineage[0] == new.segmentation("kmeans").lineage[0]
    with pytest.raises(WorkspaceError, match=f"Take decision {second.id} back first"):
        service.undo_decision(place, first.id, "Ben", AT)
    for decision in (second, first):
        undone = service.undo_decision(place, decision.id, "Ben", AT)
        assert (undone.undone_by, undone.stands) == ("Ben", False)
    assert [r.id for r in place.runs()] == [planted_run.id]
    assert files_of(place.path / "runs" / planted_run.id) == old
    with pytest.raises(WorkspaceError, match="already taken back by Ben"):
        service.undo_decision(place, first.id, "Cleo", AT)
    again, third = merge(place, planted_run, first_two(planted_run))
    assert (again.id, third.stands, third.id > second.id) == (new.id, True, True)


def test_a_run_taken_back_meanwhile_is_not_built_upon(place: Workspace, planted_run: Run) -> None:
    new, first = merge(place, planted_run, first_two(planted_run))

    def take_back(step: str, done: float) -> None:
        if place.holds(new.id):
            service.undo_decision(place, first.id, "Ben", AT)

    with pytest.raises(WorkspaceError, match="was taken back meanwhile"):
        service.merge(place, new.id, "kmeans", first_two(new), "Ana", AT, take_back)
    assert [r.id for r in place.runs()] == [planted_run.id]


@pytest.mark.parametrize(
    ("pair", "segmentation", "says"),
    [
        (("c1", "c1"), "kmeans", "2 segment"),
        (("c1", "unassigned"), "kmeans", "Two different segments"),
        (("c1", "c99"), "kmeans", "No segment 'c99'"),
        (("c1", "c2"), "kmens", "Did you mean 'kmeans'"),
    ],
)
def test_what_cannot_be_merged_is_said(
    place: Workspace, planted_run: Run, pair: tuple[str, str], segmentation: str, says: str
) -> None:
    before = files_of(place.path)
    with pytest.raises((UsageError, WorkspaceError), match=says):
        merge(place, planted_run, pair, segmentation=segmentation)
    assert files_of(place.path) == before


def test_other_data_or_none_are_refused(place: Workspace, planted_run: Run) -> None:
    path = place.path / "dataset" / "dataset.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "fingerprint": "0" * 16}))
    with pytest.raises(WorkspaceError, match=r"fingerprint 0000.*Make the run again"):
        merge(place, planted_run, first_two(planted_run))
    shutil.rmtree(place.path / "dataset")
    with pytest.raises(WorkspaceError, match="holds none"):
        merge(place, planted_run, first_two(planted_run))
    assert [r.id for r in place.runs()] == [planted_run.id]


def test_a_run_of_an_earlier_release_has_no_path_and_opens(place: Workspace, planted_run: Run) -> None:
    folder = place.path / "runs" / planted_run.id
    (folder / "merge_path.json").unlink()
    segments = json.loads((folder / "segments.json").read_text())
    for each in segments["segments"]:
        del each["note"]
    (folder / "segments.json").write_text(json.dumps(segments))
    assert place.load(planted_run.id).merge_paths == ()
    assert place.load(planted_run.id).segmentations[0].segments == planted_run.segmentations[0].segments


def decide(place: Workspace, run: Run, segment: str, kind: DecisionKind, value: str, who: str = "Ana") -> int:
    return service.decide(place, run.id, "kmeans", segment, kind, value, who, AT).id


def kmeans(place: Workspace, run: Run) -> Segmentation:
    return service.load_run(place, run.id).segmentation("kmeans")


def test_a_name_stands_wherever_the_segment_is_spoken_of(place: Workspace, planted_run: Run) -> None:
    a, b = first_two(planted_run)
    old = planted_run.segmentation("kmeans").segment(a).name
    number = decide(place, planted_run, old, DecisionKind.NAME, " The  devoted ")
    run = service.load_run(place, planted_run.id)
    assert run.segmentation("kmeans").segment(a).name == "The devoted"
    assert "Ana" in run.segmentation("kmeans").segment(a).why_named
    assert "The devoted" in {r.rule.name for r in run.rules if r.segmentation == "kmeans"}
    with pytest.raises(UsageError, match="another one's"):
        decide(place, planted_run, b, DecisionKind.NAME, "The devoted")
    for name in NO_NAMES:
        with pytest.raises(UsageError, match="stands for others"):
            decide(place, planted_run, b, DecisionKind.NAME, name)
    assert place.load(planted_run.id).segmentation("kmeans").segment(a).name == old
    service.undo_decision(place, number, "Ben", AT)
    assert kmeans(place, planted_run).segment(a).name == old


def test_a_verdict_speaks_of_segments_by_their_new_names(planted_run: Run) -> None:
    a, b = first_two(planted_run)
    old = planted_run.segmentation("kmeans").segment(a).name
    said = MergeVerdict("kmeans", (a, b), MergeDecision.CANNOT_TELL, f"Cannot tell whether “{old}” and “X” are alike.")
    paths = tuple(replace(p, steps=tuple(replace(s, verdict=said) for s in p.steps)) for p in planted_run.merge_paths)
    run = replace(planted_run, merges=(said, replace(said, segmentation="rules")), merge_paths=paths)
    named = service.Decision(DecisionKind.NAME, run.id, "kmeans", (a,), "The devoted", "Ana", AT)
    found = with_decisions(run, [named])
    new = "Cannot tell whether “The devoted” and “X” are alike."
    assert [m.reason for m in found.merges] == [new, said.reason]
    for path in found.merge_paths:
        reasons = {step.verdict.reason for step in path.steps if step.verdict}
        assert reasons == {new if path.segmentation == "kmeans" else said.reason}
    assert with_decisions(run, []) is run


def test_a_name_that_was_another_segments_is_not_taken_for_it(planted_run: Run) -> None:
    a, b = first_two(planted_run)
    one, other = (planted_run.segmentation("kmeans").segment(i).name for i in (a, b))
    said = MergeVerdict("kmeans", (a, b), MergeDecision.CANNOT_TELL, f"Not known of “{one}” and “{other}”.")
    run = replace(planted_run, merges=(said,))
    names = {b: one, a: other}
    swapped = [service.Decision(DecisionKind.NAME, run.id, "kmeans", (i,), n, "Ana", AT) for i, n in names.items()]
    assert with_decisions(run, swapped).merges[0].reason == f"Not known of “{other}” and “{one}”."


def test_two_who_give_the_same_name_at_once_spoil_nothing(place: Workspace, planted_run: Run) -> None:
    for segment in first_two(planted_run):
        named = service.Decision(DecisionKind.NAME, planted_run.id, "kmeans", (segment,), "Loyal", "Ana", AT)
        place.ledger.keep(named)
    assert {"Loyal", "Loyal (2)"} <= {s.name for s in kmeans(place, planted_run).segments}


def test_a_note_and_a_campaign_stand_and_make_the_segment_ready(place: Workspace, planted_run: Run) -> None:
    a, _ = first_two(planted_run)
    decide(place, planted_run, a, DecisionKind.NOTE, "Ask Ben\nfirst")
    decide(place, planted_run, a, DecisionKind.CAMPAIGN, "Winter flow")

    def ready(run: Run) -> Verdict:
        [found] = [e for e in run.evidence_for("kmeans", a) if e.question == "actionable"]
        return found.verdict

    run = service.load_run(place, planted_run.id)
    assert run.segmentation("kmeans").segment(a).note == "Ask Ben\nfirst"
    assert [r.rule.campaign for r in run.rules if (r.segmentation, r.rule.segment_id) == ("kmeans", a)] == [
        "Winter flow"
    ]
    assert (ready(planted_run), ready(run)) == (Verdict.WARN, Verdict.PASS)
    assert len(run.evidence) == len(planted_run.evidence)
    decide(place, planted_run, a, DecisionKind.CAMPAIGN, "")
    assert ready(service.load_run(place, planted_run.id)) is Verdict.WARN


def test_a_merged_run_keeps_what_was_decided_on_the_segments_that_stay(place: Workspace, planted_run: Run) -> None:
    a, b = first_two(planted_run)
    other = next(s.id for s in planted_run.segmentation("kmeans").placed if s.id not in (a, b))
    for segment, name in ((a, "Gone"), (other, "Staying")):
        decide(place, planted_run, segment, DecisionKind.NAME, name)
    new, _ = merge(place, planted_run, ("Gone", b))
    decide(place, planted_run, other, DecisionKind.NOTE, "Later, and of the old run only")
    now = kmeans(place, new)
    assert now.segment(other).name == "Staying"
    assert now.segment(other).note == ""
    assert now.segment(a).name != "Gone"
    assert new.segmentation("kmeans").segment(other).name != "Staying"


@pytest.mark.parametrize(
    ("segment", "kind", "value", "who", "says"),
    [
        ("c1", DecisionKind.MERGE, "x", "Ana", "discovery merge"),
        ("c99", DecisionKind.NOTE, "x", "Ana", "No segment 'c99'"),
        ("c1", DecisionKind.NAME, "  ", "Ana", "must not be empty"),
        ("c1", DecisionKind.NOTE, "x", " ", "type your name"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    place: Workspace, planted_run: Run, segment: str, kind: DecisionKind, value: str, who: str, says: str
) -> None:
    with pytest.raises((UsageError, WorkspaceError), match=says):
        decide(place, planted_run, segment, kind, value, who)
    assert service.decisions(place) == ()
    with pytest.raises(UsageError, match="type your name"):
        service.undo_decision(place, 1, " ", AT)
