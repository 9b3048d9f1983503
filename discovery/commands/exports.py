"""The command that hands over the rules of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from discovery import service
from discovery.commands.terminal import AsJson, InWorkspace, RunName, answer, console, grid
from discovery.commands.writing import check_folder, write_files
from discovery.core.documents import plain
from discovery.core.errors import UsageError
from discovery.core.many import many

KLAVIYO, MEMBERS = "klaviyo", "members"


def export(
    run_id: RunName,
    workspace: InWorkspace,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    form: Annotated[
        str, typer.Option("--format", help=f"{', '.join(service.FORMATS)}, {KLAVIYO} or {MEMBERS}.")
    ] = "yaml",
    dialect: Annotated[str, typer.Option(help="Of SQL: " + ", ".join(service.DIALECTS) + ".")] = "duckdb",
    segmentation: Annotated[
        str, typer.Option(help="Such as kmeans; empty: all that have rules, of members the recommended one.")
    ] = "",
    reader: Annotated[
        str, typer.Option("--for", help=f"Members: who reads the lists, {', '.join(service.MEMBER_FORMS)}.")
    ] = "spreadsheet",
    metric_ids: Annotated[
        Path | None,
        typer.Option(
            "--metric-ids",
            help="Klaviyo: YAML or JSON, `Placed Order: AbC123` for each metric; `none` where the account has none.",
        ),
    ] = None,
    consent: Annotated[
        str, typer.Option(help="Klaviyo, members: only who allows marketing by email, sms; or none.")
    ] = "email",
    predictive: Annotated[bool, typer.Option(help="Klaviyo: its own predictions where it has one near ours.")] = False,
    review_only: Annotated[
        bool, typer.Option("--review-only", help="Klaviyo: names of metrics for ids; to read, not to send.")
    ] = False,
    push: Annotated[bool, typer.Option("--push", help="Klaviyo: say which segments would be created.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --push: create them, by the key in KLAVIYO_API_KEY.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the rules of the discovered segments for other systems and people."""
    forms = (*service.FORMATS, KLAVIYO, MEMBERS)
    if form not in forms:
        raise UsageError(f"--format must be one of {', '.join(forms)}; got {form!r}.")
    if consent not in ("email", "sms", "none"):
        raise UsageError(f"--consent must be email, sms or none, got {consent!r}.")
    check_folder(out)
    place = service.open_workspace(workspace)
    found = service.load_run(place, run_id)
    channel: Any = "" if consent == "none" else consent
    if form == MEMBERS:
        listed = service.export_members(found, place, reader, channel or None, segmentation)
        write_files(out, listed.files)
        _print_lists(listed, out, as_json)
        return
    if form != KLAVIYO:
        files = service.export_run(found, form, dialect, segmentation)
        write_files(out, files)
        answer({"files": [str(out / name) for name in files]}, as_json, "\n".join(str(out / name) for name in files))
        return
    if yes and not push:
        raise UsageError("--yes creates segments, so it must stand with --push.")
    made = service.export_klaviyo(
        found,
        place,
        service.read_names(metric_ids) if metric_ids else {},
        segmentation=segmentation,
        consent=channel,
        predictive=predictive,
        review_only=review_only,
    )
    write_files(out, made.files)
    created = service.push_klaviyo(made, send=yes) if push else ()
    if as_json:
        answer({"files": [str(out / name) for name in made.files], **_told(made), "created": created}, True, "")
    else:
        _print(made, out, created, yes)


def _print_lists(made: service.MemberExport, out: Path, as_json: bool) -> None:
    if as_json:
        answer({"files": [str(out / name) for name in made.files], "segments": made.segments}, True, "")
        return
    table = grid("segment", "listed", "without consent", "without identifier", "file")
    for each in made.segments:
        counts = (each.listed, each.without_consent, each.without_identifier)
        table.add_row(f"{each.segmentation}: {each.name}", *(f"{n:,}" for n in counts), str(out / each.file))
    console().print(table)


def _told(made: service.KlaviyoExport) -> dict[str, Any]:
    told: dict[str, Any] = plain(made)
    del told["files"], told["payloads"]
    return told


def _print(made: service.KlaviyoExport, out: Path, created: Any, sent: bool) -> None:
    shown = console()
    table = grid("segment", "customers", "condition", "said", "what is lost")
    for each in made.segments:
        for n, part in enumerate(each.conditions):
            who = ("", "") if n else (f"{each.segmentation}: {each.name}", f"{each.customers:,}")
            table.add_row(*who, part.condition, part.way, " ".join(part.lost))
    shown.print(table)
    if made.properties:
        shown.print(
            f"{many(len(made.properties), 'property', 'properties')} must be imported before the segments are created. "
            f"{many(made.without_identifier, 'customer has', 'customers have')} neither e-mail nor phone, and "
            f"{many(made.duplicates, 'shares', 'share')} one with another: theirs cannot be written."
        )
    shown.print(f"{many(len(made.files), 'file')} in {out}; index.json lists what each holds.")
    for each in created:
        shown.print(f"{'Created' if sent else 'Would create'}: {each.name} {each.id}".rstrip())
