"""The commands of people's decisions: merge two segments, name them, list what was decided, take it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from discovery import service
from discovery.commands.progress_file import told
from discovery.commands.terminal import AsJson, InWorkspace, Quiet, RunName, ToldTo, answer, console, grid
from discovery.core.documents import plain
from discovery.core.many import many
from discovery.core.progress import Progress
from discovery.core.run import Run

decisions_app = typer.Typer(help="What people decided about segments: kept in the workspace.", no_args_is_help=True)
Who = Annotated[str, typer.Option(help="Your name, kept beside the decision.")]
Of = Annotated[str, typer.Option(help="Such as kmeans; empty: the recommended one.")]


def merge(
    run_id: RunName,
    first: Annotated[str, typer.Argument(metavar="A", help="A segment, by its name or its id.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The segment to make one with it.")],
    workspace: InWorkspace,
    who: Who,
    segmentation: Of = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
    told_to: ToldTo = None,
) -> None:
    """Make two segments one: a new run, judged anew, that says what it was made of. The old run stays."""
    place = service.open_workspace(workspace)
    merged = service.run_called(place, run_id)
    decision: service.Decision

    def work(tell: Progress) -> Run:
        nonlocal decision
        made, decision = service.merge(place, merged, segmentation, (first, second), who, datetime.now(UTC), tell)
        return made

    run = told(work, told_to, quiet or as_json)
    changed = service.load_run(place, run.id).segmentation(decision.segmentation)
    joined = changed.segment(decision.segments[0])
    text = (
        f"Run {run.id}: {many(changed.k, 'segment')} in {changed.title}. "
        f"“{joined.name}” holds {many(joined.size, 'customer')}.\n"
        f"To take it back: discovery decisions undo {decision.id} --workspace {workspace} --who NAME"
    )
    answer({"run": run.id, "segment": joined.name, "size": joined.size, "decision": decision}, as_json, text)


@decisions_app.command("add")
def add(
    run_id: RunName,
    segment: Annotated[str, typer.Argument(help="By its name or its id.")],
    kind: Annotated[service.DecisionKind, typer.Argument(help="What is decided; a merge has its own command.")],
    value: Annotated[str, typer.Argument(help="The name, the note, the campaign, or why it is retired.")],
    workspace: InWorkspace,
    who: Who,
    segmentation: Of = "",
    as_json: AsJson = False,
) -> None:
    """Name a segment, note something, name its campaign, or retire it."""
    place, now = service.open_workspace(workspace), datetime.now(UTC)
    about = service.run_called(place, run_id)
    found = service.decide(place, about, segmentation, segment, kind, value, who, now)
    answer(found, as_json, f"Decision {found.id} is kept.")


@decisions_app.command("list")
def listed(
    workspace: InWorkspace,
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="Of one run; of all unless stated.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what was decided, by whom and when, the oldest first."""
    place = service.open_workspace(workspace)
    found = service.decisions(place, run_id)
    if run_id and not found:
        # Of a run that is off the list the decisions are still there, under its id.
        found = service.decisions(place, service.run_called(place, run_id))
    if as_json:
        answer([plain(d) for d in found], True, "")
        return
    table = grid("id", "when (UTC)", "who", "what", "of", "value", "taken back by")
    for d in found:
        of = f"{d.run} {d.segmentation} {' and '.join(d.segments)}"
        when = f"{d.at.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(str(d.id), when, d.who, d.kind, of, d.value, d.undone_by)
    console().print(table if found else "Nothing was decided yet.")


@decisions_app.command()
def undo(
    decision: Annotated[int, typer.Argument(metavar="ID", help="As `discovery decisions list` shows it.")],
    workspace: InWorkspace,
    who: Who,
    as_json: AsJson = False,
) -> None:
    """Take a decision back; the run that a merge made is set aside."""
    found = service.undo_decision(service.open_workspace(workspace), decision, who, datetime.now(UTC))
    gone = f" Run {found.value} is off the list." if found.kind is service.DecisionKind.MERGE else ""
    answer(found, as_json, f"Decision {found.id} is taken back.{gone}")
