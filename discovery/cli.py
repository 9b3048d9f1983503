"""The command line: parse, call the service, print."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from discovery import service
from discovery.charts.format import count, day, rate
from discovery.charts.scorecard import QUESTIONS, method_name
from discovery.commands.breakdowns import breakdown
from discovery.commands.decisions import decisions_app, merge
from discovery.commands.explaining import explain
from discovery.commands.exports import export
from discovery.commands.progress_bars import progress_bars
from discovery.commands.progress_file import told
from discovery.commands.reviews import review
from discovery.commands.rules import rules_app
from discovery.commands.terminal import (
    AsJson,
    InWorkspace,
    Overrides,
    Quiet,
    RunName,
    ToldTo,
    answer,
    console,
    day_from,
    grid,
)
from discovery.core.bounds import SMALL_OF_SHARES
from discovery.core.documents import plain
from discovery.core.errors import DiscoveryError, UsageError
from discovery.core.evidence import Verdict
from discovery.core.full_disk import is_full_disk
from discovery.core.progress import Progress
from discovery.core.run import Run

app = typer.Typer(
    help="Find customer segments, say how far to believe them, and hand over the rule.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Configs.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(rules_app, name="rules")
app.add_typer(decisions_app, name="decisions")
app.command()(breakdown)
app.command()(explain)
app.command()(export)
app.command()(merge)
app.command()(review)

_OURS = 70


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write the store to.")],
    customers: Annotated[int, typer.Option(help="How many customers.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="The only source of chance.", min=0)] = 7,
    structureless: Annotated[bool, typer.Option(help="One smooth population without types.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a store with planted truth (truth.parquet and truth.json lie beside the data)."""
    with progress_bars(quiet or as_json) as tell:
        folder = service.simulate(
            out, customers, seed, types=not structureless, progress=lambda done: tell("Simulating the store", done)
        )
    answer(
        {"folder": str(folder), "customers": customers, "seed": seed}, as_json, f"Store of {customers:,} in {folder}"
    )


@app.command()
def ingest(
    config: Annotated[Path, typer.Argument(help="A YAML config.")],
    workspace: InWorkspace,
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read the files of a config into the workspace, with an account of every row that could not be used."""
    with progress_bars(quiet or as_json) as tell:
        dataset = service.ingest(service.read_config(config, overrides or ()), workspace, tell)
    body = {**vars(dataset), "folder": str(dataset.folder)}
    lines = [f"{dataset.customers:,} customers, {dataset.events:,} events, {dataset.currency}.", *dataset.notes]
    lines += [f"  {n:>9,}  {reason}" for reason, n in dataset.problems.items()]
    answer(body, as_json, "\n".join(lines))


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="A YAML config.")],
    workspace: InWorkspace,
    as_of: Annotated[str, typer.Option("--as-of", help="A date, instead of the config's.")] = "",
    engine: Annotated[str, typer.Option(help="duckdb or spark: what computes the features.")] = "",
    spark_master: Annotated[str, typer.Option(help="Address of a Spark master; none: Spark on this machine.")] = "",
    memory_limit: Annotated[str, typer.Option(help="Such as 8GB; beyond it the engine spills to disk.")] = "",
    told_to: ToldTo = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Do the main job: ingest if needed, features, clusters, rules, evidence, merges."""
    asked = {"kind": engine, "spark_master": spark_master, "memory_limit": memory_limit}
    named = [f"engine.{name}={value}" for name, value in asked.items() if value]
    when = day_from(as_of) if as_of else None

    def work(tell: Progress) -> Run:
        return service.discover(config, workspace, as_of=when, overrides=[*named, *(overrides or ())], progress=tell)

    done = told(work, told_to, quiet or as_json)
    if as_json:
        answer(_summary(done), True, "")
        return
    _print_run(done)
    typer.echo(f"\nSee it in the browser: discovery dashboard --workspace {workspace}")


@app.command()
def runs(workspace: InWorkspace, as_json: AsJson = False) -> None:
    """List the runs of a workspace, the newest date first."""
    place = service.open_workspace(workspace)
    found = place.runs()
    for run_id, why in place.unreadable().items():
        typer.echo(f"discovery: run {run_id} cannot be read: {why}", err=True)
    if as_json:
        answer([plain(r) for r in found], True, "")
        return
    table = grid("run", "date", "customers", "recommended", "segments")
    for r in found:
        table.add_row(r.id, str(r.as_of), f"{r.customers:,}", r.recommended, str(r.segments))
    console().print(table if found else "No run yet: make one with `discovery run CONFIG --workspace FOLDER`.")


@app.command()
def show(
    run_id: RunName,
    workspace: InWorkspace,
    as_json: AsJson = False,
) -> None:
    """Print the scorecard of a run."""
    found = service.load_run(service.open_workspace(workspace), run_id)
    if as_json:
        answer(_summary(found), True, "")
    else:
        _print_run(found)


@app.command()
def features(as_json: AsJson = False) -> None:
    """Print the vocabulary: every feature with unit, window, what missing means, and what exports can do with it."""
    if as_json:
        answer([plain(f) for f in service.vocabulary()], True, "")
        return
    table = grid("feature", "what it is", "unit", "window", "missing", "Klaviyo", "SQL")
    for f in service.vocabulary():
        table.add_row(f.name, f.label, f.unit, f.window, f.missing, f.klaviyo, "yes" if f.sql else "no")
    console().print(table)


@config_app.command("show")
def config_show(
    config: Annotated[Path, typer.Argument(help="A YAML config.")], overrides: Overrides = None, as_json: AsJson = False
) -> None:
    """Print every setting: value, default, unit, where it came from, and what it does."""
    rows = service.config_rows(service.read_config(config, overrides or ()))
    if as_json:
        answer([plain(r) for r in rows], True, "")
        return
    table = grid("setting", "value", "default", "unit", "from", "what it does")
    for r in rows:
        default = "" if r.value == r.default else "required" if r.default is None else str(r.default)
        table.add_row(r.name, str(r.value), default, r.unit, r.origin, r.help)
    console().print(table)


@app.command()
def dashboard(
    workspace: InWorkspace,
    port: Annotated[int, typer.Option(help="On 127.0.0.1.", min=1, max=65535)] = 8501,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser window.")] = False,
    base_path: Annotated[str, typer.Option(help="Behind a proxy: what the pages stand under, as shop/segments.")] = "",
    login: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A TOML file naming where people log in, which they then must (OIDC)."
        ),
    ] = None,
) -> None:
    """Serve the dashboard to this machine only."""
    service.open_workspace(workspace)
    entry = service.shipped("app.py")
    command = [sys.executable, "-m", "streamlit", "run", str(entry), "--server.port", str(port)]
    command += ["--server.headless", "false" if open_browser else "true"]
    command += ["--server.baseUrlPath", base_path] if base_path else []
    command += ["--secrets.files", str(login.resolve())] if login else []
    command += ["--", "--workspace", str(workspace.resolve()), *(["--login"] if login else [])]
    typer.echo(f"Dashboard on http://127.0.0.1:{port}/{base_path.strip('/')} (stop it with Ctrl-C)")
    # Streamlit looks for .streamlit/config.toml, which binds it to this machine, in the folder it starts in.
    sys.exit(subprocess.run(command, cwd=entry.parent, check=False).returncode)


