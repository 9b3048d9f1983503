"""The command of the quarterly review: two runs compared, and the report of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from discovery import service
from discovery.charts.format import count, day
from discovery.commands.progress_file import told
from discovery.commands.terminal import AsJson, InWorkspace, Overrides, Quiet, ToldTo, answer, console, grid
from discovery.commands.writing import check_folder, telling
from discovery.core.errors import UsageError
from discovery.core.progress import Progress
from discovery.core.review import Review
from discovery.core.review_document import whole_document
from discovery.report import Paper, write_report


def review(
    workspace: InWorkspace,
    before: Annotated[str, typer.Argument(metavar="[RUN_BEFORE]", help="The earlier run's id.")] = "",
    now: Annotated[str, typer.Argument(metavar="[RUN_NOW]", help="The later run's id.")] = "",
    quarter: Annotated[str, typer.Option(help="Such as 2011Q3, instead of two runs; needs --config.")] = "",
    config: Annotated[Path | None, typer.Option(help="A YAML config: what runs of the quarter are made by.")] = None,
    segmentation: Annotated[str, typer.Option(help="Such as kmeans; empty: recommended in the earlier run.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder to write the report to: HTML, PDF, XLSX, Markdown.")] = None,
    paper: Annotated[Paper, typer.Option(help="Of the PDF.")] = "A4",
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    told_to: ToldTo = None,
) -> None:
    """Compare two runs: who moved, what drifted, what answers, and which segments to keep, merge, redefine, retire."""
    if bool(quarter) == bool(before) or bool(before) != bool(now) or bool(quarter) != bool(config):
        raise UsageError("A review needs two runs, or --quarter and --config: discovery review --quarter 2011Q3 ...")
    if out is not None:
        check_folder(out)
    worked = False

    def work(tell: Progress) -> Review:
        def at_work(step: str, done: float) -> None:
            nonlocal worked
            worked = True
            tell(step, done)

        if config is not None:
            read = service.read_config(config, overrides or ())
            return service.review_quarter(read, service.Workspace(workspace), quarter, segmentation, at_work)
        place = service.open_workspace(workspace)
        earlier, later = (service.run_called(place, name) for name in (before, now))
        return service.review(place, earlier, later, segmentation, at_work)

    found = told(work, told_to, quiet or as_json)
    written = _written(found, workspace, out, paper) if out else ()
    if as_json:
        answer(whole_document(found), True, "")
        return
    if not worked:
        typer.echo("Nothing is new: this is the review as it was made.")
    _print(found)
    typer.echo("\n".join(written) or "Its report, for people who were not here: add --out FOLDER.")


def _written(review: Review, workspace: Path, out: Path, paper: Paper) -> tuple[str, ...]:
    place = service.open_workspace(workspace)
    before, now = (service.load_run(place, run_id) for run_id in (review.before, review.now))
    with telling(out, "a folder"):
        made = write_report(review, before, now, out, paper=paper)
    return (*(f"Written: {path}" for path in made.paths.values()), *made.missing)


def _print(review: Review) -> None:
    out = console()
    out.print(f"\n{review.question_asked}", style="bold")
    dates = f"{day(review.as_of_before)} and {day(review.as_of_now)}"
    out.print(f"Review {review.id}: {review.segmentation} at {dates}.\n")
    table = grid("segment", "before", "now", "what to do", "why")
    for s in review.segments:
        table.add_row(s.name, count(s.size_before), count(s.size_now), s.action.value, s.reason)
    out.print(table)
    for heading, lines in (("", review.summary), ("Movements", review.flows), ("Notes", review.notes)):
        out.print(f"\n{heading}" if heading and lines else "", style="bold")
        for line in lines:
            out.print(line)
