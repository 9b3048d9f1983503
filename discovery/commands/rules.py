"""The commands on rule files: check them, count whom they select."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from discovery import service
from discovery.charts.format import rate
from discovery.commands.progress_bars import progress_bars
from discovery.commands.terminal import AsJson, InWorkspace, Quiet, answer, console, day_from, grid
from discovery.commands.writing import check_folder, telling, write_files
from discovery.core.errors import DataError
from discovery.core.many import many

rules_app = typer.Typer(help="Rule files: named segments as YAML.", no_args_is_help=True)
RuleFile = Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, as configs/segments.yaml.")]


@rules_app.command()
def lint(
    file: RuleFile,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Whose data tell what is missing and how far back they go.")
    ] = None,
    target: Annotated[str, typer.Option(help="klaviyo or sql: also tell what it cannot express.")] = "",
    exclusive: Annotated[
        bool, typer.Option(help="Also tell why customers are in several segments or in none.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 1 if there is any finding.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with the rules of a file: contradictions, duplicates, what is never or always true."""
    library, found = service.lint_rules(file, workspace, target, exclusive)
    if as_json:
        answer({"rules": len(library.rules), "absent": library.absent, "findings": found}, True, "")
    else:
        out = console()
        for each in found:
            out.print(each.rule or "All rules", style="bold", end="")
            out.print(f" ({each.fault}): {each.sentence}")
        for name, reason in library.absent.items():
            out.print(name, style="bold", end="")
            out.print(f" (not usable on these data): {reason}")
        out.print(f"{many(len(library.rules), 'rule')}, {many(len(found), 'finding')}.")
    if strict and (found or library.absent):
        raise typer.Exit(1)


@rules_app.command()
def evaluate(
    file: RuleFile,
    workspace: InWorkspace,
    as_of: Annotated[str, typer.Option("--as-of", help="A date; the end of the data unless stated.")] = "",
    before: Annotated[str, typer.Option(help="An earlier date: who joined and left since then is listed.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for members.csv, overlap.csv and changes.csv.")] = None,
    engine: Annotated[str, typer.Option(help="duckdb or spark: what computes the measures.")] = "duckdb",
    spark_master: Annotated[str, typer.Option(help="Address of a Spark master; none: Spark on this machine.")] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Count whom each rule of a file selects, and list the members, the overlaps and the changes."""
    if out is not None:
        check_folder(out)
    with progress_bars(quiet or as_json) as tell:
        found = service.evaluate_rule_file(
            file,
            workspace,
            as_of=day_from(as_of) if as_of else None,
            before=day_from(before, "--before") if before else None,
            engine=engine,
            spark_master=spark_master,
            progress=tell,
        )
    if out is not None:
        tables = {"members": found.pairs(), "overlap": found.overlap, "changes": found.changes}
        write_files(out, {f"{name}.csv": frame.to_csv(index=False) for name, frame in tables.items()})
    if as_json:
        shared = found.overlap[found.overlap["both"] > 0].to_dict("records")
        body = {"as_of": found.as_of, "customers": found.customers, "rules": found.rules, "absent": found.absent}
        answer({**body, "coverage": found.coverage, "overlap": shared}, True, "")
        return
    moved = bool(before)
    table = grid("rule", "customers", "share", *(("joined", "left") if moved else ()), "who")
    for each in found.rules:
        change = (f"{each.joined:,}", f"{each.left:,}") if moved else ()
        table.add_row(each.name, f"{each.customers:,}", rate(each.share), *change, each.english)
    shown = console()
    shown.print(table)
    for name, reason in found.absent.items():
        shown.print(f"{name}: not usable on these data. {reason}")
    spread = f"{rate(found.coverage.uncovered)} in no rule, {rate(found.coverage.repeated)} in several"
    shown.print(f"{many(found.customers, 'customer')} at {found.as_of}: {spread}.")


@rules_app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON: what creates Klaviyo's segments, or its API's answer.")
    ],
    out: Annotated[Path, typer.Option(help="The rule file to write.")],
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Whose data the rules are tried on.")
    ] = None,
    metric_names: Annotated[
        Path | None, typer.Option("--metric-names", help="YAML or JSON: `AbC123: Placed Order` for each metric.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn segments of Klaviyo into rules of ours; exit with 3 if any is one that Klaviyo itself would refuse."""
    names = service.read_names(metric_names) if metric_names else {}
    found, text = service.import_rules(_json(file), names, service.open_workspace(workspace) if workspace else None)
    if any(each.where for each in found):
        with telling(out, "a file"):
            out.write_text(text, encoding="utf-8")
    if as_json:
        answer({"segments": found}, True, "")
    else:
        shown = console()
        for each in found:
            shown.print(f"{each.verdict}  ", style="bold", end="")
            shown.print(f"{each.name}: {each.where}" if each.where else each.name)
            for reason in (*each.reasons, *([f"These data lack it. {each.lacking}"] if each.lacking else [])):
                shown.print(f"    {reason}")
    if not found or any(each.verdict == "invalid" for each in found):
        raise typer.Exit(DataError.exit_code)


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{str(file)!r} must be a file, and cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file.name} must be JSON, and is not: {error}.") from None