def main() -> None:
    """Run the command line; an error on purpose is one line, anything else our fault with a trace."""
    try:
        # A command that ends with typer.Exit gives its code back here.
        sys.exit(app(standalone_mode=False))
    except DiscoveryError as error:
        typer.echo(f"discovery: {error}", err=True)
        sys.exit(error.exit_code)
    except typer.Exit as leave:
        sys.exit(leave.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("discovery: stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        usage = _usage_message(error)
        if usage:
            typer.echo(f"discovery: {usage}", err=True)
            sys.exit(UsageError.exit_code)
        if is_full_disk(error):
            typer.echo(f"discovery: the disk is full: {error}. Free some space and do it again.", err=True)
            sys.exit(UsageError.exit_code)
        traceback.print_exc()
        typer.echo("discovery: this is our fault, not yours. Please report the lines above.", err=True)
        sys.exit(_OURS)


def _usage_message(error: Exception) -> str:
    """Return what is wrong with the words of a command, in one line; empty for any other error."""
    tell = getattr(error, "format_message", None)
    context = getattr(error, "ctx", None)
    where = f" See `{context.command_path} --help`." if context is not None else ""
    return f"{tell()}{where}" if tell is not None else ""


def _summary(found: Run) -> dict[str, Any]:
    # Its charts take half a second to load, which no other command should wait for.
    from discovery.charts.run_summary import run_summary

    return run_summary(found)


def _print_run(found: Run) -> None:
    from discovery.charts.comparison import comparison_sentence
    from discovery.charts.distances import distances_title

    out = console()
    body = _summary(found)
    out.print(f"\n{body['question']}", style="bold")
    out.print(f"Run {body['run']}: {count(body['customers'])} customers at {day(found.as_of)}.")
    for each in body["segmentations"]:
        star = " (recommended)" if each["recommended"] else ""
        placed = f"{each['k']} segments, {rate(each['coverage'])} of customers placed"
        out.print(f"\n{method_name(each['name'])}{star}", style="bold", end="")
        out.print(f": {placed}.\n{each['reason']}")
        if told := comparison_sentence(each):
            out.print(told)
        if each["distance_shares"]:
            out.print(f"{distances_title(found, each['name'])}.")
        if each["segments"]:
            table = grid("segment", "customers", "share", "passes", "does not pass")
            for s in each["segments"]:
                open_ones = {q: s["verdicts"][q] for q in QUESTIONS if s["verdicts"][q] != Verdict.PASS}
                passes = f"{len(QUESTIONS) - len(open_ones)} of {len(QUESTIONS)}"
                verdicts = ", ".join(map(" ".join, open_ones.items()))
                table.add_row(s["name"], count(s["size"]), rate(s["share"]), passes, verdicts)
            out.print(table)
            for s in each["segments"]:
                _print_answer(found, s)
    for line in ("", *(f"Merge: {m}" for m in body["merges"]), *(f"Note: {n}" for n in body["notes"])):
        out.print(line)


def _print_answer(found: Run, segment: dict[str, Any]) -> None:
    """Print the answer that its customers gave more often than all did, where the difference is worth a word."""
    told = max(segment["answers"], key=lambda a: a["effect"], default=None)
    if told and told["effect"] >= SMALL_OF_SHARES:
        asked = found.table.feature(told["feature"]).label
        beside = f"{rate(told['share'])} said {told['said']}, {rate(told['everyone'])} of all did"
        console().print(f"  {segment['name']}: {asked}: {beside}.")


if __name__ == "__main__":
    main()
